"""Which installed distributions bring providers, as their metadata says: nothing is imported."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from importlib.metadata import Distribution, EntryPoint, distributions

from attrs import Factory, define, frozen

__all__ = ["GROUP", "OURS", "Declared", "canonical", "declared", "distribution_of"]

GROUP = "taggers.providers"
OURS = "taggers"
_NAME = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")


@frozen
class Declared:
    """What the distributions declare.

    The name of an entry point is the provider's. `faults` are the distributions and entry points
    that cannot be used: the distribution, and what is wrong with it.
    """

    points: tuple[EntryPoint, ...]
    faults: tuple[tuple[str, str], ...] = ()

    def distributions(self) -> list[str]:
        """The names of the distributions, also of those at fault."""
        named = [distribution_of(point) for point in self.points]
        return sorted({*named, *(name for name, _ in self.faults)})

    def only(self, wanted: Callable[[str], bool]) -> Declared:
        """What the wanted distributions declare."""
        return Declared(
            tuple(point for point in self.points if wanted(distribution_of(point))),
            tuple(fault for fault in self.faults if wanted(fault[0])),
        )


def declared() -> Declared:
    """What all installed distributions declare. One that cannot be read hides no other."""
    reading = _Reading()
    for distribution in distributions():
        reading.add(distribution)
    ours = {point.name for point in reading.points if distribution_of(point) == OURS}
    points = tuple(point for point in reading.points if reading.passes(point, ours))
    return Declared(points, tuple(reading.faults))


def distribution_of(point: EntryPoint) -> str:
    """The name of the distribution that an entry point is of."""
    return _name(point.dist) if point.dist else "an unknown distribution"


def canonical(name: str) -> str:
    """A distribution's name in its one normal form: Taggers_Acme is taggers-acme."""
    return re.sub(r"[-_.]+", "-", name).lower()


@define
class _Reading:
    """What has been read so far. Of a distribution that is there twice, the first counts."""

    points: list[EntryPoint] = Factory(list)
    faults: list[tuple[str, str]] = Factory(list)
    seen: set[str] = Factory(set)

    def add(self, distribution: Distribution) -> None:
        try:
            points = list(_points(distribution))
            if points and self._is_new(_name(distribution)):
                self.points += points
        except Exception as error:  # whatever reading a damaged file leads to
            reason = f"its metadata cannot be read ({type(error).__name__}: {error}); reinstall it"
            if self._is_new(folder := _folder(distribution)):
                self.faults.append((folder, reason))

    def _is_new(self, name: str) -> bool:
        new = canonical(name) not in self.seen
        self.seen.add(canonical(name))
        return new

    def passes(self, point: EntryPoint, ours: set[str]) -> bool:
        """Whether an entry point may bring its provider; otherwise it is a fault."""
        reason = _refusal(point, ours)
        if reason:
            self.faults.append((distribution_of(point), reason))
        return reason is None


def _refusal(point: EntryPoint, ours: set[str]) -> str | None:
    """Why an entry point may not bring its provider, as far as it can be told from here."""
    if not _NAME.fullmatch(point.name):
        return (
            f"its entry point {point.name!r} is no name for a provider: "
            "take lower-case letters and digits, with single hyphens between them"
        )
    if not point.pattern.match(point.value):
        return f"its entry point {point.name} names no module: {point.value!r}"
    if point.name in ours and distribution_of(point) != OURS:
        return f"its {point.name} is left out: {OURS} itself has a provider of that name"
    return None


def _points(distribution: Distribution) -> Iterator[EntryPoint]:
    if GROUP in (distribution.read_text("entry_points.txt") or ""):
        yield from distribution.entry_points.select(group=GROUP)


@functools.cache  # its metadata is parsed whole, with the long description, at every look
def _name(distribution: Distribution) -> str:
    """The distribution's name. Raises `LookupError` where its metadata has none, or no version."""
    metadata = distribution.metadata
    for key in ("Name", "Version"):
        if key not in metadata:
            raise LookupError(f"it has no {key}")
    return metadata["Name"]


def _folder(distribution: Distribution) -> str:
    """The distribution's name as that of its folder tells it, where the metadata cannot."""
    folder = getattr(distribution, "_path", None)  # there is no public way to it
    return canonical(folder.name.partition("-")[0]) if folder else "an unknown distribution"
