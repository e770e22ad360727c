/** What a `Custom::KafkaTopics` resource may declare. */
import { describe, expect, test } from 'vitest';
import { readDeclaredTopics } from '../../../lambda/kafka-topics/declared.ts';

const topic = (more: object = {}) => ({
  Name: 'readings',
  Partitions: '4',
  OnRemoval: 'retain',
  Configuration: {},
  ...more,
});
const properties = (more: object = {}) => ({
  BootstrapServers: '127.0.0.1:9092',
  Security: 'none',
  Pipeline: 'readings',
  Topics: [topic()],
  ...more,
});

test('numbers arrive as text', () => {
  const { topics } = readDeclaredTopics(properties({ Topics: [topic({ Configuration: { 'retention.ms': '-1' } })] }));
  expect(topics).toEqual([
    { name: 'readings', partitions: 4, onRemoval: 'retain', configuration: { 'retention.ms': '-1' } },
  ]);
});

test('a topic is retained unless something else is said', () => {
  const { topics } = readDeclaredTopics(properties({ Topics: [topic({ OnRemoval: undefined })] }));
  expect(topics[0]?.onRemoval).toBe('retain');
});

test.each([
  [{ BootstrapServers: '' }, 'BootstrapServers: "" was given'],
  [{ Security: 'tls' }, 'Security: "tls" was given, allowed are iam, none'],
  [{ Pipeline: undefined }, 'Pipeline: nothing was given'],
  [{ Topics: 'readings' }, 'Topics: "readings" was given, a list is needed'],
  [{ Topics: [topic(), topic()] }, 'topic readings is declared twice'],
  [{ Topics: [topic({ Name: 'a b' })] }, 'topic a b: Name is "a b", allowed are 1 to 249'],
  [{ Topics: [topic({ Name: '..' })] }, 'Name is ".."'],
  [{ Topics: [topic({ Partitions: '0' })] }, 'Partitions is "0", allowed are whole numbers from 1'],
  [{ Topics: [topic({ Partitions: '4.5' })] }, 'Partitions is "4.5"'],
  [{ Topics: [topic({ Partitions: 'four' })] }, 'Partitions is "four"'],
  [{ Topics: [topic({ OnRemoval: 'destroy' })] }, 'OnRemoval is "destroy", allowed are retain, delete'],
  [{ Topics: [topic({ Configuration: { 'segment.bytes': '1' } })] }, 'MSK Serverless has no setting segment.bytes'],
  [{ Topics: [topic({ Configuration: { 'cleanup.policy': 'compacted' } })] }, 'cleanup.policy is "compacted"'],
  [
    { Topics: [topic({ Configuration: { 'max.message.bytes': '8388609' } })] },
    'max.message.bytes is "8388609", allowed are whole numbers from 0 to 8388608',
  ],
])('refuses %j', (more, expected) => {
  expect(() => readDeclaredTopics(properties(more))).toThrow(expected);
});

describe('the message', () => {
  test('names all mistakes at once', () => {
    const wrong = properties({
      Security: 'x',
      Topics: [topic({ Partitions: '0' }), topic({ Name: 'b', OnRemoval: 'y' })],
    });
    expect(() => readDeclaredTopics(wrong)).toThrow(
      /Security(.|\n)*topic readings: Partitions(.|\n)*topic b: OnRemoval/,
    );
  });

  test('fits into an answer to CloudFormation, however many mistakes there are', () => {
    const Topics = Array.from({ length: 200 }, (_, index) => topic({ Name: `ü${index}${'x'.repeat(200)}` }));
    let message = '';
    try {
      readDeclaredTopics(properties({ Topics }));
    } catch (error) {
      message = (error as Error).message;
    }
    expect(Buffer.byteLength(message)).toBeLessThan(3_100);
    expect(message).toMatch(/- and \d+ more$/);
  });
});
