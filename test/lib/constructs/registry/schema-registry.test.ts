/** The registry: who may do what with it, how it is run, and how a new password reaches it. */
import { X509Certificate } from 'node:crypto';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { dev } from '../../../../config/dev.ts';
import { resourcesOf, templatesOf } from '../../support/templates.ts';

const { network: _, streaming, processing: __, ...pipelines } = templatesOf();
const LISTENER = 'AWS::ElasticLoadBalancingV2::Listener';
const RULE = 'AWS::ElasticLoadBalancingV2::ListenerRule';

describe('callers', () => {
  test('are refused whatever no rule lets through', () => {
    streaming?.allResourcesProperties(LISTENER, {
      Protocol: 'HTTP',
      DefaultActions: [
        Match.objectLike({ Type: 'fixed-response', FixedResponseConfig: Match.objectLike({ StatusCode: '403' }) }),
      ],
    });
    expect(
      Object.values(resourcesOf(streaming, LISTENER))
        .map(({ Port }) => Port)
        .sort(),
    ).toEqual([8080, 8081]);
  });

  const rules = resourcesOf(streaming, RULE);
  const valuesOf = (name: string): string[][] => {
    const rule = Object.entries(rules).find(([id]) => id.includes(name))?.[1];
    return ((rule?.Conditions ?? []) as Record<string, { Values: string[] }>[]).map(
      ({ PathPatternConfig: paths, HttpRequestMethodConfig: methods }) => (paths ?? methods)?.Values ?? [],
    );
  };

  test('that are jobs can read and nothing else, handlers register schemas of the default group and nothing else', () => {
    expect(valuesOf('BalancerRead')).toEqual([
      ['/apis/registry/v3/ids/*', '/apis/registry/v3/groups/*', '/apis/ccompat/v7/*'],
      ['GET', 'HEAD'],
    ]);
    expect(valuesOf('BalancerWrite')).toEqual([
      ['/apis/registry/v3/groups/default/artifacts*'],
      ['GET', 'POST', 'PUT', 'DELETE'],
    ]);
    // The quota of a rule, which CloudFormation would refuse in the middle of a deployment.
    for (const name of ['BalancerRead', 'BalancerWrite']) expect(valuesOf(name).flat().length).toBeLessThanOrEqual(5);
  });

  test('reach no path of administration with any method', () => {
    const matches = (pattern: string, path: string): boolean =>
      new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(path);
    const admin = [
      'admin/rules',
      'admin/export',
      'admin/config/properties',
      'system/info',
      'users/me',
      'search/artifacts',
    ];
    for (const name of ['BalancerRead', 'BalancerWrite']) {
      const [patterns = []] = valuesOf(name);
      const reached = admin.filter((path) => patterns.some((each) => matches(each, `/apis/registry/v3/${path}`)));
      expect([name, reached]).toEqual([name, []]);
    }
  });

  test('use HTTPS where there is a certificate', () => {
    const certificateArn = 'arn:aws:acm:eu-west-1:123456789012:certificate/0a1b2c3d';
    const secure = templatesOf({
      environment: {
        network: { ...dev.network, zoneName: 'data.example.com' },
        registry: { ...dev.registry, certificateArn },
      },
    }).streaming;
    secure?.allResourcesProperties(LISTENER, { Protocol: 'HTTPS', Certificates: [{ CertificateArn: certificateArn }] });
    secure?.hasParameter('RegistryUrl', { Default: 'https://registry.data.example.com:8443' });
    secure?.hasParameter('RegistryWriteUrl', { Default: 'https://registry.data.example.com:8444' });
  });

  test('find two addresses, which a deployment elsewhere may replace', () => {
    streaming?.hasParameter('RegistryUrl', { Default: 'http://registry.dev.millrace.internal:8080' });
    streaming?.hasParameter('RegistryWriteUrl', { Default: 'http://registry.dev.millrace.internal:8081' });
  });
});

