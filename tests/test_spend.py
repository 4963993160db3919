"""Spend caps: never passed, used to the end, and honest about what is not known."""

from __future__ import annotations

import os
import signal
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from crowd import CAP, PRICE, begin, purse

from taggers._config import Prices
from taggers._ledger import Ledger
from taggers._money import Money
from taggers._spend import KEPT_DAYS, Cap, Per, Reservation, Standing, spending, standings
from taggers.errors import Billed, BudgetExceeded

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")

ONE_CNY = Money.parse("1 CNY")
ONE_USD = Money.parse("1 USD")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return spending(tmp_path / "state")


def _unix(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def _standing(ledger: Ledger, cap: Cap, at: str | None = None, run: str = "1") -> Standing:
    now = datetime.now(UTC).timestamp() if at is None else _unix(at)
    (standing,) = standings(ledger, [cap], run, now)
    return standing


def _reserve(ledger: Ledger, units: int = 1, at: str = "2026-07-31T12:00", **how: object) -> None:
    assert isinstance(purse(ledger, now=lambda: _unix(at), **how).reserve(units), Reservation)


def _refusal(ledger: Ledger, units: int = 1, at: str = "2026-07-31T12:00", **how: object) -> str:
    with pytest.raises(BudgetExceeded) as caught:
        purse(ledger, now=lambda: _unix(at), **how).reserve(units)
    return str(caught.value)


@needs_fork
def test_fifty_processes_use_a_cap_to_the_end_and_never_pass_it(ledger: Ledger) -> None:
    with begin("spend", ledger.path.parent, 50) as crowd:
        ends = Counter(crowd.communicate()[0].split())

    standing = _standing(ledger, CAP)
    assert 0 == crowd.returncode
    assert PRICE * ends["yes"] == standing.spent
    assert PRICE * (ends["maybe"] + ends["never"]) == standing.reserved
    assert 0 <= standing.left.micros < PRICE.micros
    assert ends["no"] > 0


@needs_fork
def test_what_killed_processes_reserved_stays_reserved(ledger: Ledger) -> None:
    with begin("reserve", ledger.path.parent, 8) as crowd:
        assert crowd.stdout is not None
        said = [crowd.stdout.readline() for _ in range(200)]
        os.killpg(crowd.pid, signal.SIGKILL)
        said += crowd.stdout.readlines()

    reserved = _standing(ledger, CAP).reserved.micros / PRICE.micros
    assert len(said) <= reserved <= len(said) + 8  # each may have died before it could say so


@pytest.mark.parametrize(
    ("billed", "spent", "reserved", "left"),
    [
        ("yes", 3_000, 0, 7_000),
        ("no", 0, 0, 10_000),
        ("maybe", 0, 3_000, 7_000),
        (None, 0, 3_000, 7_000),
    ],
)
def test_a_request_is_booked_given_back_or_stays_reserved(
    ledger: Ledger, billed: Billed | None, spent: int, reserved: int, left: int
) -> None:
    cap = Cap("small", Money.parse("0.01 CNY"), "month")
    reservation = purse(ledger, caps=(cap,)).reserve(2)
    assert reservation is not None

    if billed is not None:
        reservation.settle(billed)

    standing = _standing(ledger, cap)
    found = (standing.spent, standing.reserved, standing.left)
    assert (spent, reserved, left) == tuple(money.micros for money in found)


@pytest.mark.parametrize("first", ["yes", "no", "maybe"])
def test_a_request_is_settled_once(ledger: Ledger, first: Billed) -> None:
    reservation = purse(ledger).reserve(1)
    assert reservation is not None
    reservation.settle(first)
    before = _standing(ledger, CAP)

    reservation.settle("no")
    reservation.settle("yes")

    assert before == _standing(ledger, CAP)


def test_an_answer_is_not_lost_when_the_ledger_is(ledger: Ledger) -> None:
    reservation = purse(ledger).reserve(1)
    assert reservation is not None
    ledger.close()
    ledger.path.write_bytes(b"not a database" * 999)

    reservation.settle("yes")


def test_what_is_asked_for_after_a_refusal_may_still_fit(ledger: Ledger) -> None:
    cap = Cap("small", Money.parse("0.003 CNY"), "day")
    _refusal(ledger, 3, caps=(cap,))

    _reserve(ledger, 2, caps=(cap,))

    _refusal(ledger, 1, caps=(cap,))


@pytest.mark.parametrize(
    ("per", "says", "retry_after_s"),
    [
        ("run", "with the next run; raise it in taggers.toml", None),
        ("day", "at 2026-08-01 00:00 UTC; raise it in taggers.toml, or wait", 43_200),
        ("month", "at 2026-08-01 00:00 UTC; raise it in taggers.toml, or wait", 43_200),
    ],
)
def test_a_refusal_names_the_cap_what_is_used_and_when_it_starts_anew(
    ledger: Ledger, per: Per, says: str, retry_after_s: float | None
) -> None:
    caps = (Cap("nightly", ONE_CNY, per),)
    at = _unix("2026-07-31T12:00")
    booked = purse(ledger, caps=caps, now=lambda: at).reserve(400)
    assert booked is not None
    booked.settle("yes")
    _reserve(ledger, 200, caps=caps)

    with pytest.raises(BudgetExceeded) as caught:
        purse(ledger, caps=caps, now=lambda: at).reserve(67)

    assert (
        'this call may cost 0.1005 CNY, and 0.1 CNY is left of the cap "nightly" of 1 CNY a '
        f"{per}: 0.6 CNY is spent, 0.3 CNY reserved; it starts anew {says}"
    ) == str(caught.value)
    assert retry_after_s == caught.value.retry_after_s
    assert ("not sent", "no") == (caught.value.outcome, caught.value.billed)


@pytest.mark.parametrize(
    ("per", "last", "next_one"),
    [
        ("day", "2026-07-31T23:59:59", "2026-08-01T00:00"),
        ("month", "2026-12-31T23:59:59", "2027-01-01T00:00"),
        ("month", "2028-02-29T23:59:59", "2028-03-01T00:00"),
    ],
)
def test_a_cap_starts_anew_with_the_next_day_or_month(
    ledger: Ledger, per: Per, last: str, next_one: str
) -> None:
    caps = (Cap("all", PRICE, per),)
    _reserve(ledger, at=last[:8] + "01T00:00" if per == "month" else last, caps=caps)
    _refusal(ledger, at=last, caps=caps)

    _reserve(ledger, at=next_one, caps=caps)

    assert PRICE == _standing(ledger, caps[0], last).reserved


def test_a_cap_per_run_counts_that_run_alone_on_whatever_day(ledger: Ledger) -> None:
    caps = (Cap("run", PRICE, "run"),)
    _reserve(ledger, caps=caps, run="a")

    _reserve(ledger, caps=caps, run="b")

    _refusal(ledger, caps=caps, run="a", at="2026-08-15T12:00")


def test_a_request_that_ends_on_the_next_day_is_booked_on_its_own(ledger: Ledger) -> None:
    reservation = purse(ledger, now=lambda: _unix("2026-07-31T23:59:59")).reserve(1)
    assert reservation is not None

    reservation.settle("yes")

    assert PRICE == _standing(ledger, CAP, "2026-07-31T12:00").spent
    assert 0 == _standing(ledger, CAP, "2026-08-01T12:00").spent.micros


def test_each_cap_counts_its_own_providers_and_routes(ledger: Ledger) -> None:
    hw, tags = Cap("hw", ONE_CNY, "day", ("hw",)), Cap("tags", ONE_CNY, "day", None, ("tags",))
    caps = (hw, tags)
    _reserve(ledger, 1, caps=caps, provider="hw")
    _reserve(ledger, 2, caps=caps, provider="tx", routes=("tags", "cheap"))
    _reserve(ledger, 4, caps=caps, provider="hw", routes=("all", "tags"))

    uncovered = purse(ledger, caps=caps, provider="tx", routes=("all",)).reserve(8)

    assert uncovered is None
    at = "2026-07-31T12:00"
    assert PRICE * 5 == _standing(ledger, hw, at).reserved
    assert PRICE * 6 == _standing(ledger, tags, at).reserved


def test_the_tightest_cap_decides_and_nothing_is_reserved_under_the_others(ledger: Ledger) -> None:
    wide, tight = Cap("wide", ONE_CNY, "month"), Cap("tight", PRICE, "day")

    said = _refusal(ledger, 2, caps=(wide, tight))

    assert 'the cap "tight"' in said
    assert ONE_CNY == _standing(ledger, wide, "2026-07-31T12:00").left


def test_a_cap_that_is_new_raised_or_renamed_counts_what_was_spent_before(ledger: Ledger) -> None:
    _reserve(ledger, caps=(Cap("old", ONE_CNY, "day"),))

    renamed = _standing(ledger, Cap("new", PRICE, "month", ("hw",)), "2026-07-31T12:00")

    assert PRICE == renamed.reserved
    assert 0 == renamed.left.micros


def test_a_cap_that_is_lowered_below_what_is_spent_has_nothing_left(ledger: Ledger) -> None:
    _reserve(ledger, 2)

    lowered = _standing(ledger, Cap("crowd", PRICE, "day"), "2026-07-31T12:00")

    assert 0 == lowered.left.micros


def test_a_price_is_asked_for_by_the_key_that_is_in_force() -> None:
    prices = Prices({"hw": PRICE})

    assert ("hw", "huawei") == (prices.key("hw", "huawei"), prices.key("other", "huawei"))


def test_a_price_that_nobody_knows_is_refused_with_what_to_write(ledger: Ledger) -> None:
    said = _refusal(ledger, price=None)

    assert (
        f'nobody knows what hw costs, so the cap "crowd" of {CAP.money} a day could be passed; '
        'write its price for one unit into taggers.toml: [prices] huawei = "… CNY"'
    ) == said


def test_a_price_in_another_currency_is_refused_with_what_to_write(ledger: Ledger) -> None:
    said = _refusal(ledger, price=ONE_USD)

    assert (
        f'hw costs USD, which the cap "crowd" of {CAP.money} a day cannot count; add a cap in its '
        'currency to taggers.toml: [budgets.hw-usd] cap = "… USD", per = "day"; '
        'or write its price in the cap\'s: [prices] huawei = "… CNY"'
    ) == said


def test_each_currency_has_its_caps(ledger: Ledger) -> None:
    caps = (Cap("cny", ONE_CNY, "day"), Cap("usd", ONE_USD, "day"))
    _reserve(ledger, 1, caps=caps, price=ONE_USD)

    _reserve(ledger, 1, caps=caps, price=ONE_CNY)

    assert 'the cap "usd"' in _refusal(ledger, 1, caps=caps, price=ONE_USD)


@pytest.mark.parametrize("general", [{}, {"providers": ("hw",)}, {"routes": ("r", "other")}])
def test_a_cap_gives_way_to_none_in_another_currency_that_counts_more(
    ledger: Ledger, general: dict[str, tuple[str, ...]]
) -> None:
    of_route = Cap("route r", ONE_CNY, "run", routes=("r",))
    caps = (Cap("usd", ONE_USD, "day", **general), of_route)
    narrow = Cap("its", ONE_USD, "run", providers=("hw",), routes=("r",))

    said = _refusal(ledger, 1, caps=caps, routes=("r",), price=ONE_USD)

    assert "hw costs USD, which " in said
    assert 'cap = "… USD", per = "run", routes = ["r"]' in said
    _reserve(ledger, 1, caps=(of_route, narrow), routes=("r",), price=ONE_USD)


@pytest.mark.parametrize(
    ("units", "changed"),
    [
        (1, {"caps": ()}),
        (1, {"caps": (), "price": None}),
        (0, {"price": None}),
        (1, {"price": Money(0, "USD")}),
    ],
)
def test_what_costs_nothing_or_is_under_no_cap_touches_no_ledger(
    ledger: Ledger, units: int, changed: dict[str, object]
) -> None:
    assert purse(ledger, **changed).reserve(units) is None

    assert not ledger.path.exists()


def test_a_cap_of_nothing_allows_nothing(ledger: Ledger) -> None:
    assert "0 CNY is left" in _refusal(ledger, caps=(Cap("none", Money(0, "CNY"), "day"),))


def test_totals_are_forgotten_after_more_than_a_year(ledger: Ledger) -> None:
    caps = (Cap("run", ONE_CNY, "run"),)
    _reserve(ledger, at="2026-01-01T12:00", caps=caps)
    late = datetime.fromtimestamp(_unix("2026-01-01") + KEPT_DAYS * 86_400, UTC)

    _reserve(ledger, at=f"{late:%Y-%m-%d}T12:00", caps=caps, run="2")
    kept = _standing(ledger, caps[0], run="1").reserved
    _reserve(ledger, at="2028-01-01T12:00", caps=caps, run="3")

    assert PRICE == kept
    assert 0 == _standing(ledger, caps[0], run="1").reserved.micros
