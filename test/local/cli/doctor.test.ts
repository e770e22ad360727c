/** What `millrace doctor` finds in a machine, a home and its services, and how it says it. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { homeChecks, startChecks } from '../../../local/cli/doctor.ts';
import { millraceHome } from '../../../local/home.ts';
import { serviceFiles, writeServiceFile } from '../../../local/services/service-files.ts';
import { type Check, checked, diskCheck, printChecks, setUpCheck } from '../../../tools/setup/machine.mjs';

const folder = () => mkdtempSync(join(tmpdir(), 'millrace-doctor-'));
const stopping = (checks: readonly Check[]) =>
  checks.filter(({ state }) => state === 'stops').map(({ name, code }) => `${name} ${code}`);
const checksOf = async (home: string) => (await homeChecks(home)).checks;

test('a folder that is not there yet is no fault, and is not made', async () => {
  const above = folder();
  expect(stopping(await checksOf(join(above, 'home')))).toEqual([]);
  expect(readdirSync(above)).toEqual([]);
});

test('an empty folder stays empty', async () => {
  const home = folder();
  expect(stopping(await checksOf(home))).toEqual([]);
  expect(readdirSync(home)).toEqual([]);
});

test('a folder of somebody else would stop a run, and is no home', async () => {
  const foreign = folder();
  writeFileSync(join(foreign, 'thesis.txt'), 'x');
  const { home, checks } = await homeChecks(foreign);
  expect(stopping(checks)).toEqual(['home HOME_FOREIGN']);
  expect(home).toBeUndefined();
});

test('memory and ports are looked at without a home too', async () => {
  const checks = await startChecks(undefined, 0);
  expect(stopping(checks)).toEqual(['memory NOT_ENOUGH_MEMORY']);
  expect(checks.some(({ name }) => name.startsWith('port'))).toBe(true);
});

test('what is damaged in a home would stop a run', async () => {
  const record = millraceHome(folder());
  mkdirSync(serviceFiles(record, 'kafka').folder, { recursive: true });
  writeFileSync(serviceFiles(record, 'kafka').file, '{');
  expect(stopping(await checksOf(record.root))).toEqual(['home DAMAGED_FILE']);
  const state = millraceHome(folder());
  writeFileSync(join(state.state, 'dev.json'), '{"version": 0}');
  expect(stopping(await checksOf(state.root))).toEqual(['home DEPLOY_STATE']);
  const apart = millraceHome(folder());
  for (const name of ['kafka', 'registry'] as const) {
    mkdirSync(serviceFiles(apart, name).data, { recursive: true });
    writeFileSync(serviceFiles(apart, name).dataId, name);
    writeFileSync(join(serviceFiles(apart, name).data, 'records'), 'x');
  }
  expect(stopping(await checksOf(apart.root))).toEqual(['home DATA_APART']);
});

test('a service that died would stop a run, and is told with its log and what starts it again', async () => {
  const home = millraceHome(folder());
  const process = { pid: 2 ** 22, startTime: 'long ago', startedAt: '2026-01-31T13:00:00.000Z' };
  writeServiceFile(home, 'registry', { ports: {}, process });
  const checks = await checksOf(home.root);
  expect(stopping(checks)).toEqual(['registry SERVICE_DIED']);
  expect(checks.find(({ name }) => name === 'registry')).toMatchObject({
    finding: expect.stringContaining(serviceFiles(home, 'registry').log),
    remedy: 'Start it again: npx millrace up',
  });
});

test('a taken port is worth a note, since another one is taken instead', async () => {
  const home = millraceHome(folder());
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    writeServiceFile(home, 'registry', { ports: { api: port } });
    const checks = await startChecks(home, 2 ** 40);
    expect(stopping(checks)).toEqual([]);
    expect(checks.filter(({ finding }) => finding.startsWith(`${port} of the schema registry is taken`))).toMatchObject(
      [{ name: 'port', state: 'note' }],
    );
  } finally {
    server.close();
  }
});

test('a disk that has too little room would stop a run, and a folder that is to be made has its disk', () => {
  const home = folder();
  expect(diskCheck('disk', join(home, 'a', 'b'), 1)).toMatchObject({ state: 'ok' });
  expect(diskCheck('disk', home, Number.MAX_SAFE_INTEGER)).toMatchObject({ state: 'stops', code: 'DISK_FULL' });
  expect(diskCheck('cache', home, Number.MAX_SAFE_INTEGER).finding).toContain('MILLRACE_CACHE');
});

test('a place where no folder can be made would stop a run', () => {
  const file = join(folder(), 'file');
  writeFileSync(file, 'x');
  expect(diskCheck('disk', join(file, 'a'), 1)).toMatchObject({ state: 'stops', code: 'FOLDER_UNUSABLE' });
});

test('what the set-up lacks is brought by the next command, so it is a note with the folders', () => {
  const check = (damaged: string[], holds = false) => setUpCheck({ holds, damaged }, '/cache');
  expect(check([], true)).toMatchObject({ state: 'ok' });
  expect(check(['/cache/venv'])).toMatchObject({ state: 'note', finding: expect.stringContaining('/cache/venv') });
  expect(check([])).toMatchObject({ state: 'note', remedy: expect.stringContaining('npx millrace') });
});

test('an error without a code is a fault of ours, and no reason to stop asking', () => {
  const broken = checked('x', () => {
    throw new Error('broken');
  });
  expect(broken).toEqual({ name: 'x', state: 'stops', finding: 'broken', code: 'INTERNAL' });
});

test('the exit code is 1 when something would stop a run, and notes alone leave it 0', () => {
  const ok: Check = { name: 'node', state: 'ok', finding: 'Node 22' };
  const note: Check = { name: 'port', state: 'note', finding: '8080 is taken', remedy: 'None is needed.' };
  const stop: Check = { name: 'home', state: 'stops', finding: 'foreign', code: 'HOME_FOREIGN' };
  const printed = (checks: Check[], json = false) => {
    const lines: string[] = [];
    const code = printChecks(checks, { json, print: (text) => void lines.push(text) });
    return { code, lines };
  };
  expect(printed([ok, note])).toEqual({
    code: 0,
    lines: [
      'ok     node       Node 22',
      'note   port       8080 is taken',
      '                  None is needed.',
      'Nothing here would stop a run.',
    ],
  });
  const { code, lines } = printed([ok, stop]);
  expect([code, ...lines.slice(1)]).toEqual([
    1,
    'stops  home       HOME_FOREIGN: foreign',
    '1 of 2 checks would stop a run.',
  ]);
  expect(JSON.parse(printed([stop], true).lines.join(''))).toEqual({ ok: false, checks: [stop] });
});
