/** The decision service: a Node process that knows the deployed roles and decides what they may do, and what jobs reach as S3 and DynamoDB. */
import { fileURLToPath } from 'node:url';
import { typescriptOptions } from '../../tools/setup/hand-over.mjs';
import { tokenOf } from '../iam/access.ts';
import { loopback } from './ports.ts';
import type { Ports, ServiceDefinition } from './types.ts';

const program = fileURLToPath(new URL('../iam/service.ts', import.meta.url));

const urlOf = (ports: Ports) => `http://${loopback}:${ports.decisions ?? 0}`;

/** It refuses who has no token. */
async function probe(ports: Ports): Promise<void> {
  const { status } = await fetch(`${urlOf(ports)}/keys/none`, { signal: AbortSignal.timeout(5_000) });
  if (status !== 401) throw new Error(`${urlOf(ports)} answered ${status}`);
}

export const iam: ServiceDefinition = {
  name: 'iam',
  title: 'the decision service',
  memoryBytes: 100 * 1024 * 1024,
  ports: [
    { name: 'decisions', preferred: 9700 },
    { name: 's3', preferred: 9701 },
    { name: 'dynamodb', preferred: 9702 },
  ],
  stopWithinMs: 5_000,
  prepare: async ({ home }) => void tokenOf(home),
  command: ({ home, ports }) => ({
    program: process.execPath,
    arguments: [...typescriptOptions, program, home.root, ...[ports.decisions, ports.s3, ports.dynamodb].map(String)],
  }),
  probe,
  address: (ports) => ({ url: urlOf(ports) }),
  symptoms: [],
};
