"""Checks CloudFormation templates with cfn-lint, all its levels.

Files of templates are on standard input (`["path", ...]`); findings by file on standard output (`{"path": [["E3012", "Resources/X", "..."]]}`).
"""

import json
import sys
from pathlib import Path

from cfnlint.config import ConfigMixIn, ManualArgs
from cfnlint.decode import decode_str
from cfnlint.runner import Runner

# The style of functions (I1022): the CDK writes Fn::Join, and nobody writes these templates by hand.
SETTINGS = ManualArgs(regions=["us-east-1"], include_checks=["I"], ignore_checks=["I1022"])


def findings(runner: Runner, file: str) -> list[list[str]]:
    """Rule, place and message of each finding."""
    template, errors = decode_str(Path(file).read_text(encoding="utf-8"))
    return [
        [match.rule.id, "/".join(str(part) for part in match.path), match.message]
        for match in errors or runner.validate_template(template)
    ]


def main() -> None:
    """Checks every file on standard input."""
    # Loading the rules takes longer than most templates: all share them.
    runner = Runner(ConfigMixIn(**SETTINGS))
    json.dump({file: findings(runner, file) for file in json.load(sys.stdin)}, sys.stdout)


if __name__ == "__main__":
    main()
