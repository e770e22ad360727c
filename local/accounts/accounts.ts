/** Counts an execution from its topics and files, account by account, and says whether every row is accounted for. */
import { join } from 'node:path';
import { accountName, filesOf, foldersOf, nameIn, perRowOf, replayWaysOf } from '../../lib/declaration/flow.ts';
import type { Topic } from '../../lib/declaration/kinds/topic.ts';
import type { Account, Pipeline } from '../../lib/declaration/pipeline.ts';
import { readJson, writeJson } from '../../tools/files.mjs';
import { bucketPath } from '../cloudformation/index.ts';
import type { JobSpec } from '../emr/job-run-records.ts';
import type { Home } from '../home.ts';
import type { PlainEndpoints } from '../services/types.ts';
import { balanceOf, type Settled } from './balance.ts';
import { countFile, decoderOf, totalOf } from './counts.ts';
import { deadLettersIn, type Source } from './dead-letters.ts';
import { KafkaReader, type TopicReader } from './kafka-reader.ts';
import { type Offsets, type Range, since } from './offsets.ts';
import { readOffsets } from './read-offsets.ts';
import { settleSum } from './sums.ts';

const topics = ['sent', 'replays', 'deadLetters', 'results'] as const;
type OfTopics<T> = Readonly<Record<(typeof topics)[number], T>>;
const inTopics = <T>(of: (topic: keyof OfTopics<T>) => T) =>
  Object.fromEntries(topics.map((topic) => [topic, of(topic)])) as OfTopics<T>;

/** What the last execution that added up left in an account's topics: the next one counts from there. */
interface Ledger extends OfTopics<Offsets> {
  readonly clusterId: string;
  /** Rows in the results by then. */
  readonly summarized: number;
}

/** The accounts of one execution; opened before it and settled after it. */
export class Accounts {
  private readonly home: Home;
  private readonly pipeline: Pipeline;
  private readonly registryUrl: string;
  private readonly reader: TopicReader;
  private readonly file: string;
  private readonly before = new Map<Account, OfTopics<Range>>();
  private clusterId = '';

  constructor(
    home: Home,
    pipeline: Pipeline,
    { bootstrapServers, registryUrl }: PlainEndpoints,
    reader: TopicReader = new KafkaReader(bootstrapServers),
  ) {
    this.home = home;
    this.pipeline = pipeline;
    this.registryUrl = registryUrl;
    this.reader = reader;
    this.file = join(home.executions, pipeline.name, 'ledger.json');
  }

  async open(): Promise<void> {
    await this.connected(async () => {
      this.clusterId = await this.reader.clusterId();
      for (const account of this.pipeline.accounts ?? []) this.before.set(account, await this.rangesOf(account));
    });
  }

  /** Counts after the execution, whose jobs were told these specs. A ledger goes on only when its account adds up. */
  async settle(specs: readonly JobSpec[]): Promise<Settled[]> {
    return this.connected(async () => {
      const settled: Settled[] = [];
      for (const [account, before] of this.before) settled.push(await this.settleOne(account, before, specs));
      for (const sum of this.pipeline.sums ?? [])
        settled.push(
          await settleSum(
            ...([this.home, this.pipeline, sum, this.reader] as const),
            undefined,
            readOffsets(this.home, specs, sum.sent.name),
          ),
        );
      return settled;
    });
  }

  /** A connection of kafkajs wakes the process a thousand times a second: none stays open while jobs run. */
  private async connected<T>(work: () => Promise<T>): Promise<T> {
    await this.reader.connect();
    try {
      return await work();
    } finally {
      await this.reader.close();
    }
  }

