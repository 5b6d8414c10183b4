"""``lab doctor``: does the whole chain once and says what is missing, with the remedy."""

from __future__ import annotations

import typer

from lab.cli.exits import Exit


def doctor() -> None:
    from lab.doctor import examine

    findings = examine()
    for finding in findings:
        print(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.name:<14} {finding.detail}")
        if not finding.ok:
            print(f"      {'':<14} remedy: {finding.remedy}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(Exit.UNKNOWN)
