"""`taggers batch` as a person meets it: the question before, what is seen meanwhile, and after."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from taggers import errors
from taggers._money import Money
from taggers.batch import Happened, Planned, Store, query
from taggers.cli._batches._again import shell
from taggers.cli._batches._approval import UNASKED, worry
from taggers.cli._batches._bill import bill
from taggers.cli._batches._pace import Pace
from taggers.cli._batches._running import Screen
from taggers.cli._batches._ticker import Ticker
from taggers.emulator import Emulator, Limits
from taggers.testing import png

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="terminals of another kind")

V2 = "huawei-tagging-v2"
Said = subprocess.CompletedProcess[str]
Taggers = Callable[..., Said]
PRICE = f'\n[prices]\n{V2} = "1 CNY"\n'


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def folder(emulator: Emulator, tmp_path: Path) -> Path:
    """A folder with eight pictures in photos/ and a taggers.toml: one call costs 1 CNY."""
    (tmp_path / "taggers.toml").write_text(emulator.toml() + PRICE, "utf-8")
    (tmp_path / "photos").mkdir()
    _fill(tmp_path / "photos", 8)
    return tmp_path


@pytest.fixture
def taggers(emulator: Emulator, folder: Path) -> Taggers:
    """The command line as a process of its own, without a terminal."""

    def run(*arguments: str | Path, text: str = "") -> Said:
        return subprocess.run(
            [sys.executable, "-m", "taggers", *arguments],
            env={**os.environ, **emulator.environment()},
            cwd=folder,
            input=text,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=120,
            check=False,
        )

    return run


class Terminal:
    """A process of the command line at a terminal."""

    def __init__(self, emulator: Emulator, folder: Path, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "taggers", *arguments],
            env={**os.environ, **emulator.environment()},
            cwd=folder,
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)
        self.said = ""

    def until(self, text: str) -> str:
        """All that was said until this comes."""
        while text not in self.said:
            self.said += self._read() or pytest.fail(f"it never said {text!r}: {self.said}")
        return self.said

    def ended(self) -> int:
        """The exit code, when all is read."""
        while more := self._read():
            self.said += more
        os.close(self.master)
        return self.process.wait(timeout=60)

    def types(self, text: str) -> None:
        os.write(self.master, text.encode())

    def _read(self) -> str:
        try:
            return os.read(self.master, 65_536).decode()
        except OSError:  # the other end is closed
            return ""


@pytest.fixture
def terminal(emulator: Emulator, folder: Path) -> Callable[..., Terminal]:
    return lambda *arguments: Terminal(emulator, folder, *arguments)


def _fill(folder: Path, count: int) -> None:
    for number in range(count):
        (folder / f"{number:03}.png").write_bytes(png(40, 40) + str(number).encode())


def _asked(emulator: Emulator) -> int:
    return sum(call.path.endswith("/image/tagging") for call in emulator.journal)


def _until_under_way(store: Path, calls: int) -> None:
    """Waits until so many calls of a run are under way."""
    under_way = 0
    while under_way != calls:
        time.sleep(0.01)
        with contextlib.suppress(errors.LocalResourceError):  # it is not made yet
            statement = "SELECT count(*) FROM calls WHERE state = 'sent'"
            ((under_way,),) = _rows(store, statement)


def _rows(store: Path, statement: str) -> list[tuple[Any, ...]]:
    with Store.open(store) as opened, query(opened, statement) as answer:
        return list(answer.rows)


def test_where_nobody_can_be_asked_a_run_that_may_cost_more_is_not_begun(
    emulator: Emulator, taggers: Taggers, folder: Path
) -> None:
    said = taggers("batch", "photos", "--into", "s.sqlite3", "-p", V2)

    assert 2 == said.returncode
    assert "it may cost 8 CNY, which is more than 5 CNY, and there is no terminal" in said.stderr
    assert "pass --yes" in said.stderr
    assert 0 == _asked(emulator)
    assert [] == _rows(folder / "s.sqlite3", "SELECT run FROM runs")


@pytest.mark.parametrize(("answer", "code", "calls"), [("n", 1, 0), ("y", 0, 8)])
def test_a_person_sees_the_plan_and_decides(
    emulator: Emulator, terminal: Callable[..., Terminal], answer: str, code: int, calls: int
) -> None:
    run = terminal("batch", "photos", "--into", "s.sqlite3", "-p", V2)

    before = run.until("go on? [y/N]")
    run.types(f"{answer}\n")

    assert re.search(r"8 pictures found(.|\n)*8 CNY", before)
    assert code == run.ended()
    assert calls == _asked(emulator)


def test_the_end_of_the_input_at_the_question_is_no_agreement(
    emulator: Emulator, terminal: Callable[..., Terminal]
) -> None:
    run = terminal("batch", "photos", "--into", "s.sqlite3", "-p", V2)
    run.until("go on? [y/N]")

    run.types("\x04")

    assert 1 == run.ended()
    assert 0 == _asked(emulator)


@pytest.mark.parametrize(
    "options", [("--yes",), ("--confirm-above", "8 CNY"), ("--limit", "5"), ("--config", "b.toml")]
)
def test_what_is_agreed_to_or_costs_little_runs_unasked(
    emulator: Emulator, taggers: Taggers, folder: Path, options: tuple[str, ...]
) -> None:
    said_so = emulator.toml() + PRICE + '[batch]\nconfirm_above = "8 CNY"\n'
    (folder / "b.toml").write_text(said_so, "utf-8")
    before, after = (options, ()) if "--config" in options else ((), options)

    said = taggers(*before, "batch", "photos", "--into", "s.sqlite3", "-p", V2, *after)

    assert 0 == said.returncode, said.stderr
    assert len(said.stdout.splitlines()) == _asked(emulator) >= 5


def test_what_is_in_the_store_is_no_reason_to_ask(emulator: Emulator, taggers: Taggers) -> None:
    first = taggers("batch", "photos", "--into", "s.sqlite3", "-p", V2, "--limit", "4")

    second = taggers("batch", "photos", "--into", "s.sqlite3", "-p", V2)

    assert (0, 0) == (first.returncode, second.returncode)
    assert "4 done, 4 were in the store" in second.stderr
    assert 8 == _asked(emulator)


def test_a_list_that_can_be_read_only_once_takes_a_yes(
    emulator: Emulator, taggers: Taggers
) -> None:
    names = "photos/000.png\nphotos/001.png\n"

    refused = taggers("batch", "-", "--into", "s.sqlite3", "-p", V2, text=names)
    agreed = taggers("batch", "-", "--into", "s.sqlite3", "-p", V2, "--yes", text=names)

    assert 2 == refused.returncode
    assert "can be read only once; pass --yes" in refused.stderr
    assert (0, 2) == (agreed.returncode, _asked(emulator))


def _planned(name: str, most: str | None) -> Planned:
    money = None if most is None else Money.parse(most)
    return Planned(name=name, calls=3, units=3, refused={}, cost=money, most=money, as_of=None,
                   time_s=1)  # fmt: skip


@pytest.mark.parametrize(
    ("costs", "limit", "rate", "why"),
    [
        (["1 USD"], None, None, None),
        (["1.01 USD"], None, None, "it may cost 1.01 USD, which is more than 1 USD"),
        (["3 CNY", "3 CNY"], None, None, "it may cost 6 CNY, which is more than 5 CNY"),
        (["3 CNY", "3 CNY"], None, 7.0, None),
        (["0.5 USD", "3 CNY"], None, None, "cannot be compared with 1 USD"),
        (["20 CNY"], "3 USD", 7.0, None),
        ([None, "0 USD"], None, None, "what a costs is not known"),
        ([], None, None, None),
    ],
)
def test_a_plan_is_a_worry_where_it_may_cost_more_than_the_limit(
    costs: list[str | None], limit: str | None, rate: float | None, why: str | None
) -> None:
    providers = [_planned("ab"[index], most) for index, most in enumerate(costs)]
    limits = (Money.parse(limit),) if limit else UNASKED

    found = worry(providers, limits, rate)

    assert found is None if why is None else why in (found or "")


def test_the_command_that_is_shown_asks_exactly_those_that_failed_so_again(
    emulator: Emulator, taggers: Taggers, folder: Path
) -> None:
    store = "it's 猫.sqlite3"
    emulator.fail("code", code="AIS.0502", only=V2, times=2)
    emulator.fail("code", code="AIS.0020", only=V2, times=1)
    first = taggers(
        "batch", "photos", "--into", store, "-p", V2, "--yes", "--tags", "9", "--language", "zh"
    )
    (shown,) = re.findall(r"again: taggers (.* --kind UnsupportedImage .*)", first.stderr)
    done = _asked(emulator)

    again = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m taggers {shown} --yes"],
        env={**os.environ, **emulator.environment()},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 1 == first.returncode
    assert "2 failed at huawei-tagging-v2: UnsupportedImage, such as photos/" in first.stderr
    assert "--tags 9 --language zh" in shown
    assert (0, 2) == (again.returncode, len(again.stdout.splitlines())), again.stderr
    assert done + 2 == _asked(emulator)
    assert [(1,)] == _rows(folder / store, "SELECT count(*) FROM calls WHERE state = 'failed'")


def test_a_kind_of_error_that_there_is_not_is_refused(taggers: Taggers) -> None:
    taggers("batch", "photos", "--into", "s.sqlite3", "-p", V2, "--yes")

    said = taggers("batch", "--into", "s.sqlite3", "--retry-failed", "--kind", "RateLimit")

    assert 2 == said.returncode
    assert "there is no kind of error 'RateLimit'; did you mean 'RateLimited'?" in said.stderr


def test_what_may_have_been_billed_is_listed_and_asked_again_alone(
    emulator: Emulator, taggers: Taggers
) -> None:
    emulator.fail("reset-after", times=1)
    first = taggers("batch", "photos", "--into", "s.sqlite3", "-p", V2, "--yes")
    done = _asked(emulator)

    same = taggers("batch", "photos", "--into", "s.sqlite3", "-p", V2, "--yes")
    failed = taggers("batch", "--into", "s.sqlite3", "--retry-failed")
    listed = taggers("runs", "s.sqlite3")
    unknown = taggers("batch", "--into", "s.sqlite3", "--retry-unknown", "--kind", "OutcomeUnknown")

    assert (
        "7 done, 0 were in the store, 0 failed, 1 unknown; 7 units billed (7.00 CNY), 1 maybe"
        in first.stderr
    )
    assert "1 of earlier runs may have been billed, and are not asked again" in same.stderr
    assert [1, 1, 0] == [said.returncode for said in (first, same, unknown)]
    assert "there is nothing in s.sqlite3 to ask again" in failed.stderr
    assert "again (may be billed twice): taggers batch --into s.sqlite3 --retry-unknown" in (
        listed.stdout
    )
    assert "1 done" in unknown.stderr
    assert done + 1 == _asked(emulator)


def test_processes_that_share_a_store_keep_to_the_declared_limits_together(folder: Path) -> None:
    with Emulator(limits=Limits(concurrency=3)) as strict:
        strict.fail("slow", latency_s=0.2)
        table = f"[providers.{V2}]\n"
        config = strict.toml().replace(table, f"{table}concurrency = 2\n")
        (folder / "taggers.toml").write_text(config)
        _fill(folder / "photos", 30)
        command = ("batch", "photos", "--into", "s.sqlite3", "-p", V2, "--yes", "--share")

        both = [
            subprocess.Popen(
                [sys.executable, "-m", "taggers", *command],
                env={**os.environ, **strict.environment()},
                cwd=folder,
                stdout=subprocess.DEVNULL,
            )
            for _ in range(2)
        ]

        assert [0, 0] == [one.wait(timeout=120) for one in both]
        assert [200] * 30 == [call.status for call in strict.journal]


def test_what_cannot_be_read_is_listed_until_it_can(taggers: Taggers, folder: Path) -> None:
    batch = ("batch", "photos", "--into", "s.sqlite3", "-p", V2, "--yes", "--quiet")
    for name in ("a.png", "b.png"):
        (folder / "photos" / name).write_text("no picture")
    taggers(*batch)
    before = taggers("runs", "s.sqlite3").stdout
    (folder / "photos" / "a.png").write_bytes(png(41, 41))

    taggers(*batch)

    after = taggers("runs", "s.sqlite3").stdout
    kinds = _rows(folder / "s.sqlite3", "SELECT source, run, kind FROM unread")
    assert "2 could not be read: UnsupportedImage, such as photos/a.png" in before
    assert "again: the same command" in before
    assert "1 could not be read: UnsupportedImage, such as photos/b.png" in after
    assert [("photos/b.png", 2, "UnsupportedImage")] == kinds


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a SOURCE, or take up what is in the store"),
        (("photos", "--retry-failed"), "leave SOURCE out"),
        (("photos", "--kind", "RateLimited"), "leave SOURCE out"),
        (("--retry-failed", "--no-retry"), "exclude each other"),
        (("--retry-failed", "--where", "plan = gold"), "which a store does not keep"),
        (("photos", "--route", "typo"), "there is no route 'typo'; taggers.toml has none"),
        (("-", "--engine", "ray"), "reads its sources elsewhere"),
        (("photos", "--confirm-above", "5"), "'5' is no amount of money"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    taggers: Taggers, arguments: tuple[str, ...], said: str
) -> None:
    found = taggers("batch", *arguments, "--into", "s.sqlite3", "-p", V2)

    assert 2 == found.returncode
    assert said in found.stderr


def test_what_the_shell_is_shown_is_one_word_whatever_it_is() -> None:
    words = ["a b", "it's", "$HOME;rm", "猫", "esc\x1b[31m", "caf\udce9.jpg"]

    line = shell(["printf", "%s\\0", *words])
    said = subprocess.run(["bash", "-c", line], capture_output=True, check=True).stdout

    assert line.isprintable()
    assert [os.fsencode(word) for word in words] == said.split(b"\0")[:-1]


def test_a_reader_who_is_slow_keeps_no_call_from_being_answered(
    emulator: Emulator, folder: Path
) -> None:
    _fill(folder / "photos", 150)
    command = [sys.executable, "-m", "taggers", "batch", "photos", "--into", "s.sqlite3", "-p", V2]
    with subprocess.Popen(
        [*command, "--yes"],
        env={**os.environ, **emulator.environment()},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        while _asked(emulator) < 150 and child.poll() is None:
            time.sleep(0.01)

        asked = _asked(emulator)
        said, _ = child.communicate(timeout=60)

    assert 150 == asked == len(said.splitlines())
    assert len(said) > 65_536  # more than a pipe holds


def test_a_reader_who_goes_away_ends_the_run_and_loses_nothing(
    emulator: Emulator, taggers: Taggers, folder: Path
) -> None:
    _fill(folder / "photos", 100)
    emulator.fail("slow", latency_s=0.05)
    command = [sys.executable, "-m", "taggers", "batch", "photos", "--into", "s.sqlite3", "-p", V2]
    with subprocess.Popen(
        [*command, "--yes", "--concurrency", "1"],
        env={**os.environ, **emulator.environment()},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.readline()
        child.stdout.close()
        said = child.stderr.read().decode()
    stopped_at = _asked(emulator)
    rest = taggers("batch", "photos", "--into", "s.sqlite3", "-p", V2, "--yes", "--quiet")

    assert 1 == child.returncode
    assert "the output cannot be written: Broken pipe" in said
    assert stopped_at < 100
    assert f"{100 - stopped_at} done, {stopped_at} were in the store" in rest.stderr


def test_a_list_that_stays_open_holds_nobody_up(emulator: Emulator, folder: Path) -> None:
    command = [sys.executable, "-m", "taggers", "batch", "-", "--into", "s.sqlite3", "-p", V2]
    with subprocess.Popen(
        [*command, "--yes"],
        env={**os.environ, **emulator.environment()},
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdin.write(b"photos/000.png\nphotos/001.png\n")
        child.stdin.flush()
        lines = [child.stdout.readline() for _ in range(2)]
        child.send_signal(signal.SIGINT)
        code, said = child.wait(timeout=60), child.stderr.read().decode()

    assert 2 == len([*filter(None, lines)]) == _asked(emulator)
    assert 130 == code, said
    assert "2 done" in said
    assert "the same command goes on from here" in said


def test_the_first_interrupt_finishes_what_is_under_way_and_the_second_stops(
    emulator: Emulator, terminal: Callable[..., Terminal], folder: Path
) -> None:
    emulator.fail("slow", latency_s=10)
    run = terminal("batch", "photos", "--into", "s.sqlite3", "-p", V2, "-y", "--concurrency", "2")
    _until_under_way(folder / "s.sqlite3", 2)

    run.process.send_signal(signal.SIGINT)
    run.until("Ctrl-C once more stops at once")
    run.process.send_signal(signal.SIGINT)

    assert 130 == run.ended()
    assert "0 failed, 2 unknown; 0 units billed, 2 maybe (2.00 CNY)" in run.said
    assert "2 unknown at huawei-tagging-v2: OutcomeUnknown" in run.said
    assert "the same command goes on from here" in run.said
    assert [(2,)] == _rows(folder / "s.sqlite3", "SELECT count(*) FROM calls")


def test_a_container_that_is_told_to_end_finishes_what_is_under_way(
    emulator: Emulator, terminal: Callable[..., Terminal], folder: Path
) -> None:
    emulator.fail("slow", latency_s=1)
    run = terminal("batch", "photos", "--into", "s.sqlite3", "-p", V2, "-y", "--concurrency", "1")
    _until_under_way(folder / "s.sqlite3", 1)

    run.process.terminate()

    assert 130 == run.ended()
    states = _rows(folder / "s.sqlite3", "SELECT DISTINCT state FROM calls")
    assert [("done",)] == states


def test_what_a_killed_run_had_under_way_is_listed_and_asked_again_and_the_run_can_be_undone(
    emulator: Emulator, taggers: Taggers, terminal: Callable[..., Terminal], folder: Path
) -> None:
    emulator.fail("slow", latency_s=10)
    killed = terminal("batch", "photos", "--into", "s.sqlite3", "-p", V2, "--yes")
    _until_under_way(folder / "s.sqlite3", 8)
    killed.process.kill()
    killed.process.wait()
    emulator.heal()

    listed = taggers("runs", "s.sqlite3").stdout
    undone = taggers("undo", "s.sqlite3", "--run", "1", "--yes")
    again = taggers("batch", "--into", "s.sqlite3", "--retry-unknown", "--yes")

    assert re.search(r"^1 +died .* batch photos -p .* 0 +0 +8 +8.00 CNY *$", listed, re.M), listed
    assert "run 1 is undone" in undone.stderr
    assert "8 done" in again.stderr


def test_a_run_that_ends_early_says_that_there_is_more(taggers: Taggers, folder: Path) -> None:
    config = folder / "taggers.toml"
    cap = '[budgets.small]\ncap = "3 CNY"\nper = "day"\n'
    config.write_text(config.read_text("utf-8") + cap)
    _fill(folder / "photos", 40)

    said = taggers("batch", "photos", "--into", "s.sqlite3", "-p", V2, "--yes").stderr

    assert "was not asked any more: this call may cost" in said
    assert "what is left was not asked about; the same command goes on with it" in said
    assert [("stopped",)] == _rows(folder / "s.sqlite3", "SELECT state FROM runs")


def test_answers_of_the_emulator_and_of_vendors_do_not_come_into_one_store(
    emulator: Emulator, taggers: Taggers
) -> None:
    first = taggers("--emulate", "batch", "photos", "--into", "s.sqlite3", "-p", V2)

    then = taggers("batch", "photos", "--into", "s.sqlite3", "-p", V2, "--yes")

    assert 0 == first.returncode
    assert (2, 0) == (then.returncode, _asked(emulator))
    assert "has answers of the emulator, 8 in all, which would count as known" in then.stderr


def test_answers_that_were_asked_for_otherwise_are_told_of(taggers: Taggers) -> None:
    command = ("batch", "photos", "--into", "s.sqlite3", "-p", V2, "--yes")
    taggers(*command)

    same, other = taggers(*command), taggers(*command, "--language", "en")

    assert "other options" not in same.stderr
    assert "8 answers to other options, which will not be asked for again" in other.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("--retry-failed", "--into", "typo.sqlite3"),
        ("photos", "-p", "typo", "--into", "s"),
        ("photos", "phtos", "-p", V2, "--yes", "--into", "s"),
        ("photos", "-p", V2, "--yes", "--where", "plan = gold", "--into", "s"),
        ("empty", "-p", V2, "--yes", "--into", "s"),
        ("photos", "-p", V2, "--yes", "--into", "s/typo/n.sqlite3"),
    ],
)
def test_a_typo_makes_no_store(
    emulator: Emulator, taggers: Taggers, folder: Path, command: tuple[str, ...]
) -> None:
    (folder / "empty").mkdir()

    said = taggers("batch", *command)

    assert said.returncode
    assert said.stderr
    assert 0 == _asked(emulator)
    assert not (folder / "typo.sqlite3").exists()
    assert not (folder / "s").exists()


@pytest.mark.parametrize(
    "command", [("export", "s", "--to", "csv", "-o", "s"), ("compare", "s", "-o", "s")]
)
def test_a_store_is_not_written_over(taggers: Taggers, folder: Path, command: tuple[str]) -> None:
    taggers("batch", "photos", "--into", "s", "-p", V2, "--yes")

    said = taggers(*command)

    assert 2 == said.returncode
    assert "s is a store, or another database, and is not written over" in said.stderr
    assert [(8,)] == _rows(folder / "s", "SELECT count(*) FROM calls")


def test_lines_tell_picture_provider_and_outcome_whatever_the_name_is(
    emulator: Emulator, taggers: Taggers, folder: Path
) -> None:
    names = {b"caf\xe9.png", "猫.png".encode(), b"new\nline.png", b"none.png"}
    odd = folder / "odd"
    odd.mkdir()
    for number, name in enumerate(names):
        Path(os.fsdecode(os.fsencode(odd) + b"/" + name)).write_bytes(
            b"no picture" if name == b"none.png" else png(40, 40) + bytes([number])
        )

    said = taggers("batch", "odd", "--into", "s.sqlite3", "-p", V2, "--yes")

    lines = [json.loads(line) for line in said.stdout.splitlines()]
    of = {os.fsencode(line["image"]["source"]): line for line in lines}
    assert {b"odd/" + name for name in names} == set(of)
    assert {V2} == {line["provider"] for line in lines if "tags" in line}
    unread = of[b"odd/none.png"]
    assert (None, "UnsupportedImage") == (unread["provider"], unread["error"]["kind"])


def test_where_stderr_is_no_terminal_a_line_comes_now_and_then(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Ticker(lambda: "", lambda: "5 of 9", every_s=0.001):
        said = ""
        while said.count("taggers: 5 of 9\n") < 3:
            said += capsys.readouterr().err

    assert {"taggers: 5 of 9"} == set(said.splitlines())


def test_a_line_tells_how_far_how_fast_for_how_much_and_what_failed() -> None:
    screen = Screen(printing=False, price=lambda _: Money.parse("0.5 CNY"), total=10)
    screen._pace.note(0.0, 0, 0)
    screen.tally.count(Happened("a.jpg", "hw", "known"))
    screen.tally.count(Happened("b.jpg", "hw", errors.RateLimited("slow down")))
    screen.tally.billed["hw"] = 3

    line = screen._told()

    assert re.fullmatch(r"2 of 10, 1 known, .* a second(, .* left)?; 1.50 CNY; 1 RateLimited", line)


def test_the_pace_is_that_of_the_last_half_minute() -> None:
    pace = Pace()
    for second in range(100):
        pace.note(second, min(second, 50) * 10, second * 10)

    assert 0.0 == pace.calls_per_s
    assert 20.0 == pace.left_s(200)


def test_a_bill_says_what_has_no_price() -> None:
    prices = {"hw": Money.parse("0.0012 CNY"), "gv": Money.parse("0.0015 USD")}

    said = bill({"hw": 5_000, "gv": 1_000, "tx": 7}, prices.get)

    assert "6.00 CNY and 1.50 USD and 7 units of unknown price" == said


@pytest.mark.parametrize(
    ("units", "said"),
    [(2, "0.0024 CNY"), (8, "0.0096 CNY"), (9, "0.01 CNY"), (2_000_000, "2,400.00 CNY")],
)
def test_what_costs_little_is_not_told_as_nothing(units: int, said: str) -> None:
    assert said == bill({"hw": units}, {"hw": Money.parse("0.0012 CNY")}.get)


@pytest.mark.parametrize("command", [("undo", "s.sqlite3", "--run", "1")])
def test_what_cannot_be_taken_back_is_not_done_where_nobody_can_be_asked(
    taggers: Taggers, folder: Path, command: tuple[str, ...]
) -> None:
    taggers("batch", "photos", "--into", "s.sqlite3", "-p", V2, "--yes")

    said = taggers(*command)

    assert 2 == said.returncode
    assert "pass --yes" in said.stderr
    assert [(8,)] == _rows(folder / "s.sqlite3", "SELECT count(*) FROM results")


def test_a_missing_library_is_told_before_a_run_begins(taggers: Taggers, folder: Path) -> None:
    (folder / "ray.py").write_text("raise ImportError('no ray here')")

    said = taggers("batch", "photos", "--into", "s", "-p", V2, "--engine", "ray", "--yes")

    assert 4 == said.returncode
    assert "no ray here; run: pip install 'taggers[ray]'" in said.stderr
    assert not (folder / "s").exists()


ROUTES = """
[routes.tags]
strategy = "condition"
targets = ["local-basic"]

