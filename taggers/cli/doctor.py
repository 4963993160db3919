"""`taggers doctor`: what could go wrong, before it does."""

from __future__ import annotations

import datetime
import sys
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import click
from attrs import frozen

from .._config import Config
from .._keys import Keys
from .._registry import Registry, installed
from .._resolve import find, missing
from .._wire import Prepared
from ..errors import ConfigurationError, TaggersError
from ._setup import Setup, pass_setup
from ._terminal import safe

__all__ = ["command"]

SKEW_S = 300
SOON_DAYS = 90


@frozen
class Finding:
    """One line of the report; `grade` is "ok", "note" or "bad"."""

    grade: str
    topic: str
    text: str


@click.command("doctor")
@click.option("--offline", is_flag=True, help="Ask no server for the time.")
@pass_setup
def command(setup: Setup, offline: bool) -> int:
    """Check this machine: configuration, keys, plugins, announced ends, and the clock.

    The clock is compared with the servers of the configured providers that are ready. That is one
    request without credentials to each; nothing is billed.
    """
    findings = list(_findings(setup, offline))
    for finding in findings:
        mark = {"ok": "✓", "note": "!", "bad": "✗"}[finding.grade]
        color = {"ok": "green", "note": "yellow", "bad": "red"}[finding.grade]
        click.secho(f"{mark} {finding.topic:<12}", fg=color, nl=False)
        click.echo(safe(finding.text))
    return 1 if any(finding.grade == "bad" for finding in findings) else 0


def _findings(setup: Setup, offline: bool) -> Iterator[Finding]:
    yield Finding("ok", "python", f"{sys.version.split()[0]} on {sys.platform}")
    registry = installed()
    try:
        config = setup.config()
    except ConfigurationError as error:
        yield from (Finding("bad", "config", line) for line in error.message.splitlines())
        config = Config()
    else:
        yield Finding("ok", "config", ", ".join(map(str, config.files)) or "no file, which is fine")
    yield from _about_plugins(registry)
    try:
        keys = Keys.load()
    except ConfigurationError as error:
        yield Finding("bad", "keys", str(error))
        keys = Keys({}, {})
    yield from _about_providers(config, registry, keys)
    yield from _about_clock(config, registry, keys, offline)


def _about_plugins(registry: Registry) -> Iterator[Finding]:
    working = registry.all()
    yield Finding("ok", "plugins", f"{len(working)} providers work")
    for reason in registry.quarantined.values():
        yield Finding("bad", "plugins", reason)


def _about_providers(config: Config, registry: Registry, keys: Keys) -> Iterator[Finding]:
    """Whether each provider has its keys (those in use must), and whether its end is announced."""
    today = datetime.datetime.now(datetime.UTC).date()
    for name in dict.fromkeys([*config.services, *registry.names()]):
        service = config.service(name, registry)
        if service.plugin in registry.quarantined:
            continue
        provider = registry.provider(service.plugin)
        lacking = missing(provider, find(provider, service, keys, {}))
        used = name in config.services
        if lacking:
            needs = "; ".join(item.how for item in lacking)
            yield Finding("bad" if used else "note", name, f"not ready: needs {needs}")
        else:
            yield Finding("ok", name, "ready")
        if provider.sunset and (used or not lacking):
            left = (provider.sunset.date - today).days
            when = f"ends on {provider.sunset.date}" if left >= 0 else "has ended"
            yield Finding(
                "bad" if left < 0 else "note",
                name,
                f"{when}: {provider.sunset.notice} ({provider.sunset.source})",
            )


def _about_clock(
    config: Config, registry: Registry, keys: Keys, offline: bool
) -> Iterator[Finding]:
    here = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    addresses = set() if offline else set(_addresses(config, registry, keys))
    if not addresses:
        yield Finding("note", "clock", f"{here} UTC here; no configured server to compare it with")
    for address in sorted(addresses):
        yield _compared(address)


def _addresses(config: Config, registry: Registry, keys: Keys) -> Iterator[str]:
    """Where the configured providers that are ready would be asked."""
    for service in config.services.values():
        if service.plugin in registry.quarantined:
            continue
        provider = registry.provider(service.plugin)
        found = find(provider, service, keys, {})
        values = {item.setting.name: item.value for item in found}
        if not missing(provider, found) and (address := provider.address(values)):
            yield address


def _compared(address: str) -> Finding:
    """This machine's clock against the Date of a server's answer."""
    import anyio

    from .._driver import Driver
    from .._flow import Send
    from .._transport import Transport

    def ask() -> Any:
        prepared = Prepared(method="HEAD", url=address + "/", headers={})
        answer = yield Send(prepared, 65_536)
        return answer

    async def run() -> Any:
        driver = Driver(Transport())
        try:
            return await driver.run(ask(), 5.0)
        finally:
            await driver.aclose()

    answer = anyio.run(run)
    if isinstance(answer, TaggersError):
        return Finding("bad", "clock", f"cannot be compared: {answer.message}")
    try:
        there = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return Finding("note", "clock", f"{address} does not tell its time")
    skew_s = time.time() - there.timestamp()
    grade = "bad" if abs(skew_s) > SKEW_S else "ok"
    return Finding(grade, "clock", f"{skew_s:+.0f} s against {address}")
