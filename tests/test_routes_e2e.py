"""Routes as a user has them: `taggers.toml`, three vendors at the emulator, and what they bill."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from attrs import evolve
from PIL import Image as Pillow

from taggers import AsyncTagger, Image, Policy, Result, Tag, Tagger, TaggersError
from taggers._config import Config
from taggers._config_file import load
from taggers._shadow import MOST_UNDER_WAY, file_of, record
from taggers.cli import main
from taggers.emulator import Emulator, Fault, Fixture
from taggers.errors import (
    BudgetExceeded,
    DeadlineExceeded,
    NotSupported,
    OutcomeUnknown,
    Unavailable,
)
from taggers.testing import png

HUAWEI, TENCENT, IMAGGA = "huawei-tagging-v2", "tencent-detect-label", "imagga-tags"
PICTURE = png(64, 48)
SERVICES = f"""
[providers.hw]
plugin = "{HUAWEI}"

[providers.tx]
plugin = "{TENCENT}"

[providers.im]
plugin = "{IMAGGA}"
"""
DOWN = Fault(do="code", only=HUAWEI, code="APIG.0202")
"""Huawei is not available; that bills nothing."""


@pytest.fixture
def emulator(taggers_emulator: Emulator) -> Emulator:
    """The vendors, of which each sees a cat."""
    taggers_emulator._service.answers.fixtures.insert(0, Fixture(tags=(Tag("cat", 0.9),)))
    return taggers_emulator


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for `taggers.toml`, and for the store."""
    return tmp_path


def _config(emulator: Emulator, folder: Path, text: str) -> Config:
    """The configuration of a file with these routes, with all its providers at the emulator."""
    path = folder / "taggers.toml"
    path.write_text(f'default = "tags"\n{dedent(text)}\n[store]\nfolder = "."\n{SERVICES}', "utf-8")
    return emulator.redirect(load(path))


def _tagger(emulator: Emulator, folder: Path, text: str, **more: Any) -> Tagger:
    return Tagger(config=_config(emulator, folder, text), **more)


def _outcome(
    emulator: Emulator, folder: Path, text: str, *, policy: Policy | None = None, **options: Any
) -> Result | TaggersError:
    """What comes of one call by a file with these routes."""
    with _tagger(emulator, folder, text, policy=policy) as tagger:
        try:
            return tagger.tag(PICTURE, **options)
        except TaggersError as error:
            return error


def _answered(
    emulator: Emulator, folder: Path, text: str, *, policy: Policy | None = None, **options: Any
) -> Result:
    outcome = _outcome(emulator, folder, text, policy=policy, **options)
    assert isinstance(outcome, Result), outcome
    return outcome


def _calls(emulator: Emulator) -> Counter[str]:
    """How often each service was asked; Tencent's uploads and deletions are none."""
    return Counter(call.service for call in emulator.journal if not call.service.startswith("cos-"))


def _lines(folder: Path) -> list[dict[str, Any]]:
    path = file_of(folder, "tags")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


FALLBACK = """
    [routes.tags]
    targets = ["hw", "tx", "im"]
"""


def test_the_next_target_answers_for_one_that_is_down(emulator: Emulator, folder: Path) -> None:
    emulator.fail(DOWN)

    result = _answered(emulator, folder, FALLBACK)

    provenance = result.provenance
    assert ("tx", ["hw"]) == (result.provider, list(provenance.left))
    assert "APIG.0202" in provenance.left["hw"]
    assert {HUAWEI: 3, TENCENT: 1} == _calls(emulator)
    assert ["hw", "hw", "hw"] == [attempt.provider for attempt in provenance.attempts[:3]]
    assert "tx" == provenance.attempts[-1].provider
    assert 1 == provenance.billable_units == emulator.billed


def test_all_targets_share_the_repeats_of_a_call(emulator: Emulator, folder: Path) -> None:
    emulator.fail(DOWN)
    emulator.fail("code", only=TENCENT, code="ServiceUnavailable")
    emulator.fail("code", only=IMAGGA, code="503")

    outcome = _outcome(emulator, folder, FALLBACK)

    assert isinstance(outcome, Unavailable)
    assert {HUAWEI: 3, TENCENT: 1, IMAGGA: 1} == _calls(emulator)
    assert {"hw", "tx"} == set(outcome.left)
    assert ("im", 0) == (outcome.provider, emulator.billed)


