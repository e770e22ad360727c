import { it } from 'vitest';
import { concrete } from './support/concrete.ts';
import { documentOf, principalsOf } from './support/principals.ts';
import { askPython } from './support/python.ts';
import { stacksOf } from './support/stacks.ts';
import { statementFindings, wildcardFindings } from './support/statement-rules.ts';
it('prints', async () => {
  const c = concrete(stacksOf('dev'));
  const ps = principalsOf(c);
  console.log((await statementFindings(ps)).join('\n'));
  console.log(wildcardFindings(ps, []).join('\n'));
  const t = performance.now();
  console.log(
    JSON.stringify(
      askPython('check-policies.py', Object.fromEntries(ps.map((p) => [p.role.place, documentOf(p)]))),
      undefined,
      1,
    ),
  );
  console.log(performance.now() - t);
});
