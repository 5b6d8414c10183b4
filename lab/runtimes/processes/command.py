"""The target's command line and environment, from its settings. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from lab.drill.model import Scalar
from lab.drill.units import format_scalar

_PLACE = re.compile(r"\{\{|\}\}|(?<!\$)\{([A-Za-z_][A-Za-z0-9_]*)\}")


def argv(command: str, known: Mapping[str, Scalar]) -> list[str]:
    """The words of ``command`` with each ``{name}`` filled in; ``{{`` and ``}}`` are braces, ``${NAME}`` is the shell's.

    Raises ValueError, with what it may name, for a name that is not known, and for a quote that does not end.
    """

    def filled(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return match[0][0]
        if name not in known:
            raise ValueError(f"the target's command names {{{name}}}: expected one of {', '.join(sorted(known))}")
        return format_scalar(known[name])

    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ValueError(f"the target's command {command!r}: {error}") from error
    return [_PLACE.sub(filled, word) for word in words]


def environment(settings: Mapping[str, Scalar], prefix: str) -> dict[str, str]:
    """Each setting as a variable: ``backlog`` → ``TARGET_BACKLOG``; true and false in lower case."""
    return {f"{prefix}{name.upper()}": format_scalar(value) for name, value in settings.items()}
