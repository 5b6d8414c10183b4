"""``lab completion SHELL``: prints the script; typer's own, so the options can never differ from the command's."""

from __future__ import annotations

from enum import StrEnum

import typer


class Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Shell = typer.Argument(help="bash, zsh or fish.")) -> None:
    from typer.completion import get_completion_script

    print(get_completion_script(prog_name="lab", complete_var="_LAB_COMPLETE", shell=shell))
