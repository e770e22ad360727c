/** The state machine as it is drawn in Step Functions' console, with what became of each state: a state opens what is inside it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Machine, MachineState, StateTold } from '../model.ts';
import { at, Drawing } from './drawing.tsx';
import { Drawn } from './drawn.tsx';
import { Facts } from './facts.tsx';
import { placedDown } from './layout.ts';
import { drawnOf, outcomeOf } from './machine-parts.ts';
import { duration, moment, sum } from './words.ts';

interface Shown {
  readonly label: string;
  readonly machine: Machine;
  /** The states of this machine that were entered. */
  readonly told: readonly StateTold[];
  readonly running: boolean;
  /** Until when a state that was not left has taken time. */
  readonly until: number;
}

export function StateMachine({ label, machine, told, running, until }: Shown) {
  const [all, setAll] = useState(false);
  const [chosen, setChosen] = useState<string>();
  const { states, arrows, left } = drawnOf(machine, told, { running, all });
  const state = states.find(({ name }) => name === chosen);
  const idOf = (name: string) => `states.${name}`;
  const close = (): void => {
    setChosen(undefined);
    if (chosen !== undefined) document.getElementById(idOf(chosen))?.focus();
  };
  return (
    <>
      {(left > 0 || all) && (
        <p class="quiet">
          {left > 0 &&
            `${left} ${left === 1 ? 'state' : 'states'} that nothing led to ${left === 1 ? 'is' : 'are'} left out. `}
          <button type="button" class="all" aria-pressed={all} onClick={() => setAll(!all)}>
            All states
          </button>
        </p>
      )}
      <Drawing
        label={label}
        of={[states, arrows.map(({ id }) => id)]}
        placedIn={() => placedDown(states, arrows)}
        looks={Object.fromEntries(arrows.map(({ id, look }) => [id, look]))}
      >
        {(places) =>
          states.map((one) => {
            const visits = told.filter(({ name }) => name === one.name);
            const [word, look] = outcomeOf(visits, running);
            return (
              <button
                key={one.name}
                id={idOf(one.name)}
                type="button"
                class={`node step ${one.type.toLowerCase()} ${look}`}
                style={at(places.nodes[one.name])}
                aria-pressed={one.name === chosen}
                onClick={() => setChosen(one.name === chosen ? undefined : one.name)}
              >
                <b>{one.name}</b>
                <span class={`state ${look}`}>
                  <Drawn sign={look} />
                  {visits.length > 0 ? <span class="unseen">{word} </span> : word}
                  {visits.length > 0 && one.type !== 'Choice' && duration(tookBy(visits, until))}
                </span>
              </button>
            );
          })
        }
      </Drawing>
      {state && (
        <Inside
          key={state.name}
          state={state}
          visits={told.filter(({ name }) => name === state.name)}
          running={running}
          until={until}
          onClose={close}
        />
      )}
    </>
  );
}

const tookBy = (visits: readonly StateTold[], until: number): number =>
  sum(visits.map(({ ms, since }) => ms + (since === undefined ? 0 : Math.max(0, until - Date.parse(since)))));

interface Opened {
  readonly state: MachineState;
  readonly visits: readonly StateTold[];
  readonly running: boolean;
  readonly until: number;
  readonly onClose: () => void;
}

function Inside({ state: { name, type, inner }, visits, running, until, onClose }: Opened) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const last = visits.at(-1);
  const times = sum(visits.map((visit) => visit.times));
  const retries = sum(visits.map((visit) => visit.retries));
  const error = visits.findLast((visit) => visit.error !== undefined)?.error;
  const title = `state-${name}`;
  return (
    <section
      class="details"
      aria-labelledby={title}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        // What is open within closes alone.
        event.stopPropagation();
        onClose();
      }}
    >
      <h3 id={title} tabIndex={-1} ref={heading}>
        {name} <small>{type}</small>
      </h3>
      <button type="button" class="close" onClick={onClose}>
        Close
      </button>
      <Facts
        facts={[
          ['Outcome', outcomeOf(visits, running)[0]],
          ...(last ? ([['Entered', moment(visits[0]?.enteredAt ?? '')]] as const) : []),
          ...(last ? ([['Took', duration(tookBy(visits, until))]] as const) : []),
          ...(times > 1 ? ([['Times', times]] as const) : []),
          ...(retries > 0 ? ([['Tried again', retries]] as const) : []),
          ...(error === undefined ? [] : ([['Error', error]] as const)),
        ]}
      />
      {inner.map((machine, index) => (
        <StateMachine
          key={machine.startAt}
          label={inner.length > 1 ? `${name}, branch ${index + 1}` : name}
          machine={machine}
          told={visits
            .flatMap((visit) => visit.inner)
            .filter((one) => machine.states.some((own) => own.name === one.name))}
          running={running && last?.since !== undefined}
          until={until}
        />
      ))}
    </section>
  );
}
