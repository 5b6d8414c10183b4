"""Every way to a Toxiproxy server, against shell scripts as binaries and a stand-in for the release page on loopback."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lab.toxiproxy_binary import PINNED, Limits, NotFound, find
from lab.toxiproxy_binary.cache import cached_binary
from lab.toxiproxy_binary.candidate import Unusable
from lab.toxiproxy_binary.release import asset_name, published_sha256


def script(says: str) -> bytes:
    return f"#!/bin/sh\necho '{says}'\n".encode()


def server(version: str = PINNED) -> bytes:
    return script(f"toxiproxy-server version {version}")


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755)
    return path


class ReleasePage(ThreadingHTTPServer):
    """Answers with ``files`` by their last name, else 404; ``asked`` are the request targets as they came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def publish(self, content: bytes, sha256: str | None = None) -> None:
        digest = sha256 or hashlib.sha256(content).hexdigest()
        self.files = {asset_name(): content, "checksums.txt": f"{'0' * 64}  other\n{digest}  {asset_name()}\n".encode()}


class _Answer(BaseHTTPRequestHandler):
    server: ReleasePage

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = self.server.files.get(self.path.rpartition("/")[2])
        self.send_response(404 if body is None else 200)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:
        """Keeps the output of the tests clean."""


@pytest.fixture(autouse=True)
def nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty PATH and cache, no proxies, and a release address at which nothing listens."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LAB_TOXIPROXY_URL", "http://127.0.0.1:1")
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReleasePage]:
    with ReleasePage() as page:
        thread = threading.Thread(target=page.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("LAB_TOXIPROXY_URL", page.url)
        yield page
        page.shutdown()
        thread.join()


@pytest.fixture
def said() -> list[str]:
    return []


def test_an_explicit_path_of_another_version_is_taken_and_said(tmp_path: Path, said: list[str]) -> None:
    path = put(tmp_path / "mine", server("2.9.0"))
    found = find(path, said.append)
    assert (found.path, found.version, found.how) == (path, "2.9.0", "--toxiproxy")
    assert said == [f"Toxiproxy 2.9.0 from --toxiproxy ({path}), not {PINNED}, with which the lab was measured"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file"),
        (script("toxiproxy-cli version 2.12.0"), "not `toxiproxy-server version"),
        (b"#!/bin/sh\necho broken >&2\nexit 3\n", "exit code 3: broken"),
        (b"\x7fELF of another machine", "Exec format error"),
    ],
)
def test_an_unusable_explicit_path_is_an_error_at_once(tmp_path: Path, said: list[str], content: bytes | None, why: str) -> None:
    put(tmp_path / "bin/toxiproxy-server", server())
    path = tmp_path / "mine"
    if content is not None:
        put(path, content)
    with pytest.raises(NotFound, match=why) as error:
        find(path, said.append)
    assert "hint:" in str(error.value)


def test_a_relative_explicit_path_is_found_from_anywhere_later(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "mine", server())
    monkeypatch.chdir(tmp_path)
    assert find(Path("mine"), said.append).path == path


def test_a_candidate_that_hangs_is_killed_with_what_it_started(tmp_path: Path, said: list[str]) -> None:
    path = put(tmp_path / "mine", b"#!/bin/sh\n/bin/sleep 60 &\nwait\n")
    with pytest.raises(NotFound, match=r"not done within 0\.05 s"):
        find(path, said.append, Limits(version_s=0.05))
    # returned at once: the sleep, which holds the pipe, is gone too


def test_path_comes_before_the_cache_and_its_first_name_before_its_second(tmp_path: Path, said: list[str]) -> None:
    put(cached_binary(), server())
    second = put(tmp_path / "bin/toxiproxy", server("2.13.0"))
    assert find(None, said.append).path == second
    first = put(tmp_path / "bin/toxiproxy-server", server())
    assert find(None, said.append).path == first


def test_another_version_on_path_is_never_silent(tmp_path: Path, said: list[str]) -> None:
    put(tmp_path / "bin/toxiproxy-server", server("git"))
    found = find(None, said.append)
    assert (found.version, found.how) == ("git", "PATH")
    assert "git from PATH" in said[0]


def test_the_cache_is_silent_and_asks_nobody(said: list[str], page: ReleasePage) -> None:
    put(cached_binary(), server())
    found = find(None, said.append)
    assert (found.path, found.version, found.how) == (cached_binary(), PINNED, "cache")
    assert said == page.asked == []


def test_a_cached_server_of_another_version_is_replaced(said: list[str], page: ReleasePage) -> None:
    put(cached_binary(), server("2.11.0"))
    page.publish(server())
    assert find(None, said.append).how == "download"
    assert find(None, said.append).how == "cache"


def test_a_relative_cache_home_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cached_binary().is_relative_to(tmp_path / ".cache/resilience-lab")


def test_a_good_download_is_kept_alone_in_the_cache(said: list[str], page: ReleasePage) -> None:
    page.publish(server())
    found = find(None, said.append)
    assert (found.path, found.version, found.how) == (cached_binary(), PINNED, "download")
    assert [path.name for path in cached_binary().parent.iterdir()] == ["toxiproxy-server"]
    assert page.asked == ["/checksums.txt", f"/{asset_name()}"]
    assert page.url in said[0]


def test_a_download_with_another_checksum_is_refused_and_never_run(said: list[str], page: ReleasePage, tmp_path: Path) -> None:
    page.publish(b"#!/bin/sh\n: >" + str(tmp_path / "ran").encode() + b"\n", sha256="ab" * 32)
    with pytest.raises(NotFound, match=f"refused .*published is {'ab' * 32}"):
        find(None, said.append)
    assert not (tmp_path / "ran").exists()
    assert not cached_binary().exists()


