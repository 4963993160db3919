"""What a call costs: a table with dates and sources, which the user's own prices replace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from server import Server, answer_json
from taggers_google.vision import PROVIDER as GOOGLE

from taggers import Tagger
from taggers._config import Config, Prices, Store
from taggers._registry import Registry, installed
from taggers._spend import Cap
from taggers.cli import main
from taggers.cli._prices import prices_page
from taggers.errors import BudgetExceeded
from taggers.plugin import Accepts, Money, Offers, Price, Provider, Request, Tag, evolve
from taggers.testing import Mismatch, png
from taggers.testing._price import check_price

PAGE = Path(__file__).parent.parent / "docs" / "prices.md"
PICTURE = png(64, 64)
PRICE = Price(
    money=Money.parse("0.002 USD"),
    as_of=date(2026, 7, 1),
    source="https://acme.example.com/prices",
)
ACME = Provider(
    name="acme",
    title="Acme",
    vendor="Acme",
    request=lambda image, options, settings: Request(path="/tags", json={}),
    read=lambda body: [Tag(tag) for tag in body["tags"]],
    accepts=Accepts(formats=("png",)),
    offers=Offers(price=PRICE),
    endpoint="https://acme.example.com",
)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(answer_json({"tags": ["cat"]})) as running:
        yield running


def _tagger(
    provider: Provider, server: Server, folder: Path, prices: Mapping[str, Money] | None = None
) -> Tagger:
    """A tagger with a cap of 1 CNY, of a provider as if it came from a plugin."""
    cap = Cap(name="all", money=Money.parse("1 CNY"), per="run")
    config = Config(budgets={"all": cap}, store=Store(folder=folder), prices=Prices(prices or {}))
    return Tagger("acme", config=config, registry=Registry.of(provider), endpoint=server.url)


def _offering(price: Price | None, unit: str | None = "call") -> Provider:
    return evolve(ACME, offers=Offers(price=price, unit=unit))


def test_the_page_of_prices_is_that_of_the_providers() -> None:
    page = prices_page(Registry().all())

    assert page == PAGE.read_text("utf-8"), "run: taggers providers prices > docs/prices.md"


def test_the_command_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["providers", "prices"])

    assert prices_page(installed().all()) == capsys.readouterr().out


def test_the_page_names_every_provider_that_bills_and_no_other() -> None:
    page = prices_page([ACME, _offering(None), evolve(_offering(None, unit=None), name="free")])

    assert "| `acme` | call | 0.002 USD | 2026-07-01 | <https://acme.example.com/prices> |" in page
    assert "\n* `acme`, by the call\n" in page
    assert "free" not in page.partition("| provider |")[2]


def test_a_price_needs_a_unit() -> None:
    with pytest.raises(ValueError, match="there is a price, and no unit that it is for"):
        Offers(unit=None, price=PRICE)


def test_a_price_is_money() -> None:
    with pytest.raises(TypeError, match=r"a provider's money is no Money: '0.002 USD'"):
        Price(money="0.002 USD", as_of=date(2026, 7, 1), source="")  # type: ignore[arg-type]


def test_a_price_that_can_be_looked_up_has_no_complaints() -> None:
    check_price(ACME)
    check_price(_offering(None))


def test_a_price_from_nowhere_is_noticed() -> None:
    with pytest.raises(Mismatch, match="the price is from no page: 'our salesman'"):
        check_price(_offering(evolve(PRICE, source="our salesman")))


def test_a_price_of_the_future_is_noticed() -> None:
    later = datetime.now(UTC).date() + timedelta(days=3)

    with pytest.raises(Mismatch, match=f"the price is of a day to come: {later}"):
        check_price(_offering(evolve(PRICE, as_of=later)))


@pytest.mark.parametrize(
    ("name", "prices", "expected"),
    [
        (
            "google-vision",
            "",
            "0.00225 USD on 2026-07-11 (https://cloud.google.com/vision/pricing)",
        ),
        ("google-vision", '[prices]\ngoogle-vision = "1 CNY"', "1 CNY, from [prices]"),
        ("huawei-tagging-v2", "", "not known: a spend cap needs it in [prices]"),
    ],
    ids=["listed", "the user's", "not known"],
)
def test_a_provider_shows_its_price_and_who_says_so(
    name: str, prices: str, expected: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "taggers.toml").write_text(prices)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SystemExit):
        main(["providers", "show", name])

    assert f"price       {expected}" in capsys.readouterr().out


def test_what_bills_nothing_passes_any_cap(server: Server, tmp_path: Path) -> None:
    free = _tagger(_offering(None, unit=None), server, tmp_path)

    assert ["cat"] == [tag.name for tag in free.tag(PICTURE).tags]


def test_a_price_that_nobody_knows_passes_no_cap_until_the_user_names_it(
    server: Server, tmp_path: Path
) -> None:
    unknown = _tagger(_offering(None), server, tmp_path)
    named = _tagger(_offering(None), server, tmp_path, {"acme": Money.parse("0.5 CNY")})

    with pytest.raises(BudgetExceeded, match="nobody knows what acme costs"):
        unknown.tag(PICTURE)
    assert ["cat"] == [tag.name for tag in named.tag(PICTURE).tags]


def test_the_users_price_stands_in_for_the_tables(server: Server, tmp_path: Path) -> None:
    listed = _tagger(ACME, server, tmp_path)
    cheaper = _tagger(ACME, server, tmp_path, {"acme": Money.parse("0.5 CNY")})

    with pytest.raises(BudgetExceeded, match="acme costs USD, which"):
        listed.tag(PICTURE)
    assert ["cat"] == [tag.name for tag in cheaper.tag(PICTURE).tags]


def test_googles_price_is_that_of_its_dearer_feature() -> None:
    price = GOOGLE.offers.price

    assert price is not None
    assert Money.parse("0.00225 USD") == price.money
