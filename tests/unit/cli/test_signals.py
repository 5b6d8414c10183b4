"""A command sets the signals of its own process, and of no other."""

from __future__ import annotations

import signal
import subprocess
import sys

from typer.testing import CliRunner

from lab.cli.main import app

MAIN = "import sys; from lab.cli.main import main; sys.argv = ['lab', 'list']; main()"


def test_whoever_calls_the_app_keeps_their_signals() -> None:
    before = signal.getsignal(signal.SIGPIPE)
    assert CliRunner().invoke(app, ["list"]).exit_code == 0
    assert signal.getsignal(signal.SIGPIPE) is before


def test_a_command_whose_reader_leaves_ends_by_sigpipe_as_any_tool() -> None:
    """``yes``-like: what it prints is more than a pipe holds, and nobody reads it."""
    many = MAIN.replace("main()", "import lab.cli.listing as l; l.about = lambda text: text * 2000; main()")
    with subprocess.Popen([sys.executable, "-c", many], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as command:
        assert command.stdout is not None
        command.stdout.close()
        assert command.wait(20) == -signal.SIGPIPE
