"""A profile: from which confidence on each provider's tags are believed.

    format = "taggers-profile/1"
    made = 2026-11-21
    target_precision = 0.95

    [providers.hw]               # the provider's name in taggers.toml, or else its plugin's
    threshold = 0.61             # without one, none is known that reaches the target
    n = 240                      # how many judged tags say so

    [providers.hw.labels]        # labels with a threshold of their own, as the provider spells them
    "cat" = 0.4

`taggers tune` writes it, and the client applies the one that `profile` in taggers.toml names.
"""

from __future__ import annotations

import datetime
import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from attrs import evolve, field, frozen

from ._config_keys import Key, Number, Text
from ._keep import strongest
from ._model import Options, Result, Tag
from ._provider import Offers
from ._registry import nearest
from .errors import ConfigurationError

__all__ = ["Profile", "Thresholds"]

FORMAT = "taggers-profile/1"
_FRACTION = Number(help="a confidence from 0 to 1", least=0, most=1)
_TOP: Mapping[str, Key] = {
    "format": Text(help="the format of the file", choices=(FORMAT,), required=True),
    "target_precision": Number(help="the precision that the thresholds are for", least=0, most=1),
}
_PROVIDER: Mapping[str, Key] = {
    "threshold": _FRACTION,
    "n": Number(help="how many judged tags it is made of", least=0, whole=True),
}


@frozen(kw_only=True)
class Thresholds:
    """The least confidences, 0 to 1, with which one provider's tags are kept: that of a label where
    it has one, by the provider's own spelling, or else `threshold`; None: all are. `n` is the
    number of judged tags that they are made of; None where that is not said."""

    threshold: float | None = None
    labels: Mapping[str, float] = field(factory=dict)
    n: int | None = None

    def of(self, tag: Tag) -> tuple[str | None, float | None]:
        """The label whose own threshold a tag has to reach, None where it is the provider's; and
        that threshold."""
        names = (tag.name, *tag.names.values())
        label = next((name for name in names if name in self.labels), None)
        return label, self.threshold if label is None else self.labels[label]


@frozen(kw_only=True)
class Profile:
    """The thresholds of some providers, by their names in the user's configuration or their
    plugins', and the precision that they were chosen for."""

    providers: Mapping[str, Thresholds] = field(factory=dict)
    target_precision: float | None = None
    made: datetime.date | None = None

    @classmethod
    def read(cls, path: Path) -> Self:
        """The profile in a file. Raises `ConfigurationError` with every mistake, each with its
        place."""
        document, faults = _document(path)
        faults += _faults(document) if not faults else ()
        if faults:
            raise ConfigurationError("\n".join(f"{path}: {fault}" for fault in faults))
        tables = document.get("providers", {})
        return cls(
            providers={name: Thresholds(**table) for name, table in tables.items()},
            target_precision=document.get("target_precision"),
            made=document.get("made"),
        )

    def to_toml(self) -> str:
        """The profile as `read` takes it."""
        return "\n".join(self._lines()) + "\n"

    def thresholds(self, name: str, plugin: str) -> Thresholds | None:
        """Those of a provider: by its name, or else by its plugin's."""
        return self.providers.get(name) or self.providers.get(plugin)

    def asking(self, options: Options, name: str, plugin: str, offers: Offers) -> Options:
        """The options to ask a provider with, so that its `limit` strongest tags are chosen of
        those that the profile keeps: as many tags as the vendor gives.

        A vendor that applies a limit and is not known to have a largest one is asked for the limit
        itself: without one it may give fewer.
        """
        if options.limit is None or self.thresholds(name, plugin) is None:
            return options
        most = max(options.limit, offers.max_limit or options.limit)
        return evolve(options, limit=most if "limit" in offers.applies else None)

    def kept(self, result: Result) -> Result:
        """The result without the tags under their threshold, and how many these were as a warning.

        A tag without a confidence stays: nothing is known against it. Where the profile has no
        threshold for a provider, all tags stay, and a warning says so.
        """
        plugin = result.provenance.plugin
        mine = self.thresholds(result.provider, plugin)
        if not result.tags:
            return result
        if mine is None:
            return _warned(result, f"it has no threshold for {result.provider}: all tags are kept")
        dropped = [tag for tag in result.tags if _is_under(tag, mine)]
        kept = tuple(tag for tag in result.tags if not _is_under(tag, mine))
        result = evolve(result, tags=kept)
        if mine.threshold is None and any(mine.of(tag)[1] is None for tag in kept):
            target = "its target" if (p := self.target_precision) is None else f"a precision of {p}"
            result = _warned(result, f"no threshold of {result.provider} is known for {target}")
        return _warned(result, _said(dropped, mine, result.provider)) if dropped else result

    def applied(self, result: Result, options: Options) -> Result:
        """What is `kept` of the answer to a question of `asking`; and of that the strongest tags,
        as many as the options allow."""
        result = self.kept(result)
        if options.limit is None or len(result.tags) <= options.limit:
            return result
        return evolve(result, tags=tuple(strongest(list(result.tags), options.limit)))

    def _lines(self) -> Iterator[str]:
        yield f"format = {_quoted(FORMAT)}"
        if self.made is not None:
            yield f"made = {self.made.isoformat()}"
        if self.target_precision is not None:
            yield f"target_precision = {self.target_precision!r}"
        for name, mine in self.providers.items():
            yield f"\n[providers.{_quoted(name)}]"
            for key in _PROVIDER:
                if (value := getattr(mine, key)) is not None:
                    yield f"{key} = {value!r}"
            if mine.labels:
                yield f"\n[providers.{_quoted(name)}.labels]"
            for label, threshold in mine.labels.items():
                yield f"{_quoted(label)} = {threshold!r}"


