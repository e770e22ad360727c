/**
 * What the compiler refuses in a declaration; `tsc` compiles this file and fails where a line marked as a mistake is none. The same mistakes
 * are refused in words in untyped.test.ts.
 */
import {
  avro,
  batch,
  csv,
  events,
  folder,
  jsonSchema,
  latest,
  pipeline,
  standingFolder,
  stream,
  topic,
} from '../../../lib/declaration/index.ts';

const file = csv('lines.csv', ',', avro('line.avsc', 'lines'));
const words = topic('words', { partitions: 1 });
const counts = topic('counts', { partitions: 1, cleanup: 'compact', key: avro('key.avsc') });
const results = folder('results');
const archive = standingFolder('archive');
const topics = { words, counts };

const send = batch('send.py', { reads: { file, archive }, writes: { words, results, archive } });
const count = stream('count.py', { reads: { words, all: latest(counts), file }, writes: { counts } });
const recount = stream('recount.py', { reads: { words: events(words, { lateness: 'none' }) }, writes: {} });
const show = batch('show.py', { reads: { counts }, writes: { results }, after: [count, recount] });
const also = batch('also.py', { reads: { counts }, writes: { results } });

export default pipeline(import.meta.url, {
  description: 'All that is right.',
  jobs: { send, count, recount, show },
  accounts: [{ sent: words, deadLetters: counts, results: { topic: counts, count: 'times' } }],
  report: { job: show, folder: results, columns: [] },
});

// @ts-expect-error an unknown topic
batch('x.py', { reads: { word: topics.word }, writes: {} });
// @ts-expect-error a topic by its name
batch('x.py', { reads: { words: 'words' }, writes: {} });
// @ts-expect-error a file that is written
batch('x.py', { reads: {}, writes: { file } });
// @ts-expect-error a lookup that is written
batch('x.py', { reads: {}, writes: { counts: latest(counts) } });
// @ts-expect-error events that are written
batch('x.py', { reads: {}, writes: { words: events(words) } });
// @ts-expect-error a folder of one execution that is read
batch('x.py', { reads: { results }, writes: {} });
// @ts-expect-error a stream that reads nothing
stream('x.py', { reads: {}, writes: { counts } });
// @ts-expect-error a stream that reads no topic
stream('x.py', { reads: { file, archive }, writes: { counts } });
// @ts-expect-error a stream that reads a lookup only
stream('x.py', { reads: { counts: latest(counts) }, writes: {} });
// @ts-expect-error a topic where a job belongs
batch('x.py', { reads: {}, writes: {}, after: [words] });
// @ts-expect-error a topic among the jobs
pipeline(import.meta.url, { description: '', jobs: { words } });
// @ts-expect-error windows of a batch job
batch('x.py', { reads: { words }, writes: {}, windows: { minutes: 5 } });
// @ts-expect-error a stream that runs alone
stream('x.py', { reads: { words }, writes: {}, alone: true });
stream('x.py', { reads: { words }, writes: {}, timeoutMinutes: 5 });
// @ts-expect-error a topic without partitions
topic('x', {});
// @ts-expect-error JSON Schema for delimited lines
csv('x.csv', ',', jsonSchema('x.schema.json'));
// @ts-expect-error an unknown job in the report, although it writes the same
pipeline(import.meta.url, { description: '', jobs: { show }, report: { job: also, folder: results, columns: [] } });
pipeline(import.meta.url, {
  description: '',
  jobs: { show },
  // @ts-expect-error a file among the accounts
  accounts: [{ sent: file, deadLetters: words, results: { topic: counts, count: 'times' } }],
});
