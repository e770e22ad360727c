/** Lambda behind the rule on executions that ended without success, with the AWS clients that its core asks. */
import { DeleteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CancelJobRunCommand, EMRServerlessClient, ListJobRunsCommand } from '@aws-sdk/client-emr-serverless';
import { ALIVE_STATES } from '../../lib/declaration/limits.ts';
import { type CleanUpPorts, cleanUp, type JobRun } from './core.ts';

interface ExecutionEnded {
  readonly detail: { readonly executionArn: string; readonly name: string; readonly status: string };
}

/** The lock's key is the pipeline, its holder the ARN of an execution; see the state machine. */
function ports(applicationId: string, table: string, pipeline: string): CleanUpPorts {
  const emr = new EMRServerlessClient();
  const dynamo = new DynamoDBClient();
  return {
    async aliveRuns() {
      const runs: JobRun[] = [];
      let nextToken: string | undefined;
      do {
        const page = await emr.send(
          new ListJobRunsCommand({ applicationId, states: [...ALIVE_STATES], ...(nextToken ? { nextToken } : {}) }),
        );
        for (const { id = '', name = '', state = '' } of page.jobRuns ?? []) runs.push({ id, name, state });
        nextToken = page.nextToken;
      } while (nextToken);
      return runs;
    },
    async cancel(run) {
      try {
        await emr.send(new CancelJobRunCommand({ applicationId, jobRunId: run.id }));
      } catch (error) {
        // It ended between the listing and this call; any other refusal shows when it is listed again.
        if (!['ResourceNotFoundException', 'ValidationException'].includes((error as Error).name)) throw error;
      }
    },
    async release(executionArn) {
      try {
        await dynamo.send(
          new DeleteItemCommand({
            TableName: table,
            Key: { pipeline: { S: pipeline } },
            ConditionExpression: 'holder = :holder',
            ExpressionAttributeValues: { ':holder': { S: executionArn } },
          }),
        );
      } catch (error) {
        // The execution released the lock itself, or another one holds it by now.
        if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
      }
    },
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}

export const handler = async (event: ExecutionEnded): Promise<{ cancelled: string[] }> => {
  const { name, executionArn: arn } = event.detail;
  const pipeline = setting('PIPELINE');
  const cancelled = await cleanUp(
    { pipeline, name, arn },
    ports(setting('APPLICATION_ID'), setting('LOCK_TABLE'), pipeline),
  );
  return { cancelled };
};

/** A setting that the deployment makes. Without it every run of the application would look like none of ours. */
function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`The function has no setting ${name}. Deploy the pipeline again.`);
  return value;
}
