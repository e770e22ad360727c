/** What is inside a part of the picture: the records of a topic, the batches, spec and log of a job. */

import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Model, PictureNode, RecordTold, RowsTold, RunDetails, RunTold } from '../model.ts';
import { type Fact, Facts } from './facts.tsx';
import { useDetails } from './source.ts';
import { byReason, count, duration, jobState, kindOf, moment, stateOf, sum } from './words.ts';

interface Shown {
  readonly node: PictureNode;
  readonly model: Model;
  readonly runs: Readonly<Record<string, RunDetails>> | undefined;
  readonly onClose: () => void;
}

export function Details({ node, model, runs, onClose }: Shown) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const isJob = node.shape === 'batch' || node.shape === 'stream';
  return (
    <section class="details" aria-labelledby="details" onKeyDown={({ key }) => key === 'Escape' && onClose()}>
      <h2 id="details" tabIndex={-1} ref={heading}>
        {node.title} <small>{kindOf(node)}</small>
      </h2>
      <button type="button" class="close" onClick={onClose}>
        Close
      </button>
      <p class="quiet">{node.name}</p>
      {node.shape === 'topic' && <Topic node={node} model={model} live={runs === undefined} />}
      {node.kind === 'table' && (runs ? <Elsewhere what="rows" /> : <Rows alias={node.title} />)}
      {isJob && <Job node={node} model={model} runs={runs} />}
      {!isJob && <Neighbours node={node} model={model} />}
    </section>
  );
}

function Neighbours({ node, model: { picture } }: { readonly node: PictureNode; readonly model: Model }) {
  const titles = (ids: readonly string[]) =>
    picture.nodes
      .filter(({ id }) => ids.includes(id))
      .map(({ title }) => title)
      .join(', ') || 'no job';
  const before = titles(picture.edges.filter(({ to }) => to === node.id).map(({ from }) => from));
  const behind = titles(picture.edges.filter(({ from }) => from === node.id).map(({ to }) => to));
  const [first, second] = node.shape === 'connector' ? ['Reads', 'Writes'] : ['Written by', 'Read by'];
  return (
    <Facts
      facts={[
        [first, before],
        [second, behind],
      ]}
    />
  );
}

interface TableShown {
  readonly caption: string;
  readonly head: readonly (readonly [title: string, number?: 'number'])[];
  readonly rows: readonly (readonly ComponentChildren[])[];
}

