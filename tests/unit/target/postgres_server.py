"""A PostgreSQL server of the tests' own: a new cluster on an address of its own, gone afterwards, whoever runs the tests."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine
from target_wire import own_host

PASSWORD = "open-sesame"
PATIENCE_S = "60"
SETTINGS = {"fsync": "off", "full_page_writes": "off", "unix_socket_directories": "", "max_connections": "150"}
"""Quick, as nobody needs these files after a power cut; no socket file, whose path may be no longer than 107 bytes."""


def binaries() -> Path | None:
    """Where the server's programs are: on the path or, the newest, where Debian keeps them."""
    if (on_path := shutil.which("initdb")) is not None:
        return Path(on_path).resolve().parent
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((initdb.parent for initdb in found), key=lambda place: int(place.parent.name), default=None)


@dataclass(frozen=True)
class Server:
    """A running server. Its user is ``lab``, who may do everything."""

    host: str
    _names: Iterator[str] = field(default_factory=lambda: (f"shop{number}" for number in itertools.count()))

    def url(self, database: str = "postgres", *, password: str = PASSWORD, driver: str = "postgresql+psycopg") -> str:
        return f"{driver}://lab:{password}@{self.host}:5432/{database}"

    def new_database(self) -> str:
        """The name of a database with nothing in it."""
        name = next(self._names)
        engine = create_engine(self.url(), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return name


@contextmanager
def serving_postgres(programs: Path) -> Iterator[Server]:
    """Below the system's temporary folder, not pytest's own: that one lets nobody but its owner pass."""
    home, host = Path(tempfile.mkdtemp(prefix="postgres-")), own_host()
    who = _unprivileged(home)
    password, data, log = home / "password", home / "data", home / "log"
    try:
        password.write_text(PASSWORD)
        password.chmod(0o644)  # for whoever the server runs as, in a folder that nobody else may enter
        how = ("--no-sync", "--username=lab", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C")
        _run(programs / "initdb", *how, f"--pwfile={password}", data, **who)
        pg_ctl = (programs / "pg_ctl", "-D", data, "-w", "-t", PATIENCE_S)  # it knows the server by its process id
        options = " ".join(f"-c {name}='{value}'" for name, value in {**SETTINGS, "listen_addresses": host}.items())
        try:
            _run(*pg_ctl, "-l", log, "-o", options, "start", **who)
            yield Server(host)
        finally:
            _run(*pg_ctl, "-m", "immediate", "stop", **who)
    finally:
        shutil.rmtree(home)


def _unprivileged(home: Path) -> dict[str, Any]:
    """How to run the server's programs, which refuse to run as root; ``home`` becomes theirs."""
    if os.geteuid() != 0:
        return {"cwd": home}
    nobody = pwd.getpwnam("nobody")
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    return {"cwd": home, "user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _run(*command: str | Path, **how: Any) -> None:
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **how)
    assert ended.returncode == 0, f"{command}: {ended.stdout}"
