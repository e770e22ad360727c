/** The picture of the pipeline, with what moves: each part opens its details. */
import type { EdgeTold, Model, PictureNode } from '../model.ts';
import { at, Drawing, px } from './drawing.tsx';
import { placed } from './layout.ts';
import { count, jobState, kindOf, perSecond, sum } from './words.ts';

interface Shown {
  readonly model: Model;
  readonly chosen: string | undefined;
  readonly onChoose: (id: string) => void;
}

export function Flow({ model, chosen, onChoose }: Shown) {
  const { picture, edges } = model;
  const looks = picture.edges.map(({ id, to }) => [id, lookOf(edges[id], isLetters(picture.nodes, to))] as const);
  return (
    <section aria-labelledby="flow">
      <h2 id="flow">How rows flow</h2>
      <p class="quiet">Choose a part to look inside.</p>
      <Drawing
        label="Picture"
        of={picture}
        placedIn={(width) => placed(picture, width)}
        looks={Object.fromEntries(looks)}
      >
        {(places) => (
          <>
            {looks.map(([id, look]) => {
              const [edge, label] = [edges[id], places.edges[id]?.label];
              if (!edge || !label) return null;
              return (
                <p key={id} class={`figure ${look}`} style={px({ left: label.x, top: label.y })}>
                  {count(edge.rows)}
                  {!!edge.perSecond && <small>{perSecond(edge.perSecond)}</small>}
                </p>
              );
            })}
            {picture.nodes.map((node) => (
              <button
                key={node.id}
                id={node.id}
                type="button"
                class={`node ${node.shape}`}
                style={at(places.nodes[node.id])}
                aria-pressed={node.id === chosen}
                onClick={() => onChoose(node.id)}
              >
                <b>{node.title}</b>
                <Lines node={node} model={model} />
              </button>
            ))}
          </>
        )}
      </Drawing>
    </section>
  );
}

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
  if (node.shape !== 'batch' && node.shape !== 'stream') return <span>{kind}</span>;
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
