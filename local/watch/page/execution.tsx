/** The execution: its state machine with the way that it took, and the states in their order with the time that each took. */
import type { ExecutionTold, Machine, StateTold } from '../model.ts';
import { StateMachine } from './machine.tsx';
import { outcomeOf } from './machine-parts.ts';
import { duration } from './words.ts';

interface Told {
  readonly execution: ExecutionTold;
  readonly machine: Machine | null;
  readonly states: readonly StateTold[];
}

export function Execution({ execution, machine, states }: Told) {
  const start = Date.parse(execution.startedAt);
  const last = states.flatMap(({ enteredAt, exitedAt }) => [enteredAt, exitedAt ?? enteredAt]).at(-1);
  const now =
    execution.stoppedAt ?? (execution.status === 'RUNNING' ? new Date().toISOString() : (last ?? execution.startedAt));
  const whole = Math.max(1, Date.parse(now) - start);
  const isRunning = execution.status === 'RUNNING';
  return (
    <section aria-labelledby="execution">
      <h2 id="execution">States of the execution</h2>
      {execution.error && (
        <pre class="failure">
          {execution.error}: {execution.cause}
        </pre>
      )}
      {machine && <p class="quiet">Choose a state to look inside.</p>}
      <div class={machine ? 'beside' : ''}>
        {machine && (
          <div>
            <StateMachine
              label="State machine"
              machine={machine}
              told={states}
              running={isRunning}
              until={Date.parse(now)}
            />
          </div>
        )}
        <ol class="states">
          {states.map((state) => (
            <li key={state.enteredAt + state.name}>
              <State state={state} start={start} whole={whole} now={now} running={isRunning} />
            </li>
          ))}
        </ol>
      </div>
      {Object.keys(execution.input).length > 0 && (
        <p class="quiet">
          Input <code>{JSON.stringify(execution.input)}</code>
        </p>
      )}
    </section>
  );
}

interface Shown {
  readonly state: StateTold;
  readonly start: number;
  readonly whole: number;
  readonly now: string;
  readonly running: boolean;
}

function State({ state, start, whole, now, running }: Shown) {
  const { name, enteredAt, exitedAt, error, inner } = state;
  const [word, look] = outcomeOf([state], running);
  const [from, to] = [Date.parse(enteredAt), Date.parse(exitedAt ?? now)];
  const bar = { left: `${((from - start) / whole) * 100}%`, width: `${((to - from) / whole) * 100}%` };
  const row = (
    <>
      <span class="name">
        <span class={`dot ${look}`} aria-hidden="true" /> {name}
        {error && <em> {error}</em>}
        {look !== 'good' && <em> {word}</em>}
      </span>
      <span class="bar" aria-hidden="true">
        <i class={look} style={bar} />
      </span>
      <span class="took">{duration(to - from)}</span>
    </>
  );
  if (inner.length === 0) return <div class="row">{row}</div>;
  return (
    <details>
      <summary class="row">{row}</summary>
      <ul>
        {inner.map((one) => (
          <li key={one.name}>
            {one.name}
            {one.times > 1 && `, ${one.times} times`}
            {one.error && <em> {one.error}</em>}
          </li>
        ))}
      </ul>
    </details>
  );
}
