/** Cases of the registry, and of schemas that come up while the stream runs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Checkout } from '../../../../test/e2e/checkout.ts';
import { Machine } from '../../../../test/e2e/cli.ts';
import type { Hit } from '../../../../test/faults/cases.ts';
import type { Random } from '../../../../test/faults/random.ts';
import { must, type Stack, until } from '../../../../test/faults/stack.ts';
import {
  DEAD_LETTERS,
  latest,
  MINUTE,
  PIPELINE,
  REPLAYS,
  recovered,
  register,
  Seller,
  SOURCE,
  STREAM,
  send,
  start,
} from './sales.ts';

/** Protected by `Registry._texts`, which asks for nothing twice, and by its `PAUSES_SECONDS` at the start. */
export async function registryAway(stack: Stack, random: Random): Promise<Hit> {
  const seller = await Seller.of(stack, random);
  const starting = stack.start('run', PIPELINE, '--action', 'start');
  stack.hitService('registry', 'SIGSTOP');
  await until('the driver is there', () => stack.isAlive(PIPELINE, STREAM));
  await sleep(15_000);
  must(stack.runOf(PIPELINE, STREAM)?.state !== 'RUNNING', 'the stream waits for the registry');
  stack.hitService('registry', 'SIGCONT');
  const { code, stderr } = await starting.ended;
  must(code === 0, `the start waits for the registry: ${stderr}`);
  must(stack.runOf(PIPELINE, STREAM)?.attempt === 1, 'it is the first attempt');
  await send(stack, seller.history(200)).taken;
  await recovered(stack, 0);
  const run = stack.runOf(PIPELINE, STREAM)?.id;
  const sending = send(stack, seller.history(600), 100);
  stack.hitService('registry', 'SIGKILL');
  const faultAt = performance.now();
  const before = await stack.length(SOURCE);
  await sending.taken;
  const came = (await stack.length(SOURCE)) - before;
  must(came > 0, 'records came when the registry was away');
  const recoveredMs = await recovered(stack, faultAt);
  must(stack.runOf(PIPELINE, STREAM)?.id === run, 'the stream goes on');
  const refused = await stack.run('run', PIPELINE, '--action', 'stop');
  must(
    refused.code === 1 && refused.stderr.includes('NOT_UP'),
    `without a registry nothing is begun: ${refused.stderr}`,
  );
  await stack.up();
  return {
    what: `the registry, for 15 s of a start, which waited; then killed, before ${came} records came`,
    recoveredMs,
  };
}

/** Protected by `recorded_rules` and `StartAgain` in the stream, and by `positionOf` in `millrace replay`. */
export async function unknownId(stack: Stack, random: Random): Promise<Hit> {
  const seller = await Seller.of(stack, random);
  await start(stack);
  const faultAt = performance.now();
  const before = await stack.length(DEAD_LETTERS);
  // Ids are given one after the other: the next one is of no schema yet.
  const unique = `faults${random.whole(0, 2 ** 30)}`;
  const given = await register(stack, unique, JSON.stringify({ type: 'fixed', name: unique, size: 7 }));
  const { text } = await latest(stack, `${SOURCE}-value`);
  const schema = JSON.parse(text) as { fields: object[] };
  const fields = [...schema.fields, { name: unique, type: ['null', 'string'], default: null }];
  const next = { id: given + 1, text: JSON.stringify({ ...schema, fields }) };
  const newer = seller.with(next);
  const unknown = Array.from({ length: 60 }, () => newer.sale(random.whole(-8 * MINUTE, 8 * MINUTE)));
  const since = new Date().toISOString();
  await send(stack, [...seller.history(100), ...unknown, ...seller.history(100)]).taken;
  await recovered(stack, faultAt);
  must((await stack.length(DEAD_LETTERS)) >= before + unknown.length, 'records of the unknown id are dead letters');
  must((await register(stack, `${SOURCE}-value`, next.text)) === next.id, 'the schema gets the id that was unknown');
  // A stream asks for an id once: the next start knows it.
  await stack.json('run', PIPELINE, '--action', 'upgrade');
  const replay = async (...words: string[]) => {
    const { replayed } = await stack.json<{ replayed: { sent: object; sentBefore: number }[] }>(
      'replay',
      PIPELINE,
      ...words,
    );
    return replayed[0];
  };
  // Others may have been set aside before.
  const reason = ['--reason', 'unknown-schema-id', '--since', since];
  const replaysBefore = await stack.length(REPLAYS);
  const sent = { 'unknown-schema-id': unknown.length };
  const dry = await replay(...reason, '--dry-run');
  must(JSON.stringify(dry?.sent) === JSON.stringify(sent), `a dry run counts them: ${JSON.stringify(dry)}`);
  must((await stack.length(REPLAYS)) === replaysBefore, 'a dry run sends nothing');
  const first = await replay(...reason);
  must(JSON.stringify(first?.sent) === JSON.stringify(sent), `they are sent again: ${JSON.stringify(first)}`);
  const second = await replay(...reason);
  must(second?.sentBefore === unknown.length, `a second time sends nothing: ${JSON.stringify(second)}`);
  const recoveredMs = await recovered(stack, faultAt);
  return { what: `${unknown.length} records of an id that was registered later, sent again`, recoveredMs };
}

