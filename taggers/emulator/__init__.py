"""The vendors on this machine: their wire formats served locally, without an account.

    from taggers.emulator import Emulator

    with Emulator() as emulator:
        with emulator.tagger("huawei-tagging-v2") as tagger:
            print(tagger.tag("cat.jpg").tags)

It is as strict as the vendors are known to be: signatures, project ids, limits and parameters are
checked, and refused with the vendors' own codes. What it says of a picture is what it was told
(fixtures, rules), or else what `local-basic` measures. Every answer carries a mark, and every
`Result` made from one says `emulated`.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from attrs import evolve

from .._config import Config
from .._config import Service as Configured
from .._dialect import Account, Dialect
from .._extras import from_extra
from .._registry import Registry, installed
from .._shared import forget
from .._sync import Tagger
from ..errors import ConfigurationError, LocalResourceError
from ._answers import Answers, Fixture, load_fixtures
from ._coverage import coverage
from ._faults import KINDS, Fault, Faults, Limits, load_faults
from ._service import Call, Service

if TYPE_CHECKING:
    import uvicorn

__all__ = [
    "KINDS",
    "Account",
    "Call",
    "Emulator",
    "Fault",
    "Fixture",
    "Limits",
    "coverage",
    "dialects",
]

START_S = 10.0
DEFAULT = "huawei-tagging-v2"
"""What the printed configuration asks where nothing else is named."""


def dialects() -> list[Dialect]:
    """The server halves of all installed plugins."""
    return installed().dialects()


class Emulator:
    """Serves all vendors that have a dialect on one port of this machine.

    * `port`: 0 takes a free one; `host`: where to listen;
    * `verify`: whether signatures and tokens are checked;
    * `fixtures`: pictures and rules to answer with, or a TOML file of them;
    * `faults`: what shall go wrong, or a TOML file of it; `seed` makes the rates repeat;
    * `limits`: the calls in a second and at a time that are let pass;
    * `now`: the server's clock, as a Unix time in s.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        account: Account | None = None,
        verify: bool = True,
        fixtures: Iterable[Fixture] | Path = (),
        faults: Iterable[Fault] | Path = (),
        limits: Limits | None = None,
        seed: int = 0,
        now: Callable[[], float] = time.time,
        registry: Registry | None = None,
    ) -> None:
        self.account = account or Account()
        self._registry = registry or installed()
        self._address = (host, port)
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        told = load_fixtures(fixtures) if isinstance(fixtures, Path) else fixtures
        listed, loaded = load_faults(faults) if isinstance(faults, Path) else (faults, Limits())
        self._service = Service(
            dialects=self._registry.dialects(),
            answers=Answers(tuple(told)),
            faults=Faults(limits=limits or loaded, seed=seed),
            account=self.account,
            verify=verify,
            now=now,
        )
        for fault in listed:
            self.fail(fault)

    def fail(self, fault: Fault | str, **how: Any) -> None:
        """Lets calls go wrong from now on: a `Fault`, or its kind and fields."""
        self._service.faults.add(fault if isinstance(fault, Fault) else Fault(do=fault, **how))

    def heal(self) -> None:
        """Takes all faults away. Keys that were refused for one may be sent again."""
        forget(self._url())
        self._service.faults.clear()

    def reset(self) -> None:
        """Forgets everything: journal, uploads, tokens, faults, refused keys."""
        forget(self._url())
        self._service.reset()

    @property
    def journal(self) -> tuple[Call, ...]:
        """Every call so far, first to last."""
        return tuple(self._service.journal)

    @property
    def billed(self) -> int:
        """The units that the vendors would have billed so far."""
        return self._service.billed

    @property
    def url(self) -> str:
        """Where it listens. Raises `RuntimeError` before it is started."""
        if self._server is None:
            raise RuntimeError("the emulator is not running: use it in a with statement")
        return self._url()

    def _url(self) -> str:
        host, port = self._address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def providers(self) -> list[str]:
        """The providers that can be asked here, in the order of their names."""
        return sorted({d.provider.name for d in self._service.dialects if d.provider})

    def settings(self, provider: str) -> Mapping[str, str]:
        """What a provider is configured with to ask here: endpoint and credentials."""
        for dialect in self._service.dialects:
            if dialect.provider and dialect.provider.name == provider:
                return {"endpoint": self.url, **dialect.settings(self.account)}
        known = ", ".join(self.providers())
        raise ConfigurationError(f"{provider} is not emulated; these are: {known}")

    def tagger(self, provider: str, **settings: Any) -> Tagger:
        """A `Tagger` that asks this provider here."""
        return Tagger(provider, **{**self.settings(provider), **settings})

    def redirect(self, config: Config) -> Config:
        """The configuration with every emulated provider asked here instead."""
        names = {**{name: Configured(name, name) for name in self.providers()}, **config.services}
        emulated = set(self.providers())
        services = {
            name: evolve(service, settings={**service.settings, **self.settings(service.plugin)})
            if service.plugin in emulated
            else service
            for name, service in names.items()
        }
        return evolve(config, services=services)

    def toml(self) -> str:
        """A `taggers.toml` for asking here; its secrets are those of `environment`."""
        tables = "\n".join(self._table(name) for name in self.providers())
        return f'default = "{DEFAULT}"\n\n{tables}'

    def environment(self) -> Mapping[str, str]:
        """The variables that hold the emulated account's credentials."""
        return {
            setting.env: self.settings(name)[setting.name]
            for name in self.providers()
            for setting in self._registry.provider(name).settings
            if setting.secret and setting.env and setting.name in self.settings(name)
        }

    def _table(self, name: str) -> str:
        secret = {s.name: s.env for s in self._registry.provider(name).settings if s.secret}
        shown = {
            key: f"${{{secret[key]}}}" if key in secret else text
            for key, text in self.settings(name).items()
        }
        lines = (f"{key} = {json.dumps(text)}\n" for key, text in shown.items())
        return f'[providers.{name}]\nplugin = "{name}"\n{"".join(lines)}'

    def start(self) -> None:
        """Begins to listen, in a thread of its own."""
        with from_extra("server", "the emulator"):
            import uvicorn

            from ._app import App
        app = App(self._service)
        listening = self._listen()
        self._address = listening.getsockname()[:2]
        forget(self._url())
        config = uvicorn.Config(
            app,
            lifespan="off",
            date_header=False,
            server_header=False,
            log_level="warning",
            http="h11",
            ws="none",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listening],), name="taggers-emulator", daemon=True
        )
        self._thread.start()
        ends = time.monotonic() + START_S
        while not self._server.started:
            if time.monotonic() > ends or not self._thread.is_alive():
                raise LocalResourceError("the emulator did not start")
            time.sleep(0.005)

    def _listen(self) -> socket.socket:
        host, port = self._address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # With its protocol named, asyncio sends without waiting for acknowledgements (TCP_NODELAY).
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except OSError as error:
            listening.close()
            raise LocalResourceError(
                f"cannot listen on {host}:{port}: {error.strerror}",
                hint="another port may be free: --port 0 takes any",
            ) from error
        return listening

    def stop(self) -> None:
        """Stops listening. Calls under way are given a second."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
        self._server = self._thread = None

    def wait(self) -> None:
        """Returns when the emulator has stopped."""
        if self._thread is not None:
            self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
