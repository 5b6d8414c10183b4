"""Downloads the server from the project's release, or from a mirror of it, and trusts it only by its published SHA-256."""

from __future__ import annotations

import hashlib
import os
import platform
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path

from lab.toxiproxy_binary.cache import SERVER, keep, workshop
from lab.toxiproxy_binary.candidate import PINNED, Limits, Unusable

RELEASES = f"https://github.com/Shopify/toxiproxy/releases/download/v{PINNED}/"
_ARCHITECTURES = {
    "x86_64": "amd64",
    "amd64": "amd64",
    "aarch64": "arm64",
    "arm64": "arm64",
    "armv7l": "armv7",
    "armv6l": "armv6",
}  # what the release holds (.goreleaser.yml)
_MOST_BYTES = 64_000_000  # the server has 11 MB


def asset_name() -> str:
    """Of the release's file for this system: ``toxiproxy-server-linux-amd64``. Raises Unusable where there is none."""
    system, machine = platform.system().lower(), platform.machine().lower()
    if system not in ("linux", "darwin") or machine not in _ARCHITECTURES:
        raise Unusable(f"the release has no server for {system} on {machine}")
    return f"toxiproxy-server-{system}-{_ARCHITECTURES[machine]}"


def published_sha256(checksums: str, name: str) -> str:
    """The line of ``checksums.txt`` (``<hex>  <file>``) for ``name``. Raises Unusable when there is none."""
    for line in checksums.splitlines():
        match line.split():
            case [digest, file] if file == name:
                return digest.lower()
    raise Unusable(f"checksums.txt does not list {name}")


def download(progress: Callable[[str], None], limits: Limits) -> Path:
    """Fetches the checksums and then the server, refuses it when they differ, keeps it in the cache. Raises Unusable.

    The checksums come from where the server comes from: they find a broken or mixed-up file, a mirror is trusted.
    """
    name = asset_name()
    base = (os.environ.get("LAB_TOXIPROXY_URL") or RELEASES).rstrip("/")
    by_s = time.monotonic() + limits.download_s
    progress(f"downloading Toxiproxy {PINNED}: {base}/{name}")
    expected = published_sha256(fetch(f"{base}/checksums.txt", by_s, limits).decode(errors="replace"), name)
    with workshop() as directory:
        content = fetch(f"{base}/{name}", by_s, limits)
        actual = hashlib.sha256(content).hexdigest()
        if actual != expected:
            raise Unusable(f"refused {base}/{name}: its SHA-256 is {actual}, published is {expected}")
        (directory / SERVER).write_bytes(content)
        return keep(directory / SERVER, limits)


def fetch(url: str, by_s: float, limits: Limits) -> bytes:
    """The body at ``url``, before ``time.monotonic()`` shows ``by_s``. Raises Unusable.

    In a thread, left behind when it is too late: neither the look-up of a name nor an answer that drips has a
    time-out in httpx. The thread only fills memory, at most 64 MB, and does not keep the lab from ending.
    """
    answer: Future[bytes] = Future()

    def get() -> None:
        try:
            answer.set_result(_get(url, limits))
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=get, daemon=True, name="toxiproxy-download").start()
    try:
        return answer.result(timeout=max(0.0, by_s - time.monotonic()))
    except TimeoutError as error:
        raise Unusable(f"{url} was not here within {limits.download_s:g} s") from error


def _get(url: str, limits: Limits) -> bytes:
    """One GET through the proxies and with the certificate authorities that the environment names. Raises Unusable."""
    import httpx  # 100 ms, needed once in the life of a machine

    timeout = httpx.Timeout(limits.silence_s, connect=limits.connect_s)
    try:
        with (
            httpx.Client(timeout=timeout, follow_redirects=True, trust_env=True) as client,
            client.stream("GET", url) as response,
        ):
            response.raise_for_status()
            return _body(response.iter_bytes(), url)
    except httpx.HTTPStatusError as error:
        raise Unusable(f"{url} answers {error.response.status_code}") from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, ImportError) as error:
        # OSError: SSL_CERT_FILE cannot be read; ValueError, ImportError: a proxy that httpx cannot use
        raise Unusable(f"{url}: {type(error).__name__} {error}".rstrip()) from error


def _body(pieces: Iterable[bytes], url: str) -> bytes:
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > _MOST_BYTES:
            raise Unusable(f"{url} is larger than {_MOST_BYTES} bytes")
    return bytes(body)
