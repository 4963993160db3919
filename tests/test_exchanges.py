"""Every recorded exchange of our plugins, replayed through the flow with no HTTP library."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve

from taggers._registry import Registry
from taggers.plugin import Base64, Request
from taggers.testing import Exchange, Mismatch, exchanges, png

PLUGINS = Path(__file__).parent.parent / "plugins"
ALL = exchanges(PLUGINS)


@pytest.mark.parametrize("exchange", ALL, ids=lambda exchange: exchange.name)
def test_the_exchange_has_the_recorded_outcome(exchange: Exchange) -> None:
    provider = Registry().provider(exchange.provider)

    exchange.check(provider)


def test_every_provider_with_an_endpoint_has_an_exchange() -> None:
    remote = {provider.name for provider in Registry().all() if provider.endpoint}

    recorded = {exchange.provider for exchange in ALL}

    assert remote == recorded


def test_a_changed_expectation_is_a_mismatch() -> None:
    changed = Exchange.load(PLUGINS / "taggers_huawei/exchanges/media_tagging.json")
    changed.result["tags"][0]["confidence"] = 0.1

    with pytest.raises(Mismatch, match="media_tagging: expected"):
        changed.check(Registry().provider("huawei-media-tagging"))


def test_an_answer_that_was_recorded_and_not_asked_for_is_a_mismatch() -> None:
    recorded = Exchange.load(PLUGINS / "taggers_huawei/exchanges/media_tagging.json")
    longer = evolve(recorded, wire=recorded.wire * 2)

    with pytest.raises(Mismatch, match="media_tagging: expected"):
        longer.check(Registry().provider("huawei-media-tagging"))


def test_a_picture_deep_in_a_request_is_shown_by_its_sign_and_a_long_url_as_it_is() -> None:
    url = "https://example.com/" + "a" * 70
    asked = {"inputs": [{"picture": "<base64>"}, {"url": url}]}
    deep = evolve(
        Registry().provider("huawei-media-tagging"),
        request=lambda image, options, settings: Request(
            path="/", json={"inputs": [{"picture": Base64(image.content)}, {"url": url}]}
        ),
    )
    recorded = Exchange.load(PLUGINS / "taggers_huawei/exchanges/media_tagging.json")
    step = {**recorded.wire[0], "request": {"method": "POST", "path": "/", "json": asked}}

    evolve(recorded, wire=(step,)).check(deep)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is no exchange: Expecting property name"),
        ('{"provider": "acme", "about": ""}', "is no exchange: 'wire' is missing"),
        ('{"provider": "acme", "about": "", "wire": [{"response": {"status": 200}}]}',
         "is no exchange: 'request' is missing"),
        ('{"provider": "acme", "abuot": "", "wire": []}', "is no exchange: .*'abuot'"),
    ],
)  # fmt: skip
def test_a_broken_exchange_is_named(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "cat.json").write_text(content, "utf-8")

    with pytest.raises(Mismatch, match=f"cat.json {says}"):
        exchanges(tmp_path)


@pytest.mark.parametrize(
    ("request_", "shown"),
    [
        (Request(path="/", form={"n": "5", "image": png(9, 9)}),
         {"form": {"n": "5", "image": "<picture>"}}),
        (Request(path="/", json=[{"image": Base64(png(9, 9))}, 1]),
         {"json": [{"image": "<base64>"}, 1]}),
        (Request(path="/", query={"f": ["a", "b"], "n": "1"}),
         {"query": {"f": ["a", "b"], "n": "1"}}),
        (Request(path="/", json={"url": "data:image/png;base64,é"}),
         {"json": {"url": "data:image/png;base64,é"}}),
    ],
    ids=["form", "list", "repeated", "data"],
)  # fmt: skip
def test_all_that_is_asked_is_held_to_the_exchange(
    request_: Request, shown: dict[str, object]
) -> None:
    provider = evolve(
        Registry().provider("huawei-bgm"),
        request=lambda image, options, settings: request_,
        authorize=lambda prepared, settings, now: prepared,
        sign_in=lambda settings: None,
        endpoint="https://a.example.com",
    )
    right = {"method": "POST", "path": "/", **shown}
    answer = {"status": 200, "json": {"result": {"audio_name": "x"}}}
    exchange = Exchange(
        provider="huawei-bgm",
        about="constructed",
        wire=({"request": right, "response": answer},),
        image={"url": "https://a.example.com/b.mp4"},
    )

    exchange.replay(provider)

    wrong = evolve(exchange, wire=({"request": {**right, "path": "/x"}, "response": answer},))
    with pytest.raises(Mismatch):
        wrong.replay(provider)
