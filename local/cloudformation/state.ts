/**
 * Takes what has been done and keeps it in `state/<environment>.json`, after each step, so that whatever ends a deployment, the next one
 * knows what exists. Called by the deployment; read by everyone through `readDeployment`.
 */
import { join } from 'node:path';
import { MillraceError } from '../../tools/errors.ts';
import type { Home } from '../home.ts';
import { readJsonFile, writeFileAtomically } from './files.ts';
import type { DeployedResource, Deployment, StackIdentity } from './model.ts';

/** A resource as the state remembers it. */
export interface StoredResource extends DeployedResource {
  /** Logical ids in the same stack that must outlive it. */
  readonly dependsOn: readonly string[];
  /** Whether it stays, unmanaged, when the template no longer has it. */
  readonly retain: boolean;
}

/** What is known of a stack. */
export interface StackState extends StackIdentity {
  /**
   * `creating`: its first deployment has not yet succeeded. `updating`: `settled` is what to return to. `complete`: what the template said.
   */
  status: 'creating' | 'updating' | 'complete';
  /** By logical id, in the order of creation. */
  resources: Record<string, StoredResource>;
  outputs: Record<string, string>;
  /** By export name. */
  exports: Record<string, string>;
  /** The resources after the last deployment that succeeded; only while `updating`. */
  settled?: Record<string, StoredResource>;
  /** Physical resources that an Update replaced and that are still to be deleted. */
  replaced: StoredResource[];
}

/** Everything deployed in one environment. */
export interface State {
  readonly version: 1;
  readonly environment: string;
  deployedAt?: string;
  /** The data of the services at the last deployment. */
  dataId?: string;
  /** By stack path, in the order of deployment. */
  stacks: Record<string, StackState>;
}

function stateFile(home: Home, environment: string): string {
  return join(home.state, `${environment}.json`);
}

/** What is known of an environment; empty when nothing was ever deployed. */
export function readState(home: Home, environment: string): State {
  const file = stateFile(home, environment);
  const content = readJsonFile(file) as State | undefined;
  if (content !== undefined && content.version !== 1) {
    throw new MillraceError(
      'DEPLOY_STATE',
      `${file} was written by another version of Millrace (format ${content.version}, this one knows 1). Run "millrace down --purge" and start again.`,
    );
  }
  return content ?? { version: 1, environment, stacks: {} };
}

/** Remembers a state. */
export function writeState(home: Home, state: State): void {
  writeFileAtomically(stateFile(home, state.environment), `${JSON.stringify(state, null, 1)}\n`);
}

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
    resources: stacks.flatMap((stack) =>
      Object.values(stack.resources).map(({ dependsOn: _dependsOn, retain: _retain, ...resource }) => resource),
    ),
    outputs: Object.fromEntries(stacks.map((stack) => [stack.path, stack.outputs])),
  };
}
