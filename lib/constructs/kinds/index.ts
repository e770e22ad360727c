/**
 * The kinds of things that jobs read and write, on AWS: what each makes in a pipeline's stack, and what it grants a job's role. A kind is
 * the file of its name in this folder, whose default export is a `MakeKind`; no other file names it.
 */
import { readdirSync } from 'node:fs';
import type { RemovalPolicy } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct, IConstruct, IDependable } from 'constructs';
import type { JobUse } from '../../declaration/flow.ts';
import type { Pipeline } from '../../declaration/pipeline.ts';
import type { DatabaseSettings } from '../database/pipeline-database.ts';
import type { KafkaCluster } from '../kafka/kafka-cluster.ts';
import type { Network } from '../network/network.ts';
import type { AssetsFolder } from '../storage/assets-folder.ts';
import type { Catalog } from '../storage/catalog.ts';
import type { DataBucket } from '../storage/data-bucket.ts';

export interface KindProps {
  /** Name of the environment. */
  readonly environment: string;
  readonly pipeline: Pipeline;
  readonly network: Network;
  readonly cluster: KafkaCluster;
  readonly bucket: DataBucket;
  readonly assets: AssetsFolder;
  /**
   * Where tables are looked up.
   * @default the environment keeps no datasets
   */
  readonly catalog: Catalog | undefined;
  /**
   * How large databases of pipelines are, and how they are kept.
   * @default the environment keeps no databases
   */
  readonly databases: DatabaseSettings | undefined;
  /**
   * Key of what databases and tables of items hold.
   * @default a key that AWS owns
   */
  readonly key?: IKey | undefined;
  readonly removalPolicy: RemovalPolicy;
  readonly logRetentionDays: number;
  /**
   * The pipeline's schemas in the registry, which come before whatever holds data of theirs.
   * @default the pipeline registers none
   */
  readonly schemas?: IDependable;
}

export type Grant = (role: iam.Role, use: JobUse) => void;

/** A database that connectors follow. */
export interface FollowedDatabase {
  /** Settings of a connector that say where it is and how its identity is verified. */
  readonly place: Readonly<Record<string, string>>;
  /** Password of the role that may follow it. */
  readonly password: Secret;
  /** Key of the password. @default one that AWS owns */
  readonly key: IKey | undefined;
}

export interface Kind {
  /**
   * Address of each file by its alias, for the pipeline's parameter.
   * @default none
   */
  readonly files?: Readonly<Record<string, string>>;
  /**
   * Where each database of the pipeline is, by its name, for the pipeline's parameter.
   * @default none
   */
  readonly databases?: Readonly<Record<string, string>>;
  /**
   * ARN of the table of each of the pipeline's items, by their name, for the pipeline's parameter.
   * @default none
   */
  readonly items?: Readonly<Record<string, string>>;
  /**
   * How connectors of the pipeline follow its own database.
   * @default nobody may follow it
   */
  readonly followed?: FollowedDatabase | undefined;
  /**
   * Folders of `build` with Java archives for jobs that use such a thing.
   * @default none
   */
  readonly jars?: readonly string[];
  /**
   * What tells that a person has to look.
   * @default none
   */
  readonly alarms?: readonly Alarm[];
  /**
   * What begins to work by itself, and so comes behind all that the pipeline's jobs have to find.
   * @default nothing does
   */
  readonly begins?: readonly IConstruct[];
  /** Reading; missing in a kind that is only written. */
  readonly grantRead?: Grant;
  /** Writing; missing in a kind that is only read. */
  readonly grantWrite?: Grant;
}

/** Makes what all things of a kind in a pipeline need. */
export type MakeKind = (scope: Construct, props: KindProps) => Kind;

const names = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.ts') && file !== 'index.ts')
  .map((file) => file.slice(0, -'.ts'.length));

const modules: readonly { default: MakeKind }[] = await Promise.all(
  names.map((name) => import(new URL(`${name}.ts`, import.meta.url).href)),
);

/**
 * What makes a kind.
 *
 * @throws Error when the kind has no file here
 */
export function kindOf(name: string): MakeKind {
  const found = modules[names.indexOf(name)]?.default;
  if (found) return found;
  throw new Error(
    `Kind "${name}" has no construct. Known are ${names.join(', ')}; write lib/constructs/kinds/${name}.ts.`,
  );
}
