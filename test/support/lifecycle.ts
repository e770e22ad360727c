/**
 * The life of a custom resource, through which a handler is driven as CloudFormation and the CDK's Provider framework do: what the handler answered is kept, and goes into the next event.
 */
import { randomUUID } from 'node:crypto';

type Properties = Record<string, unknown>;

/** What a handler's module exports. */
export interface Handlers {
  readonly onEvent: (event: never) => Promise<{ PhysicalResourceId?: string; Data?: Record<string, string> }>;
  readonly isComplete?: (event: never) => Promise<{ IsComplete: boolean; Data?: Record<string, string> }>;
}

/** An event as the framework's Lambda hands it on. */
export type Event = Properties & { readonly RequestType: 'Create' | 'Update' | 'Delete' };

/** The longest error message that fits into CloudFormation's response with everything else in it. */
export const longestMessage = 4_096 - 500;

/** One resource in a stack. */
export class Resource {
  physicalId: string | undefined;
  /** What `Fn::GetAtt` gives. */
  attributes: Record<string, string> = {};
  /** How often `isComplete` was asked for the last event. */
  asked = 0;
  private readonly handlers: Handlers;
  private readonly type: string;
  private deployed: Properties | undefined;
  private last: Event | undefined;

  constructor(handlers: Handlers, type: string) {
    this.handlers = handlers;
    this.type = type;
  }

  async create(properties: Properties): Promise<void> {
    await this.send({ ...this.common('Create', properties) });
    this.deployed = properties;
  }

  async update(properties: Properties): Promise<void> {
    await this.send({ ...this.common('Update', properties), OldResourceProperties: this.deployed });
    this.deployed = properties;
  }

  async delete(): Promise<void> {
    await this.send(this.common('Delete', this.deployed ?? {}));
  }

  /** Sends the last event once more, as CloudFormation may. */
  async replay(): Promise<void> {
    if (!this.last) throw new Error('there is no event to send again');
    await this.send(this.last);
  }

  private common(type: Event['RequestType'], properties: Properties): Event {
    return {
      RequestType: type,
      ServiceToken: 'arn:aws:lambda:us-east-1:000000000000:function:framework',
      ResponseURL: '...',
      StackId: 'arn:aws:cloudformation:us-east-1:000000000000:stack/dev-readings/1',
      RequestId: randomUUID(),
      LogicalResourceId: 'Resource',
      ResourceType: this.type,
      ...(this.physicalId === undefined ? {} : { PhysicalResourceId: this.physicalId }),
      ResourceProperties: { ServiceToken: 'arn:aws:lambda:us-east-1:000000000000:function:framework', ...properties },
    };
  }

  private async send(event: Event): Promise<void> {
    const answer = (await this.handlers.onEvent(asJson(event))) ?? {};
    this.asked = 0;
    const late = await this.wait({ ...event, ...answer });
    this.physicalId = answer.PhysicalResourceId;
    this.attributes = { ...answer.Data, ...late };
    this.last = event;
  }

  private async wait(event: Event): Promise<Record<string, string>> {
    if (!this.handlers.isComplete) return {};
    for (this.asked = 1; this.asked <= 100; this.asked += 1) {
      const { IsComplete, Data } = await this.handlers.isComplete(asJson(event));
      if (IsComplete) return Data ?? {};
    }
    throw new Error('isComplete was asked 100 times and never true');
  }
}

/** What travels between functions is JSON. */
const asJson = (event: Event): never => JSON.parse(JSON.stringify(event)) as never;
