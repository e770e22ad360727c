/**
 * Checks how a pipeline accounts for its rows and shows its results, where it says so: a pipeline comes in, mistakes go
 * out. Called by `validate.ts`.
 */
import { readFileSync } from 'node:fs';
import { schemaPath } from './check-schema.ts';
import { integersOf } from './json-schema.ts';
import { checkInteger, declared, type Note, names } from './mistakes.ts';
import { isJsonSchema, type Pipeline, type Reconciliation, type Report, type TopicDeclaration } from './model.ts';

/** Notes mistakes in the reconciliation and in the report; a pipeline may have neither. */
export function checkAccounts(pipeline: Pipeline, note: Note): void {
  if (pipeline.reconciliation) checkReconciliation(pipeline, pipeline.reconciliation, note);
  if (pipeline.report) checkReport(pipeline, pipeline.report, note);
}

function checkReconciliation(pipeline: Pipeline, accounts: Reconciliation, note: Note): void {
  const { topics, files, jobs } = pipeline;
  for (const [at, role] of [
    ['source', accounts.source],
    ['deadLetters', accounts.deadLetters],
    ['summary.topic', accounts.summary.topic],
  ] as const) {
    if (!declared(topics, role)) note(`reconciliation.${at}`, 'is not a topic of the pipeline', role, names(topics));
  }
  if (!declared(files, accounts.file)) {
    note('reconciliation.file', 'is not a file of the pipeline', accounts.file, names(files));
  }
  checkInteger(note, 'reconciliation.summary.windowsPerRow', accounts.summary.windowsPerRow, 1, 1_000);
  checkCount(pipeline, accounts, note);
  const tunables = Object.assign({}, ...Object.values(jobs).map((job) => job.tunables ?? {}));
  const rows = declared<{ kind: string }>(tunables, accounts.rows);
  if (!rows) note('reconciliation.rows', 'is not a tunable of a job', accounts.rows, names(tunables));
  else if (rows.kind !== 'integer')
    note('reconciliation.rows', 'is not a number', accounts.rows, 'a tunable of numbers');
  if (!Object.values(jobs).some((job) => job.writes.folders?.includes(accounts.rejects))) {
    note('reconciliation.rejects', 'is not a folder that a job writes', accounts.rejects, 'a folder in writes.folders');
  }
}

/** The rows are summed from this field of the results' values. */
function checkCount(pipeline: Pipeline, { summary }: Reconciliation, note: Note): void {
  const topic = declared(pipeline.topics, summary.topic);
  const fields = topic && numberFieldsOf(pipeline, topic);
  if (fields && !fields.includes(summary.count)) {
    const allowed = fields.join(', ') || 'none';
    note('reconciliation.summary.count', 'is not a whole number in the values of its topic', summary.count, allowed);
  }
}

/** Fields that count; nothing when the schema cannot be read, which is noted where the topic is. */
function numberFieldsOf(pipeline: Pipeline, topic: TopicDeclaration): string[] | undefined {
  if (!topic.value) return [];
  try {
    const text = readFileSync(schemaPath(pipeline, topic.value.file), 'utf8');
    if (isJsonSchema(topic.value)) return integersOf(text);
    const { fields = [] } = JSON.parse(text) as { fields?: { name: string; type: unknown }[] };
    return fields.filter(({ type }) => type === 'long' || type === 'int').map(({ name }) => name);
  } catch {
    return undefined;
  }
}

function checkReport(pipeline: Pipeline, report: Report, note: Note): void {
  const job = declared(pipeline.jobs, report.job);
  if (!job) {
    note('report.job', 'is not a job of the pipeline', report.job, names(pipeline.jobs));
  } else if (!job.writes.folders?.includes(report.folder)) {
    const allowed = job.writes.folders?.join(', ') || 'a folder in its writes.folders';
    note('report.folder', `is not a folder that ${report.job} writes`, report.folder, allowed);
  }
  if (report.columns.length === 0) note('report.columns', 'shows nothing', 'no column', 'at least one');
}
