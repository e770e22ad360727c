/** The home is Millrace's own folder, or none; what is damaged in it is told, and can be removed. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { millraceHome, projectRoot, purgeHome } from '../../local/home.ts';
import { temporaryFolder, write } from '../tools/setup/temporary.ts';

const program = join(projectRoot, 'local', 'cli', 'millrace.mjs');
const environment = (home: string) => ({ ...process.env, MILLRACE_HOME: home, NO_COLOR: '1' });

function millrace(home: string, ...words: string[]) {
  return spawnSync('node', [program, ...words], { encoding: 'utf8', cwd: tmpdir(), env: environment(home) });
}

const newHome = () => millraceHome(join(temporaryFolder(), 'home'));

describe('a home', () => {
  test('can be read by nobody else', () => {
    expect(statSync(newHome().root).mode & 0o777).toBe(0o700);
    expect(statSync(millraceHome(temporaryFolder()).root).mode & 0o777).toBe(0o700);
  });

  test('is taken as it is by the next command', () => {
    const home = newHome();
    expect(millraceHome(home.root)).toEqual(home);
  });

  test('is never a folder with files of somebody else, whatever the command', () => {
    const folder = temporaryFolder();
    write(join(folder, 'state', 'thesis.txt'), 'years of work');
    for (const words of [['down', '--purge'], ['status']]) {
      const { status, stderr } = millrace(folder, ...words);
      expect(status).toBe(1);
      expect(stderr).toMatch(/^error HOME_FOREIGN: .*MILLRACE_HOME/m);
    }
    expect(readdirSync(folder)).toEqual(['state']);
    expect(existsSync(join(folder, 'state', 'thesis.txt'))).toBe(true);
  });

  test.runIf(existsSync('/proc/self'))('that cannot be made is refused in words, and at once', () => {
    const there = { encoding: 'utf8', cwd: tmpdir(), env: environment('/proc/no/home'), timeout: 60_000 } as const;
    const { status, stderr } = spawnSync('node', [program, 'status'], there);
    expect(status).toBe(1);
    expect(stderr).toContain('error HOME_UNUSABLE: /proc/no/home cannot hold');
  });

  test('that is a file is refused in words', () => {
    const file = write(join(temporaryFolder(), 'file'), '');
    const { status, stderr } = millrace(file, 'status');
    expect(status).toBe(1);
    expect(stderr).toContain(`error HOME_UNUSABLE: ${file} cannot hold`);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(JSON.parse(millrace(file, 'status', '--json').stdout)).toMatchObject({ error: { code: 'HOME_UNUSABLE' } });
  });
});

test('a disk without room is told by the folder on it, and in no stack trace', () => {
  const { root } = newHome();
  // No file may grow here: what the system says of a full disk, for one process.
  const full = ['-c', 'ulimit -f 0; exec "$@"', 'sh', 'node', program, 'down'];
  const { status, stderr } = spawnSync('sh', full, { encoding: 'utf8', cwd: tmpdir(), env: environment(root) });
  expect(status).toBe(1);
  expect(stderr).toContain(`error DISK_FULL: The disk of ${root}`);
  expect(stderr).not.toMatch(/\n\s+at /);
});

describe('a purge', () => {
  test('removes all data, and what an earlier one left that was killed', () => {
    const home = newHome();
    write(join(home.buckets, 'data', 'file'), 'content');
    const name = basename(home.root);
    mkdirSync(join(dirname(home.root), `${name}.purged-1`));
    // Whose name only begins alike.
    mkdirSync(join(dirname(home.root), `${name}-of-others`));
    purgeHome(home);
    expect(readdirSync(home.buckets)).toEqual([]);
    expect(readdirSync(dirname(home.root))).toEqual([name, `${name}-of-others`]);
  });

  test('of a home that is a link to another disk removes the data there, and the link stays', () => {
    const [folder, disk] = [temporaryFolder(), temporaryFolder()];
    mkdirSync(join(disk, 'data'));
    symlinkSync(join(disk, 'data'), join(folder, 'home'));
    const home = millraceHome(join(folder, 'home'));
    write(join(home.buckets, 'data', 'file'), 'content');
    purgeHome(home);
    expect(readdirSync(disk)).toEqual(['data']);
    expect(readdirSync(join(disk, 'data', 'buckets'))).toEqual([]);
    expect(lstatSync(home.root).isSymbolicLink()).toBe(true);
    // A purge that is killed here leaves the link to nothing.
    renameSync(join(disk, 'data'), join(disk, 'data.purged-1'));
    purgeHome(millraceHome(home.root));
    expect(readdirSync(disk)).toEqual(['data']);
  });

  test('of a home in which every file is damaged works, and says what it could not read', () => {
    const home = newHome();
    const files = [
      join(home.services, 'kafka', 'service.json'),
      join(home.state, 'dev.json'),
      join(home.executions, 'readings', 'one', 'execution.json'),
      join(home.jobRuns, 'one', 'run.json'),
      join(home.parameters, 'one.json'),
      join(home.tables, 'one.json'),
    ];
    for (const file of files) write(file, '{"cut');
    const { status, stderr } = millrace(home.root, 'down', '--purge');
    expect(stderr).toContain(`${files[0]} is no valid JSON`);
    expect(stderr).toContain(`removed all data in ${home.root}`);
    expect(status).toBe(0);
    for (const file of files) expect(existsSync(file)).toBe(false);
  });
});

test.each([
  ['state/dev.json', 'status', 'millrace down --purge'],
  ['services/kafka/service.json', 'status', 'remove the file'],
  ['executions/readings/one/execution.json', 'down', 'Remove the folder of this execution'],
])('a damaged %s is told by its path, with a remedy', (path, command, remedy) => {
  const home = newHome();
  const file = write(join(home.root, path), '');
  const { status, stderr } = millrace(home.root, command);
  expect(status).toBe(1);
  expect(stderr).toContain(`error DAMAGED_FILE: ${file} is empty`);
  expect(stderr).toContain(remedy);
  expect(stderr).not.toMatch(/\n\s+at /);
});

test('what a log or an error holds drives no terminal', () => {
  const { root, services } = newHome();
  write(join(services, 'kafka', 'log.txt'), 'a \u001b[31mred\u0007 word\n');
  expect(millrace(root, 'logs', 'kafka').stdout).toBe('a ␛[31mred␇ word\n');
  const { stdout, stderr, status } = millrace(root, 'rejects', '\u001b]0;title\u0007');
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain('There is no pipeline "␛]0;title␇".');
  const inJson = millrace(root, 'rejects', '\u009b2J', '--json').stdout;
  expect(inJson).toContain('\\u009b2J');
  expect(JSON.parse(inJson).error.message).toContain('There is no pipeline "\u009b2J".');
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('a command that is ended by %s says so by its exit code %d', async (signal, code) => {
  const home = newHome();
  write(join(home.services, 'kafka', 'log.txt'), 'a line\n');
  const child = spawn('node', [program, 'logs', 'kafka', '--follow'], {
    cwd: tmpdir(),
    env: environment(home.root),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  child.kill(signal);
  expect((await once(child, 'exit'))[0]).toBe(code);
});

test('a reader that has seen enough of a log is no failure', async () => {
  const home = newHome();
  write(join(home.services, 'kafka', 'log.txt'), 'a line\n'.repeat(200_000));
  const errors = join(dirname(home.root), 'errors');
  writeFileSync(errors, '');
  const shell = spawn('sh', ['-c', `node "${program}" logs kafka 2>"${errors}" | head -1`], {
    env: environment(home.root),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  for await (const part of shell.stdout) said += part;
  expect(said).toBe('a line\n');
  expect(readFileSync(errors, 'utf8')).toBe('');
});
