/**
 * Walks through docs/adding-a-pipeline.md as a reader does, in a copy of the checkout: runs its commands, makes its changes, and finds in the output and
 * in the files what the document shows of them.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { projectRoot } from '../../local/home.ts';
import { describeTopic } from '../support/kafka.ts';
import { Checkout } from './walk/checkout.ts';
import { type Block, blocksOf, missingLine } from './walk/document.ts';
import { applyPatch } from './walk/patch.ts';

const document = join('docs', 'adding-a-pipeline.md');
const blocks = blocksOf(readFileSync(join(projectRoot, document), 'utf8'));
const checkout = new Checkout();
/** The pipeline that the document makes. */
const pipeline = /^npx millrace new (\w+)$/m.exec(blocks.flatMap(({ lines }) => lines).join('\n'))?.[1] ?? '';

// Somebody may have gone the same way in this checkout.
for (const place of ['pipelines', 'jobs/pyspark', 'sample_data']) {
  rmSync(join(checkout.root, place, pipeline), { recursive: true, force: true });
}

interface Status {
  readonly bootstrapServers: string;
  readonly pipelines: readonly { readonly name: string }[];
}

afterAll(() => checkout.remove());

/** What the commands since the last other block printed. */
let printed = '';
/** A step that failed leaves nothing for those after it to stand on. */
let failed = '';

const steps: Readonly<Record<string, (block: Block) => Promise<void> | void>> = {
  sh: runCommands,
  text: ({ lines }) => {
    expect(missingLine(lines, printed), `is not in its place in\n${printed}`).toBeUndefined();
  },
  diff: ({ lines }) => applyPatch(checkout.root, lines),
};

async function runCommands({ lines, note }: Block): Promise<void> {
  printed = '';
  const commands = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'));
  for (const [index, command] of commands.entries()) {
    const { code, output } = await checkout.run(command);
    printed += output;
    const fails = note === 'fails' && index === commands.length - 1;
    expect(code === 0, `${command} ended with ${code}:\n${output}`).toBe(!fails);
  }
}

function showExcerpt({ note, lines }: Block): void {
  expect(readFileSync(join(checkout.root, note), 'utf8')).toContain(lines.join('\n'));
}

const walked = blocks.filter(({ language, note }) => (language in steps ? note !== 'aws' : note !== ''));

test('the walk makes a pipeline, tests, runs, changes, stops and removes it', () => {
  const commands = walked.flatMap(({ language, lines }) => (language === 'sh' ? lines : [])).join('\n');
  for (const words of [`new ${pipeline}`, 'validate', `test ${pipeline}`, 'up', `run ${pipeline}`]) {
    expect(commands).toContain(`npx millrace ${words}\n`);
  }
  expect(commands).toContain(`npx millrace run ${pipeline} --action stop`);
  expect(commands).toContain(`rm -r pipelines/${pipeline} jobs/pyspark/${pipeline} sample_data/${pipeline}\n`);
  expect(walked.map(({ language }) => language)).toContain('diff');
});

test.each(walked.map((block) => [block.at, block.language, block.lines[0], block] as const))(
  'line %i (%s): %s',
  async (at, language, _first, block) => {
    expect(failed, 'an earlier step failed').toBe('');
    failed = `line ${at}`;
    await (steps[language] ?? showExcerpt)(block);
    failed = '';
  },
);

test('what nobody asked to delete is still there, and what was deployed is gone', async () => {
  expect(failed, 'an earlier step failed').toBe('');
  const { output } = await checkout.run('npx millrace status --json 2>/dev/null');
  const { bootstrapServers, pipelines } = JSON.parse(output) as Status;
  expect(pipelines.map(({ name }) => name)).not.toContain(pipeline);
  for (const topic of ['readings', 'summaries', 'dead-letters']) {
    expect(await describeTopic(bootstrapServers, `${pipeline}.${topic}`), topic).toBeDefined();
  }
  const [bucket = ''] = checkout.bucketsWith(`results/${pipeline}`);
  for (const folder of ['results', 'rejects', 'checkpoints']) {
    expect(readdirSync(join(bucket, folder, pipeline)), folder).not.toEqual([]);
  }
});
