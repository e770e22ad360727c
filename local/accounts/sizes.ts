/** How many bytes of a broker's disk each partition takes (DescribeLogDirs, version 1). */
import { MillraceError } from '../../tools/errors.mjs';
import { connectionTo, int32, requestOf } from './protocol.ts';

const [describeLogDirs, version] = [35, 1];
const allTopics = -1;

/** Bytes of partitions on one broker, as `sizeKey` names them. */
export async function sizesOn(server: string): Promise<ReadonlyMap<string, number>> {
  const failed = (why: string) =>
    new MillraceError('KAFKA_UNREACHABLE', `The broker at ${server} does not tell its sizes: ${why}.`);
  const connection = await connectionTo(server, failed);
  try {
    return sizesIn(await connection.ask(requestOf(describeLogDirs, version, [...int32(allTopics)])));
  } finally {
    connection.close();
  }
}

export const sizeKey = (topic: string, partition: number): string => `${topic}/${partition}`;

function sizesIn(answer: Buffer): Map<string, number> {
  const sizes = new Map<string, number>();
  // Its length, the number of the request, the time to wait.
  let at = 12;
  const int = () => {
    at += 4;
    return answer.readInt32BE(at - 4);
  };
  const long = () => {
    at += 8;
    return Number(answer.readBigInt64BE(at - 8));
  };
  const word = () => {
    const length = answer.readInt16BE(at);
    at += 2 + length;
    return answer.toString('utf8', at - length, at);
  };
  for (let folders = int(); folders > 0; folders -= 1) {
    // The code of an error, and the folder.
    at += 2;
    word();
    for (let topics = int(); topics > 0; topics -= 1) {
      const topic = word();
      for (let partitions = int(); partitions > 0; partitions -= 1) {
        sizes.set(sizeKey(topic, int()), long());
        // How far it is behind, and whether it is to move to this folder.
        at += 9;
      }
    }
  }
  return sizes;
}
