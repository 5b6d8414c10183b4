"""Quantities as a person writes them (``250ms``, ``100/s``, ``20%``) and as code reads them (seconds, per second, share).

Each unit is metadata for a plain ``float``: the models stay free of pydantic, and pydantic finds the parser here.
A number without its unit is an error, not a guess: ``3`` may be seconds or milliseconds, and a drill is code.
Conversion goes through Decimal, so that what is written back is read as exactly the same float.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_DURATION = re.compile(rf"{_NUMBER}(ms|s|m|h)")
_RATE = re.compile(rf"{_NUMBER}/(s|m|h)")
_SHARE = re.compile(rf"{_NUMBER}%")
_LIMIT = re.compile(r"([0-9]+)/([0-9]+(?:\.[0-9]+)?(?:ms|s|m|h))")
_SECONDS = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600)}
_HUNDRED = Decimal(100)
_LONGEST_S = 1e9
"""About 30 years; a longer one is a slip, and too many digits would become the infinity that is UNTIL_RECOVERED."""

UNTIL_RECOVERED = math.inf
"""``lasts: until recovered``: nothing but a recovery (or the deadline) ends the fault."""


def parse_duration(text: object) -> float:
    """``250ms``, ``3s``, ``1.5s``, ``2m``, ``1h`` → seconds."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r} is not a duration: expected a number and its unit without a space, such as 250ms, 3s or 2m")
    seconds = float(Decimal(match[1]) * _SECONDS[match[2]])
    if seconds > _LONGEST_S:
        raise ValueError(f"{text!r} is not a duration: expected at most {_LONGEST_S:g} s")
    return seconds


def _plain(number: Decimal) -> str:
    """All digits, no exponent, no zeros behind the last one."""
    return format(number.normalize(), "f")


def format_duration(seconds: float) -> str:
    """The inverse of :func:`parse_duration`, in the unit that reads best: 0.25 → ``250ms``."""
    if seconds == 0 or seconds >= 1:
        return f"{_plain(Decimal(repr(seconds)))}s"
    return f"{_plain(Decimal(repr(seconds)) * 1000)}ms"


def parse_lasts(text: object) -> float:
    """A duration, or ``until recovered`` → :data:`UNTIL_RECOVERED`."""
    return UNTIL_RECOVERED if text == "until recovered" else parse_duration(text)


def format_lasts(seconds: float) -> str:
    return "until recovered" if seconds == UNTIL_RECOVERED else format_duration(seconds)


def parse_rate(text: object) -> float:
    """``100/s``, ``30/m`` → per second."""
    match = _RATE.fullmatch(text) if isinstance(text, str) else None
    if match is None or float(match[1]) == 0:
        raise ValueError(f"{text!r} is not a rate: expected a number per unit of time, such as 100/s or 30/m")
    return float(Decimal(match[1]) / _SECONDS[match[2]])


def format_rate(per_second: float) -> str:
    return f"{_plain(Decimal(repr(per_second)))}/s"


def parse_share(text: object) -> float:
    """``20%`` → 0.2."""
    match = _SHARE.fullmatch(text) if isinstance(text, str) else None
    if match is None or float(match[1]) > 100:
        raise ValueError(f"{text!r} is not a share: expected 0% to 100%")
    return float(Decimal(match[1]) / _HUNDRED)


def format_share(share: float) -> str:
    return f"{_plain(Decimal(repr(share)) * _HUNDRED)}%"


def parse_level(value: object) -> float:
    """Where a ramp leads: ``300`` (users, or iterations per second), ``300/s`` or ``30/m`` → a number."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LONGEST_S:
        return float(value)
    if isinstance(value, str) and (match := re.fullmatch(_NUMBER, value)):
        return float(match[1])
    try:
        return parse_rate(value)
    except ValueError:
        raise ValueError(f"{value!r} is no level of a ramp: expected a number, such as 300, or a rate, such as 300/s") from None


def format_level(level: float) -> str:
    return _plain(Decimal(repr(level)))


class Amount(NamedTuple):
    """So many of something (``120``), or a share of its limit (``90%``)."""

    number: float
    of_limit: bool = False


def parse_amount(value: object) -> Amount:
    """``120`` → so many; ``90%`` → a share of the limit."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LONGEST_S:
        return Amount(value)
    if isinstance(value, str) and re.fullmatch(r"[0-9]+", value):
        return Amount(int(value))
    try:
        return Amount(parse_share(value), of_limit=True)
    except ValueError:
        raise ValueError(f"{value!r} is no amount: expected a whole number, such as 120, or 0% to 100% of the limit") from None


def format_amount(amount: Amount) -> str:
    return format_share(amount.number) if amount.of_limit else _plain(Decimal(repr(amount.number)))


def parse_percentile(text: object) -> float:
    """``p95`` → 0.95: 95 of 100 took no longer. ``p100`` is the longest."""
    match = re.fullmatch(rf"p{_NUMBER}", text) if isinstance(text, str) else None
    if match is None or not 0 < float(match[1]) <= 100:
        raise ValueError(f"{text!r} is not a percentile: expected p50, p95, p99.9 or another up to p100")
    return float(Decimal(match[1]) / _HUNDRED)


def format_percentile(share: float) -> str:
    return f"p{_plain(Decimal(repr(share)) * _HUNDRED)}"


@dataclass(frozen=True)
class Limit:
    """At most ``times`` in any window of ``per_s`` seconds; written ``3/60s``."""

    times: int
    per_s: float


def parse_limit(text: object) -> Limit:
    """``3/60s`` → three in any 60 seconds."""
    match = _LIMIT.fullmatch(text) if isinstance(text, str) else None
    if match is None or int(match[1]) == 0:
        raise ValueError(f"{text!r} is not a limit: expected a count per duration, such as 3/60s")
    return Limit(int(match[1]), parse_duration(match[2]))


def format_limit(limit: Limit) -> str:
    return f"{limit.times}/{format_duration(limit.per_s)}"


def format_scalar(value: object) -> str:
    """A setting as a drill file has it: true and false in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class Unit:
    """Metadata that tells pydantic, when it looks, how a quantity is read from a file and written back."""

    parse: Callable[[object], Any]
    format: Callable[[Any], str]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema  # only a reader of files pays for this import

        return core_schema.no_info_plain_validator_function(
            self.parse,
            serialization=core_schema.plain_serializer_function_ser_schema(self.format, return_schema=core_schema.str_schema()),
        )


Seconds = Annotated[float, Unit(parse_duration, format_duration)]
Lasts = Annotated[float, Unit(parse_lasts, format_lasts)]
PerSecond = Annotated[float, Unit(parse_rate, format_rate)]
Share = Annotated[float, Unit(parse_share, format_share)]
Level = Annotated[float, Unit(parse_level, format_level)]
NumberOrShare = Annotated[Amount, Unit(parse_amount, format_amount)]
Percentile = Annotated[float, Unit(parse_percentile, format_percentile)]
Within = Annotated[Limit, Unit(parse_limit, format_limit)]
