import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { readToolchain } from '../setup/toolchain.mjs';
import { sparkSubmit } from './spark-submit.ts';

const jars = readdirSync('/tmp/cds/buckets/b')
  .filter((n) => n.endsWith('.jar'))
  .map((n) => `s3://b/${n}`)
  .join(',');
const folder = mkdtempSync('/tmp/cds/run-');
const l = sparkSubmit(
  {
    applicationId: 'a',
    name: 'n',
    clientToken: 't',
    mode: 'BATCH',
    entryPoint: 's3://b/probe.py',
    entryPointArguments: [`${folder}/out`],
    sparkSubmitParameters: `--jars ${jars} --conf spark.executor.cores=2`,
    maxAttempts: 1,
    maxFailedAttemptsPerHour: 1,
    timeoutMinutes: 0,
  },
  folder,
  { toolchain: readToolchain(), buckets: '/tmp/cds/buckets', javaOptions: process.argv.slice(2) },
);
const t = Date.now();
const r = spawnSync(l.command, l.arguments, { env: l.environment, cwd: folder, encoding: 'utf8' });
console.log(
  ((Date.now() - t) / 1000).toFixed(1),
  r.status,
  r.stdout.trim().replace(/\n/g, ' | '),
  r.stderr.trim().split('\n').slice(0, 3).join(' / ').slice(0, 500),
);