describe('the service', () => {
  test('has as many tasks as the environment says, and gives each three minutes for its first start', () => {
    const tasksOf = (tasks: number) => {
      const template = templatesOf({ environment: { registry: { ...dev.registry, tasks } } }).streaming;
      const [service] = Object.values(resourcesOf(template, 'AWS::ECS::Service'));
      return [service?.DesiredCount, service?.HealthCheckGracePeriodSeconds];
    };
    expect([tasksOf(1), tasksOf(2)]).toEqual([
      [1, 180],
      [2, 180],
    ]);
  });

  test('rolls a deployment back whose tasks do not become healthy', () => {
    streaming?.hasResourceProperties('AWS::ECS::Service', {
      DesiredCount: 1,
      DeploymentConfiguration: {
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
        MinimumHealthyPercent: 100,
      },
    });
  });

  test('starts no task before its role may fetch image and secrets', () => {
    const [service] = Object.values(streaming?.findResources('AWS::ECS::Service') ?? {}) as { DependsOn: string[] }[];
    expect(service?.DependsOn).toContainEqual(expect.stringMatching(/^RegistryExecutionDefaultPolicy/));
  });

  test('is reached from inside only, and whoever calls it is written down', () => {
    const [balancer] = Object.values(resourcesOf(streaming, 'AWS::ElasticLoadBalancingV2::LoadBalancer'));
    expect(balancer?.Scheme).toBe('internal');
    expect(balancer?.LoadBalancerAttributes).toEqual(
      expect.arrayContaining([
        { Key: 'access_logs.s3.enabled', Value: 'true' },
        { Key: 'routing.http.drop_invalid_header_fields.enabled', Value: 'true' },
      ]),
    );
  });

  test('is healthy when its management port says so', () => {
    streaming?.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
      HealthCheckPath: '/health/ready',
      HealthCheckPort: '9000',
      HealthCheckIntervalSeconds: 15,
      HealthyThresholdCount: 2,
      TargetGroupAttributes: Match.arrayWith([{ Key: 'deregistration_delay.timeout_seconds', Value: '30' }]),
    });
  });

  test('runs the exact release, with a pool of the size that was given and a password that no template holds', () => {
    const [task] = Object.values(resourcesOf(streaming, 'AWS::ECS::TaskDefinition'));
    const [container] = (task?.ContainerDefinitions ?? []) as Record<string, { Name: string; Value?: unknown }[]>[];
    expect(JSON.stringify(container?.Image)).toMatch(/\.dkr\.ecr\..*RegistryImageRepository.*:3\.3\.3/);
    const pool = container?.Environment?.filter(({ Name }) => Name.startsWith('APICURIO_DATASOURCE_JDBC_'));
    expect(pool?.map(({ Name, Value }) => `${Name.split('_JDBC_')[1]} ${Value}`)).toEqual([
      'INITIAL_SIZE 2',
      'MIN_SIZE 2',
      'MAX_SIZE 10',
    ]);
    expect(container?.Secrets?.map(({ Name }) => Name)).toEqual([
      'APICURIO_DATASOURCE_PASSWORD',
      'QUARKUS_SECURITY_USERS_EMBEDDED_USERS_WRITER',
    ]);
    expect(JSON.stringify(streaming?.toJSON())).not.toContain('"MasterUserPassword"');
  });

  test('is pulled from a repository of the account, which fetches it once and never lets its tag move', () => {
    const [repository] = Object.values(resourcesOf(streaming, 'AWS::ECR::Repository'));
    expect(repository).toMatchObject({
      RepositoryName: 'millrace-dev/apicurio/apicurio-registry',
      ImageTagMutability: 'IMMUTABLE',
      ImageScanningConfiguration: { ScanOnPush: true },
      EmptyOnDelete: true,
    });
    streaming?.hasResourceProperties('AWS::ECR::PullThroughCacheRule', {
      EcrRepositoryPrefix: 'millrace-dev',
      UpstreamRegistryUrl: 'quay.io',
    });
  });

  test('is of the digest that an environment names', () => {
    const imageDigest = `sha256:${'0a'.repeat(32)}`;
    const named = templatesOf({ environment: { registry: { ...dev.registry, imageDigest } } }).streaming;
    const [task] = Object.values(resourcesOf(named, 'AWS::ECS::TaskDefinition'));
    expect(JSON.stringify(task?.ContainerDefinitions)).toContain(`@${imageDigest}`);
  });

  test('lets everybody read, a developer with the password write, and nobody administer', () => {
    const [task] = Object.values(resourcesOf(streaming, 'AWS::ECS::TaskDefinition'));
    const [container] = (task?.ContainerDefinitions ?? []) as { Environment: { Name: string; Value: unknown }[] }[];
    const variables = Object.fromEntries(container?.Environment.map(({ Name, Value }) => [Name, Value]) ?? []);
    expect(variables).toMatchObject({
      QUARKUS_HTTP_AUTH_BASIC: 'true',
      QUARKUS_SECURITY_USERS_EMBEDDED_ROLES_WRITER: 'sr-developer',
      APICURIO_AUTH_ROLE_BASED_AUTHORIZATION: 'true',
      APICURIO_AUTH_ANONYMOUS_READ_ACCESS_ENABLED: 'true',
    });
  });

  test('has a password of forty letters and digits, which no address has to escape', () => {
    streaming?.hasResourceProperties('AWS::SecretsManager::Secret', {
      GenerateSecretString: { ExcludePunctuation: true, PasswordLength: 40 },
    });
  });

  test('has its password handed to the functions that register schemas, by a reference', () => {
    const functions = Object.values(pipelines).flatMap((one) =>
      Object.entries(resourcesOf(one, 'AWS::Lambda::Function')),
    );
    const holding = functions.filter(([, { Environment }]) =>
      JSON.stringify(Environment ?? '').includes('REGISTRY_PASSWORD'),
    );
    expect(holding.map(([id]) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual(['ContractsSchemasHandlerOnEvent']);
    expect(JSON.stringify(holding)).toMatch(/"REGISTRY_PASSWORD":\{"Fn::Join":\["",\["\{\{resolve:secretsmanager:"/);
  });

  test('is asked every five minutes whether the password is younger than its tasks', () => {
    streaming?.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(5 minutes)',
      Targets: [Match.objectLike({ InputTemplate: Match.absent(), Input: Match.anyValue() })],
    });
  });
});

describe('the connection to the database', () => {
  const authorities = Object.values(streaming?.toJSON().Mappings ?? {})[0] as Record<string, { Certificate: string }>;

  test('is refused to whoever is not the database, by its name and by the authority of its Region', () => {
    const [task] = Object.values(resourcesOf(streaming, 'AWS::ECS::TaskDefinition'));
    const [container] = (task?.ContainerDefinitions ?? []) as { Environment: { Name: string; Value: unknown }[] }[];
    const variable = (name: string) => container?.Environment.find(({ Name }) => Name === name)?.Value;
    const url = JSON.stringify(variable('APICURIO_DATASOURCE_URL'));
    expect(url).toContain(
      '/registry?sslmode=verify-full&sslfactory=org.postgresql.ssl.SingleCertValidatingFactory&sslfactoryarg=env:RDS_AUTHORITY',
    );
    expect(variable('RDS_AUTHORITY')).toEqual({
      'Fn::FindInMap': [expect.any(String), { Ref: 'AWS::Region' }, 'Certificate'],
    });
    streaming?.hasResourceProperties('AWS::RDS::DBInstance', { CACertificateIdentifier: 'rds-ca-rsa2048-g1' });
  });

  test('knows an authority that signs for itself and is valid for years, in each Region', () => {
    expect(Object.keys(authorities)).toEqual(
      expect.arrayContaining(['eu-central-1', 'eu-west-1', 'us-east-1', 'us-west-2']),
    );
    for (const [region, { Certificate }] of Object.entries(authorities)) {
      const certificate = new X509Certificate(Certificate);
      expect(certificate.subject).toContain(`Amazon RDS ${region} Root CA RSA2048 G1`);
      expect(certificate.ca && certificate.verify(certificate.publicKey)).toBe(true);
      expect(new Date(certificate.validTo).getUTCFullYear()).toBeGreaterThan(2050);
    }
  });
});

describe('the database', () => {
  test('begins with 20 GB and grows to 100, and its snapshots say what they are of', () => {
    streaming?.hasResourceProperties('AWS::RDS::DBInstance', {
      AllocatedStorage: '20',
      MaxAllocatedStorage: 100,
      StorageType: 'gp3',
      DBInstanceClass: 'db.t4g.micro',
      CopyTagsToSnapshot: true,
    });
  });

  test('is of a major version, whose minor ones RDS upgrades by itself', () => {
    streaming?.hasResourceProperties('AWS::RDS::DBInstance', { EngineVersion: '17', AutoMinorVersionUpgrade: true });
  });

  test('is encrypted, managed by AWS as to its password, and unprotected in a disposable environment only', () => {
    const common = { StorageEncrypted: true, ManageMasterUserPassword: true, PubliclyAccessible: false, Port: '5433' };
    streaming?.hasResourceProperties('AWS::RDS::DBInstance', { ...common, MultiAZ: false, DeletionProtection: false });
    const durable = templatesOf({
      environment: {
        removal: 'retain',
        alarmEmail: 'somebody@example.com',
        registry: { ...dev.registry, databaseMultiZone: true },
      },
    }).streaming;
    durable?.hasResource('AWS::RDS::DBInstance', {
      DeletionPolicy: 'Snapshot',
      Properties: { ...common, MultiAZ: true, DeletionProtection: true },
    });
  });
});
