"""Reads one `taggers.toml`, and notes every mistake in it with its place."""

from __future__ import annotations

import contextlib
import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import define, evolve, field

from ._config import ENDPOINT, REFERENCE, Config, Prices, Service, Store
from ._config_keys import (
    BATCH,
    BUDGET,
    HOSTS,
    POLICY,
    PROFILE,
    ROUTE,
    SERVICE,
    STORE,
    WHEN,
    Key,
    Number,
    is_money,
)
from ._keys import user_folder
from ._limits import Limits
from ._money import Money
from ._profile import Profile
from ._provider import Provider
from ._registry import Registry, nearest
from ._routes import Route, When
from ._settings import Setting
from ._spend import Cap
from .errors import ConfigurationError, PluginError

__all__ = ["Reader"]

CNY_PER_USD = "cny_per_usd"
_TOP = (
    "default", "providers", "routes", "policy", "store", "batch", "budgets", "prices", "profile",
    "trusted_hosts",
)  # fmt: skip


@define
class Reader:
    """Reads one file and notes what is wrong in it."""

    file: Path
    registry: Registry
    trusted: bool
    faults: list[str] = field(factory=list)

    def read_into(self, config: Config) -> None:
        config.files += (self.file,)
        document = self._document()
        self._known_keys("", document, _TOP)
        if (default := document.get("default")) is not None:
            config.default = self._text("default", default)
            config.origins["default"] = self.file
        for name, table in self._tables("providers", document):
            config.services[name] = self._service(name, table)
        for name, table in self._tables("routes", document):
            if route := self._route(name, table):
                config.routes[name] = route
        config.policy = evolve(config.policy, **self._one("policy", document, POLICY))
        config.store = self._store(config, document)
        if amount := self._one("batch", document, BATCH).get("confirm_above"):
            config.confirm_above = Money.parse(amount)
        config.prices = self._prices(config, document)
        for name, table in self._tables("budgets", document):
            self._budget(config, name, table)
        self._profile(config, document)
        self._trust(config, document)

    def _document(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.file.read_text("utf-8"))
        except FileNotFoundError:
            self.faults.append("there is no such file")
        except (OSError, UnicodeDecodeError) as error:
            self.faults.append(f"it cannot be read: {error}")
        except tomllib.TOMLDecodeError as error:
            self.faults.append(f"it is not TOML: {error}")
        return {}

    def _known_keys(self, place: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                close = nearest(key, known) or f"; allowed are {', '.join(sorted(known))}"
                self.faults.append(f"{place}{key}: there is no such key{close}")

    def _text(self, place: str, value: Any) -> str | None:
        if isinstance(value, str) and value:
            return value
        self.faults.append(f"{place}: must be a text, not {value!r}")
        return None

    def _table(
        self, place: str, table: Mapping[str, Any], keys: Mapping[str, Key], *more: str
    ) -> dict[str, Any]:
        """The values of a table that are good; `more` keys are looked at by somebody else."""
        self._known_keys(f"{place}.", table, (*more, *keys))
        good = {}
        for name, key in keys.items():
            if name not in table and key.required:
                self.faults.append(f"{place}.{name}: is missing; it takes {key.help}")
            if name not in table or name in more:
                continue
            if fault := key.fault(table[name]):
                mark = "" if fault.startswith("[") else ": "
                self.faults.append(f"{place}.{name}{mark}{fault}")
            else:
                good[name] = tuple(v) if isinstance(v := table[name], list) else v
        return good

    def _one(
        self, name: str, document: Mapping[str, Any], keys: Mapping[str, Key]
    ) -> dict[str, Any]:
        """The values of a table of which there is one."""
        table = document.get(name, {})
        if not isinstance(table, dict):
            self.faults.append(f"{name}: must be a table [{name}], not {table!r}")
            return {}
        return self._table(name, table, keys)

    def _tables(self, key: str, document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        tables = document.get(key, {})
        if not isinstance(tables, dict):
            self.faults.append(f"{key}: must be tables like [{key}.NAME], not {tables!r}")
            return
        for name, table in tables.items():
            if isinstance(table, dict):
                yield name, table
            else:
                self.faults.append(f"{key}.{name}: must be a table [{key}.{name}], not {table!r}")

    def _service(self, name: str, table: dict[str, Any]) -> Service:
        place = f"providers.{name}"
        known = [*self.registry.names(), *self.registry.left_out]
        given = {key: value for key, value in table.items() if key not in ("plugin", *SERVICE)}
        own = {key: value for key, value in table.items() if key in SERVICE}
        limits = Limits(**self._table(place, own, SERVICE))
        plugin = table.get("plugin", name if name in known else None)
        if name in known and plugin != name:
            self.faults.append(f"{place}: {name} is an installed provider; take another name")
        if plugin is None:
            self.faults.append(f'{place}.plugin: is missing; write plugin = "PROVIDER"')
        elif plugin not in known:
            close = nearest(str(plugin), known)
            self.faults.append(f"{place}.plugin: there is no provider {plugin!r}{close}")
            self._like(place, given, str(plugin))
        else:
            # A plugin that is broken or left out is reported when it is used, and not before.
            with contextlib.suppress(PluginError):
                self._settings(place, given, self.registry.provider(plugin))
        return Service(name, str(plugin), given, self.file, limits)

    def _like(self, place: str, given: dict[str, Any], plugin: str) -> None:
        """Judges the settings of a mistyped provider as if it were the one that is meant."""
        close = difflib.get_close_matches(plugin, self.registry.names(), n=1, cutoff=0.8)
        with contextlib.suppress(PluginError):
            for name in close:
                self._settings(place, given, self.registry.provider(name))

    def _settings(self, place: str, given: dict[str, Any], provider: Provider) -> None:
        address = [ENDPOINT] if provider.endpoint else []
        settings = {setting.name: setting for setting in (*provider.settings, *address)}
        self._known_keys(f"{place}.", {**given}, ("plugin", *SERVICE, *settings))
        for key, value in given.items():
            if setting := settings.get(key):
                fault = _secret_fault(setting, value) or _value_fault(setting, value)
                self.faults += [f"{place}.{key}: {fault}"] if fault else []

    def _route(self, name: str, table: dict[str, Any]) -> Route | None:
        place = f"routes.{name}"
        good = self._table(place, table, ROUTE, "when")
        if "budget" in good:
            good["budget"] = Money.parse(good["budget"])
        rules = self._rules(f"{place}.when", table.get("when", []))
        if "targets" not in good:
            return None
        route = Route(name=name, file=self.file, when=rules, **good)
        self.faults += [f"{place}.{fault}" for fault in _route_faults(route)]
        if "shadow_share" in good and not route.shadow:
            self.faults.append(f"{place}.shadow_share: goes with shadow")
        return route

    def _rules(self, place: str, tables: Any) -> tuple[When, ...]:
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self.faults.append(f"{place}: must be tables like [[{place}]], not {tables!r}")
            return ()
        read = (self._table(f"{place}[{i}]", table, WHEN) for i, table in enumerate(tables))
        rules = tuple(When(**good) for good in read if "use" in good)
        self.faults += [f"{place}: {rule.use}: {why}" for rule in rules if (why := _never(rule))]
        return rules

    def _budget(self, config: Config, name: str, table: dict[str, Any]) -> None:
        good = self._table(f"budgets.{name}", table, BUDGET)
        if name in config.budgets:
            self.faults.append(f"budgets.{name}: your own file has one of that name; take another")
        elif "cap" in good and "per" in good:
            config.origins[f"budgets.{name}"] = self.file
            money = Money.parse(good.pop("cap"))
            config.budgets[name] = Cap(name=name, money=money, **good)

    def _store(self, config: Config, document: Mapping[str, Any]) -> Store:
        good = self._one("store", document, STORE)
        if "folder" in good and config.budgets:
            self.faults.append("store.folder: your own file sets budgets, whose ledger stays there")
        if "folder" in good:
            good["folder"] = self.file.parent / Path(good["folder"]).expanduser()
        return evolve(config.store, **good)

    def _prices(self, config: Config, document: Mapping[str, Any]) -> Prices:
        prices = config.prices
        table = document.get("prices", {})
        if not isinstance(table, dict):
            self.faults.append(f"prices: must be a table [prices], not {table!r}")
            return prices
        rate = table.get(CNY_PER_USD)
        if rate is not None and (fault := Number(help="").fault(rate)):
            self.faults.append(f"prices.{CNY_PER_USD}: {fault}")
        written = {name: text for name, text in table.items() if name != CNY_PER_USD}
        for name, text in written.items():
            if not is_money(text):
                self.faults.append(
                    f'prices.{name}: must be an amount as in "0.0012 CNY", not {text!r}'
                )
        if written and config.budgets:
            self.faults.append("prices: your own file sets budgets, which count by its prices")
        units = {name: Money.parse(text) for name, text in written.items() if is_money(text)}
        config.origins |= {f"prices.{name}": self.file for name in units}
        return Prices({**prices.units, **units}, prices.cny_per_usd if rate is None else rate)

    def _profile(self, config: Config, document: Mapping[str, Any]) -> None:
        named = document.get("profile")
        if named is None:
            return
        if fault := PROFILE.fault(named):
            self.faults.append(f"profile: {fault}")
            return
        path = self.file.parent / Path(named).expanduser()
        try:
            config.profile = Profile.read(path)
        except ConfigurationError as error:
            self.faults += [f"profile: {fault}" for fault in error.message.splitlines()]
        config.origins["profile"] = path

    def _trust(self, config: Config, document: Mapping[str, Any]) -> None:
        if "trusted_hosts" not in document:
            return
        if not self.trusted:
            self.faults.append(
                "trusted_hosts: only your own file may set this: "
                f"{user_folder() / 'config.toml'} (see `taggers config path`)"
            )
            return
        if fault := HOSTS.fault(document["trusted_hosts"]):
            self.faults.append(f"trusted_hosts: {fault}")
        else:
            config.trusted_hosts = tuple(document["trusted_hosts"])


def _secret_fault(setting: Setting, value: Any) -> str | None:
    if not setting.secret or (isinstance(value, str) and REFERENCE.fullmatch(value)):
        return None
    env = setting.env or setting.name.upper()
    return f'is a secret and may not stand here; write "${{{env}}}" and run: taggers keys set {env}'


def _value_fault(setting: Setting, value: Any) -> str | None:
    """What is wrong with a value; one with references is judged when they are known."""
    if isinstance(value, str) and REFERENCE.search(value):
        return None
    fault = setting.fault(value)
    if fault and setting.choices and isinstance(value, str) and not setting.many:
        fault += nearest(value, setting.choices)
    return fault


def _never(rule: When) -> str | None:
    """Why a rule fits no call, if it fits none."""
    for unit in ("bytes", "edge_px"):
        least, most = getattr(rule, f"min_{unit}"), getattr(rule, f"max_{unit}")
        if None not in (least, most) and least > most:
            return f"min_{unit} is more than max_{unit}"
    return None


def _route_faults(route: Route) -> Iterator[str]:
    """What of a route does not go together."""
    if route.name in route.shadow:
        yield "shadow: it is its own; name another"
    if route.weights is not None and route.strategy != "weighted":
        yield 'weights: goes with strategy = "weighted"'
    if route.weights is not None and len(route.weights) != len(route.targets):
        yield f"weights: has {len(route.weights)} for {len(route.targets)} targets"
    if route.when and route.strategy != "condition":
        yield 'when: goes with strategy = "condition"'
    if route.strategy == "condition" and not route.when:
        yield f"when: is missing; write a rule as a table [[routes.{route.name}.when]]"
