"""What a call passes before it is sent, and gives back: whole flows, driven by hand."""

from __future__ import annotations

from typing import Any

import pytest
from test_flow import ACME, PICTURE, Clock, _answer, _end, _send

from taggers import Options, Policy
from taggers._breaker import Breaker
from taggers._effects import Context, Send, Sleep, Wait, Work
from taggers._flow import Flow, call
from taggers._guards import Guards, Repeats
from taggers._limits import Limiter, Limits
from taggers._retries import Retries
from taggers.errors import (
    BudgetExceeded,
    CircuitOpen,
    ConnectFailed,
    DeadlineExceeded,
    OutcomeUnknown,
    QuotaExhausted,
    Unavailable,
)
from taggers.plugin import Request, Rule, evolve
from taggers.testing import settings

CAT = _answer('{"tags": [{"name": "cat", "score": 88}]}')


class Caps:
    """Spend caps that let so many units pass, and note what becomes of each reservation."""

    def __init__(self, units: int = 1_000) -> None:
        self.left, self.settled = units, list[str]()

    def reserve(self, units: int) -> Caps:
        if units > self.left:
            raise BudgetExceeded("the cap is reached")
        self.left -= units
        return self

    def settle(self, billed: str) -> None:
        self.settled.append(billed)


class Machine:
    """Limits of the machine: the next answers to `take`, and what was given back."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.returned, self.held = list(answers), list[Any](), list[float]()
        self.alone = list[float | None]()

    def take(self) -> Any:
        return self.answers.pop(0)

    def sent(self, permit: Any, at: float | None) -> None:
        self.returned.append((permit, at))

    def hold(self, seconds: float, reason: str) -> None:
        self.held.append(seconds)

    def left_alone(self, seconds: float | None) -> None:
        self.alone.append(seconds)


def _flow(
    clock: Clock | None = None, policy: Policy | None = None, job: Any = None, **guards: Any
) -> Flow:
    clock = clock or Clock()
    context = Context(
        now=clock,
        ticks=clock,
        roll=lambda: 1.0,
        nonce="n",
        policy=policy or Policy(),
        guards=Guards(**guards),
    )
    return call(ACME, PICTURE, Options(), settings(ACME, key="very-secret"), context, job)


def _worked(flow: Flow, effect: Any) -> Any:
    """The next effect that is no work; all work before it is done."""
    while isinstance(effect, Work):
        try:
            outcome = effect.call()
        except Exception as error:
            outcome = error
        effect = flow.send(outcome)
    return effect


def _over(flow: Flow, outcome: Any) -> Any:
    """What the flow returns or raises when it is sent this, and all its work is done."""
    try:
        effect = _worked(flow, flow.send(outcome))
        raise AssertionError(f"it wants {effect}")
    except StopIteration as stop:
        return stop.value
    except Exception as error:
        return error


def test_a_call_waits_until_one_before_it_is_done() -> None:
    limiter = Limiter(limits=Limits(concurrency=1))
    first, second = _flow(limiter=limiter), _flow(limiter=limiter)
    next(first)

    wait = next(second)
    assert isinstance(wait, Wait)
    before = wait.turn.done()
    _end(first, CAT)

    assert (False, True) == (before, wait.turn.done())
    assert isinstance(second.send(None), Send)


def test_a_call_that_is_closed_under_way_frees_its_place() -> None:
    limiter = Limiter(limits=Limits(concurrency=1))
    first, second = _flow(limiter=limiter), _flow(limiter=limiter)
    next(first)
    wait = next(second)
    assert isinstance(wait, Wait)

    first.close()

    assert wait.turn.done()


def test_a_rate_that_leaves_no_time_ends_the_call_unsent() -> None:
    clock = Clock()
    limiter = Limiter(limits=Limits(rate_per_s=1))
    first = _flow(clock, limiter=limiter)
    next(first)
    _end(first, CAT)

    with pytest.raises(DeadlineExceeded) as caught:
        next(_flow(clock, Policy(deadline_s=0.5), limiter=limiter))

    assert ("not sent", "no", ()) == (
        caught.value.outcome,
        caught.value.billed,
        caught.value.attempts,
    )


def test_while_the_breaker_is_open_nothing_is_sent() -> None:
    breaker, clock = Breaker(), Clock()
    for _ in range(20):
        failing = _flow(clock, Policy(attempts=1), breaker=breaker)
        next(failing)
        _over(failing, Unavailable("not now"))

    with pytest.raises(CircuitOpen):
        next(_flow(clock, breaker=breaker))


def test_a_call_that_opens_the_breaker_ends_in_its_own_error() -> None:
    breaker, clock = Breaker(), Clock()
    flows = [_flow(clock, breaker=breaker) for _ in range(20)]
    for flow in flows:
        next(flow)

    ends = [flow.send(ConnectFailed("refused")) for flow in flows[:19]]
    last = _over(flows[19], ConnectFailed("refused"))
    early = _over(flows[0], None)

    assert all(isinstance(end, Sleep) for end in ends)
    assert isinstance(last, ConnectFailed)
    assert isinstance(early, ConnectFailed)
    assert 1 == len(early.attempts)


def test_an_outage_is_not_asked_three_times_by_everybody() -> None:
    retries, asked = Retries(), 0

    for _ in range(100):
        flow, outcome = _flow(retries=retries), None
        effect: Any = next(flow)
        while outcome is None:
            asked += isinstance(effect, Send)
            try:
                effect = flow.send(ConnectFailed("no") if isinstance(effect, Send) else None)
            except ConnectFailed as error:
                outcome = error

    assert 100 + 35 == asked


def test_all_targets_of_a_route_share_the_repeats_of_a_call() -> None:
    repeats = Repeats(2)
    for expected in (3, 1):
        flow = _flow(repeats=repeats)
        effect: Any = next(flow)
        error = None
        while error is None:
            try:
                effect = flow.send(ConnectFailed("no") if isinstance(effect, Send) else None)
            except ConnectFailed as raised:
                error = raised
        assert expected == len(error.attempts)


def test_an_unknown_outcome_is_repeated_once_where_that_was_asked_for_and_says_so() -> None:
    flow = _flow(policy=Policy(unknown="retry-once"))
    next(flow)

    pause = flow.send(OutcomeUnknown("cut"))
    _send(flow.send(None))
    result = _end(flow, CAT)

    assert isinstance(pause, Sleep)
    assert ("sent again after no answer came: the first may be billed, too",) == result.warnings
    assert ["maybe", "yes"] == [attempt.billed for attempt in result.provenance.attempts]


def test_a_second_unknown_outcome_is_raised() -> None:
    flow = _flow(policy=Policy(unknown="retry-once"))
    next(flow)
    flow.send(OutcomeUnknown("cut"))
    flow.send(None)

    error = _over(flow, OutcomeUnknown("cut again"))

    assert isinstance(error, OutcomeUnknown)
    assert 2 == len(error.attempts)


def test_an_error_after_an_unknown_outcome_still_says_that_it_may_be_billed() -> None:
    flow = _flow(policy=Policy(unknown="retry-once", attempts=2))
    next(flow)
    flow.send(OutcomeUnknown("cut"))
    flow.send(None)

    error = _over(flow, ConnectFailed("refused"))

    assert ("ConnectFailed", "maybe", "opt-in") == (
        type(error).__name__,
        error.billed,
        error.fallback,
    )


@pytest.mark.parametrize(
    ("outcome", "settled"),
    [
        (CAT, "yes"),
        (_answer('{"code": "NEW"}', 400), "no"),
        (ConnectFailed("refused"), "no"),
        (OutcomeUnknown("cut"), "maybe"),
        (_answer("<html>"), "yes"),
    ],
)
def test_money_is_set_aside_for_each_request_and_settled_by_what_came(
    outcome: Any, settled: str
) -> None:
    caps = Caps()
    flow = _flow(policy=Policy(attempts=1), purse=caps)
    _worked(flow, next(flow))

    _over(flow, outcome)

    assert [settled] == caps.settled
    assert 999 == caps.left


def test_nothing_is_sent_over_a_cap() -> None:
    flow = _flow(purse=Caps(units=0))

    with pytest.raises(BudgetExceeded):
        _worked(flow, next(flow))


def _uploading(caps: Caps) -> Flow:
    """A call that uploads its picture for nothing, asks about it, and deletes it."""

    def steps(*_: Any) -> Any:
        yield Request(method="PUT", path="/cat.png", units=0)
        answer = yield Request(method="POST", path="/tag")
        yield Request(method="DELETE", path="/cat.png", units=0)
        return answer

    return _flow(job=steps, purse=caps)


def test_nothing_is_uploaded_over_a_cap() -> None:
    flow = _uploading(Caps(units=0))

    with pytest.raises(BudgetExceeded):
        _worked(flow, next(flow))


def test_what_is_uploaded_is_deleted_also_when_the_cap_is_reached() -> None:
    caps = Caps(units=2)
    flow = _uploading(caps)

    upload = _send(_worked(flow, next(flow)))
    ask = _send(_worked(flow, flow.send(_answer("{}"))))
    deletion = _send(_worked(flow, flow.send(CAT)))
    _over(flow, _answer("{}"))

    assert ["PUT", "POST", "DELETE"] == [sent.method for sent in (upload, ask, deletion)]
    assert ["no", "yes"] == caps.settled


def test_a_call_that_is_cancelled_under_way_leaves_its_money_set_aside() -> None:
    caps = Caps()
    flow = _flow(purse=caps)
    _worked(flow, next(flow))

    with pytest.raises(KeyboardInterrupt):
        _worked(flow, flow.throw(KeyboardInterrupt()))

    assert ["maybe"] == caps.settled


def test_a_call_that_is_cancelled_before_it_is_sent_gets_its_money_back() -> None:
    caps = Caps()
    flow = _flow(purse=caps)
    reserving = next(flow)
    assert isinstance(reserving, Work)
    reserving.call()

    with pytest.raises(KeyboardInterrupt):
        _worked(flow, flow.throw(KeyboardInterrupt()))

    assert ["no"] == caps.settled


def test_a_permit_of_the_machine_is_waited_for_and_given_back_with_its_time() -> None:
    machine, clock = Machine(0.25, "permit"), Clock()
    flow = _flow(clock, permits=machine)

    pause = _worked(flow, next(flow))
    sent = _worked(flow, flow.send(None))
    _over(flow, evolve(CAT, upload_s=0.0))

    assert Sleep(0.25) == pause
    assert isinstance(sent, Send)
    assert [("permit", clock.seconds)] == machine.returned


def test_the_permit_of_a_request_that_never_left_is_not_counted() -> None:
    machine = Machine("permit")
    flow = _flow(policy=Policy(attempts=1), permits=machine)
    _worked(flow, next(flow))

    _over(flow, ConnectFailed("refused"))

    assert [("permit", None)] == machine.returned


def test_a_throttled_call_holds_the_whole_machine() -> None:
    machine = Machine("permit")
    flow = _flow(policy=Policy(attempts=1), permits=machine)
    _worked(flow, next(flow))

    _over(flow, _answer('{"code": "SLOW", "text": "wait 2 seconds"}', 429))

    assert [2.0] == machine.held


def test_the_machine_is_told_when_the_breaker_opens_and_closes() -> None:
    machine, breaker, clock = Machine(*["permit"] * 21), Breaker(), Clock()
    for _ in range(20):
        failing = _flow(clock, Policy(attempts=1), breaker=breaker, permits=machine)
        _worked(failing, next(failing))
        _over(failing, Unavailable("not now"))

    clock.seconds += 15.0
    trial = _flow(clock, breaker=breaker, permits=machine)
    _worked(trial, next(trial))
    _over(trial, CAT)

    assert [15.0, None] == machine.alone


def test_an_account_that_is_used_up_is_asked_once() -> None:
    acme = evolve(
        ACME, errors=evolve(ACME.errors, rules=(Rule(kind=QuotaExhausted, codes="EMPTY"),))
    )
    limiter, clock = Limiter(), Clock()
    context = Context(
        now=clock, ticks=clock, roll=lambda: 1.0, nonce="n", guards=Guards(limiter=limiter)
    )
    chosen = settings(acme, key="very-secret")
    first, second = (call(acme, PICTURE, Options(), chosen, context) for _ in range(2))
    next(first)

    _over(first, _answer('{"code": "EMPTY"}', 400))

    with pytest.raises(QuotaExhausted) as caught:
        next(second)
    assert ("not sent", ()) == (caught.value.outcome, caught.value.attempts)
