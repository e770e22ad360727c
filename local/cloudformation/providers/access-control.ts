/** Roles and policies: kept with all that they say, so that requests on this machine are decided by them (`local/iam`). */
import { digest, nameOf, type Provider, upserting } from './provider.ts';

const decides = 'decides what requests on this machine may do';

const role = upserting(`${decides}, with credentials of its own`, (request) => {
  const name = nameOf(request, request.properties.RoleName, 64);
  return { physicalId: name, attributes: { Arn: `arn:aws:iam::${request.stack.account}:role/${name}` } };
});

const managedPolicy = upserting(decides, (request) => {
  const name = nameOf(request, request.properties.ManagedPolicyName, 128);
  const policyArn = `arn:aws:iam::${request.stack.account}:policy/${name}`;
  return { physicalId: policyArn, attributes: { PolicyArn: policyArn } };
});

const standing = upserting(decides, (request) => ({ physicalId: nameOf(request, undefined, 128), attributes: {} }));

const endpoint = upserting('its policy, if it has one, decides what requests of jobs may do', (request) => {
  const id = `vpce-${digest(17, request.stack.name, request.logicalId)}`;
  return { physicalId: id, attributes: { Id: id } };
});

export const providers: Record<string, Provider> = {
  'AWS::EC2::VPCEndpoint': endpoint,
  'AWS::IAM::ManagedPolicy': managedPolicy,
  'AWS::IAM::Policy': standing,
  'AWS::IAM::Role': role,
  'AWS::S3::BucketPolicy': standing,
  'AWS::SNS::TopicPolicy': standing,
  'AWS::SQS::QueuePolicy': standing,
};
