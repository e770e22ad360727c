/** The synthesized resources as the local deployment keeps them, with the names that AWS would give. */
import type { DeployedResource } from '../../../local/cloudformation/model.ts';
import { ACCOUNT, attributeOf, REGION } from './arns.ts';
import { concrete } from './concrete.ts';
import { stacksOf } from './stacks.ts';

export function deployedOf(environment: string): DeployedResource[] {
  return concrete(stacksOf(environment)).map(({ stack, logicalId, type, id, properties, name }) => {
    const named = {
      stackName: stack.replace(/^[^/]+/, `millrace-${environment}`).replace('/', '-'),
      logicalId,
      type,
      properties,
    };
    const attributes = type === 'AWS::IAM::Role' ? { Arn: attributeOf(named, 'Arn') } : {};
    // The tables of permissions know a queue by its name, CloudFormation by its address.
    const queues = type === 'AWS::SQS::QueuePolicy' ? { Queues: (properties.Queues as string[]).map(queueUrl) } : {};
    return {
      stack,
      logicalId,
      type,
      physicalId: id,
      attributes: { ...attributes, Name: name },
      properties: { ...properties, ...queues },
    };
  });
}

const queueUrl = (name: string) => `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${name}`;
