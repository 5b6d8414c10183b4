"""The only file that knows toxiproxy-python: one Toxiproxy server, with one proxy in it, asked from asyncio.

What the library lacks is added here, around it (docs/adr/0003): an endpoint per instance, time-outs, errors for what
it takes as success, a token, the update of a toxic, and threads, because it blocks.

Traps of the server, which the lab goes around rather than through:

- Removing a toxic that sleeps (``timeout`` of ``reset_peer``, ``delay`` of ``slow_close``) blocks until it has woken up.
- Disabling or deleting a proxy waits for its accept loop, and that dials the target inline and without a time-out:
  with a stalled target the call blocks for over 12 s [M]. So the lab heals by removing toxics and never disables a
  proxy; :meth:`ProxyControl.delete` is for a target that answers or is gone.
- Until 2.13.0 a removal can hang for good under traffic, and with it every later call (Shopify/toxiproxy#760).

In each case the call here ends as :class:`ProxyError` after its time-out, and the last resort is to kill the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partialmethod
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import Any, Literal, TypeVar

_T = TypeVar("_T")

HOST = "127.0.0.1"
Stream = Literal["upstream", "downstream"]
_POLL_S = 0.01  # the server is up 5 to 15 ms after its start [M]
_QUEUE_S = 0.25  # asyncio waits this much longer than the socket, whose error says more
_NAME = re.compile(r"[\w.-]+")  # the library puts names into addresses as they are


class ProxyError(RuntimeError):
    """A call to Toxiproxy failed: what it was asked, what came of it, what to do. Parent of ProxyGone and ProxyMissing."""

    def __init__(self, asked: str, said: str, hint: str) -> None:
        super().__init__(f"Toxiproxy was asked to {asked}: {said}\nhint: {hint}")
        self.asked = asked
        self.said = said
        self.hint = hint


class ProxyGone(ProxyError):
    """Nothing listens on the server's port, or the connection broke."""


class ProxyMissing(ProxyError):
    """There is no such proxy or toxic."""


class ToxiproxyServer:
    """How a server is started, for whoever starts processes."""

    @staticmethod
    def argv(binary: Path, port: int) -> list[str]:
        """Its API on loopback. A port that is taken does not end the server: it logs that and stays, deaf."""
        return [str(binary), "-host", HOST, "-port", str(port)]

    @staticmethod
    def env(token: str | None) -> dict[str, str]:
        """What its environment needs besides the caller's allow-list; the token counts from 2.13.0 on.

        At its default level the server logs about ten lines for each connection, in the way of the traffic.
        """
        return {"LOG_LEVEL": "info"} | ({"TOXIPROXY_AUTH_TOKEN": token} if token else {})


@dataclass(frozen=True)
class Toxic:
    """A toxic as the server has it."""

    name: str
    kind: str
    stream: Stream
    attributes: Mapping[str, int]
    toxicity: float


