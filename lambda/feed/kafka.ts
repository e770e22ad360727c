/** Kafka as what a feed writes to: by a producer of which brokers know each batch, kept from one call to the next for as long as it does what it is asked. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CompressionTypes, Kafka, type Producer } from 'kafkajs';
import type { JsonRecord } from '../../lib/declaration/listening.ts';
import { messageOf as wordsOf } from '../custom-resource/lifecycle.ts';
import { type Connection, settingsOf } from '../kafka/client.ts';
import { messageOf, RETRY } from '../kafka/records.ts';

/** Before brokers that could not be reached are asked again. */
const AGAIN_MS = 1_000;

export interface WriterProps extends Connection {
  /** How it names itself to the brokers. */
  readonly clientId: string;
  /** Is told why it waits. */
  readonly broken: (message: string) => void;
}

export class Writer {
  private readonly props: WriterProps;
  private producer: Producer | undefined;

  constructor(props: WriterProps) {
    this.props = props;
  }

  /**
   * Writes records to topics. Brokers that cannot be reached are waited for; what they refuse is an error at once.
   *
   * @param remainingMs how long it may take still
   */
  async write(records: ReadonlyMap<string, readonly JsonRecord[]>, remainingMs: () => number): Promise<void> {
    const topicMessages = [...records].map(([topic, some]) => ({ topic, messages: some.map(messageOf) }));
    for (;;) {
      try {
        const producer = await this.opened();
        await producer.sendBatch({ compression: CompressionTypes.GZIP, topicMessages });
        return;
      } catch (error) {
        // What it has sent is not known to it any more: one that begins anew may write some of it again, under the same keys.
        await this.close();
        if (isRefusal(error) || remainingMs() < AGAIN_MS) throw error;
        this.props.broken(wordsOf(error));
        await sleep(AGAIN_MS);
      }
    }
  }

  async close(): Promise<void> {
    const { producer } = this;
    this.producer = undefined;
    await producer?.disconnect().catch(() => undefined);
  }

  private async opened(): Promise<Producer> {
    if (this.producer) return this.producer;
    const kafka = new Kafka({ ...settingsOf(this.props, this.props.clientId), retry: RETRY });
    this.producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: RETRY,
    });
    await this.producer.connect();
    return this.producer;
  }
}

/** Whether a broker has said no, and will say so again. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'KafkaJSProtocolError') return Object(error).retriable === false;
  return isRefusal(error.cause ?? Object(error).originalError);
}
