"""Where each setting comes from, and which credentials are used: those of one place, whole.

A key from one place and a session token from another are no credential. So the first place that
holds a whole one is taken, and nothing that belongs to it from anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import evolve, field, frozen

from ._config import ENDPOINT, REFERENCE, Service
from ._keys import Keys
from ._provider import Provider
from ._settings import Secret, Setting
from .errors import ConfigurationError

__all__ = ["Found", "find"]

ARGUMENT, TABLE, ENVIRONMENT, STORED, DEFAULT, FILE = PLACES = range(6)
"""Where settings are looked for, in this order: the arguments, the provider's table in the
configuration, the environment, `keys.toml`, the default, and the vendor's own file."""


@frozen
class Found:
    """One setting's value and where it came from: "argument", a file, a variable, "default" or
    "unset"; `fault` says what is wrong with it."""

    setting: Setting
    value: Any = field(repr=False)
    origin: str
    fault: str | None = None
    place: int = field(default=FILE, repr=False)


Candidates = Mapping[str, list[Found]]
"""For each setting every value that there is, first to last."""


def find(
    provider: Provider, service: Service, keys: Keys, arguments: Mapping[str, Any]
) -> list[Found]:
    """Every setting of the provider, found or not.

    A setting is taken from the first place that has it, but the secrets of a credential all from
    the first place that has one whole. Where none has, they are put together from several.
    """
    settings = (*provider.settings, *([ENDPOINT] if provider.endpoint else []))
    known = {setting.name for setting in settings}
    if strange := sorted(set(arguments) - known):
        raise ConfigurationError(
            f"{provider.name} has no setting {', '.join(strange)}; "
            f"it has {', '.join(sorted(known)) or 'none'}"
        )
    kept = keys.of_vendor(provider.credentials_file)
    candidates = {
        setting.name: [
            _checked(found) for found in _candidates(setting, service, keys, arguments, kept)
        ]
        for setting in settings
    }
    first = {name: found[0] for name, found in candidates.items() if found}
    first |= _credential(provider, candidates)
    return [first.get(setting.name) or Found(setting, None, "unset") for setting in settings]


def _candidates(
    setting: Setting,
    service: Service,
    keys: Keys,
    arguments: Mapping[str, Any],
    kept: Mapping[str, tuple[str, str]],
) -> Iterator[Found]:
    name = setting.name
    if arguments.get(name) is not None:
        yield Found(setting, arguments[name], "argument", place=ARGUMENT)
    if name in service.settings:
        value, fault = _expanded(service.settings[name], keys)
        yield Found(setting, value, str(service.file), fault, TABLE)
    for place, source in ((ENVIRONMENT, keys.environment), (STORED, keys.stored)):
        if setting.env and (value := source.get(setting.env)):
            where = "environment" if place == ENVIRONMENT else "keys.toml"
            yield Found(setting, value, f"{setting.env} ({where})", place=place)
    if setting.default is not None:
        yield Found(setting, setting.default, "default", place=DEFAULT)
    if name in kept:
        value, origin = kept[name]
        yield Found(setting, value, origin, place=FILE)


def _checked(found: Found) -> Found:
    """The same with its value as the setting has it: a `Secret`, a tuple, a text."""
    setting, value = found.setting, found.value
    if value is None:
        return found
    if isinstance(value, Secret):
        value = value.reveal()
    if setting.many and isinstance(value, str):
        value = [item.strip() for item in value.split(",")]
    value = setting.plain(value)
    fault = found.fault or setting.fault(value)
    if setting.secret:
        return evolve(found, value=Secret(str(value)), fault=fault)
    return evolve(found, value=tuple(value) if setting.many else value, fault=fault)


def _expanded(value: Any, keys: Keys) -> tuple[Any, str | None]:
    """The value with each `${NAME}` in it replaced."""
    if not isinstance(value, str):
        return value, None
    names = REFERENCE.findall(value)
    if unset := [name for name in names if keys.find(name) is None]:
        missing = ", ".join(unset)
        return None, f"refers to {missing}, which is not set; run: taggers keys set {unset[0]}"

    def stored(match: Any) -> str:
        found = keys.find(match[1])
        return found[0] if found else ""

    return REFERENCE.sub(stored, value), None


def _credential(provider: Provider, candidates: Candidates) -> dict[str, Found]:
    """What credentials are made of, each part used or left out."""
    parts = {name for way in provider.credentials for name in way}
    parts |= {setting.name for setting in provider.settings if setting.secret}
    first = {name: candidates[name][0] for name in sorted(parts) if candidates[name]}
    for place in PLACES:
        here = {name: found for name in first for found in candidates[name] if found.place == place}
        for way in provider.credentials:
            if _whole(way, here, first):
                used = {name: first[name] for name in way} | here
                return _settled(first, used, way)
    for way in provider.credentials:
        if set(way) <= set(first):
            places = {first[name].place for name in way}
            used = {name: found for name, found in first.items() if found.place in places}
            return _settled(first, used, way)
    return first


def _whole(way: tuple[str, ...], here: Mapping[str, Found], first: Mapping[str, Found]) -> bool:
    """Whether one place has a whole credential of this kind. Of one with secrets in it only those
    have to stand together: a user's name may be configured and the password kept elsewhere."""
    secret = {name for name in way if name in first and first[name].setting.secret}
    return set(way) <= set(first) and (secret or set(way)) <= set(here)


def _settled(
    first: Mapping[str, Found], used: Mapping[str, Found], way: tuple[str, ...]
) -> dict[str, Found]:
    """The parts that are used, and the others as unset."""
    key = max((used[name] for name in way), key=lambda found: found.place)
    said = f"{' and '.join(way)} by {key.origin}"
    parts = dict(used)
    for name, found in first.items():
        if used.get(name) is not found and _meant(found, key):
            fault = f"is set by {found.origin}, and {said}: set all in one place"
            parts[name] = evolve(found, fault=fault)
        elif name not in used:
            parts[name] = Found(found.setting, None, f"left out: {said}")
    return parts


def _meant(found: Found, key: Found) -> bool:
    """Whether a part was given so explicitly, beside a key that was not, that leaving it out would
    be a surprise."""
    places = (ARGUMENT, TABLE) if found.setting.secret else (ARGUMENT,)
    return found.place in places and found.place < key.place
