/** Templates of the app in memory, with changes of the environment `dev`. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, type Stack, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { dev } from '../../../config/dev.ts';
import type { Environment } from '../../../config/environment.ts';
import { createApp } from '../../../lib/app.ts';
import { loadPipelines } from '../../../lib/declaration/load.ts';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';

const pipelines = await loadPipelines();

/** What differs from the app as it is. */
export interface Variant {
  readonly environment?: Partial<Environment>;
  /**
   * Pipelines of the app.
   * @default all of the project
   */
  readonly pipelines?: readonly Pipeline[];
  /** Done to the app before it is synthesized. */
  readonly change?: (app: App) => void;
}

/** Without the rule packs and without bundling handlers, which have tests of their own and take most of the time. */
const context = { 'millrace:rules': false, 'aws:cdk:bundling-stacks': [] };

/** The templates of one environment by the name of the stack; asked for another stack, they say so: what is expected of none would always hold. */
export function templatesOf(variant: Variant = {}): Record<string, Template> {
  const app = createApp([{ ...dev, ...variant.environment }], variant.pipelines ?? pipelines, {
    outdir: mkdtempSync(join(tmpdir(), 'assembly-')),
    context,
  });
  variant.change?.(app);
  const stage = app.node.children.find((child) => Stage.isStage(child)) as Stage;
  const stacks = stage.node.children as Stack[];
  const templates = Object.fromEntries(stacks.map((stack) => [stack.node.id, Template.fromStack(stack)]));
  return new Proxy(templates, {
    get(all, name) {
      const template = all[String(name)];
      if (typeof name === 'string' && !template) {
        throw new Error(`There is no stack ${name}, only ${Object.keys(all).join(', ')}.`);
      }
      return template;
    },
  });
}

/** The resources of a type by logical id. */
export function resourcesOf(template: Template | undefined, type: string): Record<string, Record<string, unknown>> {
  const found = (template?.findResources(type) ?? {}) as Record<string, { Properties?: Record<string, unknown> }>;
  return Object.fromEntries(Object.entries(found).map(([id, { Properties = {} }]) => [id, Properties]));
}
