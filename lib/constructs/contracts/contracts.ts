/**
 * What a pipeline's jobs have to find: the schemas of all that they read and write, and what each kind of thing needs, topics above all.
 */
import { readFileSync } from 'node:fs';
import { CustomResource, RemovalPolicy, type SecretValue } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { schemaPath } from '../../declaration/checks/schema.ts';
import { type JobUse, thingsOf, usesOf } from '../../declaration/flow.ts';
import type { Pipeline } from '../../declaration/pipeline.ts';
import type { KeyedSchema } from '../../declaration/schema.ts';
import { HandlerProvider } from '../functions/handler-provider.ts';
import { type FollowedDatabase, type Kind, type KindProps, kindOf } from '../kinds/index.ts';

export interface ContractsProps extends Omit<KindProps, 'schemas'> {
  readonly registryUrl: string;
  readonly registryPassword: SecretValue;
}

/** Schemas of a pipeline, and its kinds of things. */
export class Contracts extends Construct {
  /** Parts of the pipeline's parameter: ids or addresses of schemas by their keys, of files by their aliases, of databases and items by their names. */
  readonly parts: Readonly<
    Partial<Record<'schemas' | 'files' | 'databases' | 'items', Readonly<Record<string, string>>>>
  >;
  readonly alarms: readonly Alarm[];
  /** The database of the pipeline, where its connectors follow it. */
  readonly followed: FollowedDatabase | undefined;
  private readonly kinds: ReadonlyMap<string, Kind>;
  private readonly pipeline: Pipeline;

  constructor(scope: Construct, id: string, props: ContractsProps) {
    super(scope, id);
    const { pipeline } = props;
    this.pipeline = pipeline;
    const things = thingsOf(pipeline);
    const schemas = things.flatMap(({ alias, thing }) => thing.schemas(alias));
    const ofFormat = (format: string) => schemas.filter(({ schema }) => schema.format === format);
    const registered = this.register(props, ofFormat('avro'));
    const names = new Set([...things, ...usesOf(pipeline)].map(({ thing }) => thing.kind));
    const kindProps = { ...props, schemas: registered?.resource };
    this.kinds = new Map([...names].map((name) => [name, kindOf(name)(this, kindProps)]));
    const made = [...this.kinds.values()];
    const databases = Object.assign({}, ...made.map((kind) => kind.databases ?? {}));
    const items = Object.assign({}, ...made.map((kind) => kind.items ?? {}));
    this.parts = {
      schemas: { ...registered?.ids, ...this.addressesOf(ofFormat('json')) },
      files: Object.assign({}, ...made.map(({ files }) => files ?? {})),
      ...(Object.keys(databases).length > 0 && { databases }),
      ...(Object.keys(items).length > 0 && { items }),
    };
    const begins = new Set(made.flatMap((kind) => kind.begins ?? []));
    const others = this.node.children.filter((child) => !begins.has(child));
    for (const one of begins) one.node.addDependency(...others);
    this.followed = made.find(({ followed }) => followed)?.followed;
    this.alarms = made.flatMap(({ alarms }) => alarms ?? []);
  }

  /** The folders of `build` with the Java archives that the things ask for which a job uses. */
  jarsOf(job: string): string[] {
    return [...new Set(this.usesOf(job).flatMap(({ thing }) => this.kinds.get(thing.kind)?.jars ?? []))];
  }

  grant(role: iam.Role, job: string): void {
    for (const use of this.usesOf(job)) {
      const kind = this.kinds.get(use.thing.kind);
      const grant = use.way === 'reads' ? kind?.grantRead : kind?.grantWrite;
      if (!grant) throw new Error(`A ${use.thing.kind} grants no role that it ${use.way} ${use.alias}.`);
      grant(role, use);
    }
  }

  private usesOf(job: string): JobUse[] {
    return usesOf(this.pipeline).filter((use) => use.job === job);
  }

  /**
   * One custom resource for all schemas: CloudFormation handles resources that do not depend on each other at once, and a new account runs
   * ten functions at a time.
   */
  private register(
    { pipeline, network, registryUrl, registryPassword, logRetentionDays }: ContractsProps,
    schemas: KeyedSchema[],
  ) {
    if (schemas.length === 0) return undefined;
    const provider = new HandlerProvider(this, 'SchemasHandler', {
      folder: 'registry-artifacts',
      description: `Schemas of pipeline ${pipeline.name}`,
      placement: network.handlers,
      // A reference, which CloudFormation resolves: nothing lets these functions out of the VPC to ask for the secret.
      environment: { REGISTRY_PASSWORD: registryPassword.unsafeUnwrap() },
      logRetentionDays,
    });
    const resource = new CustomResource(this, 'Schemas', {
      resourceType: 'Custom::RegistryArtifacts',
      serviceToken: provider.serviceToken,
      // Schemas outlive the pipeline: records that name them may.
      removalPolicy: RemovalPolicy.DESTROY,
      properties: {
        RegistryUrl: registryUrl,
        Pipeline: pipeline.name,
        Artifacts: schemas.map(({ key, artifact, schema, immutable }) => ({
          Key: key,
          Group: 'default',
          ArtifactId: artifact,
          ArtifactType: 'AVRO',
          Content: JSON.stringify(JSON.parse(readFileSync(schemaPath(pipeline, schema.file), 'utf8'))),
          Compatibility: 'FULL_TRANSITIVE',
          Immutable: String(immutable),
          OnRemoval: 'retain',
        })),
      },
    });
    resource.node.addDependency(provider);
    return { resource, ids: Object.fromEntries(schemas.map(({ key }) => [key, resource.getAttString(key)])) };
  }

  /** An asset for each JSON Schema, however many things share it. */
  private addressesOf(schemas: readonly KeyedSchema[]): Record<string, string> {
    const files = new Set(schemas.map(({ schema }) => schema.file));
    const assets = new Map(
      [...files].map((file) => [file, new Asset(this, `Schema-${file}`, { path: schemaPath(this.pipeline, file) })]),
    );
    return Object.fromEntries(schemas.map(({ key, schema }) => [key, assets.get(schema.file)?.s3ObjectUrl ?? '']));
  }
}
