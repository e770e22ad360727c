/** Datasets: prefixes of the data bucket, and tables in the catalog, which the jobs make that write them. */
import type { Construct } from 'constructs';
import type { Dataset } from '../../declaration/kinds/dataset.ts';
import { datasetPrefix, datasetTable } from '../../declaration/names.ts';
import type { Grant, Kind, KindProps } from './index.ts';

export default function datasets(_scope: Construct, { pipeline, bucket, catalog }: KindProps): Kind {
  const grant =
    (access: 'read' | 'write'): Grant =>
    (role, { thing }) => {
      const { name } = thing.origin as Dataset;
      if (!catalog) throw new Error(`The environment has no catalog for dataset ${name} of pipeline ${pipeline.name}.`);
      bucket.grantFolder(role, datasetPrefix(pipeline.name, name), access);
      catalog.grantTable(role, datasetTable(pipeline.name, name), access);
    };
  return { jars: ['iceberg-jars'], grantRead: grant('read'), grantWrite: grant('write') };
}
