/**
 * Checks topics, those of one pipeline and those of all together: pipelines come in, mistakes go out. Called by
 * `validate.ts`.
 */
import { checkSchema } from './check-schema.ts';
import { CLUSTER_PARTITIONS, COMPACTED_PARTITIONS, DECLARED_SETTINGS, TOPIC_NAME, TOPIC_SETTINGS } from './limits.ts';
import { checkInteger, type Mistake, type Note, noteUnder } from './mistakes.ts';
import { isJsonSchema, type Pipeline, type TopicDeclaration } from './model.ts';
import { artifactOf } from './plan.ts';

/** Notes the mistakes in each topic of a pipeline. */
export function checkTopics(pipeline: Pipeline, note: Note): void {
  for (const [role, topic] of Object.entries(pipeline.topics)) {
    const at = `topics.${role}`;
    if (!TOPIC_NAME.test(topic.name) || /^\.{1,2}$|^__/.test(topic.name)) {
      const allowed = 'letters, digits, ".", "_" and "-", 249 at most, "__" not in front';
      note(`${at}.name`, 'is not a topic name', topic.name, allowed);
    }
    checkInteger(note, `${at}.partitions`, topic.partitions, 1, CLUSTER_PARTITIONS);
    checkRetention(topic, at, note);
    checkSettings(topic, at, note);
    // Keys beside JSON values may be plain text, which needs no schema.
    if (topic.cleanup === 'compact' && !topic.key && !(topic.value && isJsonSchema(topic.value))) {
      note(`${at}.key`, 'a compacted topic keeps the last record of each key', 'no key schema', 'a key schema');
    }
    for (const part of ['key', 'value'] as const) {
      const schema = topic[part];
      if (schema) checkSchema(pipeline, note, `${at}.${part}`, schema);
    }
  }
}

function checkRetention(topic: TopicDeclaration, at: string, note: Note): void {
  if (topic.retention === undefined) return;
  if (topic.cleanup === 'compact') {
    const allowed = 'no retention, or cleanup delete';
    note(`${at}.retention`, 'has no effect on a compacted topic', topic.retention, allowed);
  } else {
    checkInteger(note, `${at}.retention`, topic.retention, 60_000, Number.MAX_SAFE_INTEGER, ' ms');
  }
}

function checkSettings(topic: TopicDeclaration, at: string, note: Note): void {
  for (const setting of Object.keys(topic.configuration ?? {})) {
    if (DECLARED_SETTINGS.includes(setting)) {
      const allowed = 'cleanup, retention, timestamps';
      note(`${at}.configuration`, 'has a word of its own in the declaration', setting, allowed);
    } else if (!TOPIC_SETTINGS.includes(setting)) {
      note(`${at}.configuration`, 'is not a setting of MSK Serverless', setting, TOPIC_SETTINGS.join(', '));
    }
  }
}

/** Notes what no pipeline can see alone: names that are taken twice, quotas of the cluster that all share. */
export function checkTopicsTogether(pipelines: readonly Pipeline[], mistakes: Mistake[]): void {
  const topics = new Map<string, { where: string; name: string }>();
  for (const pipeline of pipelines) {
    for (const [role, { name }] of Object.entries(pipeline.topics)) {
      const where = `${pipeline.name}.topics.${role}`;
      // Kafka refuses `a.b` beside `a_b`: the names of their metrics would be the same.
      const key = name.replaceAll('.', '_');
      const other = topics.get(key);
      if (other) {
        const problem = other.name === name ? `is the name of ${other.where} too` : `collides with ${other.name}`;
        noteUnder(where, mistakes)('name', problem, name, 'a name of its own, "." and "_" being alike');
      }
      topics.set(key, { where, name });
    }
  }
  const all = pipelines.flatMap((pipeline) => Object.values(pipeline.topics));
  const compacted = all.filter((topic) => topic.cleanup === 'compact');
  for (const [what, list, quota] of [
    ['topics', all, CLUSTER_PARTITIONS],
    ['compacted topics', compacted, COMPACTED_PARTITIONS],
  ] as const) {
    const sum = list.reduce((total, topic) => total + topic.partitions, 0);
    if (sum > quota) {
      const allowed = `${quota} at most (quota of a cluster)`;
      noteUnder('', mistakes)('topics', `${what} have too many partitions together`, sum, allowed);
    }
  }
}

/** Notes two schemas that would be registered as versions of one artifact. */
export function checkArtifactsTogether(pipelines: readonly Pipeline[], mistakes: Mistake[]): void {
  const artifacts = new Map<string, { where: string; file: string }>();
  const check = (pipeline: Pipeline, path: string, artifact: string, file: string): void => {
    const where = `${pipeline.name}.${path}`;
    const other = artifacts.get(artifact);
    if (other && other.file !== `${pipeline.name}/${file}`) {
      const problem = `registers another schema than ${other.where} under the same name`;
      noteUnder('', mistakes)(where, problem, artifact, 'an artifact of its own');
    }
    artifacts.set(artifact, { where, file: `${pipeline.name}/${file}` });
  };
  for (const pipeline of pipelines) {
    for (const [role, topic] of Object.entries(pipeline.topics)) {
      for (const part of ['key', 'value'] as const) {
        const artifact = artifactOf(pipeline, role, part);
        if (artifact) check(pipeline, `topics.${role}.${part}`, artifact, topic[part]?.file ?? '');
      }
    }
    for (const [role, { schema }] of Object.entries(pipeline.files)) {
      if (schema.artifact) check(pipeline, `files.${role}.schema`, schema.artifact, schema.file);
    }
  }
}
