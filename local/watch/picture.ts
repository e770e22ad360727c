/** The picture of a pipeline from its declaration alone: what it reads and writes, and its jobs between. */

import type { Aliased } from '../../lib/declaration/flow.ts';
import { feedsOf, replayWaysOf, sourcesOf, thingsOf, usesOf } from '../../lib/declaration/flow.ts';
import { Dataset } from '../../lib/declaration/kinds/dataset.ts';
import { Feed } from '../../lib/declaration/kinds/feed.ts';
import { Items } from '../../lib/declaration/kinds/items.ts';
import { Source } from '../../lib/declaration/kinds/source.ts';
import { Table } from '../../lib/declaration/kinds/table.ts';
import { Topic } from '../../lib/declaration/kinds/topic.ts';
import { kebab } from '../../lib/declaration/names.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import type { Picture, PictureEdge, PictureNode } from './model.ts';

type Drawn = Pick<Picture, 'nodes' | 'edges'>;

/** What holds rows for longer than an execution. */
const stores = [Table, Items, Dataset];

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
    if (stores.some((store) => thing instanceof store)) return { ...node, shape: 'store' };
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
    const [from, to] = use.way === 'reads' ? [thing, job] : [job, thing];
    return edge(from, to);
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
  const { name, description, report, views = [] } = pipeline;
  return {
    pipeline: name,
    description,
    nodes: [...things, ...connectors, ...jobs],
    edges: [...followed, ...heard, ...edges, ...told],
    columns: report?.columns ?? [],
    chart: report?.chart,
    views: views.map(({ title, columns, chart }) => ({ title, columns, chart })),
  };
}

/** The connectors, with what they read and write, and the tables that they follow; of those outside of the pipeline each once. */
function connected(pipeline: Pipeline): Drawn {
  const aliases = new Map(thingsOf(pipeline).map((one) => [one.thing, thingId(one)]));
  const nodes = new Map<string, PictureNode>();
  const edges: PictureEdge[] = [];
  for (const [name, { plugin, tables, reads, writes }] of Object.entries(pipeline.connectors ?? {})) {
    const connector = `connectors.${name}`;
    nodes.set(connector, { id: connector, shape: 'connector', kind: 'connector', title: kebab(name), name: plugin });
    for (const thing of Object.values(reads)) edges.push(edge(aliases.get(thing) ?? '', connector));
    for (const table of Object.values(tables)) {
      const outside = `outside.${table}`;
      const from = typeof table === 'string' ? outside : (aliases.get(table) ?? '');
      if (from === outside) {
        nodes.set(outside, { id: outside, shape: 'store', kind: 'table outside', title: `${table}`, name: `${table}` });
      }
      edges.push(edge(from, connector));
    }
    for (const thing of Object.values(writes)) edges.push(edge(connector, aliases.get(thing) ?? ''));
  }
  return { nodes: [...nodes.values()], edges };
}
