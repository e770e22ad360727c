/** The page: what the execution is doing, whether its rows add up, how they flow, what comes of them. */
import { useEffect, useState } from 'preact/hooks';
import type { ExecutionTold, Model, RunDetails } from '../model.ts';
import { Accounts } from './accounts.tsx';
import { Details } from './details.tsx';
import { Execution } from './execution.tsx';
import { Flow } from './flow.tsx';
import { Results } from './results.tsx';
import type { Connection } from './source.ts';
import { duration, moment, stateOf } from './words.ts';

interface Shown {
  readonly model: Model;
  readonly connection: Connection;
  /** What a report holds of runs; a page that follows asks for it. */
  readonly runs?: Readonly<Record<string, RunDetails>>;
}

export function App({ model, connection, runs }: Shown) {
  const [chosen, setChosen] = useState<string>();
  const { picture, execution, machine, states } = model;
  const node = picture.nodes.find(({ id }) => id === chosen);
  const close = (): void => {
    setChosen(undefined);
    if (node) document.getElementById(node.id)?.focus();
  };
  return (
    <>
      <header>
        <div>
          <p class="brand">Millrace</p>
          <h1>{picture.pipeline}</h1>
          <p>{picture.description}</p>
        </div>
        <Status execution={execution} connection={connection} />
      </header>
      <main>
        <Accounts model={model} />
        <Flow model={model} chosen={chosen} onChoose={(id) => setChosen(id === chosen ? undefined : id)} />
        {node && <Details key={node.id} node={node} model={model} runs={runs} onClose={close} />}
        <Results model={model} />
        {execution && <Execution execution={execution} machine={machine} states={states} />}
      </main>
      <footer>
        <p>
          {connection === 'report'
            ? 'A report of one execution. It holds all that it shows and loads nothing.'
            : 'Read from the topics, the lines of the jobs and the history of the execution. This page only reads.'}
        </p>
      </footer>
    </>
  );
}

const connections: Readonly<Record<Connection, string>> = {
  live: 'live',
  lost: 'connection lost, trying again',
  ended: 'the command has ended; this is the last that it showed',
  report: '',
};

function Status({
  execution,
  connection,
}: {
  readonly execution: ExecutionTold | null;
  readonly connection: Connection;
}) {
  const running = execution?.status === 'RUNNING' && connection !== 'report';
  const now = useNow(running && connection === 'live');
  const [word, look] = execution ? stateOf(execution.status) : (['not run yet', 'idle'] as const);
  const end = execution?.stoppedAt ? Date.parse(execution.stoppedAt) : now;
  return (
    <div class="status">
      <p class={`state ${look}`} role="status">
        <span class="dot" aria-hidden="true" />
        {word}
      </p>
      {execution && (
        <>
          <p>{duration(end - Date.parse(execution.startedAt))}</p>
          <p class="quiet">
            {execution.name}, {moment(execution.startedAt)}
            {execution.region && `, on AWS in ${execution.region}`}
          </p>
        </>
      )}
      {connection !== 'report' && <p class={`quiet ${connection}`}>{connections[connection]}</p>}
    </div>
  );
}

/** The time, every second while it matters. */
function useNow(ticking: boolean): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!ticking) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [ticking]);
  return now;
}
