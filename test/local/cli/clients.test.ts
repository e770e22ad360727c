/** Settings for applications outside: what `millrace clients` prints, for AWS and for this machine. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { showClients } from '../../../local/cli/clients.ts';
import { millraceHome } from '../../../local/home.ts';
import { serviceFiles, writeServiceFile } from '../../../local/services/service-files.ts';
import type { TopicClients } from '../../../tools/clients.ts';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';
import { wordsPipeline } from '../support/words-pipeline.ts';

const { pipeline } = wordsPipeline();

const newHome = () => millraceHome(mkdtempSync(join(tmpdir(), 'millrace-clients-')));

async function shown(json: boolean, home = newHome(), kafka?: 'express') {
  let text = '';
  const print = (line: string) => {
    text += `${line}\n`;
  };
  expect(await showClients({ home, json, print }, pipeline, { name: 'prod', kafka })).toBe(0);
  return text;
}

async function topics(): Promise<TopicClients[]> {
  return (JSON.parse(await shown(true)) as { topics: TopicClients[] }).topics;
}

test('each external topic is listed once, with what its keys and values are', async () => {
  const [words, counts] = await topics();
  expect(words).toMatchObject({ topic: 'tiny.words', value: 'JSON, pipelines/tiny/schemas/word.schema.json' });
  expect(counts).toMatchObject({ topic: 'tiny.counts', value: expect.stringContaining('artifact tiny.counts-value') });
  expect(words?.access.map(({ way }) => way)).toEqual(['write']);
  expect(counts?.access.map(({ way }) => way)).toEqual(['write', 'read']);
});

test('the policy is asked of the stack of the pipeline by the name of its output', async () => {
  const [, counts] = await topics();
  expect(counts?.access.map(({ policyOutput }) => policyOutput)).toEqual([
    'WordCountsWriterPolicy',
    'WordCountsReaderPolicy',
  ]);
  expect(counts?.access[1]?.policyCommand).toBe(
    'aws cloudformation describe-stacks --stack-name millrace-prod-tiny ' +
      `--query "Stacks[0].Outputs[?OutputKey=='WordCountsReaderPolicy'].OutputValue" --output text`,
  );
});

test('on AWS a client proves its role as the jobs do; readers use a group that they may use', async () => {
  const reader = (await topics())[1]?.access[1];
  const jobs = readFileSync(new URL('../../../jobs/pyspark/millrace/kafka/connection.py', import.meta.url), 'utf8');
  const java = Object.entries(reader?.aws.java ?? {});
  for (const [name, value] of java.filter(([key]) => /^(security|sasl)\./.test(key))) {
    expect(jobs).toContain(`"kafka.${name}": "${value}"`);
  }
  expect(java).toContainEqual(['group.id', 'external.tiny-<application>']);
  expect(reader?.aws.python.settings).toMatchObject({ 'sasl.mechanisms': 'OAUTHBEARER' });
  expect(reader?.aws.shell).toMatchObject({ tool: 'kafka', why: expect.stringMatching(/^kcat cannot/) });
});

test('on AWS a client is in an attached VPC, or with MSK Express in one that is peered with that of the brokers', async () => {
  const networkOf = (text: string) => (JSON.parse(text) as { aws: { network: string } }).aws.network;
  expect(networkOf(await shown(true))).toMatch(/^in a VPC that is attached to the cluster .*on port 9098$/);
  expect(networkOf(await shown(true, newHome(), 'express'))).toMatch(/^in the analytics VPC .* peered .*on port 9098$/);
});

test('on this machine all brokers of a home that has three are told', async () => {
  const home = newHome();
  writeServiceFile(home, 'kafka', { ports: { broker: 19_092 } });
  writeServiceFile(home, 'kafka-3', { ports: { broker: 19_292 } });
  // That of the second one was never started.
  mkdirSync(serviceFiles(home, 'kafka-2').data, { recursive: true });
  expect(await shown(false, home)).toContain('127.0.0.1:19092,127.0.0.1:9192,127.0.0.1:19292');
});

test('on this machine nothing is asked, and the broker is where it ran last', async () => {
  const home = newHome();
  writeServiceFile(home, 'kafka', { ports: { broker: 19_092, controller: 19_093 } });
  const text = await shown(false, home);
  expect(text).toContain(
    'To write it on this machine, at the plain address, without authentication; the broker does not run now',
  );
  expect(text).toContain("kcat -b 127.0.0.1:19092 -t tiny.words -K '\\t' -P -X partitioner=murmur2_random");
  expect(text).toContain('      bootstrap.servers=127.0.0.1:19092\n');
  expect(text).not.toMatch(/ \n|undefined/);
});

test('librdkafka takes the settings, and the program for Python is one', async () => {
  const access = (await topics()).flatMap((topic) => topic.access).flatMap(({ aws, local }) => [aws, local]);
  const given = access.map(({ python }) => ({ ...python, lines: python.lines.join('\n') }));
  const program = [
    'import json, sys',
    'from confluent_kafka import Consumer, Producer',
    'for client in json.load(sys.stdin):',
    '    settings = client["settings"] | {"bootstrap.servers": "127.0.0.1:1", "log_level": 0}',
    '    if "sasl.mechanisms" in settings: settings["oauth_cb"] = lambda _: ("token", 9e9)',
    '    (Consumer if "group.id" in settings else Producer)(settings)',
    '    compile(client["lines"], "client", "exec")',
  ].join('\n');
  execFileSync(readToolchain().python, ['-c', program], { input: JSON.stringify(given) });
});

test('a pipeline without external topics is told how it gets one', async () => {
  const home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-clients-')));
  const silent = { ...pipeline, jobs: {} };
  await expect(showClients({ home, json: false, print: () => {} }, silent, { name: 'dev' })).rejects.toThrow(
    /Pipeline "tiny" has no topic that applications outside.*external: 'written'/,
  );
});
