/** Where the parts of the picture stand: laid out along the page, or down it where that is too narrow. */
import { Graph, layout } from '@dagrejs/dagre';
import type { Picture, PictureNode } from '../model.ts';

export interface Placed {
  readonly width: number;
  readonly height: number;
  readonly nodes: Readonly<Record<string, Box>>;
  readonly edges: Readonly<
    Record<string, { readonly path: string; readonly label: { readonly x: number; readonly y: number } }>
  >;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** Of two lines of text, three, or four. */
const heights = { stream: 90, batch: 70, topic: 70, thing: 52 } as const;
const least = { stream: 158, batch: 112, topic: 118, thing: 96 } as const;
const most = 220;
/** About what a letter of a title takes. */
const letter = 8.8;

const widthOf = ({ title, shape }: PictureNode): number =>
  Math.min(most, Math.max(least[shape], title.length * letter + 36));

/** What is drawn a little smaller can still be read. */
const slightly = 0.9;

/** The picture for a width: along it, or down the page where that needs more. */
export function placed(picture: Picture, width: number): Placed {
  const along = laidOut(picture, 'LR');
  return along.width * slightly <= width ? along : laidOut(picture, 'TB');
}

function laidOut({ nodes, edges }: Picture, rankdir: 'LR' | 'TB'): Placed {
  const graph = new Graph();
  const [ranksep, nodesep] = rankdir === 'LR' ? [20, 22] : [20, 8];
  graph.setGraph({ rankdir, ranksep, nodesep, marginx: 4, marginy: 4 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) graph.setNode(node.id, { width: widthOf(node), height: heights[node.shape] });
  // Room for the figures on an edge, so that they stand behind nothing.
  const label = rankdir === 'LR' ? { width: 44, height: 34 } : { width: 64, height: 34 };
  for (const { from, to } of edges) graph.setEdge(from, to, { ...label, labelpos: 'c' });
  layout(graph);
  const size = graph.graph() as { width?: number; height?: number };
  const boxes = nodes.map(({ id }) => {
    const { x, y, width, height } = graph.node(id) as Box;
    return [id, { x: x - width / 2, y: y - height / 2, width, height }] as const;
  });
  const places = Object.fromEntries(boxes);
  const lines = edges.map(({ id, from, to }) => {
    const { points, x, y } = graph.edge(from, to) as unknown as Point & { readonly points: readonly Point[] };
    const ends = [places[from] as Box, places[to] as Box] as const;
    return [id, { path: curve(ends, points.slice(1, -1), rankdir), label: { x, y } }] as const;
  });
  return {
    width: size.width ?? 0,
    height: size.height ?? 0,
    nodes: places,
    edges: Object.fromEntries(lines),
  };
}

/**
 * A line from the middle of one side to the middle of the other, through these points. It leaves and enters each straight on, so that it turns between the
 * parts and runs behind none.
 */
function curve([source, target]: readonly [Box, Box], through: readonly Point[], rankdir: 'LR' | 'TB'): string {
  const along = rankdir === 'LR';
  const isForward = along ? target.x > source.x : target.y > source.y;
  const side = ({ x, y, width, height }: Box, isEnd: boolean): Point =>
    along ? { x: isEnd ? x + width : x, y: y + height / 2 } : { x: x + width / 2, y: isEnd ? y + height : y };
  const points = [side(source, isForward), ...through, side(target, !isForward)];
  const [first, ...rest] = points as [Point, ...Point[]];
  const bends = rest.map((to, index) => {
    const from = points[index] as Point;
    const middle = along ? (from.x + to.x) / 2 : (from.y + to.y) / 2;
    const [leaving, entering] = along
      ? [
          { x: middle, y: from.y },
          { x: middle, y: to.y },
        ]
      : [
          { x: from.x, y: middle },
          { x: to.x, y: middle },
        ];
    return `C${leaving.x},${leaving.y} ${entering.x},${entering.y} ${to.x},${to.y}`;
  });
  return `M${first.x},${first.y}${bends.join('')}`;
}
