"""What a batch would do, before anything is spent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Literal

import fsspec
import pytest
from attrs import evolve
from PIL import Image as Pillow

from taggers import Image, Tagger, TaggersError, errors
from taggers._config import Config, Prices, Service
from taggers._config import Store as Folder
from taggers._limits import Limits
from taggers._money import Money
from taggers._policy import Policy
from taggers._registry import installed
from taggers._routes import Route
from taggers._spend import Cap, Purse, spending
from taggers.batch import (
    CALL_S,
    LOCAL_CALL_S,
    Errand,
    Item,
    Journal,
    Known,
    Picture,
    Place,
    Plan,
    Reason,
    Retry,
    Store,
    find,
    plan,
)
from taggers.batch.estimate._copies import Copies
from taggers.batch.sources._content import Head
from taggers.cli import main
from taggers.emulator import Emulator
from taggers.testing import png

V2 = "huawei-tagging-v2"


def _planned(
    sources: list[str],
    *names: str,
    config: Config | None = None,
    prepare: Literal["auto", "never"] = "auto",
    known: Known | None = None,
) -> Plan:
    return plan(map(Item, sources), names, config or Config(), prepare=prepare, known=known)


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
    note = Reason(1, f"{pictures[4]} is no picture that taggers knows")
    tiny = Reason(1, f"{pictures[3]} is 3 × 3 px; the shorter edge must be at least 15")
    assert (5, 1, {"UnsupportedImage": note}) == (found.found, found.copies, found.unreadable)
    assert (2, {"ImageDimensions": tiny}) == (huawei.calls, huawei.refused)


def test_a_plan_counts_units_as_the_plugin_bills_them(pictures: list[str]) -> None:
    tencent = Service("tx", "tencent-detect-label", {"scenes": ["web", "camera", "news"]})
    config = Config(services={"tx": tencent}, prices=Prices({"tx": Money.parse("0.01 CNY")}))

    (planned,) = _planned(pictures[:2], "tx", config=config).providers

    assert (2, 6) == (planned.calls, planned.units)
    assert ("0.06 CNY", "0.06 CNY") == (str(planned.cost), str(planned.most))


def test_a_plan_keeps_to_the_limits_of_the_account(pictures: list[str]) -> None:
    slow = Service("hw", "huawei-tagging-v2", limits=Limits(1, None))
    config = Config(services={"hw": slow})

    (planned,) = _planned(pictures[:2], "hw", config=config).providers

    assert 2.0 == planned.time_s
    assert planned.cost is None


def test_what_stays_on_this_machine_is_quick(pictures: list[str]) -> None:
    here, there = _planned(pictures[:2], "local-basic", V2).providers

    assert (LOCAL_CALL_S, CALL_S) == (here.time_s, there.time_s)


def test_the_cheapest_is_one_of_those_that_take_the_most(pictures: list[str]) -> None:
    priced = Config(prices=Prices({"huawei-tagging-v2": Money.parse("0.001 CNY")}))
    both = ("huawei-tagging-v1", "huawei-tagging-v2")

    assert "huawei-tagging-v2" == _planned(pictures, *both, config=priced).cheapest
    assert _planned(pictures[:2], *both, config=priced).cheapest is None


def test_a_route_costs_what_its_first_does_and_at_most_what_its_dearest(
    pictures: list[str],
) -> None:
    money = {name: Money.parse(f"{cost} CNY") for name, cost in [("hw", 0.01), ("im", 0.04)]}
    hw, im = Service("hw", "huawei-tagging-v2"), Service("im", "imagga-tags")
    route = Route(name="tags", targets=("hw", "im"))
    config = Config(
        services={"hw": hw, "im": im},
        routes={"tags": route, "paid": evolve(route, name="paid", paid_fallback=True)},
        prices=Prices(money),
    )

    tags, paid = _planned(pictures[:2], "tags", "paid", config=config).providers

    assert (2, "0.02 CNY", "0.08 CNY") == (tags.calls, str(tags.cost), str(tags.most))
    assert ("0.02 CNY", "0.1 CNY") == (str(paid.cost), str(paid.most))


def test_a_plan_names_the_caps_that_it_would_pass(pictures: list[str], tmp_path: Path) -> None:
    money = Prices({V2: Money.parse("1 CNY"), "imagga-tags": Money.parse("1 CNY")})
    route = Route(name="tags", targets=(V2,), budget=Money.parse("1.5 CNY"))
    nightly = Cap("nightly", Money.parse("3 CNY"), "day")
    config = Config(
        routes={"tags": route},
        prices=money,
        budgets={"nightly": nightly},
        store=Folder(folder=tmp_path),
    )
    purse = Purse(ledger=spending(tmp_path), caps=(nightly,), provider="x", run="before",
                  price=Money.parse("0.5 CNY"), priced_as="x")  # fmt: skip

    fits = _planned(pictures[:1], V2, "imagga-tags", config=config).caps
    untouched = not spending(tmp_path).path.exists()
    purse.reserve(1)
    both = _planned(pictures[:2], "tags", "imagga-tags", config=config).caps

    assert ((), True) == (fits, untouched)
    assert (
        'it costs 4 CNY, and 2.5 CNY is left of the cap "nightly" of 3 CNY a day: what is above '
        "that is not asked",
        'it costs 2 CNY, and 1.5 CNY is left of the cap "route tags" of 1.5 CNY a run: what is '
        "above that is not asked",
    ) == both


def test_a_plan_says_to_whom_a_cap_lets_nothing_through(
    pictures: list[str], tmp_path: Path
) -> None:
    cap = Cap("nightly", Money.parse("3 CNY"), "day")
    config = Config(budgets={"nightly": cap}, store=Folder(folder=tmp_path))

    (unpriced,) = _planned(pictures[:2], "imagga-tags", config=config).caps

    assert unpriced.startswith(
        "nothing is sent to imagga-tags: nobody knows what imagga-tags costs"
    )


def test_a_route_goes_on_to_who_takes_what_the_first_refuses(pictures: list[str]) -> None:
    route = Route(name="tags", targets=("huawei-tagging-v1", "local-basic"))

    (tags,) = _planned(pictures[:4], "tags", config=Config(routes={"tags": route})).providers

    assert (3, 2, {}) == (tags.calls, tags.units, tags.refused)


def test_what_may_be_sent_again_at_a_cost_may_cost_twice(pictures: list[str]) -> None:
    config = Config(
        policy=Policy(unknown="retry-once"), prices=Prices({"imagga-tags": Money.parse("1 USD")})
    )

    (planned,) = _planned(pictures[:2], "imagga-tags", config=config).providers

    assert ("2 USD", "4 USD") == (str(planned.cost), str(planned.most))


def test_the_day_of_a_price_is_told_unless_it_is_your_own(pictures: list[str]) -> None:
    own = Config(prices=Prices({"google-vision": Money.parse("1 USD")}))
    listed = installed().provider("google-vision").offers.price

    (table,), (said,) = (
        _planned(pictures[:1], "google-vision", config=config).providers for config in (None, own)
    )

    assert listed is not None
    assert (listed.as_of, None) == (table.as_of, said.as_of)


@pytest.mark.parametrize(("prepare", "calls"), [("auto", 3), ("never", 1)])
def test_what_is_made_to_fit_is_not_refused(
    tmp_path: Path, prepare: Literal["auto", "never"], calls: int
) -> None:
    Pillow.new("RGB", (5000, 20)).save(tmp_path / "long.png")
    Pillow.effect_noise((2400, 2400), 90).save(tmp_path / "many-bytes.png")
    Pillow.new("RGB", (90, 60)).save(tmp_path / "fine.jpg")
    config = Config(services={"tx": Service("tx", "tencent-detect-label")})
    sources = [str(path) for path in tmp_path.iterdir()]

    (planned,) = _planned(sources, "tx", config=config, prepare=prepare).providers

    assert calls == planned.calls
    assert 3 - calls == sum(reason.count for reason in planned.refused.values())


@pytest.mark.parametrize("name", ["huawei-tagging-v1", "tencent-detect-label"])
def test_a_plan_agrees_with_what_a_run_does(tmp_path: Path, name: str) -> None:
    """Each picture that the plan says is refused is, and no other."""
    sizes = [(3, 3), (14, 40), (40, 14), (60, 60), (5000, 30), (40, 5000), (16, 16), (15, 15)]
    for number, (form, size) in enumerate(product(("png", "jpeg", "gif", "tiff", "webp"), sizes)):
        Pillow.new("RGB", size, (number, 0, 0)).save(tmp_path / f"{number}.{form}")
    sources = [str(path) for path in sorted(tmp_path.iterdir())]

    with Emulator() as emulator, Tagger(name, **emulator.settings(name)) as tagger:
        said = list(tagger.tag_many(sources))
    refused = [one for one in said if isinstance(one, TaggersError)]
    (planned,) = _planned(sources, name).providers

    assert all(one.outcome == "not sent" for one in refused)
    assert len(sources) > len(refused) > 0
    assert Counter(type(one).__name__ for one in refused) == {
        kind: reason.count for kind, reason in planned.refused.items()
    }


def test_files_that_go_while_they_are_planned_cost_only_themselves(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("first.png", "second.png", "third.png")]
    for path in paths:
        path.write_bytes(png(30, 30))

    def items() -> Iterator[Item]:
        yield Item(str(paths[0]))
        paths[0].unlink()  # before the second of its size has it hashed
        yield from (Item(str(path)) for path in paths)

    found = plan(items(), ["local-basic"], Config())

    assert (4, 1, 1) == (found.found, found.copies, found.unreadable["LocalResourceError"].count)
    assert 2 == found.providers[0].calls


def test_a_pipe_does_not_hold_a_plan_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")

    found = _planned([str(tmp_path / "pipe.png")], "local-basic")

    assert 1 == found.unreadable["UnsupportedImage"].count


def test_heads_alone_are_read_of_large_pictures_in_storage() -> None:
    from fsspec.implementations.memory import MemoryFileSystem

    memory = MemoryFileSystem()
    for number in range(3):
        memory.pipe(f"/large/{number}.png", png(30, 30 + number) + bytes(1_000_000 + number))
    kept = list(find(["memory://large"]))
    wanted: list[object] = []

    class Seen(MemoryFileSystem):
        protocol = "memory"

        def cat_file(self, path: str, start: int | None = None, end: int | None = None,
                     **more: object) -> bytes:  # fmt: skip
            wanted.append((start, end))
            content: bytes = super().cat_file(path, start, end, **more)
            return content

    fsspec.register_implementation("memory", Seen, clobber=True)
    try:
        (planned,) = plan(kept, ["local-basic"], Config()).providers
    finally:
        fsspec.register_implementation("memory", MemoryFileSystem, clobber=True)

    assert 3 == planned.calls
    assert [(0, 65_536)] * 3 == wanted


def test_copies_take_no_more_memory_the_more_there_are(tmp_path: Path) -> None:
    def peak_bytes(count: int) -> int:
        tracemalloc.start()
        with Copies() as copies:
            for number in range(count):
                content = png(20, 20) + str(number).encode()
                image = Image.from_bytes(content, source=f"{tmp_path}/{number}.png")
                assert not copies.holds(Head(image, len(content)))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    few, many = peak_bytes(200), peak_bytes(5_000)

    assert many < few + 20_000


def test_the_command_prints_the_plan(
    pictures: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["plan", *pictures, "-p", "google-vision", "-f", "json"])

    record = json.loads(capsys.readouterr().out)
    assert not ended.value.code
    assert ("0.0135 USD", 3) == (record["providers"][0]["cost"], record["providers"][0]["calls"])


def test_the_command_names_the_caps(
    pictures: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "taggers.toml"
    config.write_text(
        f'[prices]\n{V2} = "1 CNY"\n[budgets.small]\ncap = "1 CNY"\nper = "run"\n'
        '[store]\nfolder = "."\n'
    )

    with pytest.raises(SystemExit):
        main(["--config", str(config), "plan", *pictures[:2], "-p", V2])

    assert 'it costs 2 CNY, and 1 CNY is left of the cap "small"' in capsys.readouterr().out


@pytest.mark.parametrize("command", [["plan"], ["batch", "--into", "s.sqlite3"]])
def test_a_source_at_which_there_is_nothing_is_refused(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SystemExit) as ended:
        main([*command, "nosuch", "-p", "local-basic"])

    assert 2 == ended.value.code
    assert "taggers: there is nothing at 'nosuch'\n" == capsys.readouterr().err
    assert [] == list(tmp_path.iterdir())


def test_a_plan_of_which_nothing_can_be_read_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.png").write_text("no picture")

    with pytest.raises(SystemExit) as ended:
        main(["plan", str(tmp_path), "-p", "google-vision"])

    assert 1 == ended.value.code
    assert "1 cannot be read: UnsupportedImage" in capsys.readouterr().out


def test_the_command_tells_routes_reasons_and_names_that_are_no_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taggers.toml").write_text('[routes.tags]\ntargets = ["huawei-tagging-v1"]\n')
    with open(os.fsencode(tmp_path) + b"/\xff.png", "wb") as file:  # noqa: PTH123
        file.write(png(3, 3))
    command = ["--config", str(tmp_path / "taggers.toml"), "plan", str(tmp_path), "--route", "tags"]

    with pytest.raises(SystemExit):
        main([*command, "-f", "json"])
    record = json.loads(capsys.readouterr().out)
    with pytest.raises(SystemExit):
        main(command)
    shown = capsys.readouterr().out

    (planned,) = record["providers"]
    assert ("tags", 0) == (planned["name"], planned["calls"])
    assert planned["refused"]["ImageDimensions"]["example"].startswith(f"{tmp_path}/\udcff.png")
    assert "1 refused by tags: ImageDimensions, such as" in shown
    assert "\\udcff.png is 3 × 3 px" in "".join(shown.split("\n"))


def test_the_command_says_what_of_its_sources_is_broken_and_goes_on(
    pictures: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text("name\n1\n")
    sources = [str(broken), *pictures[:3]]

    with pytest.raises(SystemExit) as ended:
        main(["plan", *sources, "-p", "local-basic", "--sample", "2", "-f", "json"])

    said = capsys.readouterr()
    assert 1 == ended.value.code
    assert 2 == json.loads(said.out)["found"]
    assert "broken.csv names no pictures" in said.err


def test_a_plan_opens_no_connection(pictures: list[str]) -> None:
    program = """
