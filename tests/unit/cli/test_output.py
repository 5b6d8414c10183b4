"""Output that cannot be written: words and a code that is no verdict, never a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

LAB = (sys.executable, "-c", "from lab.cli.main import main; main()")
pytestmark = pytest.mark.slow  # a start of the command each


def test_a_full_disk_is_an_error_in_words() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*LAB, "list"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (2, "error: the output could not be written: No space left on device\n")


def test_a_reader_that_has_left_ends_it_as_it_ends_any_tool() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run([*LAB, "list"], stdout=write_end, stderr=subprocess.PIPE, text=True)
    os.close(write_end)
    assert (done.returncode, done.stderr) == (-signal.SIGPIPE, "")