export function Table({ caption, head, rows }: TableShown) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what is longer than its frame is reached by the keyboard
    <section class="scroll" aria-label={caption} tabIndex={0}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {head.map(([title, number]) => (
              <th key={title} scope="col" class={number}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, row) => (
            <tr key={row}>
              {cells.map((cell, column) => (
                <td key={head[column]?.[0]} class={head[column]?.[1]}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Topic({ node, model, live }: { readonly node: PictureNode; readonly model: Model; readonly live: boolean }) {
  const { partitions } = model.topics[node.title] ?? {};
  const reasons = sumReasons(model, node);
  const replays = model.picture.nodes.some(({ role }) => role === 'replays');
  return (
    <>
      {node.role === 'dead letters' && (
        <>
          <p>{reasons === '' ? 'No dead letters in this execution.' : `In this execution: ${reasons}.`}</p>
          {replays && (
            <p>
              To send them again: <code>npx millrace replay {model.picture.pipeline}</code>
            </p>
          )}
        </>
      )}
      {partitions && (
        <Table
          caption="Partitions"
          head={[
            ['Partition', 'number'],
            ['First offset', 'number'],
            ['Next offset', 'number'],
            ['Between', 'number'],
          ]}
          rows={partitions.map(({ partition, from, to }) => [partition, count(from), count(to), count(to - from)])}
        />
      )}
      {live ? <Records alias={node.title} /> : <Elsewhere what="newest records" />}
    </>
  );
}

/** Why records were set aside by those who write this topic. */
function sumReasons({ picture, runs }: Model, { id }: PictureNode): string {
  const writers = picture.edges.filter(({ to }) => to === id).map(({ from }) => from);
  const counts: Record<string, number> = {};
  for (const { job, deadLetters } of runs) {
    if (!writers.includes(`jobs.${job}`)) continue;
    for (const [reason, number] of Object.entries(deadLetters)) counts[reason] = (counts[reason] ?? 0) + number;
  }
  return byReason(counts);
}

function Records({ alias }: { readonly alias: string }) {
  const { found, failed } = useDetails<readonly RecordTold[]>(`records/${encodeURIComponent(alias)}`, 5_000);
  if (!found)
    return (
      <p class="quiet">{failed === '' ? 'Reading the newest records.' : `The records cannot be read: ${failed}`}</p>
    );
  if (found.length === 0) return <p class="quiet">The topic holds no records.</p>;
  return (
    <Table
      caption="Newest records"
      head={[['Key'], ['Value'], ['Headers'], ['Partition, offset'], ['Time']]}
      rows={found.map(({ partition, offset, at, key, value, decoded, headers }) => [
        <pre key="key" class="key">
          {key}
        </pre>,
        <div key="value" class="value">
          {!decoded && <em>not what its schema says</em>}
          <pre>{value}</pre>
        </div>,
        <pre key="headers" class={Object.keys(headers).length > 0 ? 'key' : undefined}>
          {Object.entries(headers)
            .map(([name, text]) => `${name}: ${text}`)
            .join('\n')}
        </pre>,
        `${partition}, ${offset}`,
        moment(at),
      ])}
    />
  );
}

/** Of what a report does not hold. */
const Elsewhere = ({ what }: { readonly what: string }) => (
  <p class="quiet">The {what} are on the page of “npx millrace watch”.</p>
);

function Rows({ alias }: { readonly alias: string }) {
  const { found, failed } = useDetails<RowsTold>(`rows/${encodeURIComponent(alias)}`, 5_000);
  if (!found) return <p class="quiet">{failed === '' ? 'Reading the rows.' : `The rows cannot be read: ${failed}`}</p>;
  const { columns, key, rows, more } = found;
  return (
    <>
      <Facts facts={[['Rows', `${more ? 'more than ' : ''}${count(found.count)}`]]} />
      {rows.length > 0 && (
        <Table
          caption={`${rows.length < found.count ? `The last ${rows.length} rows` : 'Rows'} by ${key.join(', ')}`}
          head={columns.map((column) => [column])}
          rows={rows}
        />
      )}
    </>
  );
}

function Job({ node, model, runs }: Omit<Shown, 'onClose'>) {
  const ours = model.runs.filter(({ job }) => `jobs.${job}` === node.id);
  const run = ours.at(-1);
  if (!run) return <p class="quiet">It has not run in this execution.</p>;
  const batches = ours.flatMap((one) => one.batches);
  return (
    <>
      <Facts facts={factsOf(ours, run)} />
      {run.details !== '' && <pre class="failure">{run.details}</pre>}
      {batches.length > 0 && (
        <Table
          caption="Micro-batches, the newest first"
          head={[
            ['Batch', 'number'],
            ['Rows in', 'number'],
            ['Rows out', 'number'],
            ['Dead letters', 'number'],
            ['Seconds', 'number'],
            ['Lag', 'number'],
          ]}
          rows={batches
            .toReversed()
            .map(({ batch, rowsIn, rowsOut, deadLetters, seconds, lag }) => [
              batch,
              count(rowsIn),
              count(rowsOut),
              count(deadLetters),
              seconds.toFixed(1),
              count(lag),
            ])}
        />
      )}
      {runs ? <Log {...(runs[run.id] ?? { spec: null, log: '' })} /> : <Followed id={run.id} />}
    </>
  );
}

function factsOf(ours: readonly RunTold[], run: RunTold): Fact[] {
  const told = ours.findLast(({ batchCount }) => batchCount > 0);
  const sender = ours.findLast(({ sent }) => sent !== undefined);
  const end = run.endedAt ? Date.parse(run.endedAt) : Date.now();
  const facts: Fact[] = [
    ['State', jobState(ours)[0]],
    ...(ours.length > 1
      ? [['Runs', ours.map(({ mode, state }) => `${mode} ${stateOf(state)[0]}`).join(', ')] as const]
      : []),
    ['Started', moment(run.startedAt)],
    ['Took', duration(end - Date.parse(run.startedAt))],
  ];
  if (sender)
    facts.push(
      ['Sent', `${count(sender.sent ?? 0)} of ${count(sender.of ?? 0)}`],
      ['Rejected', count(sender.rejected ?? 0)],
    );
  if (told) {
    facts.push(
      ['Micro-batches', count(sum(ours.map(({ batchCount }) => batchCount)))],
      ['Rows in', count(sum(ours.map(({ rowsIn }) => rowsIn)))],
      ['Rows out', count(sum(ours.map(({ rowsOut }) => rowsOut)))],
      ['Lag', count(told.lag ?? 0)],
      ['Dropped by watermark', count(sum(ours.map(({ droppedByWatermark }) => droppedByWatermark)))],
    );
    if (told.stateRows !== undefined) facts.push(['Rows of state', count(told.stateRows)]);
  }
  return facts;
}

function Followed({ id }: { readonly id: string }) {
  const { found } = useDetails<RunDetails>(`runs/${encodeURIComponent(id)}`, 3_000);
  return found ? <Log {...found} /> : null;
}

/** Pixels by which a frame may be off its end, since lengths are rounded. */
const nearEnd = 4;

function Log({ spec, log }: RunDetails) {
  const frame = useRef<HTMLElement>(null);
  const atEnd = useRef(true);
  // The newest lines are seen, until somebody looks back.
  useLayoutEffect(() => {
    if (frame.current && atEnd.current) frame.current.scrollTop = frame.current.scrollHeight;
  }, [log]);
  const scrolled = ({
    currentTarget: { scrollHeight, scrollTop, clientHeight },
  }: Event & { currentTarget: Element }) => {
    atEnd.current = scrollHeight - scrollTop - clientHeight < nearEnd;
  };
  return (
    <>
      <h3>End of its log</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what is longer than its frame is reached by the keyboard */}
      <section class="log" aria-label="End of its log" tabIndex={0} ref={frame} onScroll={scrolled}>
        <pre>{log === '' ? 'Nothing yet.' : log}</pre>
      </section>
      {spec && (
        <details>
          <summary>What it was told (its spec)</summary>
          <pre>{JSON.stringify(spec, null, 2)}</pre>
        </details>
      )}
    </>
  );
}