import sys
opened = []
sys.addaudithook(lambda event, _: opened.append(event) if event.startswith("socket.") else None)
from taggers.cli import main
try:
    main(["plan", *sys.argv[1:], "-p", "google-vision", "-p", "tencent-detect-label"])
finally:
    print(opened)
"""

    said = subprocess.run(
        [sys.executable, "-c", program, *pictures], capture_output=True, text=True
    )

    assert said.stdout.endswith("[]\n"), said.stderr


@pytest.fixture
def store(tmp_path: Path, pictures: list[str]) -> Iterator[Store]:
    """A store in which a.png failed at huawei-tagging-v2, and b.png is under way there."""
    with Store.open(tmp_path / "s.sqlite3", make=True) as store:
        journal = Journal.open(store, "batch")
        for source, said in [(pictures[0], errors.RateLimited("slow down")), (pictures[1], None)]:
            picture = Picture.of(Image.open(source))
            asked = Errand(picture=picture, provider=V2, place=Place.of(source))
            (call,) = journal.begin([asked])
            if said is not None and call is not None:
                journal.settle([(call, said)])
        yield store


@pytest.mark.parametrize(("retry", "calls"), [((), 0), (("failed",), 1), (("unknown",), 0)])
def test_a_plan_counts_only_what_a_run_would_ask(
    pictures: list[str], store: Store, retry: tuple[Retry, ...], calls: int
) -> None:
    with Known.of(store, [V2], retry) as known:
        found = _planned(pictures[:2], V2, known=known)

    assert (2, 2 - calls, calls) == (found.found, found.known, found.providers[0].calls)


def test_a_plan_knows_what_is_in_the_store_wherever_it_lies_now(
    pictures: list[str], store: Store, tmp_path: Path
) -> None:
    moved, changed = tmp_path / "moved.png", Path(pictures[0])
    Path(pictures[1]).rename(moved)
    changed.write_bytes(png(91, 60))

    with Known.of(store, [V2], ()) as known:
        found = _planned([str(moved), str(changed)], V2, known=known)

    assert (1, 1) == (found.known, found.providers[0].calls)


def test_whom_a_picture_is_not_yet_known_to_is_still_to_be_asked(
    pictures: list[str], store: Store
) -> None:
    both = (V2, "huawei-tagging-v1")
    with Known.of(store, both, ()) as known:
        found = _planned(pictures[:2], *both, known=known)

    assert [0, 2] == [one.calls for one in found.providers]
    assert 0 == found.known


def test_the_command_counts_only_what_a_store_has_not(
    capsys: pytest.CaptureFixture[str], pictures: list[str], store: Store
) -> None:
    with pytest.raises(SystemExit):
        main(["plan", *pictures[:2], "-p", V2, "--into", str(store.path), "-f", "json"])

    said = json.loads(capsys.readouterr().out)
    assert (1, 1) == (said["known"], said["providers"][0]["calls"])
