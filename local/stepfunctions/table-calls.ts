/**
 * Takes DynamoDB's three calls on single items, in its own JSON, and makes them on the local table. Used by the tasks of the state machine and,
 * through the endpoint, by the clean-up function.
 */
import { type Condition, TableStore } from '../cloudformation/index.ts';
import type { Home } from '../home.ts';
import { type JsonObject, object, text } from './task.ts';

export interface TableCalls {
  putItem(request: JsonObject): Promise<JsonObject>;
  getItem(request: JsonObject): Promise<JsonObject>;
  deleteItem(request: JsonObject): Promise<JsonObject>;
}

export function tableCalls(home: Home): TableCalls {
  const tableOf = (request: JsonObject) => new TableStore(home, text(request, 'TableName'));
  return {
    async putItem(request) {
      await tableOf(request).putItem(object(request, 'Item'), conditionOf(request));
      return {};
    },
    async getItem(request) {
      const item = await tableOf(request).getItem(object(request, 'Key'));
      const answer: JsonObject = {};
      if (item) answer.Item = item as JsonObject;
      return answer;
    },
    async deleteItem(request) {
      await tableOf(request).deleteItem(object(request, 'Key'), conditionOf(request));
      return {};
    },
  };
}

function conditionOf(request: JsonObject): Condition {
  return {
    ...(request.ConditionExpression !== undefined && { ConditionExpression: text(request, 'ConditionExpression') }),
    ExpressionAttributeNames: object(request, 'ExpressionAttributeNames') as Record<string, string>,
    ExpressionAttributeValues: object(request, 'ExpressionAttributeValues'),
  };
}
