"""``lab completion SHELL``: prints typer's own script. Its options for it are left out: they cost 70 ms a start."""

from __future__ import annotations

import os
from typing import Literal

import typer

VARIABLE = "_LAB_COMPLETE"
"""Set by the script when a shell asks what could come next."""


def completion(shell: Literal["bash", "zsh", "fish"] = typer.Argument(help="bash, zsh or fish.")) -> None:
    from typer.completion import get_completion_script  # type: ignore[attr-defined]  # re-exported without __all__

    print(get_completion_script(prog_name="lab", complete_var=VARIABLE, shell=shell))


def when_asked() -> None:
    """Registers typer's answers to shells, only when one asks."""
    if VARIABLE in os.environ:
        from typer.completion import get_completion_inspect_parameters

        get_completion_inspect_parameters()
