"""Processes of the comparison: started, told one line, waited for, and none left whatever happens."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from benchmarks.programs import ROOT, Failed

_PDEATHSIG = ("setpriv", "--pdeathsig", "KILL", "--")


class Running:
    """``first_line`` goes to its standard input, which stays open meanwhile. What it prints goes to files: no pipe fills up."""

    def __init__(self, name: str, argv: Sequence[str], first_line: str = "", cwd: Path = ROOT) -> None:
        self.name = name
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115  # closed by __exit__
        self._process = subprocess.Popen(
            [*_PDEATHSIG, *argv], cwd=cwd, stdin=subprocess.PIPE, stdout=self._out, stderr=self._err, text=True
        )
        assert self._process.stdin is not None
        self._process.stdin.write(f"{first_line}\n")
        self._process.stdin.flush()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._out.close()
        self._err.close()

    def said(self, by_s: float) -> str:
        """All that it printed. Raises Failed when it exits with an error, or is not over ``by_s`` (monotonic)."""
        try:
            code = self._process.wait(timeout=max(0.0, by_s - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{self.name}: not over in time: {_text(self._err)[-500:]}") from error
        if code:
            raise Failed(f"{self.name}: exit code {code}: {_text(self._err)[-500:]}")
        return _text(self._out)


def side_by_side(started: Mapping[str, tuple[Sequence[str], str]], within_s: float) -> Mapping[str, str]:
    """Of each (argv, first line) what it printed, by name; raises Failed as :meth:`Running.said` does."""
    by_s = time.monotonic() + within_s
    with ExitStack() as stack:
        running = [stack.enter_context(Running(name, argv, line)) for name, (argv, line) in started.items()]
        return {each.name: each.said(by_s) for each in running}


@contextmanager
def counting_server() -> Iterator[int]:
    """Its port."""
    argv = [*_PDEATHSIG, sys.executable, "-m", "benchmarks.against_k6.server"]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline()
            if not port:
                raise Failed("the counting server did not start")
            yield int(port)
        finally:
            process.kill()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
