"""A file that only grows, by whole pieces: readers see a piece entirely or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


class AppendedFile:
    """A new file (never reopened: FileExistsError), mode 0600. Each ``append`` goes to the kernel before it returns,
    so the death of this process costs nothing that was appended.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._size = 0

    def append(self, piece: bytes) -> None:
        """Raises OSError (disk full, quota, gone file system) with the path in it; the file then still ends with the
        last whole piece, so that the history up to here can be read and a later append may succeed.
        """
        try:
            self._write(piece)
        except OSError as error:
            with suppress(OSError):  # a file system that is gone cannot be cut back; the first error is what matters
                os.ftruncate(self._fd, self._size)
                os.lseek(self._fd, self._size, os.SEEK_SET)
            raise OSError(error.errno, error.strerror, str(self.path)) from error
        self._size += len(piece)

    def _write(self, piece: bytes) -> None:
        left = memoryview(piece)
        while left:
            left = left[os.write(self._fd, left) :]

    def close(self) -> None:
        """Closes the file; no error when it is closed already."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)