def test_what_may_be_billed_is_asked_of_nobody_else(emulator: Emulator, folder: Path) -> None:
    emulator.fail("reset-after", only=HUAWEI)

    outcome = _outcome(emulator, folder, FALLBACK)

    assert isinstance(outcome, OutcomeUnknown)
    assert {HUAWEI: 1} == _calls(emulator)
    assert 1 == emulator.billed


def test_paid_fallback_asks_on_and_says_what_it_may_cost(emulator: Emulator, folder: Path) -> None:
    emulator.fail("reset-after", only=HUAWEI)

    result = _answered(emulator, folder, f"{FALLBACK}    paid_fallback = true\n")

    units = {a.provider: a.billed for a in result.provenance.attempts if a.units}
    assert {"hw": "maybe", "tx": "yes"} == units
    assert (1, 2) == (result.provenance.billable_units, emulator.billed)


def test_a_route_may_ask_again_what_may_be_billed_and_says_so(
    emulator: Emulator, folder: Path
) -> None:
    emulator.fail("reset-after", only=HUAWEI, times=1)

    result = _answered(emulator, folder, f'{FALLBACK}    unknown = "retry-once"\n')

    assert ["maybe", "yes"] == [attempt.billed for attempt in result.provenance.attempts]
    assert ("hw", 2) == (result.provider, emulator.billed)
    assert any("may be billed, too" in warning for warning in result.warnings)


@pytest.mark.parametrize("inner", ["", '[routes.inner]\ntargets = ["hw"]\n'])
def test_no_route_repeats_what_may_be_billed_where_the_program_says_not_to(
    emulator: Emulator, folder: Path, inner: str
) -> None:
    emulator.fail("reset-after", only=HUAWEI, times=1)
    target = "inner" if inner else "hw"
    text = f'[routes.tags]\ntargets = ["{target}"]\n{inner}unknown = "retry-once"\n'

    outcome = _outcome(emulator, folder, text, policy=Policy(unknown="raise"))

    assert isinstance(outcome, OutcomeUnknown)
    assert 1 == emulator.billed


@pytest.mark.parametrize("paid", ["false", "true"])
def test_what_is_billed_is_what_is_reported_where_every_third_call_goes_wrong(
    emulator: Emulator, folder: Path, paid: str
) -> None:
    emulator.fail(evolve(DOWN, rate=0.3))
    emulator.fail("reset-after", only=HUAWEI, rate=0.2)
    emulator.fail("reset-before", only=TENCENT, rate=0.3)
    emulator.fail("code", only=IMAGGA, code="503", rate=0.3)
    pictures = [png(40 + i, 40) for i in range(60)]

    with _tagger(emulator, folder, f"{FALLBACK}    paid_fallback = {paid}\n") as tagger:
        outcomes = list(tagger.tag_many(pictures))

    units = Counter[str]()
    for outcome in outcomes:
        told = outcome.provenance if isinstance(outcome, Result) else outcome
        for attempt in told.attempts:
            units[attempt.billed] += attempt.units
    answered = [outcome for outcome in outcomes if isinstance(outcome, Result)]
    assert len(pictures) == len(outcomes)
    assert units["yes"] == sum(result.provenance.billable_units for result in answered)
    assert units["yes"] == len(answered)
    assert units["yes"] <= emulator.billed <= units["yes"] + units["maybe"]
    assert 0 < units["maybe"]
    assert paid == "true" or emulator.billed <= len(pictures)


def test_weights_share_the_calls(emulator: Emulator, folder: Path) -> None:
    text = """
        [routes.tags]
        strategy = "weighted"
        targets = ["hw", "im"]
        weights = [3, 1]
    """
    with _tagger(emulator, folder, text) as tagger:
        outcomes = list(tagger.tag_many([PICTURE] * 200))

    asked = Counter(outcome.provider for outcome in outcomes if isinstance(outcome, Result))
    assert 120 <= asked["hw"] <= 180  # 150, and five times its deviation
    assert 200 == asked.total()


