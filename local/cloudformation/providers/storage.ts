/** Parameters, tables and buckets: entries and folders of the local stores. */
import { isObject } from '../../../lib/declaration/json.ts';
import { MillraceError } from '../../../tools/errors.mjs';
import { BucketStore, ParameterStore } from '../stores.ts';
import { TableStore } from '../table-store.ts';
import { arn, nameIn, nameOf, type Provider, upserting, used } from './provider.ts';

/** The standard tier's limit: a longer value would be refused on AWS, after everything before it was deployed. */
const largestParameterBytes = 4096;

const parameter = upserting(
  'an entry of the local Parameter Store',
  (request, machine) => {
    const { Name, Type = 'String', Value: value, Tier } = used(request, 'Name', 'Type', 'Value', 'Tier');
    const mistake = (what: string) => new MillraceError('DEPLOY_PARAMETER_VALUE', `${nameIn(request)}: ${what}.`);
    if (typeof value !== 'string' || value === '') {
      throw mistake(`a parameter's value is a text of at least one character, got ${JSON.stringify(value)}`);
    }
    const bytes = Buffer.byteLength(value);
    if (bytes > largestParameterBytes && Tier !== 'Advanced') {
      throw mistake(
        `the value has ${bytes} bytes, and a parameter of the standard tier holds at most ${largestParameterBytes}`,
      );
    }
    const name = nameOf(request, Name, 128);
    new ParameterStore(machine.home).put(name, value, String(Type));
    return { physicalId: name, attributes: { Type, Value: value } };
  },
  (resource, machine) => new ParameterStore(machine.home).delete(resource.physicalId),
);

const table = upserting(
  'a table of the local store, with the same conditional writes',
  (request, machine) => {
    const { TableName: given, KeySchema: schema } = used(request, 'TableName', 'KeySchema');
    const entries = Array.isArray(schema) ? schema.filter(isObject) : [];
    const keys = ['HASH', 'RANGE'].flatMap((kind) =>
      entries.filter((entry) => entry.KeyType === kind).map((entry) => String(entry.AttributeName)),
    );
    // A table's key is for life: another key is another table, under another name unless the template insists on one.
    const name = nameOf(request, given, 255, keys.join());
    new TableStore(machine.home, name).create(keys);
    return { physicalId: name, attributes: { Arn: arn(request.stack, 'dynamodb', `table/${name}`) } };
  },
  (resource, machine) => new TableStore(machine.home, resource.physicalId).delete(),
);

const bucket = upserting(
  'a folder',
  (request, machine) => {
    const name = nameOf(request, used(request, 'BucketName').BucketName, 63).toLowerCase();
    new BucketStore(machine.home).create(name);
    const host = `${name}.s3.${request.stack.region}.amazonaws.com`;
    const names = { DomainName: `${name}.s3.amazonaws.com`, RegionalDomainName: host };
    return { physicalId: name, attributes: { Arn: `arn:aws:s3:::${name}`, ...names } };
  },
  (resource, machine) => new BucketStore(machine.home).delete(resource.physicalId),
);

export const providers: Record<string, Provider> = {
  'AWS::DynamoDB::Table': table,
  'AWS::S3::Bucket': bucket,
  'AWS::SSM::Parameter': parameter,
};
