/** How long `cdk synth` of one environment takes, warm, beside a minimal app with as many stacks and bundles. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environments } from '../../config/environments.ts';
import type { Row } from '../rows.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = (name: string): string => join(root, 'node_modules', '.bin', name);
const node = `${bin('node')} --disable-warning=ExperimentalWarning`;
const [environment = { name: 'dev' }] = environments;

/** Seconds that a command takes. */
function seconds(program: string, args: readonly string[]): number {
  const started = performance.now();
  const env = { ...process.env, PATH: `${bin('')}:${process.env.PATH}` };
  execFileSync(program, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], env });
  return (performance.now() - started) / 1000;
}

const ours = (folder: string): number =>
  seconds(bin('cdk'), ['synth', `${environment.name}/*`, '--quiet', '--output', join(folder, 'ours')]);

const minimal = (folder: string, { stacks, bundles }: { stacks: number; bundles: number }): number => {
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

export async function synth(quick: boolean): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  try {
    ours(folder);
    const size = sizeOf(join(folder, 'ours'));
    minimal(folder, size);
    const times = Array.from({ length: quick ? 2 : 5 }, () => [ours(folder), minimal(folder, size)] as const);
    const name = `minimal app, ${size.stacks} stacks, ${size.bundles} bundles`;
    const beside = { name, values: times.map(([, time]) => time) };
    const goal = { of: 'ratio', atMost: 1.3 } as const;
    return [{ metric: `cdk synth of ${environment.name}`, unit: 's', ours: times.map(([time]) => time), beside, goal }];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
