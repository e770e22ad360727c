/** Checks what no pipeline can see alone: names that are taken twice, and quotas of the cluster that all share. */
import type { Aliased } from '../flow.ts';
import { Topic } from '../kinds/topic.ts';
import { CLUSTER_PARTITIONS, COMPACTED_PARTITIONS } from '../limits.ts';
import type { Note } from '../mistakes.ts';
import { isWhole } from './form.ts';

/** The things of a pipeline that can be looked into. */
export interface Holding {
  readonly name: string;
  readonly things: readonly Aliased[];
}

/** Notes things in one place, two schemas that would be versions of one artifact, and more partitions than a cluster has. */
export function checkTogether(pipelines: readonly Holding[], note: Note): void {
  const places = new Map<string, { readonly where: string; readonly name: string }>();
  const artifacts = new Map<string, { readonly where: string; readonly file: string }>();
  for (const pipeline of pipelines) {
    for (const { alias, thing } of pipeline.things) {
      const where = `${pipeline.name}.${thing.plural}.${alias}`;
      const { name } = thing;
      const place = thing.place(pipeline.name);
      const other = place === undefined ? undefined : places.get(place);
      if (other) {
        const clash = other.name === name ? `is the name of ${other.where} too` : `collides with ${other.name}`;
        note(`${where}.name`, clash, name, 'a name of its own, "." and "_" being alike');
      }
      if (place !== undefined) places.set(place, { where, name });
      for (const { artifact, schema } of thing.schemas(alias)) {
        if (artifact === undefined) continue;
        const file = `${pipeline.name}/${schema.file}`;
        const another = artifacts.get(artifact);
        if (another && another.file !== file) {
          const clash = `registers another schema than ${another.where} under the same name`;
          note(where, clash, artifact, 'an artifact of its own');
        }
        artifacts.set(artifact, { where, file });
      }
    }
  }
  const things = pipelines.flatMap((pipeline) => pipeline.things.map(({ thing }) => thing));
  const topics = things.filter((thing) => thing instanceof Topic);
  const all = topics.filter(({ props }) => isWhole(props.partitions, 1, CLUSTER_PARTITIONS));
  const compacted = all.filter((topic) => topic.cleanup === 'compact');
  for (const [what, topics, quota] of [
    ['topics', all, CLUSTER_PARTITIONS],
    ['compacted topics', compacted, COMPACTED_PARTITIONS],
  ] as const) {
    const sum = topics.reduce((total, { props }) => total + props.partitions, 0);
    const allowed = `${quota} at most (quota of a cluster)`;
    if (sum > quota) note('topics', `${what} have too many partitions together`, sum, allowed);
  }
}
