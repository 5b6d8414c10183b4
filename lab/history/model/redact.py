"""What of a foreign answer may be written down: no credentials, no control characters, no more than 2 kB."""

from __future__ import annotations

import re
from collections.abc import Mapping

MOST_BYTES = 2048
HIDDEN = "[redacted]"
_HEADERS = re.compile(r"authorization|cookie|token|secret|api-?key|password|session|signature", re.IGNORECASE)
_KEY = r"[\w.-]*(?:authorization|cookie|token|secret|api[_-]?key|passw(?:or)?d|session|signature|credential|private)[\w.-]*"
_IN_JSON = re.compile(rf'("{_KEY}"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^,}}\]\s]+)', re.IGNORECASE)
_IN_FORM = re.compile(rf"(?<![\w\"'])({_KEY}=)([^&\s;,\"'<>]+)", re.IGNORECASE)
_BEARER = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE)


def headers(found: Mapping[str, str]) -> dict[str, str]:
    """Every header, the values of those that carry credentials hidden."""
    return {name: HIDDEN if _HEADERS.search(name) else body(value) for name, value in found.items()}


def body(text: str) -> str:
    """The start of a body: values of keys that look like credentials hidden, in JSON, forms and log lines."""
    text = _IN_JSON.sub(rf'\1"{HIDDEN}"', text[:MOST_BYTES])
    text = _IN_FORM.sub(rf"\1{HIDDEN}", text)
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    return "".join(char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text)