def test_the_others_of_a_weighted_route_stand_in(emulator: Emulator, folder: Path) -> None:
    emulator.fail(DOWN)
    text = """
        [policy]
        attempts = 1
        [routes.tags]
        strategy = "weighted"
        targets = ["hw", "im"]
        weights = [1, 0]
    """

    result = _answered(emulator, folder, text)

    assert ("im", ["hw"]) == (result.provider, list(result.provenance.left))


CONDITION = """
    [routes.tags]
    strategy = "condition"
    targets = ["tx", "im"]

    [[routes.tags.when]]
    use = "im"
    format = ["jpeg"]

    [[routes.tags.when]]
    use = "hw"
    language = ["en"]
    min_edge_px = 70

    [[routes.tags.when]]
    use = "gold"
    metadata = { plan = "gold" }

    [routes.gold]
    targets = ["hw", "im"]
"""


@pytest.mark.parametrize(
    ("picture", "options", "expected"),
    [
        ("cat.jpg", {}, "im"),
        ("cat.jpg", {"language": "en"}, "im"),
        (png(72, 64), {"language": "en"}, "hw"),
        (png(64, 64), {"language": "en"}, "tx"),
        (png(72, 64), {"language": "zh"}, "tx"),
        (png(64, 64), {"metadata": {"plan": "gold"}}, "hw"),
        (png(64, 64), {"metadata": {"plan": "silver"}}, "tx"),
        (png(64, 64), {}, "tx"),
    ],
)
def test_the_first_rule_that_fits_says_who_is_asked(
    emulator: Emulator, folder: Path, photos: Path, picture: Any, options: Any, expected: str
) -> None:
    source = photos / picture if isinstance(picture, str) else picture

    with _tagger(emulator, folder, CONDITION) as tagger:
        result = tagger.tag(source, **options)

    assert expected == result.provider


def test_metadata_chooses_and_is_not_sent(emulator: Emulator, folder: Path) -> None:
    _answered(emulator, folder, CONDITION, metadata={"plan": "gold"})

    [call] = emulator.journal
    assert (HUAWEI, False) == (call.service, "gold" in str(call.asked) + call.path)


