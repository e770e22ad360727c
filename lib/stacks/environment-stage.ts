/** All stacks of one environment, from the network up. Called by the CDK app and by tests. */
import { Stage } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Environment } from '../../config/environment.ts';
import type { Pipeline } from '../declaration/model.ts';
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
    const named = (name: string) => ({ stackName: `millrace-${environment.name}-${name}`, environment });
    const networkStack = new NetworkStack(this, 'network', named('network'));
    const { network } = networkStack;
    const streamingStack = new StreamingStack(this, 'streaming', { ...named('streaming'), network });
    const processingStack = new ProcessingStack(this, 'processing', {
      ...named('processing'),
      network,
      cluster: streamingStack.cluster,
      registry: streamingStack.registry,
    });
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
