/** Names made from those of a declaration: of consumer groups, folders, runs, stacks, policies and stored parameters. */

/** `produce` -> `Produce`. */
export const pascal = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** `allowedLateness` -> `allowed-lateness`. */
export const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Key of a schema's id or address in the pipeline's parameter. */
export const schemaKey = (alias: string, part: 'key' | 'value' | 'file' | 'dataset'): string =>
  `${alias}${part === 'key' || part === 'value' ? `Topic${pascal(part)}` : pascal(part)}`;

export const drainOf = (job: string): string => `${job}Drain`;

/**
 * Prefix of the consumer groups of a job; granted to its role and to no other. A dot stands in no pipeline's or job's name, so that one's
 * prefix never begins another's.
 */
export const groupPrefix = (pipeline: string, job: string): string => `millrace.${pipeline}.${job}`;

/** Group of the workers of Kafka Connect that a pipeline has. */
export const connectGroup = (pipeline: string): string => `millrace.${pipeline}.connect`;

/** Topics in which the workers of a pipeline keep what its connectors are, how far each has come, and how each is. */
export const connectTopics = (pipeline: string) => {
  const topic = (what: string) => `${connectGroup(pipeline)}-${what}`;
  return { configs: topic('configs'), offsets: topic('offsets'), status: topic('status') };
};

/** Topic to which a source of changes writes while its tables are quiet, so that its database may forget what it has passed on. */
export const heartbeatTopic = (pipeline: string, connector: string): string =>
  `millrace.${pipeline}.heartbeat.${connector}`;

/** Name in Kafka Connect of a connector that reads topics. A dot stands in no pipeline's name, so that it is one of the cluster. */
export const sinkName = (pipeline: string, connector: string): string => `${pipeline}.${connector}`;

/** Consumer groups of such a connector: that of its tasks, which Kafka Connect names, and that of the task which commits. */
export const sinkGroups = (pipeline: string, connector: string): string[] => {
  const group = `connect-${sinkName(pipeline, connector)}`;
  return [group, `${group}-coord`];
};

/** Topic by which the tasks of such a connector agree on what is committed. */
export const controlTopic = (pipeline: string, connector: string): string =>
  `millrace.${pipeline}.control.${connector}`;

/** Prefix of the groups in which its tasks read that topic, and of their transactions. */
export const controlPrefix = (pipeline: string, connector: string): string => `${controlTopic(pipeline, connector)}-`;

/** How names of a source at the brokers begin: those of its groups and of its transactions. A dot stands in no job's name, so that none of a job begins so. */
export const sourcePrefix = (pipeline: string, source: string): string => `millrace.${pipeline}.source.${source}`;

/** Topic in which a source keeps how far it has come with each of its topics. */
export const cursorTopic = (pipeline: string, source: string): string => `${sourcePrefix(pipeline, source)}.cursors`;

/** Name by which the transactions of a source into a topic follow each other: who begins with it ends whoever had it before. */
export const sourceTransaction = (pipeline: string, source: string, alias: string): string =>
  `${sourcePrefix(pipeline, source)}.${alias}`;

/** Name of a connector's replication slot, and of its publication. */
export const connectorSlot = (pipeline: string, connector: string): string =>
  `millrace_${pipeline}_${kebab(connector).replaceAll('-', '_')}`;

/** Prefix of the consumer groups of applications outside, which read external topics of a pipeline. */
export const externalGroupPrefix = (pipeline: string): string => `external.${pipeline}`;

/** Name of the policy by which applications write or read a topic, and of the output that tells its ARN. */
export const externalPolicy = (alias: string, way: 'Writer' | 'Reader'): string => `${pascal(alias)}${way}Policy`;

/** Folders of the data bucket that are for no job's output. */
export const [CHECKPOINTS, DATASETS, INPUT] = ['checkpoints', 'datasets', 'input'] as const;

/** Where in the data bucket a stream keeps its checkpoint. */
export const checkpointPrefix = (pipeline: string, job: string): string => `${CHECKPOINTS}/${pipeline}/${kebab(job)}`;

/** Where below its checkpoint Spark keeps what the one query of a stream has done. */
export const queryPrefix = (pipeline: string, job: string): string => `${checkpointPrefix(pipeline, job)}/query`;

/** Where the query of a stream notes each micro-batch that it has committed. */
export const commitsPrefix = (pipeline: string, job: string): string => `${queryPrefix(pipeline, job)}/commits/`;

/** Where in the data bucket jobs of a pipeline leave what they write to a folder. */
export const outputPrefix = (pipeline: string, folder: string): string => `${folder}/${pipeline}`;

/** Where below that one execution leaves it, with a placeholder for the execution. */
export const executionPrefix = (pipeline: string, folder: string): string =>
  `${outputPrefix(pipeline, folder)}/{execution.name}`;

/** Where in the data bucket a dataset of a pipeline lies. */
export const datasetPrefix = (pipeline: string, dataset: string): string => `${DATASETS}/${pipeline}/${dataset}`;

/** Name of a dataset in the catalog. */
export const datasetTable = (pipeline: string, dataset: string): string => `${pipeline}_${dataset}`;

/** Name of the database in the Glue catalog that holds an environment's datasets. */
export const datasetDatabase = (environment: string): string => `millrace_${environment}`;

/** PostgreSQL cuts longer names off. */
export const LONGEST_IDENTIFIER = 63;

/** Name of the role by which a job of a pipeline signs in to its database. */
export const databaseRole = (pipeline: string, job: string): string => `${pipeline}_${kebab(job).replaceAll('-', '_')}`;

/** Name of the role by which connectors of a pipeline follow its own database; no job may have a name that makes it theirs. */
export const replicationRole = (pipeline: string): string => `${pipeline}_replication`;

/** Who owns what is in the databases of pipelines. */
export const DATABASE_OWNER = 'millrace';

/** Where beside a worker of Kafka Connect the certificate of RDS's authority lies. */
export const RDS_CERTIFICATE = 'rds-authority.pem';

/** Where in an archive of jobs the certificate of RDS's authority in a Region lies. */
export const rdsAuthorityFile = (region: string): string => `rds-authority/${region}.pem`;

/** Where in the data bucket a person's own input files of a pipeline must lie. */
export const inputPrefix = (pipeline: string): string => `${INPUT}/${pipeline}`;

/** Name in Parameter Store of what says where an environment's brokers, registry and bucket are. */
export const platformParameter = (environment: string): string => `/millrace/${environment}/platform`;

/** Name in Parameter Store of a pipeline's parameters, schemas and files. */
export const pipelineParameter = (environment: string, pipeline: string): string =>
  `/millrace/${environment}/pipelines/${pipeline}`;

/** Name in CloudFormation of a stack of an environment, a pipeline's among them. */
export const stackNameOf = (environment: string, stack: string): string => `millrace-${environment}-${stack}`;

/** The pipeline of a stack, by the stack's path: `dev/readings`. */
export const pipelineOfStack = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** How names of a pipeline's EMR Serverless job runs begin; a slash stands in no pipeline's or job's name, so that a prefix is exact. */
export const runNamePrefix = (pipeline: string): string => `${pipeline}/`;

export const pipelineOfRun = (run: string): string => run.split('/', 1)[0] ?? '';
