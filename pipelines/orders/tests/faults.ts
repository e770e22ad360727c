/** Faults that hit the orders pipeline, whose records are JSON: cases of `npm run test:faults`. No registry takes part. */
import type { Case, Suite } from '../../../test/faults/cases.ts';
import type { Stack } from '../../../test/faults/stack.ts';
import { checkpointGone, topicCut, topicMadeAgain, upgraded } from './faults/checkpoints.ts';
import { heldBy, judged, PIPELINE } from './faults/orders.ts';
import {
  brokerFilesDamaged,
  brokerKilled,
  brokerPaused,
  driverEnded,
  driverKilled,
  senderKilled,
  twoExecutions,
} from './faults/processes.ts';
import { disorder, poisoned, transactionsAborted } from './faults/records.ts';

const cases: Case[] = [
  { number: 1, title: "a stream's driver killed ten times", run: driverKilled },
  { number: 2, title: "a stream's driver ended in a batch", run: driverEnded },
  { number: 3, title: 'the sender killed', run: senderKilled },
  { number: 4, title: 'the broker killed', run: brokerKilled },
  { number: 4, title: 'the broker killed, and its files damaged', run: brokerFilesDamaged },
  { number: 5, title: 'the broker paused', run: brokerPaused },
  { number: 7, title: 'poisons as orders', run: poisoned },
  { number: 10, title: 'times far away, and disorder', run: disorder },
  { number: 11, title: 'checkpoints lost, damaged, of something else', run: checkpointGone },
  { number: 13, title: 'two executions at once', run: twoExecutions },
  { number: 17, title: 'data of the release before', run: upgraded },
  { number: 19, title: 'transactions aborted', run: transactionsAborted },
  { number: 12, title: 'the topic cut behind its reader', run: topicCut, isLast: true },
  { number: 12, title: 'the topic made again', run: topicMadeAgain, isLast: true },
];

async function check(stack: Stack): Promise<string[]> {
  await stack.json('run', PIPELINE, '--action', 'stop');
  const { records, problems } = judged(stack);
  const sent = heldBy(stack);
  return [...problems, ...(records === sent ? [] : [`the source has ${records} records, and ${sent} were sent`])];
}

export default { cases, check } satisfies Suite;
