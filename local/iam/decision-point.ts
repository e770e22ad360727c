/** Decides requests by what is deployed now, and notes what it decided. */
import { statSync } from 'node:fs';
import type { Home } from '../home.ts';
import { type AccessRole, accessFile, readAccess } from './access.ts';
import { Account, type Decision } from './decide.ts';
import { DecisionLog } from './decision-log.ts';
import type { AccessRequest } from './policy.ts';

const points = new Map<string, DecisionPoint>();

/** The decision point of this process. */
export function decisionPoint(home: Home): DecisionPoint {
  const point = points.get(home.root) ?? new DecisionPoint(home);
  points.set(home.root, point);
  return point;
}

export class DecisionPoint {
  private readonly home: Home;
  private readonly log: DecisionLog;
  private known: { readonly stamp: string; readonly account: Account } | undefined;

  constructor(home: Home) {
    this.home = home;
    this.log = new DecisionLog(home);
  }

  /**
   * @param quiet a denial is not noted: who asks only wants to know, as Kafka does before it lists what a client may do
   */
  decide(request: AccessRequest, quiet = false): Decision {
    const account = this.account();
    const decision = account.decide(request);
    const role = account.roles.find(({ arn }) => arn === request.principal)?.name ?? request.principal;
    if (decision.allowed || !quiet) this.log.note(role, request, decision);
    return decision;
  }

  /** The role whose access key it is. */
  roleOfKey(accessKeyId: string): AccessRole | undefined {
    return this.account().roles.find((role) => role.accessKeyId === accessKeyId);
  }

  private account(): Account {
    // Each deployment replaces the file.
    const stat = statSync(accessFile(this.home), { bigint: true, throwIfNoEntry: false });
    const stamp = `${stat?.ino} ${stat?.mtimeNs}`;
    if (this.known?.stamp !== stamp) this.known = { stamp, account: new Account(readAccess(this.home)) };
    return this.known.account;
  }
}