  private async settleOne(account: Account, before: OfTopics<Range>, specs: readonly JobSpec[]): Promise<Settled> {
    const { sent, deadLetters, results } = account;
    const key = `${sent.name} -> ${results.topic.name}`;
    const ledger = this.ledgerOf(key, before);
    const now = await this.rangesOf(account);
    const range = since(ledger.deadLetters, now.deadLetters);
    const replays = this.replaysOf(account)?.name;
    // A stream that is rebuilt sets aside again what it had set aside before; with the ledger all before its offsets is accounted for.
    const known = new Map([[sent.name, ledger.sent], ...(replays ? [[replays, ledger.replays] as const] : [])]);
    const isAccounted = (source: Source) =>
      source !== undefined && source.offset < (known.get(source.topic)?.[source.partition] ?? 0);
    const letters = await deadLettersIn(this.reader, deadLetters.name, range, [sent.name, replays], isAccounted);
    // One whose source record is not known may be of this execution, too.
    const isNew = (source: Source) =>
      !source || (source.topic === sent.name && source.offset >= (before.sent.to[source.partition] ?? 0));
    const { gained, total } = await this.summarized(account, ledger, now.results);
    const file = await this.countFile(account, specs);
    const balance = balanceOf({
      read: file?.read,
      rejected: file?.rejected ?? 0,
      sent: await this.reader.count(sent.name, before.sent.to, now.sent),
      carriedOver: await this.reader.count(sent.name, ledger.sent, before.sent),
      replayed: replays === undefined ? 0 : await this.reader.count(replays, ledger.replays, now.replays),
      summarized: gained,
      deadLetters: letters.total,
      deadLettersByReason: letters.byReason,
      deadLettersOfExecution: letters.sources.filter(isNew).length,
    });
    if (balance.addsUp) {
      const next: Ledger = { clusterId: this.clusterId, summarized: total, ...inTopics((topic) => now[topic].to) };
      writeJson(this.file, { ...this.ledgers(), [key]: next });
    }
    return {
      account: accountName(this.pipeline, account),
      ...balance,
      rejectedByReason: file?.rejectedByReason ?? {},
      rejectsFolder: file?.rejectsFolder,
    };
  }

  /** Rows that the results gained, and those in all of them. What a compacted topic says of a key replaces what it said before. */
  private async summarized(account: Account, ledger: Ledger, range: Range): Promise<{ gained: number; total: number }> {
    const { topic, count: field } = account.results;
    const compacted = topic.cleanup === 'compact';
    const decode = decoderOf(topic.props.value, this.registryUrl);
    const counted = compacted ? range : since(ledger.results, range);
    const sum = await totalOf(this.reader, topic.name, counted, { field, decode, compacted });
    const rows = sum / perRowOf(this.pipeline, account);
    return compacted
      ? { gained: rows - ledger.summarized, total: rows }
      : { gained: rows, total: ledger.summarized + rows };
  }

  /** The ledger of an account, or an empty one when there is none or its topics are gone. */
  private ledgerOf(key: string, now: OfTopics<Range>): Ledger {
    const ledger = this.ledgers()[key];
    const goesOn = (topic: keyof OfTopics<Range>) =>
      Object.entries(ledger?.[topic] ?? {}).every(([at, offset]) => (now[topic].to[Number(at)] ?? 0) >= offset);
    const same = ledger?.clusterId === this.clusterId && topics.every(goesOn);
    const empty = { clusterId: this.clusterId, summarized: 0, ...inTopics(() => ({})) };
    return same ? { ...empty, ...ledger } : empty;
  }

  private ledgers(): Readonly<Record<string, Ledger>> {
    return readJson(this.file, 'Delete it: what the topics hold is counted from the beginning then.') ?? {};
  }

  private async countFile({ from }: Account, specs: readonly JobSpec[]) {
    if (!from) return undefined;
    const file = nameIn(filesOf(this.pipeline), from.file) ?? '';
    const folder = nameIn(foldersOf(this.pipeline), from.rejects) ?? '';
    const reader = specs.find(({ reads }) => reads[file]?.kind === 'file');
    const input = reader?.reads[file];
    if (!reader || !input?.url) return undefined;
    const output = specs.map(({ writes }) => writes[folder]).find((part) => part?.kind === 'folder');
    const rows = nameIn(this.pipeline.jobs[reader.job]?.parameters ?? {}, from.rows) ?? '';
    return countFile({
      path: bucketPath(this.home, input.url),
      hasHeader: input.separator !== undefined,
      rows: Number(reader.parameters[rows] ?? 0),
      rejectsFolder: output?.url && bucketPath(this.home, output.url),
    });
  }

  /** The topic by which dead letters of the account's records come back to the stream that sums them up. */
  private replaysOf({ sent, deadLetters }: Account): Topic | undefined {
    const way = replayWaysOf(this.pipeline).find((one) => one.source === sent && one.deadLetters === deadLetters);
    return way?.replays;
  }

  private async rangesOf(account: Account): Promise<OfTopics<Range>> {
    const { sent, deadLetters, results } = account;
    const replays = this.replaysOf(account);
    return {
      sent: await this.reader.range(sent.name),
      replays: replays ? await this.reader.range(replays.name) : { from: {}, to: {} },
      deadLetters: await this.reader.range(deadLetters.name),
      results: await this.reader.range(results.topic.name),
    };
  }
}
