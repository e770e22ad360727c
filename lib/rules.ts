/** The rule packs that every synthesis has to pass, heeding what the constructs acknowledge. */
import { type App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, type IApplyRule, NagRuleCompliance, ServerlessChecks } from 'cdk-nag';
import { isAcknowledged } from './constructs/functions/acknowledge.ts';

/** Attaches the packs to an app: a finding that is neither fixed nor acknowledged fails its synthesis. */
export function attachRules(app: App): void {
  Validations.of(app).addPlugins(new Solutions(app), new Serverless(app));
}

class Solutions extends AwsSolutionsChecks {
  protected override applyRule(params: IApplyRule): void {
    super.applyRule(heeding(this.packName, params));
  }
}

class Serverless extends ServerlessChecks {
  protected override applyRule(params: IApplyRule): void {
    super.applyRule(heeding(this.packName, params));
  }
}

/** The same rule, less what is acknowledged. */
function heeding(pack: string, params: IApplyRule): IApplyRule {
  const suffix = params.ruleSuffixOverride ?? params.rule.name;
  const id = `${pack}-${suffix}`;
  return {
    ...params,
    ruleSuffixOverride: suffix,
    rule: (resource) => {
      const result = params.rule(resource);
      if (Array.isArray(result)) return result.filter((finding) => !isAcknowledged(resource, id, finding));
      const refused = result === NagRuleCompliance.NON_COMPLIANT && !isAcknowledged(resource, id);
      return result === NagRuleCompliance.NON_COMPLIANT && !refused ? NagRuleCompliance.COMPLIANT : result;
    },
  };
}
