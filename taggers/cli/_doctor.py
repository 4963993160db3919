"""What `taggers doctor` says of limits and money."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from .._config import Config
from .._keys import Keys
from .._permits import Usage, limits, usages
from .._registry import Registry
from .._resolve import Target, problems, resolve
from .._spend import spending, standings
from .._targets import Targets
from ..errors import BudgetExceeded, LocalResourceError

__all__ = ["Finding", "about_budgets", "about_limits", "about_profile"]


@frozen
class Finding:
    """One line of the report; `grade` is "ok", "note" or "bad"."""

    grade: str
    topic: str
    text: str


def about_limits(config: Config, registry: Registry, keys: Keys) -> Iterator[Finding]:
    """What may be asked of the configured providers at a time and in a second, and what is asked
    just now by all processes, where they share it."""
    for name in config.services:
        if problems(name, config, keys, registry) is None:
            target = resolve(name, config, keys, registry)
            if target.provider.endpoint is not None:
                yield Finding("ok", "limits", f"{name}: {_allowed(target)}")
    if config.store.share_limits:
        yield from _in_use(config.store.place)


def _allowed(target: Target) -> str:
    most = target.limits
    said = [
        f"{most.concurrency} calls at a time" if most.concurrency else "",
        f"{most.rate_per_s} in a second" if most.rate_per_s else "",
    ]
    return ", ".join(text for text in said if text) or "no limit is known"


def _in_use(folder: Path) -> Iterator[Finding]:
    try:
        found = usages(limits(folder)) if limits(folder).path.exists() else ()
    except LocalResourceError as error:
        yield Finding("bad", "limits", str(error))
        return
    for usage in found:
        calm = usage.reason is None and usage.left_alone_s <= 0
        yield Finding("ok" if calm else "note", "limits", _usage(usage))


def _usage(usage: Usage) -> str:
    where = f"{usage.provider} at {usage.endpoint}, key {usage.credential}"
    held = f"; held for {usage.held_s:.0f} s: {usage.reason}" if usage.reason else ""
    alone = usage.left_alone_s
    broken = f"; it failed often and is left alone for {alone:.0f} s" if alone > 0 else ""
    return f"{where}: {usage.running} under way, {usage.in_rate} in the last second{held}{broken}"


def about_budgets(config: Config, registry: Registry, keys: Keys) -> Iterator[Finding]:
    """What is spent and set aside under each spend cap, and whom none lets through."""
    yield from _about_caps(config)
    targets = Targets(config, registry)
    for name in config.services:
        if problems(name, config, keys, registry) is None:
            purse = targets.purse(targets.of(name))
            try:
                if purse is not None:
                    purse.counted(1)
            except BudgetExceeded as error:
                yield Finding("bad", "budget", f"{error}; nothing is sent to {name}")


def _about_caps(config: Config) -> Iterator[Finding]:
    caps = config.caps()
    ledger = spending(config.store.place)
    if not caps:
        return
    try:
        found = standings(ledger, caps, "", time.time()) if ledger.path.exists() else ()
    except LocalResourceError as error:
        yield Finding("bad", "budget", f"{error}; nothing under a cap is sent")
        return
    if not found:
        names = ", ".join(f"{cap.name}: {cap.money} a {cap.per}" for cap in caps)
        yield Finding("ok", "budget", f"{names}; nothing is spent yet")
    for standing in found:
        cap = standing.cap
        if cap.per == "run":
            yield Finding("ok", "budget", f"{cap.name}: {cap.money} a run")
            continue
        spent = f"{standing.spent} spent, {standing.reserved} set aside, {standing.left} left"
        ends = f" until {standing.ends:%Y-%m-%d %H:%M} UTC" if standing.ends else ""
        grade = "ok" if standing.left.micros else "note"
        yield Finding(grade, "budget", f"{cap.name}: {spent} of {cap.money} a {cap.per}{ends}")


def about_profile(config: Config) -> Iterator[Finding]:
    """Whose tags the profile has no threshold for, of the configured providers."""
    if (profile := config.profile) is None:
        return
    target = profile.target_precision
    text = f"{config.origins['profile']}{f', for a precision of {target}' if target else ''}"
    made = f", made {profile.made}" if profile.made else ""
    yield Finding("ok", "profile", text + made)
    for service in config.services.values():
        mine = profile.thresholds(service.name, service.plugin)
        if mine is None or mine.threshold is None:
            lacks = "is not in it" if mine is None else "reaches the target with no threshold"
            yield Finding("note", "profile", f"{service.name} {lacks}: its tags are not held to it")
