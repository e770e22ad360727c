/** How long `cdk synth` of one environment takes, warm, beside a minimal app with as many stacks and bundles: `npm run bench:synth [-- RUNS]`. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environments } from '../../config/environments.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = (name: string): string => join(root, 'node_modules', '.bin', name);
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
const runs = Number(process.argv[2] ?? 5);
const node = `${bin('node')} --disable-warning=ExperimentalWarning`;
const [environment = { name: 'dev' }] = environments;

/** Seconds that a command takes. */
function seconds(program: string, args: readonly string[]): number {
  const started = performance.now();
  const env = { ...process.env, PATH: `${bin('')}:${process.env.PATH}` };
  execFileSync(program, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], env });
  return (performance.now() - started) / 1000;
}

const ours = (...more: readonly string[]): number =>
  seconds(bin('cdk'), ['synth', `${environment.name}/*`, '--quiet', '--output', join(folder, 'ours'), ...more]);

const minimal = ({ stacks, bundles }: { stacks: number; bundles: number }): number => {
  const context = ['--context', `stacks=${stacks}`, '--context', `bundles=${bundles}`];
  const app = ['--app', `${node} bench/synth/minimal.ts`, '--output', join(folder, 'minimal')];
  return seconds(bin('cdk'), ['synth', '--quiet', ...app, ...context]);
};

function sizeOf(assembly: string): { stacks: number; bundles: number } {
  const stage = join(assembly, `assembly-${environment.name}`);
  const templates = readdirSync(stage).filter((name) => name.endsWith('.template.json'));
  const bundles = new Set<string>();
  for (const name of readdirSync(stage).filter((file) => file.endsWith('.assets.json'))) {
    const { files } = JSON.parse(readFileSync(join(stage, name), 'utf8')) as { files: object };
    for (const [hash, { displayName = '' }] of Object.entries<{ displayName?: string }>({ ...files })) {
      // The CDK brings the code of its own functions ready made.
      const ready = /^AWS[0-9a-f]{32}|framework-|^Custom/.test(displayName);
      if (displayName.endsWith('/Code') && !ready) bundles.add(hash);
    }
  }
  return { stacks: templates.length, bundles: bundles.size };
}

function summary(times: readonly number[]) {
  const sorted = times.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return { median, text: `${median.toFixed(2)} s (${sorted[0]?.toFixed(2)} to ${sorted.at(-1)?.toFixed(2)})` };
}

try {
  ours();
  const size = sizeOf(join(folder, 'ours'));
  minimal(size);
  // In turns, so that both see the same machine.
  const times = Array.from({ length: runs }, () => [ours(), minimal(size)] as const);
  const [our, least] = [summary(times.map(([time]) => time)), summary(times.map(([, time]) => time))];
  const check = summary([1, 2, 3].map(() => seconds(bin('tsc'), ['--noEmit'])));
  const unruled = summary([1, 2, 3].map(() => ours('--context', 'millrace:rules=false')));
  const { app } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')) as { app: string };
  process.stdout.write(
    [
      `synth of ${environment.name}, ${runs} runs each, median (least to most)`,
      `  this project   ${our.text}`,
      `  minimal app    ${least.text}   ${size.stacks} stacks, ${size.bundles} bundles`,
      `  ratio          ${(our.median / least.median).toFixed(2)}   at most 1.3 is wanted`,
      `  the type check takes ${check.text}, and is ${app.includes('tsc') ? '' : 'not '}part of "app" in cdk.json`,
      `  the rule packs take ${(our.median - unruled.median).toFixed(2)} s`,
      '',
    ].join('\n'),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
