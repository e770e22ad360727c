/**
 * Starts one of each service for all integration tests, in a folder of their own, and stops them
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
    /** The folder of the home whose roles the broker knows. */
    readonly home: string;
    /** Kafka's plain listener. */
    readonly bootstrapServers: string;
    /** Kafka's listener for those who sign in. */
    readonly iamBootstrapServers: string;
    readonly registryUrl: string;
  }
}

/** Ports far from the usual ones, which may belong to a local run that is in use. */
const ports = { iam: 27_700, kafka: 29_092, registry: 28_080, s3: 27_710, postgres: 25_432, dynamodb: 28_000 };

/** Starts the services; what it returns stops them. */
export default async function startForTests(project: TestProject): Promise<() => Promise<void>> {
  const root = mkdtempSync(join(tmpdir(), 'millrace-integration-'));
  const home = millraceHome(root);
  const stop = async () => {
    await stopServices(home, { purge: true });
    rmSync(root, { recursive: true, force: true });
  };
  try {
    const { kafka, registry } = await startServices(home, readToolchain(), () => {}, undefined, {
      firstPorts: ports,
      strict: true,
      databases: true,
      items: true,
    });
    project.provide('home', root);
    project.provide('bootstrapServers', kafka.bootstrapServers ?? '');
    project.provide('iamBootstrapServers', kafka.iamBootstrapServers ?? '');
    project.provide('registryUrl', registry.url ?? '');
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