class ProxyControl:
    """Asks one server; after :meth:`create` it speaks for that proxy and is the ``Toxics`` of a stage.

    Every call raises ProxyError, at the latest ``timeout_s`` (and a quarter of a second) after it was made. All go
    through one thread of this control's own, one after the other: a hung call takes no thread from anybody else,
    and what was asked first is done first. A call whose caller is cancelled is still made, so a heal that was
    begun is finished, and a heal after a cancelled injection finds what to heal.
    """

    def __init__(self, port: int, token: str | None = None, timeout_s: float = 5.0) -> None:
        self._port = port
        self._token = token
        self._timeout_s = timeout_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"toxiproxy-{port}")
        self._proxy: Any = None  # the library's; touched by the thread only

    async def ready(self, deadline_s: float) -> None:
        """Returns when the server answers; the first call here, it also imports the library (0.1 s, in the thread)."""
        try:
            async with asyncio.timeout(deadline_s):
                while not await self._answers():  # noqa: ASYNC110 - only the server knows when it is up
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            raise ProxyGone(
                f"answer on {HOST}:{self._port}", f"nothing within {deadline_s:g} s", f"{_LOG}; its port may be taken"
            ) from None

    async def version(self) -> str:
        """Of the running server, as it says itself."""
        return await self._ask("tell its version", lambda: str(self._consumer.get("/version").json()["version"]))

    async def create(self, name: str, listen_port: int, upstream_port: int) -> int:
        """Makes the proxy, both ends on loopback; returns the port that it listens on (``listen_port``, unless that is 0)."""

        def create() -> int:
            if self._proxy is not None:
                raise _Refused(f"this control has proxy {self._proxy.name} already", "delete it first")
            self._proxy = self._library.create(f"{HOST}:{upstream_port}", _checked(name), f"{HOST}:{listen_port}")
            return int(self._proxy.listen.rpartition(":")[2])

        return await self._ask(f"create proxy {name}, {HOST}:{listen_port} to {HOST}:{upstream_port}", create)

    async def add(self, name: str, kind: str, stream: Stream, attributes: Mapping[str, int], toxicity: float = 1.0) -> None:
        """Adds a toxic; when this returns, connections have it. ``toxicity`` is rolled once per connection and direction."""
        toxic = {"name": name, "type": kind, "stream": stream, "attributes": dict(attributes), "toxicity": toxicity}

        def add() -> None:
            _checked(name)
            self._open_proxy.add_toxic(**toxic)

        await self._ask(f"add toxic {name} ({kind}, {stream}, {dict(attributes)})", add)

    async def update(self, name: str, attributes: Mapping[str, int], toxicity: float | None = None) -> None:
        """Changes a toxic that is there; what is not given stays. Needs Toxiproxy 2.6 or newer."""
        changes = {"attributes": dict(attributes)} | ({} if toxicity is None else {"toxicity": toxicity})

        def update() -> None:
            self._consumer.patch(f"/proxies/{self._open_proxy.name}/toxics/{_checked(name)}", json=changes)

        await self._ask(f"update toxic {name} to {changes}", update)

    async def remove(self, name: str) -> None:
        """Removes a toxic; no error when it is gone already, or its proxy is."""
        try:
            await self._ask(f"remove toxic {name}", lambda: self._open_proxy.destroy_toxic(_checked(name)))
        except ProxyMissing:
            pass  # healed already

    async def toxics(self) -> tuple[Toxic, ...]:
        """The toxics of the proxy, as the server has them now."""

        def toxics() -> tuple[Toxic, ...]:
            found = self._open_proxy.toxics().values()
            return tuple(Toxic(each.name, each.type, each.stream, each.attributes, each.toxicity) for each in found)

        return await self._ask("list the toxics", toxics)

    async def delete(self) -> None:
        """Deletes the proxy, which closes its connections; no error when there is none. See the traps above."""

        def delete() -> None:
            from toxiproxy.exceptions import NotFound

            if self._proxy is not None:
                with contextlib.suppress(NotFound):  # gone already
                    self._proxy.destroy()
                self._proxy = None

        await self._ask("delete the proxy", delete)

    def close(self) -> None:
        """Lets the thread end when its last call has. The server and the proxy stay."""
        self._thread.shutdown(wait=False)

    async def _answers(self) -> bool:
        try:
            await self.version()
        except ProxyGone:
            return False
        return True

    async def _ask(self, asked: str, call: Callable[[], _T]) -> _T:
        answer = asyncio.wrap_future(self._thread.submit(self._call, asked, call))
        answer.add_done_callback(asyncio.Future.exception)  # read: whoever has left, by time-out or cancel, knows that it failed
        # not wait_for, which would cancel a call that still waits for the thread, a heal perhaps
        done, _ = await asyncio.wait({answer}, timeout=self._timeout_s + _QUEUE_S)
        if not done:
            raise ProxyError(asked, f"no answer within {self._timeout_s:g} s, or a call before it hangs", _KILL)
        return answer.result()

    def _call(self, asked: str, call: Callable[[], _T]) -> _T:
        with _typed(asked, self._timeout_s):
            return call()

    @property
    def _open_proxy(self) -> Any:
        if self._proxy is None:
            raise _NoProxy("there is no proxy", "create it first")
        return self._proxy

    @cached_property
    def _consumer(self) -> _Consumer:
        return _Consumer(self._port, self._token, self._timeout_s)

    @cached_property
    def _library(self) -> Any:
        return _library_for(self._consumer)


