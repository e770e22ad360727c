/** Lambda behind the widget of results on a pipeline's dashboard, with the AWS clients that its core asks. */
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import type { Column } from '../../lib/declaration/pipeline.ts';
import { type ResultsPorts, resultsTable } from './core.ts';

/** Executions that are looked at: jobs that ran alone left no results. */
const EXECUTIONS = 20;

/** Bytes of a file that are read. */
const LONGEST = 256 * 1024;

function ports(): ResultsPorts {
  const [Bucket, prefix, stateMachineArn] = [process.env.BUCKET, process.env.PREFIX, process.env.STATE_MACHINE];
  const [s3, sfn] = [new S3Client(), new SFNClient()];
  return {
    async executions() {
      const { executions = [] } = await sfn.send(
        new ListExecutionsCommand({ stateMachineArn, maxResults: EXECUTIONS }),
      );
      return executions.map(({ name = '', status = '', startDate = new Date(0) }) => ({
        name,
        status,
        started: startDate,
      }));
    },
    async files(execution) {
      const { Contents = [] } = await s3.send(
        new ListObjectsV2Command({ Bucket, Prefix: `${prefix}/${execution}/json/` }),
      );
      const keys = Contents.filter(({ Size = 0 }) => Size > 0).flatMap(({ Key }) => Key ?? []);
      return keys.filter((key) => key.split('/').at(-1)?.startsWith('part-'));
    },
    async beginning(Key) {
      const { Body, ContentRange = '' } = await s3.send(
        new GetObjectCommand({ Bucket, Key, Range: `bytes=0-${LONGEST - 1}` }),
      );
      const size = Number(ContentRange.split('/')[1] ?? 0);
      return { text: (await Body?.transformToString()) ?? '', whole: size <= LONGEST };
    },
  };
}

/** What CloudWatch asks for: the widget, or what it takes, which is nothing. */
export const handler = async (event: { readonly describe?: boolean }): Promise<string> =>
  event.describe
    ? '### Results of a pipeline\nThose of the newest execution that left some. Takes no parameters.'
    : resultsTable(JSON.parse(process.env.COLUMNS ?? '[]') as Column[], ports());