[[routes.tags.when]]
use = "huawei-tagging-v2"
metadata = { plan = "gold" }
"""


def test_a_route_is_named_alike_in_a_plan_and_in_a_run_and_its_cost_is_known(
    emulator: Emulator, taggers: Taggers, folder: Path
) -> None:
    config = folder / "taggers.toml"
    config.write_text(config.read_text("utf-8") + ROUTES)
    plans = ("gold", "gold", "gold", "free")
    rows = [f"photos/{number:03}.png,{plan}" for number, plan in enumerate(plans)]
    (folder / "list.csv").write_text("\n".join(["image,plan", *rows]))
    emulator.fail("reset-after", times=1)

    planned = taggers("plan", "list.csv", "--route", "tags")
    said = taggers("batch", "list.csv", "--route", "tags", "--into", "s", "--yes").stderr

    assert re.search(r"^tags +4 +0 +3 +3 CNY ", planned.stdout, re.M)
    assert "3 done, 0 were in the store, 0 failed, 1 unknown; 2 units billed (2.00 CNY)" in said
    assert [(2, 2.0, 1, 1.0), (0, None, 0, None)] == _rows(
        folder / "s", "SELECT units, cost, open_units, open_cost FROM spend ORDER BY units DESC"
    )
    listed = taggers("runs", "s").stdout
    assert re.search(r" -p tags .* 3 +0 +1 +2.00 CNY +1.00 CNY *$", listed, re.M)


def test_what_is_taken_from_the_store_says_that_its_metadata_is_not_there(
    emulator: Emulator, taggers: Taggers, folder: Path
) -> None:
    config = folder / "taggers.toml"
    config.write_text(config.read_text("utf-8") + ROUTES)
    (folder / "list.csv").write_text("image,plan\nphotos/000.png,gold\n")
    emulator.fail("code", code="AIS.0502", only=V2, times=1)
    taggers("batch", "list.csv", "--route", "tags", "--into", "s", "--yes")

    again = taggers("batch", "--into", "s", "--retry-failed", "--yes")

    assert "tags has rules about metadata, which a store does not keep" in again.stderr
    assert "1 done" in again.stderr
