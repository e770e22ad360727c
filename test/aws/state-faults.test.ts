/**
 * Every state of the deployed state machines failing, timing out, and being the last one before an abortion. Whatever happens, once the clean-up has run
 * too: the first error is told, no run of the execution is alive, and the next execution gets the lock.
 */
import { describe, expect, test } from 'vitest';
import { cleanUp } from '../../lambda/clean-up/core.ts';
import { orderOf } from '../../lib/declaration/flow.ts';
import { loadPipelines } from '../../lib/declaration/load.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import { concrete } from './support/concrete.ts';
import {
  type Answer,
  definitionOf,
  EXECUTION,
  execute,
  parametersOf,
  type Run,
  ServiceError,
  statesOf,
  type World,
} from './support/machine.ts';
import { type PlayedRun, PlayedRuns, type Script } from './support/played-runs.ts';
import { stacksOf } from './support/stacks.ts';

const ME = EXECUTION.Id;
const DEAD = ME.replace('run-1', 'run-0');
const resources = concrete(stacksOf('dev'));
const parameters = parametersOf(resources);

interface Scenario extends Omit<World, 'parameters' | 'runs'> {
  readonly scripts?: Readonly<Record<string, Script>>;
  readonly before?: readonly PlayedRun[];
  readonly pageSize?: number;
}

/** Ways through the machine that enter each of its states. */
function scenariosOf(pipeline: Pipeline): Readonly<Record<string, Scenario>> {
  const [stream = ''] = orderOf(pipeline).streams;
  const foreign = [1, 2].map((number) => ({ Id: `foreign-${number}`, Name: `by-hand-${number}`, State: 'RUNNING' }));
  const before = [{ Id: 'before', Name: `${pipeline.name}/${stream}/run-0`, State: 'RUNNING' }];
  return {
    'a whole run': { input: { action: 'run' } },
    'a lock left behind, and a long listing': { holder: DEAD, before: foreign, pageSize: 1 },
    'a stream that is stopped': {
      input: { action: 'stop' },
      before,
      scripts: { [stream]: { cancelled: ['CANCELLING', 'CANCELLED'] } },
    },
    'a stream that is slow to run': { scripts: { [stream]: { states: ['SCHEDULED', 'RUNNING'] } } },
    'a busy pipeline': { holder: DEAD, answers: { DescribeHolder: () => ({ Status: 'RUNNING' }) } },
    'a stream that runs already': { input: { action: 'start' }, before },
    'a stream that fails': { scripts: { [stream]: { states: ['FAILED'] } } },
    'a stream that never runs': { scripts: { [stream]: { states: ['PENDING'] } } },
    'a stream that fails while it is ended': {
      input: { action: 'run' },
      scripts: { [stream]: { cancelled: ['FAILED'] } },
    },
  };
}

/** States whose own failure is dealt with where it happens. */
const CAUGHT = ['CancelRun', 'AskRun', 'Release'];
/** What goes wrong in a task at one of its calls, and whether all that come after it go wrong too. */
const FAULTS: readonly {
  readonly name: string;
  readonly error: string;
  readonly stays?: true;
  readonly late?: true;
}[] = [
  { name: 'is refused', error: 'Service.AccessDeniedException' },
  { name: 'times out', error: 'States.Timeout' },
  { name: 'has its effect, and its answer is lost', error: 'Service.Unknown', late: true },
  { name: 'is refused for ever', error: 'Service.AccessDeniedException', stays: true },
];

