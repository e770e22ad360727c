/**
 * Starts one Kafka broker and one schema registry for all integration tests, in a folder of their own, and stops them
 * at the end.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { millraceHome } from '../../local/home.ts';
import { startServices, stopServices } from '../../local/services/services.ts';
import { readToolchain } from '../../tools/setup/toolchain.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly bootstrapServers: string;
    readonly registryUrl: string;
  }
}

/** Ports far from the usual ones, which may belong to a local run that is in use. */
const ports = { kafka: 29_092, registry: 28_080 };

/** Starts the services; what it returns stops them. */
export default async function startForTests(project: TestProject): Promise<() => Promise<void>> {
  const root = mkdtempSync(join(tmpdir(), 'millrace-integration-'));
  const home = millraceHome(root);
  const stop = async () => {
    await stopServices(home, { purge: true });
    rmSync(root, { recursive: true, force: true });
  };
  try {
    const { kafka, registry } = await startServices(home, readToolchain(), () => {}, undefined, { firstPorts: ports });
    project.provide('bootstrapServers', kafka.bootstrapServers ?? '');
    project.provide('registryUrl', registry.url ?? '');
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
