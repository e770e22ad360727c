/** Datasets: prefixes of the data bucket, and tables in the catalog, which those make that write them. */
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Dataset } from '../../declaration/kinds/dataset.ts';
import { datasetPrefix, datasetTable } from '../../declaration/names.ts';
import type { Catalog } from '../storage/catalog.ts';
import type { Grant, Kind, KindProps } from './index.ts';

type Places = Pick<KindProps, 'pipeline' | 'bucket' | 'catalog'>;

/** Allows to read a dataset, or to make it and add to it. */
export function grantDataset(
  { pipeline, bucket, catalog }: Places,
  role: iam.Role,
  dataset: Dataset,
  access: 'read' | 'write',
): void {
  databaseIn(catalog, dataset);
  bucket.grantFolder(role, datasetPrefix(pipeline.name, dataset.name), access);
  catalog?.grantTable(role, datasetTable(pipeline.name, dataset.name), access);
}

/** Name of the database in which the table of a dataset is found. */
export function databaseIn(catalog: Catalog | undefined, { name }: Dataset): string {
  if (!catalog) throw new Error(`The environment has no catalog for dataset ${name}.`);
  return catalog.databaseName;
}

export default function datasets(_scope: Construct, props: KindProps): Kind {
  const grant =
    (access: 'read' | 'write'): Grant =>
    (role, { thing }) =>
      grantDataset(props, role, thing.origin as Dataset, access);
  return { jars: ['iceberg-jars'], grantRead: grant('read'), grantWrite: grant('write') };
}
