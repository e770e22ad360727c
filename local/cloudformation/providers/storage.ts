/**
 * Parameters, tables and buckets on this machine: entries and folders of the local stores. Used by the deployment through `registry.ts`.
 */
import { MillraceError } from '../../../tools/errors.ts';
import { isObject } from '../json.ts';
import { arn, generatedName } from '../names.ts';
import { BucketStore, ParameterStore, TableStore } from '../stores.ts';
import { label, type Provider, upserting, used } from './provider.ts';

/** The standard tier's limit: a longer value would be refused on AWS, after everything before it was deployed. */
const largestParameterBytes = 4096;

export const parameter: Provider = upserting(
  'an entry of the local Parameter Store',
  (request, machine) => {
    const {
      Name: given,
      Type: type = 'String',
      Value: value,
      Tier: tier,
    } = used(request, 'Name', 'Type', 'Value', 'Tier');
    const user = label(request.stack, request.logicalId, request.type);
    if (typeof value !== 'string' || value === '') {
      throw new MillraceError(
        'DEPLOY_PARAMETER_VALUE',
        `${user}: a parameter's value is a text of at least one character, got ${JSON.stringify(value)}.`,
      );
    }
    const bytes = Buffer.byteLength(value);
    if (bytes > largestParameterBytes && tier !== 'Advanced') {
      throw new MillraceError(
        'DEPLOY_PARAMETER_VALUE',
        `${user}: the value has ${bytes} bytes, and a parameter of the standard tier holds at most ${largestParameterBytes}.`,
      );
    }
    const name = typeof given === 'string' ? given : generatedName(request.stack, request.logicalId, 128);
    new ParameterStore(machine.home).put(name, value, String(type));
    return { physicalId: name, attributes: { Type: type, Value: value } };
  },
  (resource, machine) => new ParameterStore(machine.home).delete(resource.physicalId),
);

export const table: Provider = upserting(
  'a table of the local store, with the same conditional writes',
  (request, machine) => {
    const { TableName: given, KeySchema: schema } = used(request, 'TableName', 'KeySchema');
    const entries = Array.isArray(schema) ? schema.filter(isObject) : [];
    const keys = ['HASH', 'RANGE'].flatMap((kind) =>
      entries.filter((entry) => entry.KeyType === kind).map((entry) => String(entry.AttributeName)),
    );
    // A table's key is for life: another key is another table, under another name unless the template insists on one.
    const name = typeof given === 'string' ? given : generatedName(request.stack, request.logicalId, 255, keys.join());
    new TableStore(machine.home, name).create(keys);
    return { physicalId: name, attributes: { Arn: arn(request.stack, 'dynamodb', `table/${name}`) } };
  },
  (resource, machine) => new TableStore(machine.home, resource.physicalId).delete(),
);

export const bucket: Provider = upserting(
  'a folder',
  (request, machine) => {
    const { BucketName: given } = used(request, 'BucketName');
    const name = typeof given === 'string' ? given : generatedName(request.stack, request.logicalId, 63).toLowerCase();
    new BucketStore(machine.home).create(name);
    const host = `${name}.s3.${request.stack.region}.amazonaws.com`;
    return {
      physicalId: name,
      attributes: { Arn: `arn:aws:s3:::${name}`, DomainName: `${name}.s3.amazonaws.com`, RegionalDomainName: host },
    };
  },
  (resource, machine) => new BucketStore(machine.home).delete(resource.physicalId),
);
