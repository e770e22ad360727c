/** What a function of this machine is given. */
import { expect, test } from 'vitest';
import type { DeployedResource } from '../../../local/cloudformation/model.ts';
import { environmentOf } from '../../../local/cloudformation/providers/lambda.ts';

test('a function gets no secret of AWS, which nothing here asks for', () => {
  const Variables = {
    PIPELINE: 'tiny',
    REGISTRY_PASSWORD: '{{resolve:secretsmanager:⟦only on AWS: Writer⟧:SecretString:::}}',
  };
  expect(environmentOf({ properties: { Environment: { Variables } } } as unknown as DeployedResource)).toEqual({
    PIPELINE: 'tiny',
  });
});
