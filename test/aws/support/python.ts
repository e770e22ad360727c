/** Runs a checker that is written in Python, with questions and answers in JSON. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';

/** Runs a script of this folder. */
export function askPython<Answer>(script: string, question: unknown): Answer {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const { status, stdout, stderr } = spawnSync(readToolchain().python, [file], {
    input: JSON.stringify(question),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`${script} failed:\n${stderr}`);
  return JSON.parse(stdout) as Answer;
}
