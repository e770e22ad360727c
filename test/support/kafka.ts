/** What is on a broker, told independently of the handlers that are tested. */
import { type Admin, Kafka, logLevel } from 'kafkajs';

/** Runs the work with an admin client and closes it. */
export async function withTestAdmin<T>(bootstrapServers: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const client = new Kafka({
    clientId: 'millrace-test',
    brokers: bootstrapServers.split(','),
    logLevel: logLevel.NOTHING,
  });
  const admin = client.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** A topic's number of partitions and what was set for it; `undefined` when there is no such topic. */
export async function describeTopic(
  bootstrapServers: string,
  name: string,
): Promise<{ partitions: number; settings: Record<string, string> } | undefined> {
  return withTestAdmin(bootstrapServers, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata();
    const found = topics.find((topic) => topic.name === name);
    if (!found) return undefined;
    const { resources } = await admin.describeConfigs({ resources: [{ type: 2, name }], includeSynonyms: false });
    const entries = (resources[0]?.configEntries ?? []) as {
      configName: string;
      configValue: string;
      configSource?: number;
    }[];
    const own = entries.filter(({ configSource }) => configSource === 1);
    const settings = Object.fromEntries(own.map((entry) => [entry.configName, entry.configValue]));
    return { partitions: found.partitions.length, settings };
  });
}

/** Sets settings of a topic behind the handlers' back; replaces all others. */
export async function setForTopic(
  bootstrapServers: string,
  name: string,
  settings: Record<string, string>,
): Promise<void> {
  const configEntries = Object.entries(settings).map(([key, value]) => ({ name: key, value }));
  await withTestAdmin(bootstrapServers, (admin) =>
    admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name, configEntries }] }),
  );
}
