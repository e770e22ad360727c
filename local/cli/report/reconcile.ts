/**
 * Counts an execution from its topics and files and says whether every row is accounted for. Takes marks before the execution and counts after
 * it; called by the commands that run a pipeline.
 */
import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Reconciliation as Declared, FileDeclaration, Pipeline } from '../../../lib/declaration/model.ts';
import type { Home } from '../../home.ts';
import { type Decoder, deadLettersOf, decoderOf, totalOf } from './counts.ts';
import { distance, KafkaReader, type Offsets, type Range } from './kafka-reader.ts';
import { type Ledger, readLedger, writeLedger } from './ledger.ts';
import { type Reconciliation, reconciliationOf } from './reconciliation.ts';

/** What the files of an ended execution say. */
export interface FileCounts {
  readonly read: number;
  readonly rejected: number;
}

/** What is noted before an execution. */
interface Marks {
  readonly clusterId: string;
  /** Where the source topic ended. */
  readonly source: Offsets;
  /** What was accounted for by then. */
  readonly ledger: Ledger;
}

/** The bookkeeping of one execution. */
export class Bookkeeping {
  private readonly home: Home;
  private readonly pipeline: Pipeline;
  private readonly declared: Declared;
  private readonly reader: KafkaReader;
  private readonly decode: Decoder;
  private readonly marks: Marks;

  private constructor(
    home: Home,
    pipeline: Pipeline,
    declared: Declared,
    reader: KafkaReader,
    decode: Decoder,
    marks: Marks,
  ) {
    this.home = home;
    this.pipeline = pipeline;
    this.declared = declared;
    this.reader = reader;
    this.decode = decode;
    this.marks = marks;
  }

  /** Notes where the topics end before the execution. */
  static async open(
    home: Home,
    pipeline: Pipeline,
    declared: Declared,
    services: { readonly bootstrapServers: string; readonly registryUrl: string },
  ): Promise<Bookkeeping> {
    const reader = new KafkaReader(services.bootstrapServers);
    await reader.connect();
    const topics = topicsOf(pipeline, declared);
    const [clusterId, { to: source }, { to: deadLetters }] = await Promise.all([
      reader.clusterId(),
      reader.range(topics.source),
      reader.range(topics.deadLetters),
    ]);
    const ledger = readLedger(home, pipeline.name, { clusterId, source, deadLetters });
    const decode = decoderOf(pipeline.topics[declared.summary.topic]?.value, services.registryUrl);
    return new Bookkeeping(home, pipeline, declared, reader, decode, { clusterId, source, ledger });
  }

  /** Counts after the execution. The ledger goes on only when every row is accounted for. */
  async settle(files: FileCounts): Promise<Reconciliation> {
    const { source, deadLetters, summary } = topicsOf(this.pipeline, this.declared);
    const { count, windowsPerRow } = this.declared.summary;
    const [sourceNow, deadLettersNow, summariesNow] = await Promise.all([
      this.reader.range(source),
      this.reader.range(deadLetters),
      this.reader.range(summary),
    ]);
    const letters = await deadLettersOf(this.reader, deadLetters, since(this.marks.ledger.deadLetters, deadLettersNow));
    const total = (await totalOf(this.reader, summary, summariesNow, count, this.decode)) / windowsPerRow;
    const reconciliation = reconciliationOf({
      ...files,
      sent: distance(this.marks.source, sourceNow.to),
      carriedOver: distance(this.marks.ledger.source, this.marks.source),
      summarized: total - this.marks.ledger.summarized,
      deadLetters: letters.total,
      deadLettersByReason: letters.byReason,
      deadLettersOfExecution: [...letters.positions.keys()].filter((position) => this.isOfExecution(position)).length,
    });
    if (reconciliation.reconciles) {
      writeLedger(this.home, this.pipeline.name, {
        clusterId: this.marks.clusterId,
        summarized: total,
        source: sourceNow.to,
        deadLetters: deadLettersNow.to,
      });
    }
    return reconciliation;
  }

  close(): Promise<void> {
    return this.reader.close();
  }

  private isOfExecution(position: string): boolean {
    const [partition, offset] = position.split('/').map(Number);
    return Number(offset) >= (this.marks.source[Number(partition)] ?? 0);
  }
}

/** Retention may have removed records at the beginning. */
function since(offsets: Offsets, { from, to }: Range): Range {
  const later = Object.entries(from).map(([partition, low]) => [
    partition,
    Math.max(low, offsets[Number(partition)] ?? 0),
  ]);
  return { from: Object.fromEntries(later) as Offsets, to };
}

function topicsOf({ topics }: Pipeline, declared: Declared): { source: string; deadLetters: string; summary: string } {
  const name = (role: string) => topics[role]?.name ?? role;
  return {
    source: name(declared.source),
    deadLetters: name(declared.deadLetters),
    summary: name(declared.summary.topic),
  };
}

/** A file that an execution read, with what its declaration says of it. */
export interface ReadFile {
  readonly path: string;
  readonly declared: FileDeclaration | undefined;
}

/** Rows that an execution was to read, and lines that it could not: the tunable or the file's lines, and the rejects folder. */
export async function countFiles(
  { path, declared }: ReadFile,
  rows: number,
  rejectsFolder: string,
): Promise<FileCounts> {
  const parts = existsSync(rejectsFolder) ? readdirSync(rejectsFolder).filter((name) => name.startsWith('part-')) : [];
  let rejected = 0;
  for (const part of parts) rejected += await countLines(join(rejectsFolder, part));
  if (rows > 0) return { read: rows, rejected };
  // Delimited files begin with a header, JSON lines do not.
  const headers = declared?.separator === undefined ? 0 : 1;
  return { read: Math.max(0, (await countLines(path)) - headers), rejected };
}

/** Lines that are not empty. */
async function countLines(file: string): Promise<number> {
  let count = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() !== '') count += 1;
  }
  return count;
}
