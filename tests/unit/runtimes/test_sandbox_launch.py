"""The command line and the environment of a room."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.runtimes.sandbox.launch import command, environment, is_root

SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "x", "GITHUB_TOKEN": "x", "DOCKER_HOST": "x", "KUBECONFIG": "x", "SSH_AUTH_SOCK": "x", "HOME": "/h",
    "DBUS_SESSION_BUS_ADDRESS": "x", "XDG_RUNTIME_DIR": "/run/user/1", "LD_PRELOAD": "x", "HTTPS_PROXY": "http://u:p@h",
    "LCX": "x",
}  # fmt: skip


def test_only_what_is_allowed_by_name_comes_in() -> None:
    assert environment({**SECRETS, "PATH": "/bin", "LC_ALL": "C", "TZ": "UTC"}) == {"PATH": "/bin", "LC_ALL": "C", "TZ": "UTC"}


def test_a_drill_can_ask_for_more_by_name() -> None:
    assert environment(SECRETS, also=["GITHUB_TOKEN"]) == {"GITHUB_TOKEN": "x"}


@pytest.mark.parametrize("as_root", [True, False])
def test_a_user_namespace_only_without_root(as_root: bool, tmp_path: Path) -> None:
    assert ("--user" in command(tmp_path, ["true"], as_root=as_root, hide=())) is not as_root


def test_every_namespace_dies_with_unshare(tmp_path: Path) -> None:
    line = command(tmp_path, ["true"], as_root=True, hide=())
    assert {"--net", "--pid", "--mount", "--ipc", "--fork", "--kill-child"} <= set(line)


def test_the_runner_comes_last_and_whole(tmp_path: Path) -> None:
    line = command(tmp_path, ["run", "--", "--writable", "x"], as_root=True, writable=[tmp_path / "more"], hide=[Path("/s")])
    assert line[-5:] == ["--", "run", "--", "--writable", "x"]
    assert [line[i + 1] for i, word in enumerate(line[:-4]) if word == "--writable"] == [str(tmp_path), str(tmp_path / "more")]
    assert line[line.index("--hide") + 1] == "/s"


@pytest.mark.parametrize(
    ("capabilities", "root"),
    [
        ("000001ffffffffff", True),
        ("0000000000201000", True),
        ("00000000a80425fb", False),
        ("0000000000000000", False),
        ("0000000000200000", False),
    ],
)
def test_root_is_who_has_the_capabilities(capabilities: str, root: bool, tmp_path: Path) -> None:
    """The third is Docker's default set: uid 0, and no namespaces."""
    (tmp_path / "status").write_text(f"Name:\tx\nCapPrm:\tffffffffffffffff\nCapEff:\t{capabilities}\n")
    assert is_root(tmp_path / "status") is root
