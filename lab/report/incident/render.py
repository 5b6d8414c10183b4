"""Facts and a template in, Markdown out. Whatever a template prints is escaped, unless it comes out of ``code``."""

from __future__ import annotations

import traceback
from datetime import datetime

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from lab.report.incident.model import Entry, Incident, Measured
from lab.report.incident.words import Words
from lab.report.markdown import escaped
from lab.report.quantities import count, duration, offset, printable, share


class TemplateWrong(ValueError):
    """``FILE:LINE: what``."""


def render(incident: Incident, words: Words, text: str, label: str) -> str:
    """The document. ``label`` names the template in an error. Raises TemplateWrong."""
    try:
        return environment(words).from_string(text).render(incident=incident).rstrip("\n") + "\n"
    except TemplateSyntaxError as error:
        raise TemplateWrong(f"{label}:{error.lineno}: {error.message}") from error
    except TemplateError as error:
        raise TemplateWrong(f"{label}:{_line(error)}: {error.message}") from error
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:  # by what a template does with a fact
        raise TemplateWrong(f"{label}:{_line(error)}: {type(error).__name__}: {error}") from error


def _line(error: BaseException) -> int:
    """Jinja gives frames of a template the template's own lines; the innermost is where it went wrong."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
    return (frames[-1].lineno or 1) if frames else 1


def environment(words: Words) -> ImmutableSandboxedEnvironment:
    """What a template can use: the facts as ``incident``, and these filters."""
    made = ImmutableSandboxedEnvironment(
        autoescape=True,  # ours is done in finalize; this makes the text of a macro, escaped once, not be escaped again
        finalize=_finalized,
        keep_trailing_newline=True,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    made.filters |= {
        "word": words.of,
        "says": lambda entry: _says(words, entry),
        "amount": amount,
        "limit": _limit,
        "duration": duration,
        "count": count,
        "share_of": lambda part, whole: share(part / whole) if whole else "–",
        "offset": offset,
        "clock": clock,
        "day": lambda at: f"{at:%Y-%m-%d}",
        "code": code,
    }
    return made


def _says(words: Words, entry: Entry) -> str:
    return words.says(entry.kind, entry.what, entry.detail)


def clock(at: datetime) -> str:
    """``19:02:25.437``."""
    return at.strftime("%H:%M:%S.%f")[:-3]


def amount(measured: Measured) -> str:
    return "" if measured.value is None else _figure(measured.figure, measured.value)


def _limit(measured: Measured) -> str:
    return "" if measured.budget is None else _figure(measured.figure, measured.budget)


def _figure(name: str, value: float) -> str:
    return f"{round(value, 2):g}" if name == "bad_seconds" else duration(value)


def one_line(text: str) -> str:
    """The lines of a log behind each other, without control characters."""
    if len(text.splitlines()) <= 1:
        return printable(text.rstrip("\r\n"))
    return " / ".join(printable(line).strip() for line in text.splitlines() if line.strip())


def code(text: str) -> Markup:
    """A code span that its text cannot end, in a table either."""
    return Markup("`" + one_line(text).replace("`", "'").replace("|", "\\|") + "`")


def _finalized(value: object) -> object:
    """Numbers pass; text is escaped, on one line; None is a mistake of the template, as an undefined name is."""
    if value is None:
        raise TypeError("a value that the run did not record is printed: ask `is none` first")
    return value if isinstance(value, Markup) or not isinstance(value, str) else Markup(escaped(one_line(value)))