const SCHEMA = 'pipelines/sales/schemas/sales-value.avsc';
const COUNTRY = '{ "name": "country", "type": "string"';

/**
 * Protected by the registry's rule of compatibility, which the deployment sets, and by `_is_unknown` and `learn`, by which a stream gets to know a schema that is
 * registered while it runs.
 */
export async function schemaChanged(stack: Stack, random: Random): Promise<Hit> {
  await start(stack);
  const [run, older, known] = [
    stack.runOf(PIPELINE, STREAM),
    await Seller.of(stack, random),
    await latest(stack, `${SOURCE}-value`),
  ];
  const checkout = new Checkout();
  try {
    const machine = new Machine(checkout.root, stack.home);
    // In the middle, so that who takes one schema for the other reads garbage.
    checkout.edit(SCHEMA, COUNTRY, `{ "name": "voucher", "type": ["null", "string"], "default": null },\n${COUNTRY}`);
    const meanwhile = send(stack, older.history(1_000), 50);
    await machine.json('up', PIPELINE);
    const faultAt = performance.now();
    const now = await latest(stack, `${SOURCE}-value`);
    must(now.id !== known.id && now.text.includes('voucher'), `the newer schema is deployed: ${now.id}`);
    const newer = older.with(now);
    const both = () => Array.from({ length: 200 }, () => random.pick([older, newer]).history(1)).flat();
    const vouched = Array.from({ length: 50 }, () => newer.sale(0, { voucher: 'a'.repeat(random.whole(0, 99)) }));
    await send(stack, [...both(), ...vouched, ...both()]).taken;
    await meanwhile.taken;
    const recoveredMs = await recovered(stack, faultAt);
    checkout.edit(SCHEMA, '"customer_id", "type": "int"', '"customer_id", "type": "string"');
    const { code, stderr } = await machine.run('up', PIPELINE);
    must(
      code === 1 &&
        stderr.includes(`${SOURCE}-value`) &&
        /fields\/1\/type: .* not compatible/.test(stderr) &&
        !/\n\s+at /.test(stderr),
      `a schema that older records do not fit is refused in words: exit code ${code}, ${stderr}`,
    );
    must((await latest(stack, `${SOURCE}-value`)).id === now.id, 'the schema is the one before');
    await send(stack, both()).taken;
    await recovered(stack, faultAt);
    const after = stack.runOf(PIPELINE, STREAM);
    must(
      after?.id === run?.id && after?.attempt === run?.attempt,
      'it is the same stream, which was never interrupted',
    );
    return {
      what: `the schema of values, for a newer one, with ${400 + 50} records of both; then for one that is refused`,
      recoveredMs,
    };
  } finally {
    checkout.remove();
    // What is deployed is of this checkout again.
    await stack.up();
  }
}