def test_the_command_line_passes_metadata_on(
    folder: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "taggers.toml"
    path.write_text(dedent(CONDITION) + SERVICES)
    picture = folder / "small.png"
    picture.write_bytes(PICTURE)

    asked = ["tag", str(picture), "--route", "tags", "--metadata", "plan=gold", "-f", "jsonl"]

    with pytest.raises(SystemExit) as ended:
        main(["--config", str(path), "--emulate", *asked])

    [line] = capsys.readouterr().out.splitlines()
    assert (0, "hw") == (ended.value.code, json.loads(line)["provider"])


def test_the_cheapest_is_asked_first_and_the_unpriced_last(
    emulator: Emulator, folder: Path
) -> None:
    text = """
        [routes.tags]
        strategy = "cheapest"
        targets = ["im", "hw", "tx"]
        [prices]
        hw = "0.003 CNY"
        tencent-detect-label = "0.0002 USD"
        cny_per_usd = 7.1
    """
    emulator.fail("code", only=TENCENT, code="ServiceUnavailable")
    emulator.fail(DOWN)

    result = _answered(emulator, folder, text, policy=Policy(attempts=1))

    assert ["tx", "hw"] == list(result.provenance.left)
    assert "im" == result.provider


def test_the_fastest_is_asked_when_each_has_been_seen(emulator: Emulator, folder: Path) -> None:
    text = """
        [routes.tags]
        strategy = "fastest"
        targets = ["hw", "im"]
    """
    emulator.fail("slow", only=HUAWEI, latency_s=0.2)

    with _tagger(emulator, folder, text) as tagger:
        asked = [tagger.tag(PICTURE).provider for _ in range(5)]

    assert ["hw", "im", "im", "im", "im"] == asked


NESTED = """
    [routes.tags]
    targets = ["inland", "abroad"]
    attempts = 2

    [routes.inland]
    targets = ["hw", "tx"]

    [routes.abroad]
    strategy = "cheapest"
    targets = ["im"]
"""


def test_an_outer_route_goes_on_where_an_inner_one_has_nobody_left(
    emulator: Emulator, folder: Path
) -> None:
    emulator.fail(DOWN)
    emulator.fail("code", only=TENCENT, code="ServiceUnavailable")

    result = _answered(emulator, folder, NESTED)

    assert "im" == result.provider
    assert {HUAWEI: 2, TENCENT: 1, IMAGGA: 1} == _calls(emulator)
    assert ["hw", "tx"] == list(result.provenance.left)


def test_an_inner_route_may_be_asked_for_by_its_name(emulator: Emulator, folder: Path) -> None:
    assert "im" == _answered(emulator, folder, NESTED, provider="abroad").provider


@pytest.mark.parametrize("strategy", ["fallback", "weighted", "cheapest", "fastest"])
@pytest.mark.parametrize(
    ("filters", "expected", "why"),
    [
        ('vendors = ["tencent"]', "tx", "Huawei Cloud is none of the vendors of tags"),
        ('vendors = ["Tencent Cloud"]', "tx", "Huawei Cloud is none of the vendors of tags"),
        ('regions = ["ap-*"]', "tx", "its region, cn-north-4, is none of those of tags"),
        ('requires = ["boxes", "en"]', "hw", None),
    ],
)
def test_filters_compose_with_every_strategy(
    emulator: Emulator, folder: Path, strategy: str, filters: str, expected: str, why: str | None
) -> None:
    text = f"""
        [routes.tags]
        strategy = "{strategy}"
        targets = ["inner", "im"]
        {filters}
        [routes.inner]
        targets = ["hw", "tx"]
    """

    result = _answered(emulator, folder, text)

    assert expected == result.provider
    assert {"hw", "tx", "im"} - {expected} == set(result.provenance.left)
    assert result.provenance.left.get("hw") == why


def test_where_filters_leave_nobody_nothing_is_sent(emulator: Emulator, folder: Path) -> None:
    text = """
        [routes.tags]
        targets = ["im", "local-basic", "hw"]
        regions = ["eu-*"]
    """

    outcome = _outcome(emulator, folder, text)

    assert isinstance(outcome, NotSupported)
    assert {
        "im": "it has no region, and tags asks in some alone",
        "local-basic": "it has no region, and tags asks in some alone",
        "hw": "its region, cn-north-4, is none of those of tags",
    } == outcome.left
    assert (0, ()) == (emulator.billed, emulator.journal)


def test_a_target_that_does_not_take_the_picture_makes_way(
    emulator: Emulator, folder: Path
) -> None:
    picture = io.BytesIO()
    Pillow.new("RGB", (64, 48)).save(picture, "BMP")  # which Imagga does not take

    with _tagger(emulator, folder, '[routes.tags]\ntargets = ["im", "hw"]') as tagger:
        result = tagger.tag(picture.getvalue(), prepare="never")

    assert "hw" == result.provider
    assert "bmp" in result.provenance.left["im"]
    assert {HUAWEI: 1} == _calls(emulator)


def test_a_route_that_has_spent_its_budget_makes_way(emulator: Emulator, folder: Path) -> None:
    text = """
        [routes.tags]
        targets = ["paid", "local-basic"]
        [routes.paid]
        targets = ["hw"]
        budget = "0.005 CNY"
        [prices]
        hw = "0.002 CNY"
    """
    with _tagger(emulator, folder, text) as tagger:
        results = [tagger.tag(PICTURE) for _ in range(4)]

    assert ["hw", "hw", "local-basic", "local-basic"] == [result.provider for result in results]
    assert "0.001 CNY is left of the cap" in results[-1].provenance.left["hw"]
    assert 2 == emulator.billed


def test_a_cap_on_an_installed_provider_holds_under_the_users_own_name(
    emulator: Emulator, folder: Path
) -> None:
    text = f"""
        [routes.tags]
        targets = ["hw"]
        [budgets.huawei]
        cap = "0.003 CNY"
        per = "day"
        providers = ["{HUAWEI}"]
        [prices]
        {HUAWEI} = "0.002 CNY"
    """
    with _tagger(emulator, folder, text) as tagger:
        tagger.tag(PICTURE)
        with pytest.raises(BudgetExceeded):
            tagger.tag(PICTURE)

    assert 1 == emulator.billed


SLOW = """
    [routes.tags]
    targets = ["hw", "tx", "im"]
    deadline_s = 0.5
    paid_fallback = true
"""


def test_the_deadline_holds_over_slow_targets(emulator: Emulator, folder: Path) -> None:
    emulator.fail("silence", only=HUAWEI)

    with _tagger(emulator, folder, SLOW) as tagger:
        tagger.tag(PICTURE, provider="im")
        began = time.monotonic()
        with pytest.raises(DeadlineExceeded) as caught:
            tagger.tag(PICTURE)
        took_s = time.monotonic() - began

    assert took_s < 1.0
    assert ["hw"] == [attempt.provider for attempt in caught.value.attempts]
    assert {HUAWEI: 1, IMAGGA: 1} == _calls(emulator)


def test_the_deadline_of_a_route_holds_over_enhancing_too(emulator: Emulator, folder: Path) -> None:
    emulator.fail("slow", only="huawei-dark-enhance", latency_s=0.3)
    emulator.fail("silence", only=HUAWEI)
    text = SLOW.replace("0.5", "0.8")

    with _tagger(emulator, folder, text) as tagger:
        tagger.tag(PICTURE, provider="im")
        began = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            tagger.tag(PICTURE, enhance="huawei-dark-enhance")
        took_s = time.monotonic() - began

    assert took_s < 1.05  # 0.3 s and then 0.8 s, were they counted apart
    assert {"huawei-dark-enhance": 1, HUAWEI: 1, IMAGGA: 1} == _calls(emulator)


def test_a_route_may_take_longer_than_is_usual(emulator: Emulator, folder: Path) -> None:
    text = """
        [policy]
        deadline_s = 0.2
        attempts = 1
        [routes.tags]
        targets = ["hw"]
        deadline_s = 5
        attempts = 2
    """
    emulator.fail("slow", only=HUAWEI, latency_s=0.4)
    emulator.fail(evolve(DOWN, times=1))

    assert "hw" == _answered(emulator, folder, text).provider


def test_what_the_program_says_of_time_no_route_extends(emulator: Emulator, folder: Path) -> None:
    emulator.fail("silence", only=HUAWEI)
    began = time.monotonic()

    outcome = _outcome(emulator, folder, SLOW.replace("0.5", "20"), policy=Policy(deadline_s=0.3))

    assert isinstance(outcome, DeadlineExceeded)
    assert time.monotonic() - began < 5.0


def test_nobody_is_asked_when_the_time_of_the_inner_route_is_over(
    emulator: Emulator, folder: Path
) -> None:
    text = """
        [routes.tags]
        targets = ["inner", "im"]
        paid_fallback = true
        [routes.inner]
        targets = ["hw", "tx"]
        deadline_s = 0.3
    """
    emulator.fail("silence", only=HUAWEI)

    result = _answered(emulator, folder, text)

    assert "im" == result.provider
    assert "the time of inner was over before it was asked" == result.provenance.left["tx"]
    assert ["hw", "im"] == [attempt.provider for attempt in result.provenance.attempts]
    assert {HUAWEI: 1, IMAGGA: 1} == _calls(emulator)


SHADOW = """
    [routes.tags]
    targets = ["hw"]
    shadow = ["tx", "im"]
    shadow_share = 1.0
"""


def test_shadows_are_asked_too_and_all_is_written_down(emulator: Emulator, folder: Path) -> None:
    emulator.fail("code", only=TENCENT, code="ServiceUnavailable")

    result = _answered(emulator, folder, SHADOW)

    [line] = _lines(folder)
    assert ("hw", ["hw"]) == (
        result.provider,
        [attempt.provider for attempt in result.provenance.attempts],
    )
    assert result == Result.from_dict(line["answered"])
    assert "im" == Result.from_dict(line["shadows"]["im"]).provider
    assert "Unavailable" == line["shadows"]["tx"]["kind"]
    assert {HUAWEI: 1, TENCENT: 3, IMAGGA: 1} == _calls(emulator)


def test_silent_shadows_delay_nothing_and_are_ended_by_their_deadline(
    emulator: Emulator, folder: Path
) -> None:
    emulator.fail("silence", only=IMAGGA)
    config = _config(emulator, folder, f"{SHADOW}    deadline_s = 1.0\n")

    async def run() -> tuple[float, float]:
        began = time.monotonic()
        async with AsyncTagger(config=config) as tagger:
            await tagger.tag(PICTURE)
            answered = time.monotonic()
        return answered - began, time.monotonic() - began

    answered_s, closed_s = asyncio.run(run())

    assert answered_s < 0.9 < closed_s < 3.0
    assert "DeadlineExceeded" == _lines(folder)[0]["shadows"]["im"]["kind"]


def test_what_shadows_cost_counts_for_the_route(emulator: Emulator, folder: Path) -> None:
    text = f"""{SHADOW}
        budget = "0.005 CNY"
        [prices]
        hw = "0.002 CNY"
        tx = "0.002 CNY"
        im = "0.002 CNY"
    """
    with _tagger(emulator, folder, dedent(text).replace("        ", "")) as tagger:
        tagger.tag(PICTURE)

    [line] = _lines(folder)
    said = [line["answered"], *line["shadows"].values()]
    assert 2 == emulator.billed
    assert 1 == [outcome.get("kind") for outcome in said].count("BudgetExceeded")


def test_shadows_stay_where_the_filters_let_them(emulator: Emulator, folder: Path) -> None:
    _answered(emulator, folder, f'{SHADOW}    regions = ["cn-*"]\n')

    [line] = _lines(folder)
    assert {HUAWEI: 1} == _calls(emulator)
    assert {"NotSupported"} == {said["kind"] for said in line["shadows"].values()}


def test_an_interrupted_tagger_does_not_wait_for_its_shadows(
    emulator: Emulator, folder: Path
) -> None:
    emulator.fail("silence", only=IMAGGA)
    began = time.monotonic()

    def interrupted() -> None:
        with _tagger(emulator, folder, SHADOW) as tagger:
            tagger.tag(PICTURE)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert time.monotonic() - began < 10.0


def test_lines_that_are_written_at_once_stay_whole(folder: Path) -> None:
    picture, said = Image.from_bytes(PICTURE), Unavailable("x" * 300_000)
    path = file_of(folder, "tags")

    def write(at: int) -> None:
        record(path, "tags", at, picture, said, {"tx": said})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(64)))

    assert set(range(64)) == {line["at"] for line in _lines(folder)}


