/** Lambda behind `Custom::Tables`: the tables of one pipeline, and who may do what with them. What is in a database is never removed by it. */
import { answering, type LifecycleAnswer, type LifecycleEvent } from '../custom-resource/lifecycle.ts';
import { connected, jdbcUrl, sslMode } from './connection.ts';
import { readDeclared } from './declared.ts';
import { migrate, transaction, wordsOf } from './migrations.ts';
import { publish } from './publications.ts';
import { grantAll } from './roles.ts';
import { checkStanding } from './standing.ts';

/** How long a change waits for who uses a table, and how long one may take: less than a Lambda has. */
const limits = "SET lock_timeout = '60s'; SET statement_timeout = '8min'";

export const onEvent = answering(async (event: LifecycleEvent): Promise<LifecycleAnswer> => {
  const { RequestType, PhysicalResourceId, ResourceProperties: properties } = event;
  // Kept through every update: another id would be another resource, and a Delete of this one.
  const answer = { PhysicalResourceId: PhysicalResourceId ?? `tables/${String(properties.Pipeline)}` };
  // Tables, rows and roles go with their database, or stay with it.
  if (RequestType === 'Delete') return answer;
  const declared = readDeclared(properties);
  await connected(declared.place, async (client) => {
    await client.query(limits);
    // One deployment at a time; the lock goes with the session.
    await client.query("SELECT pg_advisory_lock(hashtext('millrace'))");
    await migrate(client, declared);
    await checkStanding(client, declared);
    const work = transaction(client, async () => {
      await grantAll(client, declared);
      await publish(client, declared);
    });
    await work.catch((error: unknown) => {
      throw new Error(
        `Roles and grants of pipeline ${declared.pipeline} could not be made, and are as they were: ${wordsOf(error)}.`,
        { cause: error },
      );
    });
  });
  return { ...answer, Data: { Url: jdbcUrl(declared.place), SslMode: sslMode() } };
});
