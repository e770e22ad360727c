/** The picture of the pipeline, with what moves: each part opens its details. */
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { EdgeTold, Model, PictureNode } from '../model.ts';
import { placed } from './layout.ts';
import { count, jobState, kindOf, perSecond, sum } from './words.ts';

interface Shown {
  readonly model: Model;
  readonly chosen: string | undefined;
  readonly onChoose: (id: string) => void;
}

/** Text that is smaller cannot be read: what needs more room is scrolled. */
const leastScale = 0.75;

export function Flow({ model, chosen, onChoose }: Shown) {
  const { picture, edges } = model;
  const frame = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const measure = (): void => setWidth(frame.current?.clientWidth ?? 0);
    const observer = new ResizeObserver(measure);
    if (frame.current) observer.observe(frame.current);
    measure();
    return () => observer.disconnect();
  }, []);
  // The picture comes again with every word of the server, and is the same.
  const places = useMemo(() => (width > 0 ? placed(picture, width) : undefined), [JSON.stringify(picture), width]);
  const scale = places ? Math.min(1, Math.max(leastScale, width / places.width)) : 1;
  return (
    <section aria-labelledby="flow">
      <h2 id="flow">How rows flow</h2>
      <p class="quiet">Choose a part to look inside.</p>
      <section
        class="frame"
        ref={frame}
        aria-label="Picture"
        tabIndex={places && places.width * scale > width + 1 ? 0 : undefined}
      >
        {places && (
          <div class="flow" style={px({ width: places.width * scale, height: places.height * scale })}>
            <div
              class="plane"
              style={{ ...px({ width: places.width, height: places.height }), transform: `scale(${scale})` }}
            >
              <svg width={places.width} height={places.height} aria-hidden="true">
                <title>arrows</title>
                <defs>
                  {['', 'moving', 'letters'].map((look) => (
                    <marker
                      key={look}
                      id={`arrow${look}`}
                      class={look}
                      viewBox="0 0 8 8"
                      refX="7"
                      refY="4"
                      markerWidth="7"
                      markerHeight="7"
                      orient="auto"
                    >
                      <path d="M0,0.5 L8,4 L0,7.5 z" />
                    </marker>
                  ))}
                </defs>
                {picture.edges.map(({ id, to }) => {
                  const look = lookOf(edges[id], isLetters(picture.nodes, to));
                  return (
                    <path
                      key={id}
                      class={`edge ${look}`}
                      d={places.edges[id]?.path}
                      marker-end={`url(#arrow${look})`}
                    />
                  );
                })}
              </svg>
              {picture.edges.map(({ id, to }) => {
                const [edge, label] = [edges[id], places.edges[id]?.label];
                if (!edge || !label) return null;
                return (
                  <p
                    key={id}
                    class={`figure ${lookOf(edge, isLetters(picture.nodes, to))}`}
                    style={px({ left: label.x, top: label.y })}
                  >
                    {count(edge.rows)}
                    {!!edge.perSecond && <small>{perSecond(edge.perSecond)}</small>}
                  </p>
                );
              })}
              {picture.nodes.map((node) => {
                const box = places.nodes[node.id];
                return (
                  <button
                    key={node.id}
                    id={node.id}
                    type="button"
                    class={`node ${node.shape}`}
                    style={box && px({ left: box.x, top: box.y, width: box.width, height: box.height })}
                    aria-pressed={node.id === chosen}
                    onClick={() => onChoose(node.id)}
                  >
                    <b>{node.title}</b>
                    <Lines node={node} model={model} />
                  </button>
                );
              })}
            </div>
          </div>
        )}
      </section>
    </section>
  );
}

/** Lengths as a style takes them. */
const px = (lengths: Readonly<Record<string, number>>): Record<string, string> =>
  Object.fromEntries(Object.entries(lengths).map(([name, length]) => [name, `${length}px`]));

const isLetters = (nodes: readonly PictureNode[], id: string): boolean =>
  nodes.some((node) => node.id === id && node.role === 'dead letters');

function lookOf(edge: EdgeTold | undefined, letters: boolean): string {
  if (letters && (edge?.rows ?? 0) > 0) return 'letters';
  return edge?.perSecond ? 'moving' : '';
}

/** What a part is, and the figures that tell most of it. */
function Lines({ node, model: { topics, runs } }: { readonly node: PictureNode; readonly model: Model }) {
  const kind = kindOf(node);
  if (node.shape === 'topic') {
    const partitions = topics[node.title]?.partitions;
    const records = partitions && sum(partitions.map(({ from, to }) => to - from));
    return (
      <>
        <span>{kind}</span>
        <span>{records === undefined ? '\u00a0' : `${count(records)} records`}</span>
      </>
    );
  }
  if (node.shape === 'thing') return <span>{kind}</span>;
  const ours = runs.filter(({ job }) => `jobs.${job}` === node.id);
  const [word, look] = jobState(ours);
  const told = ours.findLast(({ batches }) => batches.length > 0);
  return (
    <>
      <span>{kind}</span>
      <span class={`state ${look}`}>
        <span class="dot" aria-hidden="true" />
        {word}
      </span>
      {node.shape === 'stream' && (
        <span>
          {told ? `lag ${count(told.lag ?? 0)}, ${told.batches.at(-1)?.seconds.toFixed(1)} s a batch` : '\u00a0'}
        </span>
      )}
    </>
  );
}
