"""A certificate authority of the tests' own, made with the ``openssl`` command: no key lies in the repository."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from functools import cached_property
from pathlib import Path

import pytest

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Authority:
    """Its files are in ``folder``."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._name = name
        self.cafile = str(folder / f"{name}.pem")
        self._make(name, "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign", days=2)

    @cached_property
    def trusted(self) -> ssl.SSLContext:
        """Of a server on 127.0.0.1 and localhost."""
        return self.server("good", "IP:127.0.0.1,DNS:localhost")

    def server(self, name: str, alternative_names: str) -> ssl.SSLContext:
        names = ("-addext", f"subjectAltName={alternative_names}", "-addext", "basicConstraints=CA:FALSE")
        return _server(*self._make(name, "-subj", f"/CN={name}", *self._signed, *names, days=2))

    def expired_server(self, name: str, alternative_names: str) -> ssl.SSLContext:
        """``req -x509`` makes none that ended yesterday; ``x509 -req`` does."""
        certificate, key, request = (self._folder / f"{name}.{ending}" for ending in ("pem", "key", "csr"))
        names = ("-addext", f"subjectAltName={alternative_names}")
        _openssl("req", *_NEW_KEY, "-keyout", key, "-out", request, "-subj", f"/CN={name}", *names)
        _openssl("x509", "-req", "-in", request, *self._signed, "-days", -1, "-copy_extensions", "copy", "-out", certificate)
        return _server(certificate, key)

    @property
    def _signed(self) -> tuple[object, ...]:
        return ("-CA", self.cafile, "-CAkey", self._folder / f"{self._name}.key")

    def _make(self, name: str, *more: object, days: int) -> tuple[Path, Path]:
        certificate, key = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        _openssl("req", "-x509", *_NEW_KEY, "-days", days, "-keyout", key, "-out", certificate, *more)
        return certificate, key


def _openssl(*arguments: object) -> None:
    made = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr


def _server(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def authority(folder: Path) -> Authority:
    if shutil.which("openssl") is None:
        if os.environ.get("CI"):
            pytest.fail("the openssl command is missing in CI")
        pytest.skip("needs the openssl command")
    return Authority(folder)
