/** Cases of checkpoints, and of topics that are no longer what a checkpoint says. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Checkout } from '../../../../test/e2e/checkout.ts';
import type { Hit } from '../../../../test/faults/cases.ts';
import type { Random } from '../../../../test/faults/random.ts';
import { must, Stack, until } from '../../../../test/faults/stack.ts';
import { describeTopic, withTestAdmin } from '../../../../test/support/kafka.ts';
import {
  backlog,
  everywhere,
  heldBy,
  history,
  judged,
  keepWindows,
  PARTITIONS,
  PIPELINE,
  recount,
  recovered,
  SOURCE,
  STREAM,
  send,
  start,
  WINDOWS,
} from './orders.ts';

const DECLARATION = 'pipelines/orders/pipeline.ts';

/** Starts the stream, which has to refuse by this code and in these words, and writes nothing. */
async function refused(stack: Stack, code: string, words: RegExp): Promise<void> {
  const results = await stack.length(WINDOWS);
  const { code: exit, stderr } = await stack.run('run', PIPELINE, '--action', 'start');
  must(
    exit === 1 && stderr.includes(code) && words.test(stderr) && stderr.includes('"rebuild": true'),
    `the start is refused by ${code}, ${words}, with the way on: exit code ${exit}, ${stderr}`,
  );
  must(!/Traceback|\n\s+at /.test(stderr), `it is refused in words: ${stderr}`);
  must((await stack.length(WINDOWS)) === results, 'no result was written');
}

/** Protected by `bind`: `refuse_results`, `refuse_another`, and `Checkpoint.read` and `.offsets` for what is damaged. */
export async function checkpointGone(stack: Stack, random: Random): Promise<Hit> {
  await send(stack, history(random, 300)).taken;
  await stack.json('run', PIPELINE, '--action', 'stop');
  const folder = stack.checkpoint(PIPELINE, STREAM);
  const binding = join(folder, 'binding.json');
  const text = readFileSync(binding, 'utf8');
  await send(stack, history(random, 300)).taken;
  const left = await backlog(stack);
  must(left === 300 && existsSync(binding), 'a checkpoint is there, and records behind it');
  const faultAt = performance.now();
  const put = (file: string, content: string) => {
    // Hadoop's checksum of a local file is none of an object in S3.
    rmSync(join(file, '..', `.${file.split('/').at(-1)}.crc`), { force: true });
    writeFileSync(file, content);
  };
  writeFileSync(binding, text.slice(0, 40));
  await refused(stack, 'CHECKPOINT_DAMAGED', /binding\.json/);
  const { keys, ...bound } = JSON.parse(text) as Readonly<Record<'keys' | 'topics' | 'windows', object>>;
  const other = {
    ...bound,
    topics: { ...bound.topics, [SOURCE]: 'AAAAAAAAAAAAAAAAAAAAAA' },
    windows: { ...bound.windows, minutes: 20 },
    keys: { windows: ['city', 'window_start'] },
    statePartitions: 8,
  };
  put(binding, JSON.stringify(other));
  const told = [
    "topics orders.json was 'AAAAAAAAAAAAAAAAAAAAAA' and is '",
    'windows minutes was 20 and is 10',
    "keys windows was ['city', 'window_start'] and is ['country', 'window_start']",
    'statePartitions was 8 and is 3',
  ];
  const all = told.map((words) => `(?=.*${words.replace(/[[\]().]/g, '\\$&')})`).join('');
  await refused(stack, 'CHECKPOINT_OF_ANOTHER', new RegExp(all, 's'));
  put(binding, JSON.stringify({ ...bound, keys }));
  const last = join(folder, 'query', 'offsets', String(stack.batches(PIPELINE, STREAM).finished));
  put(last, readFileSync(last, 'utf8').slice(0, -20));
  await refused(stack, 'CHECKPOINT_DAMAGED', /query\/offsets/);
  renameSync(folder, `${folder}-lost`);
  await refused(stack, 'CHECKPOINT_MISSING', /is empty, but orders\.by-country\.windows\.json holds results/);
  // The way on is the same for each of them; it is gone from where most is wrong.
  rmSync(folder, { recursive: true, force: true });
  renameSync(`${folder}-lost`, folder);
  put(binding, text.slice(0, 40));
  put(join(folder, 'rules.json'), '{');
  await start(stack, '--rebuild');
  return {
    what: `a checkpoint damaged twice, of another topic, window, key and number of partitions, and lost, each refused with ${left} records behind it; rebuilt`,
    recoveredMs: await recovered(stack, faultAt),
  };
}

/**
 * Protected by `failOnDataLoss` in `source_options` while the stream runs, by `refuse_gap` when it starts, and by `whole_from_ms` where it is rebuilt: records
 * that are gone are told, and windows of which some are gone stay as they are.
 */