def test_a_download_of_another_version_is_refused(said: list[str], page: ReleasePage) -> None:
    page.publish(server("2.13.0"))
    with pytest.raises(NotFound, match=r"version 2\.13\.0, not"):
        find(None, said.append)
    assert not cached_binary().exists()


def test_an_asset_without_published_checksum_is_refused(said: list[str], page: ReleasePage) -> None:
    page.files = {asset_name(): server(), "checksums.txt": b"\xff not one\n"}
    with pytest.raises(NotFound, match="does not list"):
        find(None, said.append)


def test_a_missing_release_names_its_status(said: list[str], page: ReleasePage) -> None:
    with pytest.raises(NotFound, match=r"checksums\.txt answers 404"):
        find(None, said.append)


def test_a_server_that_never_answers_does_not_hold_the_lab_up(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("LAB_TOXIPROXY_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(NotFound, match="ReadTimeout"):
            find(None, said.append, Limits(silence_s=0.05))


def test_an_answer_that_drips_is_given_up_as_a_whole(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    enough = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            while not enough.wait(0.02):
                connection.send(b"H")

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as pool:
        monkeypatch.setenv("LAB_TOXIPROXY_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
        dripping = pool.submit(drip, listener)
        with pytest.raises(NotFound, match=r"was not here within 0\.15 s"):
            find(None, said.append, Limits(download_s=0.15))
        enough.set()
        dripping.result()


def test_proxies_of_the_environment_are_honoured(said: list[str], page: ReleasePage, monkeypatch: pytest.MonkeyPatch) -> None:
    page.publish(server())
    monkeypatch.setenv("HTTP_PROXY", page.url)
    monkeypatch.setenv("http_proxy", page.url)
    monkeypatch.setenv("LAB_TOXIPROXY_URL", "http://mirror.invalid/toxiproxy/")
    assert find(None, said.append).how == "download"
    assert page.asked[0] == "http://mirror.invalid/toxiproxy/checksums.txt"


def test_an_unreadable_certificate_file_is_a_reason_not_a_crash(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    monkeypatch.setenv("LAB_TOXIPROXY_URL", "https://127.0.0.1:1")
    with pytest.raises(NotFound, match="download: https://127"):
        find(None, said.append)


def test_a_release_that_has_nothing_for_this_machine_says_so(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(NotFound, match=r"no server for .* on riscv64"):
        find(None, said.append)


def fake_go(tmp_path: Path, body: str) -> None:
    put(tmp_path / "bin/go", f"#!/bin/sh\n{body}\n".encode())


def test_go_builds_what_cannot_be_downloaded(tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "built", server())
    monkeypatch.setenv("GOOS", "plan9")
    fake_go(tmp_path, f'echo "$GOOS|$*" > {tmp_path}/asked; /bin/cp {tmp_path}/built "$GOBIN/server"')
    found = find(None, said.append)
    assert (found.path, found.version, found.how) == (cached_binary(), PINNED, "go install")
    assert (tmp_path / "asked").read_text().strip() == (
        f"|install -ldflags -s -w -X github.com/Shopify/toxiproxy/v2.Version={PINNED}"
        f" github.com/Shopify/toxiproxy/v2/cmd/server@v{PINNED}"
    )
    assert "go install" in said[-1]


def test_a_failure_names_every_way_and_why_it_failed(tmp_path: Path, said: list[str]) -> None:
    fake_go(tmp_path, "echo 'module lookup disabled' >&2; exit 1")
    put(tmp_path / "bin/toxiproxy", b"#!/bin/sh\nexit 2\n")
    with pytest.raises(NotFound) as error:
        find(None, said.append)
    lines = str(error.value).splitlines()
    assert lines[1].startswith("  PATH: no toxiproxy-server; ")
    assert lines[1].endswith("failed with exit code 2: it said nothing")
    assert lines[2] == f"  cache: no {cached_binary()}"
    assert lines[3].startswith("  download: http://127.0.0.1:1/checksums.txt: ConnectError")
    assert lines[4].endswith("go failed with exit code 1: module lookup disabled")
    assert lines[5].startswith("hint:")


def test_without_go_that_way_says_so(said: list[str]) -> None:
    with pytest.raises(NotFound, match="go install: no go on PATH"):
        find(None, said.append)


def test_a_cache_that_cannot_be_written_is_a_reason(tmp_path: Path, said: list[str], page: ReleasePage) -> None:
    put(tmp_path / "cache", b"a file, not a directory")
    page.publish(server())
    with pytest.raises(NotFound, match="download: the cache cannot be written"):
        find(None, said.append)


@pytest.mark.slow
def test_two_labs_that_download_at_once_both_find_it(page: ReleasePage) -> None:
    page.publish(server())
    # processes, not threads: a fork in one thread may hold the file that another has just written, and make it busy
    lab = [sys.executable, "-c", "from lab.toxiproxy_binary import find; print(find(None, id).path)"]
    labs = [subprocess.Popen(lab, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [one.communicate(timeout=20)[0].strip() for one in labs] == [str(cached_binary())] * 2
    assert [path.name for path in cached_binary().parent.iterdir()] == ["toxiproxy-server"]


def test_a_checksum_is_found_by_the_whole_name() -> None:
    assert published_sha256("AA  server-linux-amd64\nBB  server\n", "server") == "bb"
    with pytest.raises(Unusable):
        published_sha256("AA  server-linux-amd64\n", "server")
