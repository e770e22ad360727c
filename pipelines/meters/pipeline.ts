/** Readings of electricity meters: the latest of each meter is an item that is found within milliseconds, and one that becomes critical is told at once. No registry takes part. */
import {
  batch,
  days,
  deadLettersOf,
  events,
  feed,
  folder,
  integer,
  items,
  jsonSchema,
  pipeline,
  postgres,
  schedule,
  stream,
  streamParameters,
  table,
  topic,
} from '../../lib/declaration/index.ts';

const reading = jsonSchema('reading.schema.json');

const readings = topic('meters.readings', { partitions: 4, retention: days(7), value: reading, external: 'written' });
const deadLetters = deadLettersOf(readings);
const alerts = topic('meters.alerts', { partitions: 1, retention: days(7), value: reading, external: 'read' });

// Meters number their readings: one that is sent again changes nothing, and one that comes late takes nothing's place.
const latest = items('latest', { partitionKey: 'id', version: 'number' });

const reports = postgres('meters');
const siteReport = table('site_report', {
  database: reports,
  key: ['day', 'site'],
  columns: ['day', 'site', 'meters', 'kwh', 'warning', 'critical', 'newest'],
});

const results = folder('results');

const { triggerSeconds } = streamParameters('a reading');

const produce = batch('produce.py', {
  reads: {},
  writes: { readings },
  parameters: {
    readings: integer({
      default: 20_000,
      minimum: 1,
      maximum: 100_000_000,
      unit: 'readings',
      description: 'How many readings are sent, by 20,000 meters in turn.',
    }),
    rate: integer({
      default: 2_000,
      minimum: 0,
      maximum: 20_000,
      unit: 'readings a second',
      description: 'How fast readings are sent; 0 sends them as fast as possible.',
    }),
    seed: integer({
      default: 1,
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      unit: 'number',
      description: 'The same seed makes the same readings.',
    }),
  },
});

const keepLatest = stream('keep_latest.py', {
  reads: { readings: events(readings, { lateness: 'none' }) },
  writes: { latest, deadLetters },
  parameters: { triggerSeconds },
});

const alerting = feed('alerting', { of: latest, code: 'feed/alerting.ts', writes: { alerts } });

const showSites = batch('show_sites.py', { reads: { latest }, writes: { results } });

const reportSites = batch('report_sites.py', { reads: { latest }, writes: { siteReport }, alone: true });

const nightly = schedule('nightly', { cron: '30 2 * * ? *', timeZone: 'Europe/Brussels', job: reportSites });

export default pipeline(import.meta.url, {
  description:
    'Readings of electricity meters: the latest of each as an item of DynamoDB, and an alert when one becomes critical, a report each night.',
  jobs: { produce, keepLatest, showSites, reportSites },
  feeds: { alerting },
  schedules: { nightly },
  report: {
    job: showSites,
    folder: results,
    columns: [
      { field: 'site', title: 'site', format: 'text' },
      { field: 'meters', title: 'meters', format: 'count' },
      { field: 'kwh', title: 'kWh', format: 'text' },
      { field: 'warning', title: 'warning', format: 'count' },
      { field: 'critical', title: 'critical', format: 'count' },
      { field: 'newest', title: 'newest', format: 'time' },
    ],
    chart: { x: 'site', y: 'meters' },
  },
});
