"""What a batch would do, before anything is spent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from taggers._config import Config, Prices, Service
from taggers._keys import Keys
from taggers._limits import Limits
from taggers._money import Money
from taggers._registry import installed
from taggers.batch import Item, Plan, plan
from taggers.cli import main
from taggers.compare import prices
from taggers.testing import png


def _planned(sources: list[str], *names: str, config: Config | None = None) -> Plan:
    used = config or Config()
    items = map(Item, sources)
    return plan(items, names, used, installed(), Keys.load(), prices(used))


@pytest.fixture
def pictures(tmp_path: Path) -> list[str]:
    """Three pictures, two of them the same, a tiny one and one that is none."""
    contents = {"a.png": png(90, 60), "b.png": png(90, 61), "copy.png": png(90, 60),
                "tiny.png": png(3, 3), "note.png": b"no picture"}  # fmt: skip
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return [str(tmp_path / name) for name in contents]


def test_a_plan_counts_pictures_copies_and_what_cannot_be_read(pictures: list[str]) -> None:
    found = _planned(pictures, "huawei-tagging-v1")

    (huawei,) = found.providers
    assert (5, 1, {"UnsupportedImage": 1}) == (found.found, found.copies, found.unreadable)
    assert (2, {"ImageDimensions": 1}) == (huawei.calls, huawei.refused)


def test_a_plan_counts_units_as_the_plugin_bills_them(pictures: list[str]) -> None:
    tencent = Service("tx", "tencent-detect-label", {"scenes": ["web", "camera", "news"]})
    config = Config(services={"tx": tencent}, prices=Prices({"tx": Money.parse("0.01 CNY")}))

    (planned,) = _planned(pictures[:2], "tx", config=config).providers

    assert (2, 6) == (planned.calls, planned.units)
    assert ("0.06 CNY", "0.12 CNY") == (str(planned.cost), str(planned.most))


def test_a_plan_keeps_to_the_limits_of_the_account(pictures: list[str]) -> None:
    slow = Service("hw", "huawei-tagging-v2", limits=Limits(1, None))
    config = Config(services={"hw": slow})

    (planned,) = _planned(pictures[:2], "hw", config=config).providers

    assert 2.0 == planned.time_s
    assert planned.cost is None


def test_the_cheapest_is_one_that_takes_as_many(pictures: list[str]) -> None:
    config = Config(prices=Prices({"huawei-tagging-v2": Money.parse("0.001 CNY")}))

    found = _planned(pictures, "huawei-tagging-v2", "local-basic", config=config)
    unknown = _planned(pictures, "huawei-tagging-v2", "local-basic")

    assert "local-basic" == found.cheapest
    assert unknown.cheapest is None


def test_the_command_prints_the_plan(
    pictures: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["plan", *pictures, "-p", "google-vision", "-f", "json"])

    record = json.loads(capsys.readouterr().out)
    assert not ended.value.code
    assert ("0.0135 USD", 3) == (record["providers"][0]["cost"], record["providers"][0]["calls"])