@pytest.mark.skipif(os.name != "posix", reason="limits of another kind")
def test_a_line_for_which_there_is_no_room_leaves_nothing(folder: Path) -> None:
    program = f"""
        import resource
        from pathlib import Path
        from taggers import Image
        from taggers._shadow import record
        from taggers.errors import Unavailable
        picture = Image.from_bytes({PICTURE!r})
        path = Path("shadow-tags.jsonl")
        record(path, "tags", 1, picture, Unavailable("short"), {{}})
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
        try:
            record(path, "tags", 2, picture, Unavailable("x" * 20_000), {{}})
        except OSError:
            print("no room")
    """
    command = [sys.executable, "-c", dedent(program)]

    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )

    assert "no room\n" == done.stdout, done.stderr
    assert [1] == [line["at"] for line in _lines(folder)]


def test_shadows_that_lag_behind_do_not_pile_up(emulator: Emulator, folder: Path) -> None:
    emulator.fail("silence", only=IMAGGA)
    text = f"{SHADOW}    deadline_s = 4.0\n".replace('"tx", ', "")
    calls = MOST_UNDER_WAY + 20

    with _tagger(emulator, folder, text) as tagger:
        answered = [tagger.tag(PICTURE).provider for _ in range(calls)]

    assert ["hw"] * calls == answered
    assert MOST_UNDER_WAY <= len(_lines(folder)) < calls