export async function topicCut(stack: Stack, random: Random): Promise<Hit> {
  // In a JVM of its own, so that the driver is one process group that can be stopped.
  await start(stack, '--cold');
  await send(stack, [...history(random, 600), ...everywhere(random)]).taken;
  await recovered(stack, 0);
  stack.hitRun(PIPELINE, STREAM, 'SIGSTOP');
  await send(stack, [...history(random, 400), ...everywhere(random), ...everywhere(random)]).taken;
  const { planned, finished } = stack.batches(PIPELINE, STREAM);
  const left = await backlog(stack);
  must(left === 400 + 2 * PARTITIONS && planned === finished, 'records are before the stream, none of them in a batch');
  const [read, ends] = [stack.finished(PIPELINE, STREAM), await stack.ends(SOURCE)];
  const cut = Array.from({ length: PARTITIONS }, (_, partition) => {
    const [from, to] = [read, ends].map((positions) => positions.get(`${SOURCE}/${partition}`) ?? 0) as [
      number,
      number,
    ];
    return { partition, from, offset: random.whole(from + 1, to - 1) };
  });
  keepWindows(stack, 'cut');
  await withTestAdmin(stack.bootstrapServers, async (admin) => {
    // It has to know the topic's leaders.
    await admin.fetchTopicOffsets(SOURCE);
    const partitions = cut.map(({ partition, offset }) => ({ partition, offset: String(offset) }));
    await admin.deleteTopicRecords({ topic: SOURCE, partitions });
  });
  const faultAt = performance.now();
  recount(stack);
  stack.hitRun(PIPELINE, STREAM, 'SIGCONT');
  await until('the stream has ended, rather than gone on without them', () => !stack.isAlive(PIPELINE, STREAM));
  await refused(stack, 'RECORDS_LOST', /records that the stream had not read were deleted/);
  await start(stack, '--rebuild');
  await send(stack, history(random, 200)).taken;
  const unread = cut.reduce((sum, { from, offset }) => sum + offset - from, 0);
  return {
    what: `the topic, up to ${unread} of the ${left} records before a stream that ran; it ended, was refused, was rebuilt`,
    recoveredMs: await recovered(stack, faultAt),
  };
}

/** Protected by `refuse_another`, and by `whole_from_ms`: a topic that was made again has lost what was in the old one. */
export async function topicMadeAgain(stack: Stack, random: Random): Promise<Hit> {
  await start(stack);
  await send(stack, history(random, 400)).taken;
  await stack.json('run', PIPELINE, '--action', 'stop');
  keepWindows(stack, 'again');
  const declared = await describeTopic(stack.bootstrapServers, SOURCE);
  const configEntries = Object.entries(declared?.settings ?? {}).map(([name, value]) => ({ name, value }));
  const topics = [{ topic: SOURCE, numPartitions: PARTITIONS, configEntries }];
  const before = await stack.length(SOURCE);
  const faultAt = performance.now();
  await withTestAdmin(stack.bootstrapServers, async (admin) => {
    await admin.deleteTopics({ topics: [SOURCE] });
    await admin.createTopics({ topics, waitForLeaders: false });
  });
  const isThere = () =>
    stack.ends(SOURCE).then(
      (ends) => ends.size === PARTITIONS,
      () => false,
    );
  await until('the broker has the topic again', isThere);
  recount(stack);
  const sent = await send(stack, [...everywhere(random), ...history(random, before)]).taken;
  must((await stack.length(SOURCE)) === sent && heldBy(stack) === sent, 'the topic holds new records only');
  must((await backlog(stack)) >= 0, 'offsets alone do not tell the topics apart');
  await refused(stack, 'CHECKPOINT_OF_ANOTHER', /topics orders\.json was '.{22}' and is '.{22}'/);
  await start(stack, '--rebuild');
  await send(stack, history(random, 200)).taken;
  await recovered(stack, faultAt);
  await stack.json('run', PIPELINE, '--action', 'stop');
  // Whoever rebuilds twice still cannot see those windows.
  await start(stack, '--rebuild');
  return {
    what: `the topic, made again with ${sent} records in the place of ${before}; refused, rebuilt twice`,
    recoveredMs: await recovered(stack, faultAt),
  };
}

const previous = fileURLToPath(new URL('release-0.2.tar.gz', import.meta.url));

/**
 * Protected by `bind`, which takes a checkpoint without a binding as it is, and by `prepare` of the service `kafka`, which formats no folder that holds data. The
 * file holds what 0.2.0 left: the broker's data, and the checkpoint of a stream that had worked through all but the last 60 of 460 records.
 */
export async function upgraded(_shared: Stack, random: Random): Promise<Hit> {
  const checkout = new Checkout();
  // So that the broker keeps the records for as long as the file is kept here; they were made by a tree with the same changes.
  checkout.edit(DECLARATION, 'retention: days(7)', 'retention: days(3650)');
  checkout.edit(DECLARATION, 'keys: 250', 'keys: 1');
  checkout.edit(DECLARATION, 'deadLettersOf(orders)', 'deadLettersOf(orders, { retention: days(3650) })');
  const stack = new Stack(checkout.root);
  stack.pipelines = [PIPELINE];
  try {
    await stack.up();
    await stack.run('down');
    // No schema of orders is in the registry, so that its data can be new.
    rmSync(join(stack.folders.services, 'kafka', 'data', 'broker'), { recursive: true });
    execFileSync('tar', ['-xzf', previous, '-C', stack.home]);
    await stack.up();
    const [left, { finished }] = [await backlog(stack), stack.batches(PIPELINE, STREAM)];
    must(finished >= 0 && left === 60, `there are a checkpoint and records behind it: batch ${finished}, ${left}`);
    recount(stack);
    must(heldBy(stack) === 460, `the topic holds what it held: ${heldBy(stack)}`);
    const faultAt = performance.now();
    await start(stack);
    must(stack.batches(PIPELINE, STREAM).finished >= finished, 'the stream goes on');
    await send(stack, [...history(random, 300), ...everywhere(random)]).taken;
    const recoveredMs = await recovered(stack, faultAt);
    await stack.json('run', PIPELINE, '--action', 'stop');
    const { records, problems } = judged(stack);
    must(problems.length === 0 && records === heldBy(stack), `all is as the oracle says: ${problems.join('; ')}`);
    const bound = JSON.parse(readFileSync(join(stack.checkpoint(PIPELINE, STREAM), 'binding.json'), 'utf8')) as object;
    must('topics' in bound, 'the checkpoint is bound from now on');
    return {
      what: `a stream of 0.2.0 after batch ${finished}, with ${left} records before it; it went on`,
      recoveredMs,
    };
  } finally {
    await stack.remove();
    checkout.remove();
  }
}
