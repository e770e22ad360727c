"""Checks CloudFormation templates with cfn-lint, all its levels.

Files of templates are on standard input (`["path", ...]`); findings by file on standard output (`{"path": [["E3012", "Resources/X", "..."]]}`).
"""

import json
import sys
from pathlib import Path

from cfnlint.api import lint
from cfnlint.config import ManualArgs

# The style of functions (I1022): the CDK writes Fn::Join, and nobody writes these templates by hand.
SETTINGS = ManualArgs(regions=["us-east-1"], include_checks=["I"], ignore_checks=["I1022"])


def findings(file: str) -> list[list[str]]:
    """Rule, place and message of each finding."""
    return [
        [match.rule.id, "/".join(str(part) for part in match.path), match.message]
        for match in lint(Path(file).read_text(encoding="utf-8"), config=SETTINGS)
    ]


def main() -> None:
    """Checks every file on standard input."""
    json.dump({file: findings(file) for file in json.load(sys.stdin)}, sys.stdout)


if __name__ == "__main__":
    main()
