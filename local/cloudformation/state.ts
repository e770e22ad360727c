/** What is deployed, kept in `state/<environment>.json` after each step, whatever ends a deployment. */
import { join } from 'node:path';
import { isObject } from '../../lib/declaration/json.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { readJson, writeJson } from '../../tools/files.mjs';
import type { Home } from '../home.ts';
import type { DeployedResource, Deployment, StackIdentity } from './model.ts';

export interface StoredResource extends DeployedResource {
  /** Logical ids in the same stack that must outlive it. */
  readonly dependsOn: readonly string[];
  /** Whether it stays, unmanaged, when the template no longer has it. */
  readonly retain: boolean;
}

export interface StackState extends StackIdentity {
  /** `creating`: no deployment has succeeded yet. `updating`: `settled` is what to return to. */
  status: 'creating' | 'updating' | 'complete';
  /** By logical id, in the order of creation. */
  resources: Record<string, StoredResource>;
  outputs: Record<string, string>;
  exports: Record<string, string>;
  /** The resources after the last deployment that succeeded; only while `updating`. */
  settled?: Record<string, StoredResource>;
  /** Physical resources that an Update replaced and that are still to be deleted. */
  replaced: StoredResource[];
}

export interface State {
  readonly version: 1;
  readonly environment: string;
  deployedAt?: string;
  /** The data of the services at the last deployment. */
  dataId?: string;
  /** By stack path, in the order of deployment. */
  stacks: Record<string, StackState>;
}

const stateFile = (home: Home, environment: string) => join(home.state, `${environment}.json`);

/** What deployed resources belong to is told by their state alone: without it everything has to go. */
const startAgain = 'Run "npx millrace down --purge" and start again.';

/** What is known of an environment; empty when nothing was ever deployed. @throws MillraceError DEPLOY_STATE */
export function readState(home: Home, environment: string): State {
  const file = stateFile(home, environment);
  const content = readJson(file, startAgain, ({ stacks }: State) => stacks === undefined || isObject(stacks)) as
    | State
    | undefined;
  if (content !== undefined && content.version !== 1) {
    throw new MillraceError(
      'DEPLOY_STATE',
      `${file} was written by another version of Millrace (format ${content.version}, this one knows 1). ${startAgain}`,
    );
  }
  return content ?? { version: 1, environment, stacks: {} };
}

export function writeState(home: Home, state: State): void {
  writeJson(stateFile(home, state.environment), state);
}

/** Paths of the stacks of an environment, those that no deployment has completed among them. */
export const knownStacks = (home: Home, environment: string): string[] =>
  Object.keys(readState(home, environment).stacks);

/** What is deployed in an environment, or `undefined` when no deployment of it ever succeeded. */
export function readDeployment(home: Home, environment: string): Deployment | undefined {
  const state = readState(home, environment);
  return state.deployedAt === undefined ? undefined : toDeployment(state, state.deployedAt);
}

/** The view that other parts have of a state. */
export function toDeployment(state: State, deployedAt: string): Deployment {
  const stacks = Object.values(state.stacks);
  return {
    environment: state.environment,
    deployedAt,
    resources: stacks.flatMap(({ resources }) => Object.values(resources)),
    outputs: Object.fromEntries(stacks.map((stack) => [stack.path, stack.outputs])),
  };
}