_KILL = "the target may be stalled or a toxic asleep; if it does not pass, end the Toxiproxy server"
_LOG = "the log of the Toxiproxy server says more"
_TOKEN = "give the server and its control the same token"


class _Refused(Exception):
    """An answer, or a state, that makes the call fail."""

    def __init__(self, said: str, hint: str) -> None:
        super().__init__(said)
        self.hint = hint


class _NoProxy(_Refused):
    """Before ``create`` or after ``delete``."""


def _checked(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise _Refused(f"{name!r} is no name", "letters, digits, `_`, `.` and `-` only")
    return name


class _Consumer:
    """Stands where the library has its ``APIConsumer``, a class with class attributes; this is an object per server."""

    def __init__(self, port: int, token: str | None, timeout_s: float) -> None:
        import requests

        self.host = HOST
        self.port = port
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the environment has no business between us and loopback
        # the server closes idle connections after 60 s; a call just then would fail, and a heal must not
        self._session.headers["Connection"] = "close"
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def _send(self, method: str, url: str, **kwargs: Any) -> Any:
        """The library's own exceptions for 400, 404 and 409; _Refused for every other answer that is no success."""
        from toxiproxy.api import validate_response

        address = f"http://{self.host}:{self.port}{url}"
        response = self._session.request(method, address, timeout=self._timeout_s, allow_redirects=False, **kwargs)
        validate_response(response)
        if not 200 <= response.status_code < 300:
            hint = _TOKEN if response.status_code in (401, 403) else _LOG
            raise _Refused(f"{response.status_code} {_message(response.content)}".strip(), hint)
        return response

    get = partialmethod(_send, "GET")
    post = partialmethod(_send, "POST")
    patch = partialmethod(_send, "PATCH")
    delete = partialmethod(_send, "DELETE")


def _library_for(consumer: _Consumer) -> Any:
    """A ``toxiproxy.Toxiproxy`` that speaks through ``consumer``.

    The library's classes look their consumer up as a global of their module, so we give them copies of their two
    modules (0.1 ms): nothing that others in the process import is changed, and no two controls share anything.
    """
    proxy, server = _copy_of("toxiproxy.proxy"), _copy_of("toxiproxy.server")
    proxy.APIConsumer = server.APIConsumer = consumer
    server.Proxy = proxy.Proxy
    return server.Toxiproxy()


def _copy_of(name: str) -> Any:
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"toxiproxy-python is not installed: no module {name}", name=name)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def _typed(asked: str, timeout_s: float) -> Iterator[None]:
    """What the library, requests or the server made of a call, as ProxyError."""
    import requests
    from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

    try:
        yield
    except ProxyExists as error:
        raise ProxyError(
            asked, _message(error.args[0]), "remove or delete the one that is there, or take another name"
        ) from error
    except InvalidToxic as error:
        raise ProxyError(asked, _message(error.args[0]), "check the type, the stream and the attributes") from error
    except NotFound as error:
        raise ProxyMissing(asked, _message(error.args[0]), "check the name; something else may have removed it") from error
    except _NoProxy as error:
        raise ProxyMissing(asked, str(error), error.hint) from error
    except _Refused as error:
        raise ProxyError(asked, str(error), error.hint) from error
    except requests.Timeout as error:
        raise ProxyError(asked, f"no answer within {timeout_s:g} s", _KILL) from error
    except requests.ConnectionError as error:
        raise ProxyGone(asked, "it is not there, or the connection broke", _LOG) from error
    except (requests.RequestException, KeyError, TypeError) as error:
        # KeyError, TypeError: an answer of another shape, from whatever it is that listens there
        raise ProxyError(asked, f"an answer not of Toxiproxy: {error!r}", "another program may listen on its port") from error


def _message(content: object) -> str:
    """``{"error": "toxic already exists", ...}`` → ``toxic already exists``; anything else as text, its first 200 characters."""
    text = content.decode(errors="replace") if isinstance(content, bytes) else str(content)
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text.strip()[:200]
