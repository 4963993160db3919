"""Money: exact, in one currency, and never less than none."""

from __future__ import annotations

import pytest

from taggers._money import Money


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("50 CNY", 50_000_000),
        ("0.0015 USD", 1_500),
        ("0 CNY", 0),
        ("0.0000001 USD", 1),
        ("0.0015000000000000000000000001 CNY", 1_501),
        ("999999999999 CNY", 999_999_999_999_000_000),
    ],
)
def test_an_amount_is_read_exactly_and_rounded_up_to_a_micro(text: str, micros: int) -> None:
    assert micros == Money.parse(text).micros


NO_AMOUNTS = """50|50CNY|50 cny|50 EUR|-1 CNY|1e3 CNY|1,5 CNY|.5 USD|٣ CNY|NaN CNY|50 CNY
|1000000000000 CNY|"""


@pytest.mark.parametrize("text", NO_AMOUNTS.split("|"))
def test_what_is_no_amount_is_refused_with_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match=r'write "50 CNY" or "0\.0015 USD"'):
        Money.parse(text)


@pytest.mark.parametrize("text", ["50 CNY", "0.0015 USD", "0 CNY", "1.000001 USD", "100 CNY"])
def test_an_amount_is_printed_as_it_is_written(text: str) -> None:
    assert text == str(Money.parse(text))


def test_so_many_units_cost_so_many_times_as_much() -> None:
    assert Money.parse("1.5 CNY") == Money.parse("0.0015 CNY") * 1000


@pytest.mark.parametrize("micros", [-1, 0.5])
def test_there_is_no_debt_and_no_part_of_a_micro(micros: int) -> None:
    with pytest.raises((ValueError, TypeError)):
        Money(micros, "CNY")
