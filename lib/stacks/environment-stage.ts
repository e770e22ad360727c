/** All stacks of one environment, from the network up. */
import { Stage, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Environment } from '../../config/environment.ts';
import { stackNameOf } from '../declaration/names.ts';
import type { Pipeline } from '../declaration/pipeline.ts';
import { NetworkStack } from './network-stack.ts';
import { PipelineStack } from './pipeline-stack.ts';
import { ProcessingStack } from './processing-stack.ts';
import { StreamingStack } from './streaming-stack.ts';

export interface EnvironmentStageProps {
  readonly environment: Environment;
  readonly pipelines: readonly Pipeline[];
}

export class EnvironmentStage extends Stage {
  constructor(scope: Construct, props: EnvironmentStageProps) {
    const { environment, pipelines } = props;
    super(scope, environment.name, { env: { account: environment.account, region: environment.region } });
    // Its name in the bill and in the console; the Kafka cluster bears no tags, see its construct.
    Tags.of(this).add('millrace:environment', environment.name);
    const named = (name: string) => ({
      stackName: stackNameOf(environment.name, name),
      environment,
      terminationProtection: environment.removal === 'retain',
    });
    const networkStack = new NetworkStack(this, 'network', named('network'));
    const streamingStack = new StreamingStack(this, 'streaming', { ...named('streaming'), networkStack });
    const processingStack = new ProcessingStack(this, 'processing', {
      ...named('processing'),
      networkStack,
      streamingStack,
    });
    networkStack.key?.encryptLogs(this);
    for (const pipeline of pipelines) {
      new PipelineStack(this, pipeline.name, {
        ...named(pipeline.name),
        pipeline,
        networkStack,
        streamingStack,
        processingStack,
      });
    }
  }
}
