/**
 * The state machine of a pipeline in the Amazon States Language (JSONPath). It has the same states for every pipeline:
 * what differs are the lists that it loops over, which the prepare function makes from the plan and the input.
 */
import { ENTERING, jobStates } from './jobs.ts';
import { endStates, lockStates } from './lock.ts';
import { endRunsStates, ownNames } from './runs.ts';
import { all, choice, is, isPresent, RETRY, type State, type States, type WorkflowDefinitionProps } from './states.ts';

/** The definition as an object; tokens in it are resolved where it is turned into text. */
export function workflowDefinition(props: WorkflowDefinitionProps): { StartAt: string; States: States } & State {
  return {
    Comment: props.description,
    StartAt: 'ReadPlatform',
    States: {
      ...prepareStates(props),
      ...lockStates(props),
      ...endRunsStates(props),
      Work: choice(
        [
          [isPresent('$.listed.NextToken'), 'ListMoreRuns'],
          [isPresent('$.error.Error'), 'Release'],
          [all(is('$.phase.name', 'drained'), is('$.action', 'upgrade')), 'Streams'],
          [is('$.phase.name', 'drained'), 'After'],
          [is('$.phase.name', 'committing'), 'Drains'],
          [is('$.action', 'job'), 'After'],
          [is('$.action', 'stop', 'upgrade'), 'Drains'],
        ],
        'Streams',
      ),
      ...jobStates(props),
      ...endStates(props),
    },
  };
}

/** Reads both parameters and lets the prepare function check the input and make the lists. */
function prepareStates(props: WorkflowDefinitionProps): States {
  const { plan, starts } = props;
  const read = (name: string): State => ({
    Type: 'Task',
    Resource: 'arn:aws:states:::aws-sdk:ssm:getParameter',
    Parameters: { Name: name },
    ResultSelector: { 'values.$': 'States.StringToJson($.Parameter.Value)' },
    Retry: RETRY.parameters,
  });
  const given = ['action', 'job', 'streams', 'during', 'drains', 'after', 'parameters', 'files'];
  return {
    // In place of the input, which the context keeps.
    ReadPlatform: { ...read(props.platformParameter), Next: 'ReadPipeline' },
    ReadPipeline: { ...read(props.pipelineParameter), ResultPath: '$.pipeline', Next: 'Prepare' },
    Prepare: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: {
        FunctionName: props.prepareFunctionArn,
        Payload: {
          plan,
          starts,
          'platform.$': '$.values',
          'pipeline.$': '$.pipeline.values',
          'input.$': '$$.Execution.Input',
          execution: { 'name.$': '$$.Execution.Name' },
        },
      },
      // All that any state reads later is named here: what is missing fails now, before anything has been started.
      ResultSelector: {
        ...Object.fromEntries(given.map((name) => [`${name}.$`, `$.Payload.${name}`])),
        about: Object.fromEntries(
          plan.order.streams.map((name) => [`${name}.$`, `States.ArrayContains($.Payload.about, '${name}')`]),
        ),
        own: ownNames(plan),
        phase: ENTERING,
        error: {},
      },
      Retry: RETRY.function,
      Next: 'Lock',
    },
  };
}