def _is_under(tag: Tag, mine: Thresholds) -> bool:
    _, least = mine.of(tag)
    return tag.confidence is not None and least is not None and tag.confidence < least


def _warned(result: Result, what: str) -> Result:
    return evolve(result, warnings=(*result.warnings, f"profile: {what}"))


def _said(dropped: list[Tag], mine: Thresholds, provider: str) -> str:
    """How many tags were dropped, and under which thresholds."""
    counts = Counter(mine.of(tag) for tag in dropped)
    reasons = [
        f"{count} under {least:g}, the threshold of {provider if label is None else repr(label)}"
        for (label, least), count in counts.items()
    ]
    return f"{len(dropped)} tag{'' if len(dropped) == 1 else 's'} dropped: {'; '.join(reasons)}"


def _quoted(text: str) -> str:
    """A text as TOML takes it: as JSON, but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _document(path: Path) -> tuple[dict[str, Any], list[str]]:
    """What stands in the file, and why it cannot be read, if it cannot."""
    try:
        return tomllib.loads(path.read_text("utf-8")), []
    except FileNotFoundError:
        return {}, ["there is no such file"]
    except (OSError, UnicodeDecodeError) as error:
        return {}, [f"it cannot be read: {error}"]
    except tomllib.TOMLDecodeError as error:
        return {}, [f"it is not TOML: {error}"]


def _faults(document: Mapping[str, Any]) -> Iterator[str]:
    yield from _table_faults("", document, _TOP, "made", "providers")
    made = document.get("made")
    if made is not None and type(made) is not datetime.date:
        yield f"made: must be a date as in 2026-11-21, not {made!r}"
    tables = document.get("providers", {})
    if not isinstance(tables, dict):
        yield f"providers: must be tables like [providers.NAME], not {tables!r}"
        return
    for name, table in tables.items():
        yield from _provider_faults(f"providers.{name}", table)


def _provider_faults(place: str, table: Any) -> Iterator[str]:
    if not isinstance(table, dict):
        yield f"{place}: must be a table [{place}], not {table!r}"
        return
    yield from _table_faults(f"{place}.", table, _PROVIDER, "labels")
    labels = table.get("labels", {})
    if not isinstance(labels, dict):
        yield f"{place}.labels: must be a table [{place}.labels], not {labels!r}"
        return
    for label, least in labels.items():
        if fault := _FRACTION.fault(least):
            yield f"{place}.labels.{label}: {fault}"


def _table_faults(
    place: str, table: Mapping[str, Any], keys: Mapping[str, Key], *more: str
) -> Iterator[str]:
    """What is wrong in a table; `more` keys are looked at by somebody else."""
    for name in table:
        if name not in keys and name not in more:
            close = nearest(name, (*keys, *more)) or f"; allowed are {', '.join((*keys, *more))}"
            yield f"{place}{name}: there is no such key{close}"
    for name, key in keys.items():
        if name not in table and key.required:
            yield f"{place}{name}: is missing; it takes {key.help}"
        elif name in table and (fault := key.fault(table[name])):
            yield f"{place}{name}: {fault}"
