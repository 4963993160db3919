"""`taggers doctor`: what could go wrong, before it does."""

from __future__ import annotations

import datetime
import os
import sys
import time
from collections.abc import Iterator

import click

from .._config import Config
from .._keys import Keys
from .._model import BoundingBox, Region, Result, Tag
from .._provider import Provider, Sunset
from .._registry import PLUGINS, Registry, installed
from .._resolve import problems, resolve
from ..errors import ConfigurationError, TaggersError
from ..testing import png
from ._doctor import Finding, about_budgets, about_limits, about_profile
from ._setup import Setup, pass_setup
from ._terminal import safe
from .providers import limits

__all__ = ["command"]

SKEW_S = 300


@click.command("doctor")
@click.option("--offline", is_flag=True, help="Ask no server for the time.")
@click.option("--emulate", is_flag=True,
              help="Ask every provider that is emulated, once, on this machine.")  # fmt: skip
@pass_setup
def command(setup: Setup, offline: bool, emulate: bool) -> int:
    """Check this machine: configuration, keys, plugins, announced ends, and the clock.

    The clock is compared with the servers of the configured providers that are ready. That is one
    request without credentials to each; nothing is billed.
    """
    if offline and emulate:
        raise click.UsageError("--emulate asks nobody else: leave --offline out")
    findings = list(_emulated() if emulate else _findings(setup, offline))
    width = max(len(finding.topic) for finding in findings) + 2
    for finding in findings:
        mark = {"ok": "✓", "note": "!", "bad": "✗"}[finding.grade]
        color = {"ok": "green", "note": "yellow", "bad": "red"}[finding.grade]
        click.secho(f"{mark} {finding.topic:<{width}}", fg=color, nl=False)
        click.echo(safe(finding.text))
    return 1 if any(finding.grade == "bad" for finding in findings) else 0


def _emulated() -> Iterator[Finding]:
    """Whether each provider that is emulated finds what there is to find, with its limits and its
    announced end."""
    from ..emulator import Emulator, Fixture

    picture, video = png(640, 480), "https://example.com/video.mp4"
    place = Region(BoundingBox(64.0, 48.0, 320.0, 240.0), 0.99)
    known = Tag("a test", 0.99, kind="celebrity", regions=(place,))
    fixtures = (
        Fixture(content=picture, name="test.png", labels={"a": "test"}, tags=(known,)),
        Fixture(name=video, tags=(Tag("a test", kind="music"),)),
    )
    registry = installed()
    with Emulator(fixtures=fixtures) as emulator:
        for name in emulator.providers():
            provider = registry.provider(name)
            try:
                with emulator.tagger(name) as tagger:
                    said = tagger.tag(picture if "content" in provider.accepts.sources else video)
            except TaggersError as error:
                yield Finding("bad", name, str(error))
            else:
                yield _seen(name, provider, said)


def _seen(name: str, provider: Provider, said: Result) -> Finding:
    """What a provider found in a picture in which there is something to find."""
    kinds = {
        "tag": said.tags,
        "region": said.regions,
        "match": said.matches,
        "verdict": said.verdicts,
        "picture": said.images,
    }
    if provider.offers.images and not said.images:
        return Finding("bad", name, "answers, and makes no picture")
    if not (found := [kind for kind, some in kinds.items() if some]):
        return Finding("bad", name, "answers, and finds nothing")
    ends = f"; {_end(provider.sunset)} {provider.sunset.date}" if provider.sunset else ""
    return Finding("ok", name, f"finds a {' and a '.join(found)}; {limits(provider.accepts)}{ends}")


def _end(sunset: Sunset) -> str:
    """Whether a service "ended" or "ends"."""
    return "ended" if sunset.date < datetime.datetime.now(datetime.UTC).date() else "ends"


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
    working = registry.all()
    yield from _about_plugins(registry, working)
    try:
        keys = Keys.load()
    except ConfigurationError as error:
        yield Finding("bad", "keys", str(error))
        keys = Keys({}, {})
    yield from _about_providers(config, registry, keys)
    yield from _about_ends(config, working)
    yield from about_limits(config, registry, keys)
    yield from about_budgets(config, registry, keys)
    yield from about_profile(config)
    yield from _about_clock(config, registry, keys, offline)


def _about_plugins(registry: Registry, working: list[Provider]) -> Iterator[Finding]:
    """What is wrong with the plugins, their dialects too; each line names a distribution."""
    registry.dialects()
    yield Finding("ok", "plugins", f"{len(working)} providers work")
    if (chosen := os.environ.get(PLUGINS)) is not None:
        text = f"only taggers' own are looked at{chosen and f', and {chosen}'}, by {PLUGINS}"
        yield Finding("note", "plugins", text)
    for reason in (*registry.quarantined.values(), *registry.faults):
        yield Finding("bad", "plugins", reason)


def _about_providers(config: Config, registry: Registry, keys: Keys) -> Iterator[Finding]:
    """Whether each provider can be asked: those of the configuration must."""
    for name in dict.fromkeys([*config.services, *registry.names()]):
        service = config.service(name, registry)
        if service.plugin in registry.quarantined:
            continue
        error = problems(name, config, keys, registry)
        if error is None:
            yield Finding("ok", name, "ready")
        elif name not in config.services and isinstance(error, ConfigurationError):
            yield Finding("note", name, f"not set up; see `taggers providers show {name}`")
        else:
            for line in error.message.splitlines():
                yield Finding("bad", name, line.removeprefix(f"{name}: "))


def _about_ends(config: Config, working: list[Provider]) -> Iterator[Finding]:
    """What vendors have announced to end, each announcement once."""
    used = {service.plugin for service in config.services.values()}
    ending: dict[Sunset, list[str]] = {}
    for provider in working:
        if provider.sunset:
            ending.setdefault(provider.sunset, []).append(provider.name)
    for sunset, names in sorted(ending.items(), key=lambda item: item[0].date):
        over = _end(sunset) == "ended"
        bad = over and used & set(names)
        yield Finding(
            "bad" if bad else "note",
            str(sunset.date),
            f"{', '.join(names)} {'ended' if over else 'end'}: {sunset.notice} ({sunset.source})",
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
    for name in config.services:
        if problems(name, config, keys, registry) is None:
            target = resolve(name, config, keys, registry)
            if address := target.provider.address(target.settings):
                yield address


def _compared(address: str) -> Finding:
    """This machine's clock against that of a server."""
    import anyio

    from .._driver import skew_s

    try:
        ahead_s = anyio.run(skew_s, address)
    except TaggersError as error:
        return Finding("bad", "clock", f"cannot be compared: {error.message}")
    if ahead_s is None:
        return Finding("note", "clock", f"{address} does not tell its time")
    grade = "bad" if abs(ahead_s) > SKEW_S else "ok"
    return Finding(grade, "clock", f"{-ahead_s:+.0f} s against {address}")
