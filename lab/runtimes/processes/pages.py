"""A page of the target's own, asked for beside the measurement. Blocks: call it in a thread."""

from __future__ import annotations

import http.client
import json
import urllib.request


def get_text(url: str, timeout_s: float, most_bytes: int) -> str:
    """Raises OSError when there is no whole answer in HTTP."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never through a proxy: it is meant as it stands
    try:
        with opener.open(url, timeout=timeout_s) as response:
            page: bytes = response.read(most_bytes)
    except http.client.HTTPException as error:
        raise OSError(f"{url}: not an answer in HTTP ({type(error).__name__}: {error})") from error
    return page.decode("utf-8", "replace")


def get_json(url: str) -> object:
    """Raises OSError when there is no whole answer in HTTP, ValueError when it is not JSON."""
    answer: object = json.loads(get_text(url, timeout_s=10.0, most_bytes=1 << 30))
    return answer
