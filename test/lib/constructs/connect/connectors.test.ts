/** What a pipeline with connectors has on AWS, and that no secret of theirs is in it. */
import { readFileSync } from 'node:fs';
import { unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { workerArchive } from '../../../../lib/constructs/connect/worker-archive.ts';
import { propertiesOf } from '../../../../lib/constructs/connect/worker-properties.ts';
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
    const signIn = (client: string) => [
      `${client}security.protocol=SASL_SSL`,
      `${client}sasl.mechanism=AWS_MSK_IAM`,
      `${client}sasl.jaas.config=software.amazon.msk.auth.iam.IAMLoginModule required;`,
      `${client}sasl.client.callback.handler.class=software.amazon.msk.auth.iam.IAMClientCallbackHandler`,
    ];
    expect(propertiesOf('clients', 'brokers:9098').split('\n')).toEqual([
      'bootstrap.servers=brokers:9098',
      ...['', 'producer.', 'consumer.', 'admin.'].flatMap(signIn),
      'group.id=millrace.clients.connect',
      'config.storage.topic=millrace.clients.connect-configs',
      'offset.storage.topic=millrace.clients.connect-offsets',
      'status.storage.topic=millrace.clients.connect-status',
      'config.storage.replication.factor=-1',
      'offset.storage.replication.factor=-1',
      'status.storage.replication.factor=-1',
      'offset.storage.partitions=1',
      'status.storage.partitions=1',
      'offset.flush.interval.ms=5000',
      'topic.creation.enable=false',
      'connector.client.config.override.policy=None',
      'key.converter=org.apache.kafka.connect.json.JsonConverter',
      'key.converter.schemas.enable=false',
      'value.converter=org.apache.kafka.connect.json.JsonConverter',
      'value.converter.schemas.enable=false',
      'config.providers=directory',
      'config.providers.directory.class=org.apache.kafka.common.config.provider.DirectoryConfigProvider',
      'plugin.path=plugins',
      'plugin.discovery=service_load',
      'listeners=HTTP://0.0.0.0:8083',
      '',
    ]);
    expect(JSON.stringify(container('Run').Environment)).toContain('group.id=millrace.clients.connect\\n');
  });

  test('has memory for its heap, a minute to end, three to start, and is another one when it does not answer', () => {
    expect(only('AWS::ECS::TaskDefinition')[1]).toMatchObject({
      Cpu: '512',
      Memory: '1024',
      RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
    });
    expect(container('Run')).toMatchObject({
      StopTimeout: 60,
      HealthCheck: {
        Command: ['CMD-SHELL', 'curl -fs http://localhost:8083/health || exit 1'],
        StartPeriod: 180,
      },
    });
    expect(String(container('Run').Command)).toContain('exec java -Xmx640m -XX:+ExitOnOutOfMemoryError -cp ');
    for (const one of containers()) {
      expect(one.MountPoints).toEqual([{ ContainerPath: '/millrace', ReadOnly: false, SourceVolume: 'millrace' }]);
    }
  });

  test('keeps secrets from everybody else beside it', () => {
    const commands = String(container('Bring').Command).split('\n');
    const place = (words: string) => commands.findIndex((command) => command.startsWith(words));
    expect(place('umask 077')).toBeGreaterThan(0);
    expect(place('mkdir secrets')).toBeGreaterThan(place('umask 077'));
    expect(place('i=0; for name in $SECRETS')).toBeGreaterThan(place('mkdir secrets'));
  });

  test('gives way to a new one once that runs, and is found by its name ten seconds later', () => {
    const [, service] = only('AWS::ECS::Service');
    expect(service.DeploymentConfiguration).toMatchObject({
      DeploymentCircuitBreaker: { Enable: true, Rollback: true },
      MinimumHealthyPercent: 100,
    });
    expect(at(only('AWS::ServiceDiscovery::Service')[1], 'DnsConfig.DnsRecords')).toEqual([{ TTL: 10, Type: 'A' }]);
  });

  test('starts no task before both of its roles may do what they are for', () => {
    const [service] = Object.values(template?.findResources('AWS::ECS::Service') ?? {}) as { DependsOn: string[] }[];
    const policies = service?.DependsOn.filter((id) => /^ConnectWorker.*DefaultPolicy/.test(id));
    expect(policies?.map((id) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual([
      'ConnectWorkerExecutionDefaultPolicy',
      'ConnectWorkerRoleDefaultPolicy',
    ]);
  });

  test('reaches a database outside at its port, and nothing else there', () => {
    const groups = Object.entries(resourcesOf(template, 'AWS::EC2::SecurityGroup'));
    const [, outside] = groups.find(([id]) => id.startsWith('ConnectWorkerOutside')) ?? [];
    expect(outside?.SecurityGroupEgress).toEqual([
      expect.objectContaining({ CidrIp: '0.0.0.0/0', IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432 }),
    ]);
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
    'clients.calls',
    'clients.counts',
    'millrace.clients.heartbeat.clientChanges',
    'millrace.clients.control.keepVisits',
    'millrace.clients.source.listenToCalls.cursors',
  ]);
  expect(topics.slice(-3, -1).map((topic) => topic.Configuration)).toEqual([
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
