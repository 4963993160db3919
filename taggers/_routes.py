"""Routes: whom to ask, in which order, as arithmetic: no clock, no I/O, no randomness of its own.

A route's targets are providers or other routes, so that routes make a tree. `Planner.plan` flattens
it for one call: the strategies put targets in order, the filters leave some out, and each provider
comes with the routes that lead to it, the outermost first, whose settings it inherits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, TypeVar

from attrs import evolve, field, frozen

from ._image import Image
from ._money import Money
from ._policy import Policy
from ._provider import Provider
from .errors import ConfigurationError

__all__ = ["Asked", "Candidate", "Plan", "Planner", "Route", "Step", "Strategy", "When"]

Strategy = Literal["fallback", "weighted", "cheapest", "fastest", "condition"]
T = TypeVar("T")


@frozen(kw_only=True)
class Asked:
    """What a call asks for, for conditions: the picture, the language, and what the caller said."""

    image: Image
    language: str | None = None
    metadata: Mapping[str, str] = field(factory=dict)


@frozen(kw_only=True)
class When:
    """A rule: `use` this target for calls that fit all that is set here."""

    use: str
    format: tuple[str, ...] | None = None
    language: tuple[str, ...] | None = None
    min_bytes: int | None = None
    max_bytes: int | None = None
    min_edge_px: int | None = None
    max_edge_px: int | None = None
    metadata: Mapping[str, str] = field(factory=dict)

    def fits(self, asked: Asked) -> bool:
        """Whether the rule is for this call. What is not known of a picture fits no limit."""
        image = asked.image
        size = None if image.content is None else len(image.content)
        edge = max(image.width, image.height) if image.width and image.height else None
        return (
            (self.format is None or image.format in self.format)
            and (self.language is None or asked.language in self.language)
            and _within(size, self.min_bytes, self.max_bytes)
            and _within(edge, self.min_edge_px, self.max_edge_px)
            and all(asked.metadata.get(name) == text for name, text in self.metadata.items())
        )


@frozen(kw_only=True)
class Candidate:
    """What a plan has to know of a provider: what it is, where it is asked, what a unit costs, and
    how long a call has taken lately, in seconds; None where that is not known."""

    provider: Provider
    region: str | None = None
    price: Money | None = None
    latency_s: float | None = None


@frozen(kw_only=True)
class Route:
    """One `[routes.NAME]` table: a way to choose among targets. None: as the route around it.

    * `strategy`: "fallback" asks the targets in order until one answers; "weighted" draws the first
      by `weights`; "cheapest" and "fastest" sort; "condition" asks what the first fitting rule of
      `when` says, and the targets in order where none fits;
    * `paid_fallback`: whether it goes on also after a failure that may have been billed, or that
      paying another vendor would hide;
    * `attempts`, `deadline_s`, `unknown`: as in `Policy`; an inner route may only have less;
    * `budget`: what a run may spend by it;
    * `vendors`, `regions`, `requires`: whom it asks at all, whatever the strategy;
    * `shadow`: candidates that a `shadow_share` of the calls is sent to as well that name this
      route; its settings, filters and budget hold for them as for its targets.
    """

    name: str
    targets: tuple[str, ...]
    strategy: Strategy = "fallback"
    weights: tuple[float, ...] | None = None
    when: tuple[When, ...] = ()
    paid_fallback: bool | None = None
    attempts: int | None = None
    deadline_s: float | None = None
    unknown: Literal["raise", "retry-once"] | None = None
    budget: Money | None = None
    vendors: tuple[str, ...] | None = None
    regions: tuple[str, ...] | None = None
    requires: tuple[str, ...] | None = None
    shadow: tuple[str, ...] = ()
    shadow_share: float = 0.1
    file: Path | None = None

    @property
    def mentions(self) -> tuple[str, ...]:
        """Every provider and route that it may ask."""
        return tuple(dict.fromkeys((*self.targets, *(rule.use for rule in self.when))))

    def policy(self, usual: Policy) -> Policy:
        """The policy of calls that name this route: as usual, but for what it says itself."""
        return evolve(
            usual,
            attempts=self.attempts or usual.attempts,
            deadline_s=self.deadline_s or usual.deadline_s,
            unknown=self.unknown or usual.unknown,
        )

    def shadowed(self, roll: float) -> bool:
        """Whether a call goes to the shadows as well; `roll` is a random number from 0 to 1."""
        return bool(self.shadow) and roll < self.shadow_share

    def why_not(self, candidate: Candidate) -> str | None:
        """Why the filters leave a provider out; None where they do not."""
        provider = candidate.provider
        if self.vendors is not None and not _is_one_of(provider.vendor, self.vendors):
            return f"{provider.vendor} is none of the vendors of {self.name}"
        if self.regions is not None and candidate.region is None:
            return f"it has no region, and {self.name} asks in some alone"
        if self.regions is not None and not _matches(candidate.region, self.regions):
            return f"its region, {candidate.region}, is none of those of {self.name}"
        offers = provider.offers
        offered = {*offers.kinds, *offers.languages}
        offered |= {name for name in ("boxes", "images") if getattr(offers, name)}
        lacking = [word for word in self.requires or () if word not in offered]
        return f"it does not offer {', '.join(lacking)}" if lacking else None

    def faults(self, candidates: Sequence[Candidate]) -> Iterator[str]:
        """What is wrong with filters that leave out every one of these, which it may ask."""
        for key in ("vendors", "requires"):
            alone = evolve(self, vendors=None, regions=None, requires=None)
            alone = evolve(alone, **{key: getattr(self, key)})
            reasons = [alone.why_not(candidate) for candidate in candidates]
            if reasons and all(reasons):
                said = "; ".join(dict.fromkeys(map(str, reasons)))
                yield f"routes.{self.name}.{key}: leaves out all of its targets: {said}"


@frozen
class Step:
    """One provider in a plan, and the routes that lead to it, the outermost first."""

    name: str
    routes: tuple[Route, ...]

    def policy(self, given: Policy) -> Policy:
        """The policy for asking it: what is given, as far as the routes do not narrow it. Nothing
        is repeated that may be billed where any of them says so."""
        if not self.routes:
            return given
        said = [route.unknown for route in self.routes if route.unknown]
        return evolve(
            given,
            attempts=min([given.attempts, *(r.attempts for r in self.routes if r.attempts)]),
            deadline_s=min(
                [given.deadline_s, *(r.deadline_s for r in self.routes if r.deadline_s)]
            ),
            unknown="raise" if "raise" in said else said[0] if said else given.unknown,
        )

    def paid_on(self, to: Step) -> bool:
        """Whether a call may go on from here to another step at a cost."""
        shared = [mine for mine, its in zip(self.routes, to.routes, strict=False) if mine is its]
        said = [route.paid_fallback for route in shared if route.paid_fallback is not None]
        return bool(said and said[-1])


@frozen
class Plan:
    """Whom to ask in turn; and whom not, and why."""

    steps: tuple[Step, ...]
    left: Mapping[str, str]


@frozen(kw_only=True)
class Planner:
    """Makes plans: `routes` by name; `of` tells what a provider is; `roll` gives random numbers
    from 0 to 1; `cny_per_usd` is for comparing prices in two currencies."""

    routes: Mapping[str, Route]
    of: Callable[[str], Candidate]
    roll: Callable[[], float]
    cny_per_usd: float | None = None

    def plan(self, name: str, asked: Asked, within: tuple[Route, ...] = ()) -> Plan:
        """Whom to ask by the name of a provider or a route, `within` other routes."""
        left: dict[str, str] = {}
        steps = self._steps(name, asked, within, left)
        once = {step.name: step for step in reversed(steps)}
        ordered = tuple(step for step in steps if once[step.name] is step)
        return Plan(ordered, {who: why for who, why in left.items() if who not in once})

    def leaves(self, name: str) -> Sequence[str]:
        """Every provider that may be asked by the name of a provider or a route."""
        route = self.routes.get(name)
        if route is None:
            return [name]
        return list(dict.fromkeys(leaf for inner in route.mentions for leaf in self.leaves(inner)))

    def _steps(
        self, name: str, asked: Asked, above: tuple[Route, ...], left: dict[str, str]
    ) -> list[Step]:
        route = self.routes.get(name)
        if route is None:
            return self._leaf(name, above, left)
        path = (*above, route)
        chosen = self._chosen(route, asked)
        branches = [self._steps(target, asked, path, left) for target in chosen]
        weights = route.weights or (1.0,) * len(chosen)
        there = [(b, w) for b, w in zip(branches, weights, strict=False) if b]
        ordered = self._ordered(route, [b for b, _ in there], [w for _, w in there])
        return [step for branch in ordered for step in branch]

    def _leaf(self, name: str, above: tuple[Route, ...], left: dict[str, str]) -> list[Step]:
        filtering = [route for route in above if route.vendors or route.regions or route.requires]
        candidate = self.of(name) if filtering else None
        for route in filtering:
            assert candidate is not None
            if why := route.why_not(candidate):
                left[name] = why
                return []
        return [Step(name, above)]

    def _chosen(self, route: Route, asked: Asked) -> tuple[str, ...]:
        if route.strategy == "condition":
            fitting = next((rule for rule in route.when if rule.fits(asked)), None)
            if fitting is not None:
                return (fitting.use,)
        return route.targets

    def _ordered(
        self, route: Route, branches: list[list[Step]], weights: list[float]
    ) -> list[list[Step]]:
        if route.strategy == "weighted":
            return _drawn(branches, weights, self.roll)
        if route.strategy == "cheapest":
            return self._by_cost(route, branches)
        if route.strategy == "fastest":
            return sorted(branches, key=lambda branch: self.of(branch[0].name).latency_s or 0.0)
        return branches

    def _by_cost(self, route: Route, branches: list[list[Step]]) -> list[list[Step]]:
        firsts = {branch[0].name: self.of(branch[0].name) for branch in branches}
        prices = [candidate.price for candidate in firsts.values()]
        in_yuan = any(price is not None and price.currency == "CNY" for price in prices)
        costs = {name: self._cost(route, of, in_yuan) for name, of in firsts.items()}
        return sorted(branches, key=lambda branch: costs[branch[0].name])

    def _cost(self, route: Route, candidate: Candidate, in_yuan: bool) -> float:
        """What a unit costs there, in micros of a yuan, or of a dollar where all is in dollars."""
        if candidate.provider.offers.unit is None:
            return 0.0
        if candidate.price is None:
            return float("inf")
        if candidate.price.currency == "CNY" or not in_yuan:
            return candidate.price.micros
        if self.cny_per_usd is None:
            raise ConfigurationError(
                f"route {route.name!r} compares prices in CNY and USD",
                hint="write cny_per_usd = 7.1, or what it is, into [prices] of taggers.toml",
            )
        return candidate.price.in_cny(self.cny_per_usd)


def _drawn(items: list[T], weights: list[float], roll: Callable[[], float]) -> list[T]:
    """The items in an order in which each comes first as often as its weight says, and so on."""
    left, order = list(zip(items, weights, strict=True)), []
    while left:
        point = roll() * sum(weight for _, weight in left)
        index = 0
        while index < len(left) - 1 and point >= left[index][1]:
            point -= left[index][1]
            index += 1
        order.append(left.pop(index)[0])
    return order


def _within(value: int | None, least: int | None, most: int | None) -> bool:
    if value is None:
        return least is None and most is None
    return (least or 0) <= value and (most is None or value <= most)


def _is_one_of(vendor: str, names: Sequence[str]) -> bool:
    """Whether a vendor is named; its first words do, as "huawei" for Huawei Cloud."""
    words = vendor.lower().split()
    return any(words[: len(said)] == said for said in (name.lower().split() for name in names))


def _matches(text: Any, patterns: Sequence[str]) -> bool:
    return isinstance(text, str) and any(fnmatchcase(text, pattern) for pattern in patterns)
