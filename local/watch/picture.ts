/** The picture of a pipeline from its declaration alone: what it reads and writes, and its jobs between. */

import type { Aliased } from '../../lib/declaration/flow.ts';
import { feedsOf, replayWaysOf, sourcesOf, thingsOf, usesOf } from '../../lib/declaration/flow.ts';
import { Feed } from '../../lib/declaration/kinds/feed.ts';
import { Source } from '../../lib/declaration/kinds/source.ts';
import { Topic } from '../../lib/declaration/kinds/topic.ts';
import { kebab } from '../../lib/declaration/names.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import type { Picture, PictureEdge, PictureNode } from './model.ts';

type Drawn = Pick<Picture, 'nodes' | 'edges'>;

export const jobId = (job: string): string => `jobs.${job}`;
export const thingId = ({ alias, thing }: Aliased): string => `${thing.origin.plural}.${alias}`;

const edge = (from: string, to: string): PictureEdge => ({ id: `${from}>${to}`, from, to });

export function pictureOf(pipeline: Pipeline): Picture {
  const replays = replayWaysOf(pipeline).map((way) => way.replays);
  const roleOf = (topic: Topic): PictureNode['role'] => {
    if (topic.deadLettersOf) return 'dead letters';
    if (replays.includes(topic)) return 'replays';
    return topic.cleanup === 'compact' ? 'compacted' : undefined;
  };
  const things = thingsOf(pipeline).map((one): PictureNode => {
    const { alias: title, thing } = one;
    const { kind, name } = thing;
    const node = { id: thingId(one), kind, title, name };
    // It brings what is outside, or what changes, to topics, as a connector does.
    if (thing instanceof Source || thing instanceof Feed) return { ...node, shape: 'connector' };
    if (!(thing instanceof Topic)) return { ...node, shape: 'thing' };
    const role = roleOf(thing);
    return { ...node, shape: 'topic', ...(role && { role }) };
  });
  const jobs = Object.entries(pipeline.jobs).map(([name, { kind: shape, entryPoint }]): PictureNode => {
    const kind = shape === 'batch' ? 'batch job' : shape;
    return { id: jobId(name), shape, kind, title: kebab(name), name: entryPoint };
  });
  const edges = usesOf(pipeline).map((use): PictureEdge => {
    const [thing, job] = [thingId(use), jobId(use.job)];
    return use.way === 'reads' ? edge(thing, job) : edge(job, thing);
  });
  const heard = Object.entries(sourcesOf(pipeline)).flatMap(([source, { writes }]) =>
    Object.keys(writes).map((alias) => edge(`sources.${source}`, `topics.${alias}`)),
  );
  const ids = new Map(thingsOf(pipeline).map((one) => [one.thing, thingId(one)]));
  const told = Object.entries(feedsOf(pipeline)).flatMap(([feed, { writes, props }]) => [
    edge(ids.get(props.of) ?? '', `feeds.${feed}`),
    ...Object.keys(writes).map((alias) => edge(`feeds.${feed}`, `topics.${alias}`)),
  ]);
  const { nodes: connectors, edges: followed } = connected(pipeline);
  const { name, description, report } = pipeline;
  return {
    pipeline: name,
    description,
    nodes: [...things, ...connectors, ...jobs],
    edges: [...followed, ...heard, ...edges, ...told],
    columns: report?.columns ?? [],
    chart: report?.chart,
  };
}

/** The connectors, with the tables that they follow; of those outside of the pipeline each once. */
function connected(pipeline: Pipeline): Drawn {
  const aliases = new Map(thingsOf(pipeline).map((one) => [one.thing, thingId(one)]));
  const nodes = new Map<string, PictureNode>();
  const edges: PictureEdge[] = [];
  for (const [name, { plugin, tables, writes }] of Object.entries(pipeline.connectors ?? {})) {
    const connector = `connectors.${name}`;
    nodes.set(connector, { id: connector, shape: 'connector', kind: 'connector', title: kebab(name), name: plugin });
    for (const [alias, table] of Object.entries(tables)) {
      const outside = `outside.${table}`;
      const from = typeof table === 'string' ? outside : (aliases.get(table) ?? '');
      if (from === outside) {
        nodes.set(outside, { id: outside, shape: 'thing', kind: 'table outside', title: `${table}`, name: `${table}` });
      }
      const to = aliases.get(writes[alias] as Topic) ?? '';
      edges.push(edge(from, connector), edge(connector, to));
    }
  }
  return { nodes: [...nodes.values()], edges };
}
