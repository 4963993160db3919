"""One call's way along a plan: from provider to provider, until one answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from attrs import define, evolve, field

from ._guards import Repeats
from ._model import Attempt, Result
from ._policy import Policy
from ._routes import Plan, Step
from .errors import DeadlineExceeded, NotSupported, TaggersError

__all__ = ["Ask", "Walk"]


class Ask(Protocol):
    """Asks one provider, with what is left of the time and of the repeats."""

    def __call__(self, step: Step, policy: Policy, repeats: Repeats) -> Awaitable[Result]: ...


@define
class Walk:
    """Asks a plan's providers in turn, as far as their errors let it go on.

    One time and one number of repeats are shared by all of them, and those of an inner route by its
    own, whose time begins with the first. `policy` is the call's; `ends` are the ticks at which its
    time is over.
    """

    plan: Plan
    policy: Policy
    ends: float
    ask: Ask
    ticks: Callable[[], float]
    _left: dict[str, str] = field(factory=dict)
    _attempts: tuple[Attempt, ...] = ()
    _times: dict[str, float] = field(factory=dict)
    _repeats: Repeats = field(init=False)
    _inner_repeats: dict[str, Repeats] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self._repeats = Repeats(self.policy.attempts - 1)

    async def result(self) -> Result:
        """The first answer. Raises the `TaggersError` in which the way ends."""
        self._left.update(self.plan.left)
        if not self.plan.steps:
            reasons = "; ".join(f"{name}: {why}" for name, why in self._left.items())
            says = f"no target of the route is left: {reasons}"
            raise NotSupported(says, outcome="not sent", left=dict(self._left))
        *others, last = self.plan.steps
        for step, following in zip(others, self.plan.steps[1:], strict=True):
            try:
                return self._with_all(await self._asked(step))
            except TaggersError as error:
                says = str(error).removeprefix(f"{step.name}: ")
                self._note(error)
                if not self._goes_on(error, step.paid_on(following)):
                    raise
                self._left[step.name] = says
        try:
            return self._with_all(await self._asked(last))
        except TaggersError as error:
            self._note(error)
            raise

    async def _asked(self, step: Step) -> Result:
        policy = evolve(step.policy(self.policy), deadline_s=self._left_s(step))
        repeats = self._repeats
        for route in step.routes:
            if route.attempts is not None:
                inner = Repeats(route.attempts - 1, within=repeats)
                repeats = self._inner_repeats.setdefault(route.name, inner)
        return await self.ask(step, policy, repeats)

    def _left_s(self, step: Step) -> float:
        """The time that is left for a provider. Raises `DeadlineExceeded` where there is none."""
        now = self.ticks()
        first, whose = self.ends, "the call"
        for route in step.routes:
            if route.deadline_s is not None:
                ends = self._times.setdefault(route.name, now + route.deadline_s)
                first, whose = min((first, whose), (ends, route.name))
        if first <= now:
            reason = f"the time of {whose} was over before it was asked"
            raise DeadlineExceeded(reason, sent=False, provider=step.name)
        return first - now

    def _note(self, error: TaggersError) -> None:
        """Makes an error that of the whole call so far."""
        error.note_attempts(self._attempts)
        error.left = dict(self._left)
        self._attempts = error.attempts

    def _goes_on(self, error: TaggersError, paid: bool) -> bool:
        if self.ticks() >= self.ends:
            return False
        return error.fallback in ("yes", "if-capable") or (error.fallback == "opt-in" and paid)

    def _with_all(self, result: Result) -> Result:
        """The result, with what came before it."""
        if not self._left and not self._attempts:
            return result
        said, left = result.provenance, _but(result.provider, self._left)
        attempts = (*self._attempts, *said.attempts)
        before = sum(attempt.units for attempt in self._attempts if attempt.billed == "yes")
        provenance = evolve(
            said, attempts=attempts, left=left, billable_units=before + said.billable_units
        )
        return evolve(result, provenance=provenance)


def _but(name: str, left: Mapping[str, str]) -> Mapping[str, str]:
    return {who: why for who, why in left.items() if who != name}
