/** Where the parts of a picture stand: laid out along the page, or down it. */
import { Graph, layout } from '@dagrejs/dagre';
import type { MachineState, Picture, PictureNode } from '../model.ts';

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

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** Of two lines of text, three, or four. */
const heights = { stream: 90, batch: 70, topic: 70, connector: 52, store: 66, thing: 52 } as const;
const least = { stream: 158, batch: 112, topic: 118, connector: 112, store: 100, thing: 96 } as const;
const most = 220;
/** About what a title takes, with a sign before it: the widest letters take half as much again as most. */
const roomFor = (title: string): number =>
  [...title].reduce((room, letter) => room + (/[mwMW]/.test(letter) ? 13 : 8.8), 36);

const widthOf = ({ title, shape }: PictureNode): number => Math.min(most, Math.max(least[shape], roomFor(title)));

/** What is drawn a little smaller can still be read. */
const slightly = 0.9;

/** The picture for a width: along it, or down the page where that needs more. */
export function placed({ nodes, edges }: Picture, width: number): Placed {
  const parts = nodes.map((node) => ({ id: node.id, width: widthOf(node), height: heights[node.shape] }));
  const along = laidOut(parts, edges, { rankdir: 'LR', nodesep: 22, label: { width: 44, height: 34 } });
  if (along.width * slightly <= width) return along;
  return laidOut(parts, edges, { rankdir: 'TB', nodesep: 8, label: { width: 64, height: 34 } });
}

/** A state has a sign of what became of it and the time that it took. */
const [stateWidth, stateHeight] = [128, 48];

/** States from the first to the last, down the page. */
export function placedDown(states: readonly MachineState[], arrows: readonly Edge[]): Placed {
  const parts = states.map(({ name }) => {
    return { id: name, width: Math.max(stateWidth, roomFor(name)), height: stateHeight };
  });
  return laidOut(parts, arrows, { rankdir: 'TB', nodesep: 10, edgesep: 6 });
}

interface Edge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
}

/** The corners of what stands around a middle. */
const reachOf = ({ x, y }: Point, { width, height }: Pick<Box, 'width' | 'height'>): Point[] => [
  { x: x - width / 2, y: y - height / 2 },
  { x: x + width / 2, y: y + height / 2 },
];

/** What is left free around it. */
const margin = 4;

/** A line as it is laid out: from end to end, and where its figures stand where it has some. */
interface Route extends Partial<Point> {
  readonly points: readonly Point[];
}

interface Way {
  readonly rankdir: 'LR' | 'TB';
  readonly nodesep: number;
  readonly edgesep?: number;
  /** Room for the figures on an edge, so that they stand behind nothing. */
  readonly label?: { readonly width: number; readonly height: number };
}

function laidOut(
  parts: readonly { readonly id: string; readonly width: number; readonly height: number }[],
  edges: readonly Edge[],
  { rankdir, label, ...way }: Way,
): Placed {
  const graph = new Graph();
  graph.setGraph({ rankdir, ranksep: 20, marginx: margin, marginy: margin, ...way });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of parts) graph.setNode(id, { width, height });
  for (const { from, to } of edges) graph.setEdge(from, to, { ...label, labelpos: 'c' });
  layout(graph);
  const boxes = parts.map(({ id }) => {
    const { x, y, width, height } = graph.node(id) as Box;
    return [id, { x: x - width / 2, y: y - height / 2, width, height }] as const;
  });
  const routes = edges.map(({ from, to }) => graph.edge(from, to) as unknown as Route);
  // Its own size leaves out lines that run around a part at the side.
  const points = [
    ...boxes.flatMap(([, { x, y, width, height }]) => [
      { x, y },
      { x: x + width, y: y + height },
    ]),
    ...routes.flatMap((route) => route.points),
    // Figures on a line that runs around a part at the side stand out further than it.
    ...routes.flatMap(({ x, y }) => (label && x !== undefined && y !== undefined ? reachOf({ x, y }, label) : [])),
  ];
  const [left, right] = [Math.min(...points.map(({ x }) => x)), Math.max(...points.map(({ x }) => x))];
  const moved = <P extends Point>(point: P): P => ({ ...point, x: point.x - left + margin });
  const places = Object.fromEntries(boxes.map(([id, box]) => [id, moved(box)]));
  const lines = edges.map(({ id, from, to }, index) => {
    const { points = [], x = 0, y = 0 } = routes[index] ?? {};
    const ends = [places[from] as Box, places[to] as Box] as const;
    return [id, { path: curve(ends, points.slice(1, -1).map(moved), rankdir), label: moved({ x, y }) }] as const;
  });
  return {
    width: right - left + 2 * margin,
    height: Math.max(...points.map(({ y }) => y)) + margin,
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
