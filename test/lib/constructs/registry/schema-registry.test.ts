/** The registry: who may do what with it, how it is run, and how a new password reaches it. */
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { dev } from '../../../../config/dev.ts';
import { resourcesOf, templatesOf } from '../../support/templates.ts';

const { streaming } = templatesOf();
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

  test('that are jobs can read and nothing else, handlers have all methods', () => {
    const path = { Field: 'path-pattern', PathPatternConfig: { Values: ['/apis/*'] } };
    const methods = { Field: 'http-request-method', HttpRequestMethodConfig: { Values: ['GET', 'HEAD'] } };
    const rules = resourcesOf(streaming, RULE);
    const conditionsOf = (name: string) =>
      Object.entries(rules).find(([id]) => id.includes(name))?.[1].Conditions as unknown[];
    expect(conditionsOf('BalancerRead')).toEqual([path, methods]);
    expect(conditionsOf('BalancerWrite')).toEqual([path]);
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
  test('rolls a deployment back whose tasks do not become healthy', () => {
    streaming?.hasResourceProperties('AWS::ECS::Service', {
      DesiredCount: 1,
      DeploymentConfiguration: {
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
        MinimumHealthyPercent: 100,
      },
    });
  });

  test('is healthy when its management port says so', () => {
    streaming?.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
      HealthCheckPath: '/health/ready',
      HealthCheckPort: '9000',
    });
  });

  test('runs the exact release, with a pool of the size that was given and a password that no template holds', () => {
    const [task] = Object.values(resourcesOf(streaming, 'AWS::ECS::TaskDefinition'));
    const [container] = (task?.ContainerDefinitions ?? []) as Record<string, { Name: string; Value?: unknown }[]>[];
    expect(container?.Image).toBe('apicurio/apicurio-registry:3.3.3');
    expect(container?.Environment).toContainEqual({ Name: 'APICURIO_DATASOURCE_JDBC_MAX_SIZE', Value: '10' });
    expect(container?.Secrets?.map(({ Name }) => Name)).toEqual(['APICURIO_DATASOURCE_PASSWORD']);
    expect(JSON.stringify(streaming?.toJSON())).not.toContain('"MasterUserPassword"');
  });

  test('is asked every five minutes whether the password is younger than its tasks', () => {
    streaming?.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(5 minutes)',
      Targets: [Match.objectLike({ InputTemplate: Match.absent(), Input: Match.anyValue() })],
    });
  });
});

describe('the database', () => {
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
