"""k6 is found where a person or Go has put it, and its absence comes with a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.load.find_k6 import NotFound, find


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without k6."""
    for name in ("GOBIN", "GOPATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return tmp_path


def put(path: Path, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


def test_path_comes_before_the_folders_of_go(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = put(bare / "home/go/bin/k6")
    assert find() == home
    monkeypatch.setenv("GOPATH", f"{bare}/nothing:{bare}/gopath")
    gopath = put(bare / "gopath/bin/k6")
    assert find() == gopath
    monkeypatch.setenv("GOBIN", str(bare / "gobin"))
    gobin = put(bare / "gobin/k6")
    assert find() == gobin
    on_path = put(bare / "path/k6")
    assert find() == on_path


def test_a_chosen_one_is_taken_or_none(bare: Path) -> None:
    put(bare / "path/k6")
    assert find(put(bare / "mine")) == bare / "mine"
    with pytest.raises(NotFound, match="other"):
        find(bare / "other")
    with pytest.raises(NotFound):
        find(put(bare / "no-program", 0o644))


def test_without_one_the_text_says_where_and_how(bare: Path) -> None:
    with pytest.raises(NotFound, match=r"go/bin/k6\nhint: .*go install"):
        find()
