/** The results of a pipeline: those that its report's job wrote, and until then what the topic of results says so far. */
import { topicsOf, usesOf } from '../../lib/declaration/flow.ts';
import type { Topic } from '../../lib/declaration/kinds/topic.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import type { ResultRow } from '../../lib/declaration/shown.ts';
import { decoderOf } from '../accounts/counts.ts';
import type { TopicReader } from '../accounts/kafka-reader.ts';
import { readResults } from '../accounts/results.ts';
import type { ResultsTold } from './model.ts';

const mostRows = 2_000;
/** Records of a partition that are read at once; what lies before is in the report at the end. */
const mostBehind = 5_000;

export const resultsIn = (folder: string): ResultsTold => toldOf(readResults(folder), true);

const toldOf = (rows: readonly ResultRow[], final: boolean): ResultsTold => ({
  rows: rows.slice(0, mostRows),
  final,
  more: Math.max(0, rows.length - mostRows),
});

/** Where the partitions of a topic end. */
type Ends = Awaited<ReturnType<TopicReader['range']>>['to'];

/** The topic that the report's job reads, as it says the rows of the report while they come. */
export class ResultsSoFar {
  readonly topic: Topic | undefined;
  private readonly pipeline: Pipeline;
  private readonly rows = new Map<string, ResultRow>();
  private read: Ends | undefined;

  constructor(pipeline: Pipeline) {
    this.pipeline = pipeline;
    const { report, accounts = [] } = pipeline;
    // Of a pipeline without accounts it is the first topic that the job reads.
    const isResults = (topic: Topic) =>
      accounts.length === 0 || accounts.some(({ results }) => results.topic === topic);
    const isRead = (topic: Topic) =>
      usesOf(pipeline).some(
        ({ way, thing, job }) => way === 'reads' && thing.origin === topic && pipeline.jobs[job] === report?.job,
      );
    this.topic = Object.values(topicsOf(pipeline)).find((topic) => isResults(topic) && isRead(topic));
  }

  /** Reads what came since the last time; undefined where the records say something else than the report's columns. */
  async next(reader: Pick<TopicReader, 'range' | 'read'>, registryUrl: string): Promise<ResultsTold | undefined> {
    const { topic, pipeline } = this;
    if (!topic) return undefined;
    const range = await reader.range(topic.name);
    const from = Object.entries(range.to).map(([partition, to]) => {
      const low = this.read?.[Number(partition)] ?? to - mostBehind;
      return [partition, Math.max(range.from[Number(partition)] ?? 0, low)] as const;
    });
    const fresh = { from: Object.fromEntries(from), to: range.to };
    if (from.every(([partition, low]) => low >= (range.to[Number(partition)] ?? 0))) return this.told();
    const decode = decoderOf(topic.props.value, registryUrl);
    const latest = new Map<string, Buffer | null>();
    await reader.read(topic.name, fresh, ({ key, value, offset }, partition) => {
      latest.set(topic.cleanup === 'compact' ? (key?.toString('latin1') ?? '') : `${partition}/${offset}`, value);
    });
    const fields = (pipeline.report?.columns ?? []).map(({ field }) => field);
    for (const [key, value] of latest) {
      const row = value && (await decode(value).catch(() => undefined));
      if (row && fields.every((field) => ['string', 'number'].includes(typeof row[field])))
        this.rows.set(key, row as ResultRow);
      else this.rows.delete(key);
    }
    this.read = range.to;
    return this.told();
  }

  private told(): ResultsTold | undefined {
    return this.rows.size === 0 ? undefined : toldOf([...this.rows.values()].sort(this.byImportance), false);
  }

  /** Rows come in any order: newest times are first where the chart runs along them, else the largest of what it draws. */
  private readonly byImportance = (one: ResultRow, other: ResultRow): number => {
    const { chart, columns } = this.pipeline.report ?? {};
    if (!chart) return 0;
    const isTime = columns?.some(({ field, format }) => field === chart.x && format === 'time');
    const [earlier, later] = [String(one[chart.x]), String(other[chart.x])];
    if (isTime && earlier !== later) return earlier < later ? 1 : -1;
    return Number(other[chart.y]) - Number(one[chart.y]);
  };
}
