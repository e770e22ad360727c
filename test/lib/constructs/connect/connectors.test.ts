/** What a pipeline with connectors has on AWS, and that no secret of theirs is in it. */
import { readFileSync } from 'node:fs';
import { unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { workerArchive } from '../../../../lib/constructs/connect/worker-archive.ts';
import { at } from '../../../aws/support/json.ts';
import clients from '../../../clients/pipelines/clients/pipeline.ts';
import readings from '../../../readings/pipelines/readings/pipeline.ts';
import { resourcesOf, templatesOf } from '../../support/templates.ts';

const { clients: template } = templatesOf({ pipelines: [clients] });
const only = (type: string) => {
  const [first = ['', {}], ...others] = Object.entries(resourcesOf(template, type));
  expect(others).toEqual([]);
  return first;
};
const containers = () => {
  const [, task] = only('AWS::ECS::TaskDefinition');
  return task.ContainerDefinitions as Record<string, unknown>[];
};
const container = (name: string) => containers().find((one) => one.Name === name) ?? {};

describe('a worker', () => {
  test('is one service, whose second container starts once the first has brought everything', () => {
    const [, service] = only('AWS::ECS::Service');
    expect(service.DesiredCount).toBe(1);
    expect(container('Run').DependsOn).toEqual([{ Condition: 'SUCCESS', ContainerName: 'Bring' }]);
    expect(container('Bring').Essential).toBe(false);
  });

  test('has secrets in no variable: they go to the container that writes them to files, and the role that starts tasks reads just these', () => {
    expect(container('Run').Secrets).toBeUndefined();
    const [secret] = container('Bring').Secrets as { Name: string; ValueFrom: unknown }[];
    expect(secret?.Name).toBe('SECRET_0');
    expect(JSON.stringify(secret?.ValueFrom)).toContain(':secret:shop/debezium:password::');
    expect(at(container('Bring'), 'Environment.1')).toEqual({ Name: 'SECRETS', Value: 'shop.debezium.password' });
  });

  test('is told its group and topics, and signs in at each of its clients', () => {
    const told = JSON.stringify(container('Run').Environment);
    for (const line of [
      'group.id=millrace.clients.connect',
      'config.storage.topic=millrace.clients.connect-configs',
      'offset.storage.topic=millrace.clients.connect-offsets',
      'status.storage.topic=millrace.clients.connect-status',
      'topic.creation.enable=false',
      'connector.client.config.override.policy=None',
      'producer.sasl.mechanism=AWS_MSK_IAM',
      'consumer.sasl.mechanism=AWS_MSK_IAM',
      'admin.sasl.mechanism=AWS_MSK_IAM',
    ]) {
      expect(told).toContain(`${line}\\n`);
    }
  });

  test('runs the files of this machine: its archive has the worker, the plugin, and nothing twice', () => {
    const names = Object.keys(unzipSync(readFileSync(workerArchive(['debezium-postgres', 'iceberg-sink']))));
    expect(names).toContain('libs/connect-runtime-4.3.1.jar');
    expect(names).toContain('libs/aws-msk-iam-auth-2.3.5.jar');
    const plugin = names.filter((name) => name.startsWith('plugins/debezium-postgres/'));
    expect(plugin.some((name) => name.includes('debezium-connector-postgres-'))).toBe(true);
    // The worker gives these to plugins; a second copy would be another class of the same name.
    const sink = names.filter((name) => name.startsWith('plugins/iceberg-sink/'));
    expect(sink.filter((name) => /iceberg-kafka-connect-1|iceberg-sink-[0-9a-f]{16}\.jar$/.test(name))).toHaveLength(2);
    const given = /connect-api|kafka-clients|slf4j-api/;
    expect([...plugin, ...sink].filter((name) => given.test(name))).toEqual([]);
    // A second one of these would be told from the worker's by those parts of it that the worker brings.
    expect(sink.filter((name) => /jackson-(annotations|core|databind)-/.test(name))).toEqual([]);
  });
});

describe('the custom resource', () => {
  test('comes after worker and topics, and says what each connector is', () => {
    const [, properties] = only('Custom::KafkaConnectors');
    const [resource] = Object.values(template?.findResources('Custom::KafkaConnectors') ?? {});
    expect(resource?.DependsOn).toEqual(
      expect.arrayContaining([only('AWS::ECS::Service')[0], only('Custom::KafkaTopics')[0]]),
    );
    expect(properties.Connectors).toEqual([
      { Name: 'clientChanges', Config: clients.connectors?.clientChanges?.configuration(clients, 'clientChanges') },
      {
        Name: 'clients.keepVisits',
        Config: {
          ...clients.connectors?.keepVisits?.configuration(clients, 'keepVisits'),
          'millrace.dataset.location': expect.objectContaining({ 'Fn::Join': expect.anything() }),
          'millrace.dataset.database': 'millrace_dev',
          'iceberg.hadoop.fs.s3a.endpoint.region': expect.anything(),
        },
      },
    ]);
    expect(properties.Url).toEqual({ Ref: 'ConnectUrl' });
  });

  test('asks where its worker is to be found by name', () => {
    expect(template?.findParameters('ConnectUrl').ConnectUrl?.Default).toBe(
      'http://worker.clients.connect.dev.millrace.internal:8083',
    );
  });
});

test('the topics that connectors have for themselves are among the topics, and what workers keep is not: they make it themselves', () => {
  const topics = at(only('Custom::KafkaTopics')[1], 'Topics') as { Name: string; Configuration: unknown }[];
  expect(topics.map(({ Name: name }) => name)).toEqual([
    'clients.changes',
    'clients.visits',
    'clients.visits.dead-letters',
    'clients.counts',
    'millrace.clients.heartbeat.clientChanges',
    'millrace.clients.control.keepVisits',
  ]);
  expect(topics.slice(-2).map((topic) => topic.Configuration)).toEqual([
    { 'cleanup.policy': 'compact' },
    { 'cleanup.policy': 'delete', 'retention.ms': '604800000' },
  ]);
});

test('somebody hears of a task that failed, and of a worker that is away', () => {
  const alarms = Object.entries(resourcesOf(template, 'AWS::CloudWatch::Alarm')).filter(([id]) =>
    id.startsWith('Connect'),
  );
  expect(alarms.map(([, { AlarmActions: actions }]) => (actions as unknown[]).length)).toEqual([1, 1]);
  expect(Object.values(resourcesOf(template, 'AWS::Logs::MetricFilter')).map((one) => one.FilterPattern)).toContain(
    '"Task threw an uncaught and unrecoverable exception"',
  );
});

test('a pipeline without connectors has no worker', () => {
  const { readings: without } = templatesOf({ pipelines: [readings] });
  expect(resourcesOf(without, 'AWS::ECS::Service')).toEqual({});
  expect(without?.findParameters('ConnectUrl')).toEqual({});
});
