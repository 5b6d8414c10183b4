"""Outside: how a room is started, and which of the caller's environment goes into it.

    Process.spawn(command(run_dir, runner_argv, as_root=is_root()), env=environment(os.environ))

The process is ``unshare``; its only child is pid 1 of the room. Killing either ends everything inside, and so does
whatever kills the lab: the kernel is the dead-man's switch. To end it kindly use ``signal_group`` or ``stop``, because
``unshare`` itself ignores SIGINT and SIGTERM.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from lab.runtimes.sandbox.enter import PARENT
from lab.runtimes.sandbox.sockets import sockets_of_this_machine

_NAMESPACES = ("--net", "--pid", "--mount", "--ipc", "--fork", "--kill-child")
_AS_USER = ("--user", "--map-root-user")
_CAP_NET_ADMIN, _CAP_SYS_ADMIN = 12, 21

ALLOWED = frozenset(
    (
        "PATH", "LANG", "LANGUAGE", "TERM", "COLORTERM", "NO_COLOR", "COLUMNS", "LINES", "TZ",
        "VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH", "PYTHONUTF8", "PYTHONHASHSEED", "PYTHONWARNINGS",
        "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "SSL_CERT_FILE", "SSL_CERT_DIR", "LD_LIBRARY_PATH", "JAVA_HOME",
    )
)  # fmt: skip
"""Everything else stays outside: tokens, DOCKER_HOST, KUBECONFIG, SSH_AUTH_SOCK, and what nobody has thought of."""


def command(
    run_dir: Path,
    argv: Sequence[str],
    *,
    as_root: bool,
    writable: Sequence[Path] = (),
    readable: Sequence[Path] = (),
    hide: Sequence[Path] | None = None,
) -> list[str]:
    """The command line of a room in which ``argv`` is pid 1.

    ``run_dir`` and ``writable`` can be written inside and must exist; ``readable`` is what shall be seen although it
    lies below /tmp, /run or /dev/shm (the interpreter, the lab, the working directory and PATH are seen anyway).
    ``hide``: Unix sockets to cover, by default every one that is bound on this machine now.
    """
    sockets = sockets_of_this_machine() if hide is None else hide
    return [
        # the pid of this shell is that of unshare: enter compares it with its parent's
        *("/bin/sh", "-c", f'{PARENT}=$$ exec "$@"', "sh"),
        *("unshare", *(() if as_root else _AS_USER), *_NAMESPACES, "--"),
        *(sys.executable, "-P", "-m", "lab.runtimes.sandbox.enter"),  # -P: a folder "lab" of the user's is not ours
        *_each("--writable", (path.resolve() for path in (run_dir, *writable))),
        *_each("--readable", (path.resolve() for path in readable)),
        *_each("--hide", sockets),
        *("--", *argv),
    ]


def environment(outside: Mapping[str, str], also: Collection[str] = ()) -> dict[str, str]:
    """By allow-list; ``also`` names what a drill asks for. HOME and TMPDIR are set inside."""
    return {name: value for name, value in outside.items() if name in ALLOWED or name in also or name.startswith("LC_")}


def is_root(status: Path = Path("/proc/self/status")) -> bool:
    """Whether namespaces can be had without a user namespace. Root of a container often has not the capabilities."""
    effective = next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("CapEff:"))
    return all(int(effective, 16) >> bit & 1 for bit in (_CAP_NET_ADMIN, _CAP_SYS_ADMIN))


def _each(option: str, paths: Iterable[Path]) -> list[str]:
    return [word for path in paths for word in (option, str(path))]
