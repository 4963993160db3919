"""`taggers.toml`: which providers there are and how to choose among them.

    default = "tags"                     # a provider or a route
    profile = "profile.toml"             # thresholds, made by `taggers tune`; beside this file

    [providers.hw]                       # a name of your own, or an installed provider's
    plugin = "huawei-tagging-v2"         # which installed provider it is
    region = "cn-north-4"                # its settings
    project_id = "${HUAWEICLOUD_SDK_PROJECT_ID}"

    [routes.tags]
    strategy = "fallback"
    targets = ["hw", "local-basic"]

    [budgets.photos]
    cap = "50 CNY"
    per = "day"

    [batch]
    confirm_above = "20 CNY"             # `taggers batch` asks before it may cost more

The user's own file is read first and the project's on top of it. All mistakes are reported at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, evolve, field, frozen

from ._keys import state_folder
from ._limits import Limits
from ._money import Money
from ._policy import Policy
from ._registry import Registry, installed, nearest
from ._routes import Route, Step
from ._secret import names_only
from ._settings import Setting
from ._spend import Cap
from .errors import ConfigurationError

if TYPE_CHECKING:
    from ._profile import Profile

__all__ = ["ENDPOINT", "REFERENCE", "Config", "Prices", "Service", "Store"]

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
ENDPOINT = Setting("endpoint", "the URL to ask instead of the vendor's own", pattern="https?://.+")


@frozen
class Service:
    """One `[providers.NAME]` table: an installed provider under the user's own name.

    `limits` are those of the user's account; where they are None, what the provider declares holds.
    """

    name: str
    plugin: str
    settings: Mapping[str, Any] = field(factory=dict, repr=names_only)
    file: Path | None = None
    limits: Limits = field(factory=Limits)


@frozen(kw_only=True)
class Store:
    """`[store]`: where taggers keeps what it has to remember (None: in the user's own folder), and
    whether it remembers limits for all processes of this machine, and answers."""

    folder: Path | None = None
    share_limits: bool = False
    cache: bool = False

    @property
    def place(self) -> Path:
        """The folder."""
        return self.folder or state_folder()


@frozen
class Prices:
    """`[prices]`: what a billable unit costs, by provider, and how many yuan a dollar is worth."""

    units: Mapping[str, Money] = field(factory=dict)
    cny_per_usd: float | None = None

    def said(self, name: str, plugin: str) -> Money | None:
        """What the user says that a provider costs, by its own name or else its plugin's."""
        return self.units.get(self.key(name, plugin))

    def key(self, name: str, plugin: str) -> str:
        """The name by which the price of a provider is, or would be, written."""
        return name if name in self.units else plugin


@define
class Config:
    """What the configuration files say. `trusted_hosts` comes from the user's own file alone.
    `confirm_above` is what a batch may cost unasked; None: a sensible amount.
    `origins` are the files of the default, the budgets and the prices, by their key path, and the
    profile's own."""

    default: str | None = None
    services: dict[str, Service] = field(factory=dict)
    routes: dict[str, Route] = field(factory=dict)
    policy: Policy = field(factory=Policy)
    store: Store = field(factory=Store)
    budgets: dict[str, Cap] = field(factory=dict)
    confirm_above: Money | None = None
    prices: Prices = field(factory=Prices)
    profile: Profile | None = None
    trusted_hosts: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    origins: dict[str, Path] = field(factory=dict)

    def service(self, name: str, registry: Registry | None = None) -> Service:
        """The provider that is meant by a name: a table of the user's, or an installed provider."""
        registry = registry or installed()
        if name in self.services:
            return self.services[name]
        if name in registry.names() or name in registry.left_out:
            return Service(name, name)
        known = [*self.services, *registry.names()]
        raise ConfigurationError(
            f"there is no provider {name!r}{nearest(name, known)}",
            hint="`taggers providers` lists them",
            scope="call",
        )

    def policy_of(self, name: str, given: Policy | None = None) -> Policy:
        """The policy of calls by the name of a provider or a route. What a route says comes before
        what is said of all calls; what a program has `given`, it only narrows."""
        route = self.routes.get(name)
        if route is None:
            return given or self.policy
        return Step(name, (route,)).policy(given) if given else route.policy(self.policy)

    def caps(self) -> tuple[Cap, ...]:
        """All spend caps: those of `[budgets]`, and what the routes may spend.

        A cap on an installed provider counts what is spent under the user's own names for it, too.
        """
        of_routes = (
            Cap(f"route {route.name}", route.budget, "run", routes=(route.name,))
            for route in self.routes.values()
            if route.budget
        )
        return (*map(self._with_own_names, self.budgets.values()), *of_routes)

    def _with_own_names(self, cap: Cap) -> Cap:
        named = cap.providers or ()
        own = (service.name for service in self.services.values() if service.plugin in named)
        return evolve(cap, providers=tuple(dict.fromkeys((*named, *own)))) if named else cap
