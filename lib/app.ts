/** The CDK app: one stage per environment, with the rules that every synthesis has to pass. */
import { readFileSync } from 'node:fs';
import { App, type AppProps } from 'aws-cdk-lib';
import { checkEnvironments, type Environment } from '../config/environment.ts';
import type { Pipeline } from './declaration/pipeline.ts';
import { attachRules } from './rules.ts';
import { EnvironmentStage } from './stacks/environment-stage.ts';

/** Feature flags; read here too, so that the app is the same with and without the CDK's command line. */
const { context } = JSON.parse(readFileSync(new URL('../cdk.json', import.meta.url), 'utf8')) as {
  context: Record<string, unknown>;
};

/** Builds the app; contradictions in the environments are refused before there is any resource. */
export function createApp(
  environments: readonly Environment[],
  pipelines: readonly Pipeline[],
  props: AppProps = {},
): App {
  checkEnvironments(environments, pipelines);
  const given = { ...context, ...props.context };
  const checked = rulesWanted({ ...given, ...contextOfCommandLine() });
  const app = new App({ builtinCloudFormationValidation: checked, ...props, context: given });
  if (checked) attachRules(app);
  for (const environment of environments) new EnvironmentStage(app, { environment, pipelines });
  return app;
}

/**
 * Whether templates have to pass the rules, the CDK's own and the packs: unless the context says no. The local run says
 * no, since they take most of the time and what it deploys never reaches AWS.
 */
function rulesWanted(given: Readonly<Record<string, unknown>>): boolean {
  return String(given['millrace:rules'] ?? true) !== 'false';
}

/** Context that the CDK's command line or the local run hands over. */
function contextOfCommandLine(): Record<string, unknown> {
  return JSON.parse(process.env.CDK_CONTEXT_JSON ?? '{}') as Record<string, unknown>;
}
