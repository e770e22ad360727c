"""Checks IAM policies with parliament and policy_sentry.

Policies by name are on standard input (`{"name": {"Version": ..., "Statement": [...]}}`); findings by name on standard output
(`{"name": ["..."]}`). Called by `python.ts`.
"""

import json
import sys
import warnings
from typing import Any

warnings.filterwarnings("ignore")

from parliament import analyze_policy_string, enhance_finding  # noqa: E402
from policy_sentry.querying.actions import get_dependent_actions  # noqa: E402


def parliament_findings(document: dict[str, Any]) -> list[str]:
    """What parliament says of a policy."""
    findings = []
    for finding in analyze_policy_string(json.dumps(document)).findings:
        known = enhance_finding(finding)
        findings.append(
            f"{known.severity} {known.issue}: {known.title or known.issue} {known.detail or ''} at {known.location}"
        )
    return findings


def dependent_findings(document: dict[str, Any]) -> list[str]:
    """Actions without which another action of the policy does not work."""
    granted = {
        action
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    lowered = {action.lower() for action in granted}
    findings = []
    for action in sorted(granted):
        try:
            dependents = get_dependent_actions([action])
        except KeyError:
            continue  # an unknown action, which parliament reports
        findings += [f"{action} needs {dependent}" for dependent in dependents if dependent.lower() not in lowered]
    return findings


def main() -> None:
    """Checks every policy on standard input."""
    policies = json.load(sys.stdin)
    json.dump(
        {name: parliament_findings(document) + dependent_findings(document) for name, document in policies.items()},
        sys.stdout,
    )


if __name__ == "__main__":
    main()
