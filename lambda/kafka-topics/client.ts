/** A client of a cluster, for as long as there is work. */
import { Kafka } from 'kafkajs';
import { type Connection, settingsOf, unreachable } from '../kafka/client.ts';
import type { TopicAdmin } from './topics.ts';

/** Runs the work with a connected client, and closes it whatever happens. */
export async function withAdmin<T>(connection: Connection, work: (admin: TopicAdmin) => Promise<T>): Promise<T> {
  const admin = new Kafka(settingsOf(connection, 'millrace-kafka-topics')).admin();
  try {
    await admin.connect().catch((error: unknown) => {
      throw new Error(unreachable(connection, error), { cause: error });
    });
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
