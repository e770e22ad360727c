/** The smallest app with as many stacks and bundles as one environment of ours, the yardstick of `synth`; it deploys nothing of use. */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { App, Stack } from 'aws-cdk-lib';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const app = new App();
const stackCount = Number(app.node.getContext('stacks'));
const bundleCount = Number(app.node.getContext('bundles'));
const entries = readdirSync(`${ROOT}lambda`)
  .map((folder) => `${ROOT}lambda/${folder}/handler.ts`)
  .filter((entry) => existsSync(entry));
if (entries.length < bundleCount) throw new Error(`There are ${entries.length} handlers for ${bundleCount} bundles.`);

const stacks = Array.from({ length: stackCount }, (_, index) => new Stack(app, `Stack${index + 1}`));
for (const [index, entry] of entries.slice(0, bundleCount).entries()) {
  new NodejsFunction(stacks[index % stackCount] as Stack, `Function${index + 1}`, {
    entry,
    projectRoot: ROOT,
    depsLockFilePath: `${ROOT}package-lock.json`,
    runtime: Runtime.NODEJS_22_X,
    // As our functions are bundled, so that the same work is done here.
    bundling: { format: OutputFormat.CJS, target: 'node22', minify: true, bundleAwsSDK: true },
  });
}
app.synth();