describe.each((await loadPipelines()).map((pipeline) => [pipeline.name, pipeline] as const))('%s', (_, pipeline) => {
  const definition = definitionOf(resources, pipeline.name);
  const states = statesOf(definition);
  // Over no job nothing is started: what a source hears needs no sender.
  if (orderOf(pipeline).during.length === 0) states.delete('RunDuring');
  const scenarios = Object.entries(scenariosOf(pipeline));

  const run = ({ scripts, before, pageSize, ...world }: Scenario): Promise<Run> =>
    execute(definition, { parameters, runs: new PlayedRuns(scripts, before, pageSize), ...world });

  const own = ({ runs }: Run) => runs.alive.filter(({ Name }) => Name?.endsWith(`/${EXECUTION.Name}`));

  /** What is so after the rule on ended executions has run, and the next execution. */
  async function settled(outcome: Run, where: string): Promise<void> {
    let { holder } = outcome;
    if (outcome.status !== 'SUCCEEDED') {
      await cleanUp(
        { pipeline: pipeline.name, name: EXECUTION.Name, arn: ME },
        {
          aliveRuns: async () => {
            const alive = outcome.runs.alive.map(({ Id, Name = '', State }) => ({ id: Id, name: Name, state: State }));
            // What is on its way out is gone when it is looked at again.
            for (const run of outcome.runs.alive) if (run.State === 'CANCELLING') run.State = 'CANCELLED';
            return alive;
          },
          cancel: async ({ id }) => {
            const found = outcome.runs.all.find(({ Id }) => Id === id);
            if (found) found.State = 'CANCELLED';
          },
          release: async (arn) => {
            if (holder === arn) holder = undefined;
          },
          wait: async () => undefined,
        },
      );
      expect(own(outcome), `${where}: runs that are left`).toEqual([]);
      expect(holder, `${where}: the lock`).not.toBe(ME);
    }
    // One that succeeded may have left it: its streams go on, and who comes next takes the lock over.
    if (holder === undefined) return;
    const next = await run({ input: { action: 'stop' }, holder });
    expect(next.error, `${where}: the next execution`).toBeUndefined();
    expect(next.holder, where).toBeUndefined();
  }

  const usual = new Map<string, Run>();
  /** How a scenario goes where nothing goes wrong besides what it says. */
  async function usually(name: string, scenario: Scenario): Promise<Run> {
    const known = usual.get(name) ?? (await run(scenario));
    usual.set(name, known);
    return known;
  }

  /** The first call of a task in the first way that calls it, and the last call in the last way. */
  async function visits(state: string): Promise<[string, Scenario, number][]> {
    const found: [string, Scenario, number][] = [];
    for (const [name, scenario] of scenarios) {
      // Those are about states that are no tasks.
      if (name.includes('never') || scenario.answers) continue;
      const calls = (await usually(name, scenario)).calls.filter((call) => call.state === state).length;
      if (calls > 0) found.push([name, scenario, calls - 1]);
    }
    const [first, last] = [found[0], found.at(-1)];
    return first && last ? [[first[0], first[1], 0], last] : [];
  }

  const tasks = [...states].filter(([, { Type }]) => Type === 'Task').map(([name]) => name);

  test('is known by ways that enter every state', async () => {
    const entered = new Set<string>();
    for (const [name, scenario] of scenarios)
      for (const state of (await usually(name, scenario)).path) entered.add(state);
    expect([...states.keys()].filter((state) => !entered.has(state))).toEqual([]);
  });

  test.each(tasks.flatMap((state) => FAULTS.map((fault) => [state, fault.name, fault] as const)))(
    '%s %s',
    async (state, _name, { error, stays = false, late = false }) => {
      const ways = await visits(state);
      expect(ways).not.toEqual([]);
      for (const [name, scenario, visit] of ways) {
        const where = `${name}, call ${visit + 1} of ${state}`;
        let failed = false;
        const answer: Answer = async (_, before, go) => {
          if (before < visit || (before > visit && !stays)) return go();
          if (late) await go();
          failed = true;
          throw new ServiceError(error);
        };
        const outcome = await run({ ...scenario, answers: { [state]: answer } });
        const well = (await usually(name, scenario)).error === undefined;
        if (outcome.status === 'SUCCEEDED') expect(failed ? CAUGHT : tasks, where).toContain(state);
        // What was wrong first is told, whatever else goes wrong on the way out.
        else if (!CAUGHT.includes(state) && well) expect(outcome.error, where).toBe(error);
        // One failure alone is dealt with by the machine itself, in all states but the one that gives the lock back.
        if (!stays && well && !CAUGHT.includes(state)) {
          expect(own(outcome), where).toEqual([]);
          // A lock whose taking is not known to have succeeded is left to the clean-up.
          if (!['Lock', 'TakeOver'].includes(state)) expect(outcome.holder, where).not.toBe(ME);
        }
        await settled(outcome, where);
      }
    },
  );

  test.each([...states.keys()])('is aborted in %s', async (state) => {
    let aborted = 0;
    const ways: [string, Scenario][] = [];
    for (const way of scenarios) if ((await usually(...way)).path.includes(state)) ways.push(way);
    for (const [name, scenario] of [...ways.slice(0, 1), ...ways.slice(1).slice(-1)]) {
      const well = await usually(name, scenario);
      const stopping = new AbortController();
      const answer: Answer = async (parameters, before, go) => {
        // Its effect comes with the abortion, and nobody learns of it.
        stopping.abort();
        return scenario.answers?.[state] ? scenario.answers[state](parameters, before, go) : go();
      };
      const isTask = states.get(state)?.Type === 'Task';
      const outcome = await run({
        ...scenario,
        ...(isTask && { answers: { ...scenario.answers, [state]: answer } }),
        onState: (entered) => void (entered === state && stopping.abort()),
        signal: stopping.signal,
      });
      // Of a state that ends the execution the abortion comes too late.
      if (outcome.status === 'ABORTED') aborted += 1;
      else expect([outcome.status, outcome.error], name).toEqual([well.status, well.error]);
      await settled(outcome, `${name}, aborted in ${state}`);
    }
    if (!['Fail', 'Succeed'].includes(String(states.get(state)?.Type)) && state !== 'Done')
      expect(aborted).toBeGreaterThan(0);
  });
});
