"""The command line, as a person or a script would call it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from taggers import ImageFacts, Provenance, Result, Tag, __version__
from taggers._keys import keys_path
from taggers._registry import installed
from taggers.cli import main
from taggers.cli.doctor import _seen
from taggers.emulator import Emulator
from taggers.plugin import Provider
from taggers.testing import png

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Calls the command line in an empty folder: its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def called(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as exit_:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return int(exit_.value.code or 0), said.out, said.err

    return called


def _piped(*arguments: str | Path, stdin: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "taggers", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=60)


def test_the_version_is_the_packages(run: Run) -> None:
    assert (0, f"taggers {__version__}\n", "") == run("--version")


@pytest.mark.parametrize(
    "command", [(), ("tag",), ("providers",), ("config",), ("keys",), ("doctor",)]
)
def test_every_command_has_help(run: Run, command: tuple[str, ...]) -> None:
    code, out, _ = run(*command, "--help")

    assert 0 == code
    assert out.startswith("Usage: taggers")


def test_a_mistyped_command_proposes_the_nearest(run: Run) -> None:
    code, _, err = run("tga", "x.jpg")

    assert 2 == code
    assert "no such command 'tga'; did you mean 'tag'?" in err


def test_results_come_as_json_lines_when_piped_and_read_back(run: Run, photos: Path) -> None:
    code, out, _ = run("tag", photos / "cat.jpg", photos / "rocket.jpg", "-p", "local-basic")

    results = [Result.from_dict(json.loads(line)) for line in out.splitlines()]
    assert 0 == code
    assert [Path(result.image.source).name for result in results] == ["cat.jpg", "rocket.jpg"]


def test_a_folder_is_tagged_in_the_order_of_its_names(run: Run, photos: Path) -> None:
    _, out, _ = run("tag", photos, "-p", "local-basic", "-f", "json")

    names = [Path(record["image"]["source"]).name for record in json.loads(out)]
    assert sorted(path.name for path in photos.glob("*.jpg")) == names


def test_a_glob_that_the_shell_left_alone_is_expanded(run: Run, photos: Path) -> None:
    _, out, _ = run("tag", photos / "c*.jpg", "-p", "local-basic")

    assert [Path(json.loads(line)["image"]["source"]).name for line in out.splitlines()] == [
        "cat.jpg",
        "coffee.jpg",
    ]


@pytest.mark.parametrize("form", ["table", "csv", "jsonl"])
def test_every_format_names_who_answered_for_a_route(
    run: Run, photos: Path, tmp_path: Path, form: str
) -> None:
    (tmp_path / "taggers.toml").write_text('[routes.tags]\ntargets = ["local-basic"]\n', "utf-8")
    pictures = photos / "cat.jpg", photos / "boats.jpg"

    code, out, _ = run("tag", *pictures, "--route", "tags", "-f", form)

    assert 0 == code
    assert "local-basic" in out


def test_csv_has_a_row_for_each_tag(run: Run, photos: Path) -> None:
    _, out, _ = run("tag", photos / "cat.jpg", "-p", "local-basic", "-f", "csv", "--limit", "2")

    rows = list(csv.DictReader(io.StringIO(out)))
    assert 2 == len(rows)
    assert {"local-basic"} == {row["provider"] for row in rows}


def test_a_table_names_picture_and_tags(run: Run, photos: Path) -> None:
    code, out, _ = run(
        "tag", photos / "cat.jpg", photos / "grass.jpg", "-p", "local-basic", "-f", "table"
    )

    assert 0 == code
    assert "cat.jpg" in out
    assert "grass.jpg" in out


def test_the_language_is_honoured(run: Run, photos: Path) -> None:
    _, out, _ = run("tag", photos / "cat.jpg", "-p", "local-basic", "--language", "zh")

    record = json.loads(out)
    assert all(tag["name"] == tag["names"]["zh"] for tag in record["tags"])
    assert [] == record["warnings"]


def test_a_failed_picture_is_a_record_and_the_others_go_on(
    run: Run, photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("no picture")

    code, out, _ = run("tag", "notes.txt", photos / "cat.jpg", "missing.png", "-p", "local-basic")

    first, second, third = (json.loads(line) for line in out.splitlines())
    assert 1 == code
    assert (first["image"]["source"], first["error"]["kind"]) == ("notes.txt", "UnsupportedImage")
    assert second["tags"]
    assert "LocalResourceError" == third["error"]["kind"]


def test_a_picture_or_names_come_from_stdin(photos: Path) -> None:
    content = (photos / "cat.jpg").read_bytes()
    names = f"{photos / 'cat.jpg'}\n{photos / 'coffee.jpg'}\n".encode()

    picture = _piped("tag", "-", "-p", "local-basic", stdin=content)
    listed = _piped("tag", "-", "-p", "local-basic", stdin=names)

    assert "<stdin>" == json.loads(picture.stdout)["image"]["source"]
    assert 2 == len(listed.stdout.splitlines())


def test_exit_codes_tell_usage_credentials_and_failure(run: Run, photos: Path) -> None:
    picture = photos / "cat.jpg"

    assert 2 == run("tag", picture)[0]
    assert 2 == run("tag", picture, "-p", "nobody")[0]
    assert 2 == run("tag", picture, "-p", "local-basic", "--limit", "0")[0]
    assert 2 == run("tag", picture, "--route", "nowhere")[0]
    assert 3 == run("tag", picture, "-p", "huawei-tagging-v2")[0]
    assert 4 == run("tag", "missing.jpg", "-p", "local-basic")[0]


def test_a_refused_connection_is_a_record_and_the_command_fails(
    run: Run, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AK", "SK", "PROJECT_ID"):
        monkeypatch.setenv(f"HUAWEICLOUD_SDK_{name}", "example")
    (tmp_path / "taggers.toml").write_text(
        'default = "hw"\n[providers.hw]\n'
        'plugin = "huawei-tagging-v2"\nendpoint = "http://127.0.0.1:9"\n'
    )

    code, out, _ = run("tag", photos / "cat.jpg")

    error = json.loads(out)["error"]
    assert 4 == code
    assert (error["kind"], error["provider"], error["attempts"]) == ("ConnectFailed", "hw", 3)


def test_vendors_are_emulated_on_request(run: Run, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "faults.toml").write_text('[[faults]]\ndo = "code"\ncode = "AIS.0032"\n')
    asked = ("tag", photos / "cat.jpg", "-p", "huawei-tagging-v2")

    good = run("--emulate", *asked)
    bad = run("--emulate", "--faults", "faults.toml", *asked)
    alone = run("--faults", "faults.toml", *asked)

    assert (0, True) == (good[0], json.loads(good[1])["provenance"]["emulated"])
    assert (4, "QuotaExhausted") == (bad[0], json.loads(bad[1])["error"]["kind"])
    assert 2 == alone[0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_output_that_cannot_be_written_is_one_line_and_the_end(photos: Path) -> None:
    for form in ("jsonl", "json", "csv", "table"):
        with open("/dev/full", "wb") as full:  # noqa: PTH123
            done = subprocess.run(
                [sys.executable, "-m", "taggers", "tag", photos / "cat.jpg", "-p", "local-basic",
                 "-f", form],
                stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60,
            )  # fmt: skip

        assert 1 == done.returncode, form
        assert done.stderr.startswith("taggers: the output cannot be written: No space left")
        assert 1 == len(done.stderr.splitlines())


def test_a_drawing_never_replaces_a_picture_or_another_drawing(
    run: Run, photos: Path, tmp_path: Path
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "cat.png").write_bytes(png(64, 64))
    picture = tmp_path / "a" / "cat.png"

    replaced = run("tag", picture, "-p", "local-basic", "--draw", picture)
    other = run("tag", picture, "-p", "local-basic", "--draw", "cat.jpg")
    both = run("tag", "a", "b", "-p", "local-basic", "--draw", "out")

    assert (2, 2, 0) == (replaced[0], other[0], both[0])
    assert png(64, 64) == picture.read_bytes()
    assert ["cat.local-basic-2.png", "cat.local-basic.png"] == sorted(
        path.name for path in (tmp_path / "out").iterdir()
    )


def test_drawing_writes_one_png_or_a_folder_of_them(run: Run, photos: Path, tmp_path: Path) -> None:
    one = run("tag", photos / "cat.jpg", "-p", "local-basic", "--draw", "cat.png")
    many = run(
        "tag", photos / "cat.jpg", photos / "coffee.jpg", "-p", "local-basic", "--draw", "out"
    )
    wrong = run("tag", photos, "-p", "local-basic", "--draw", "all.png")

    assert (one[0], many[0], wrong[0]) == (0, 0, 2)
    assert (tmp_path / "cat.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "cat.local-basic.png",
        "coffee.local-basic.png",
    ]


def test_terminal_escapes_in_a_name_are_printed_as_text(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a\x1b[31m.png").write_bytes(png(64, 64))

    _, out, _ = run("tag", "a\x1b[31m.png", "-p", "local-basic", "-f", "table")

    assert "\x1b" not in out
    assert r"a\x1b[31m.png" in out


def test_providers_lists_all_with_what_they_need(run: Run) -> None:
    _, out, _ = run("providers", "list", "-f", "json")

    by_name = {row["provider"]: row for row in json.loads(out)}
    assert "yes" == by_name["local-basic"]["ready"]
    assert "needs ak, sk, project_id" == by_name["huawei-tagging-v2"]["ready"]
    assert "2026-12-30" == by_name["huawei-tagging-v2"]["ends"]
    assert "scene" == by_name["tencent-detect-label"]["bills"]


def test_a_provider_shows_where_its_settings_come_from(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUAWEICLOUD_SDK_AK", "VISIBLE-NOWHERE")

    code, out, _ = run("providers", "show", "huawei-tagging-v2")

    assert 0 == code
    assert "HUAWEICLOUD_SDK_AK (environment)" in out
    assert "VISIBLE-NOWHERE" not in out
    assert "unset; HUAWEICLOUD_SDK_SK" in out


def test_config_check_reports_every_mistake(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taggers.toml").write_text('defualt = "x"\n[providers.a]\nplugin = "nobody"\n')

    code, _, err = run("config", "check")

    assert 2 == code
    assert 2 == len(err.splitlines())


def test_config_check_names_filters_that_leave_out_everything(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taggers.toml").write_text(
        """
        [routes.good]
        targets = ["local-basic"]
        vendors = ["taggers", "huawei"]
        [routes.typos]
        targets = ["local-basic"]
        requires = ["boxen"]
        vendors = ["loca"]
        """
    )

    code, _, err = run("config", "check")

    assert 2 == code
    assert [
        "routes.typos.vendors: leaves out all of its targets: taggers is none of the vendors of "
        "typos",
        "routes.typos.requires: leaves out all of its targets: it does not offer boxen",
    ] == [line.removeprefix("taggers: ") for line in err.splitlines()]


def test_config_shows_what_it_understood_and_no_secret(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUAWEICLOUD_SDK_AK", "VISIBLE-NOWHERE")
    (tmp_path / "taggers.toml").write_text('[providers.hw]\nplugin = "huawei-tagging-v2"\n')

    checked = run("config", "check")
    shown = run("config", "show")

    assert 3 == checked[0]
    assert "hw: needs sk" in checked[2]
    assert 'ak = "***"  # HUAWEICLOUD_SDK_AK (environment)' in shown[1]
    assert "VISIBLE-NOWHERE" not in "".join(map(str, checked)) + shown[1]


WHOLE = """
default = "tags"
[policy]
attempts = 2
[store]
share_limits = true
[providers."my.cat"]
plugin = "local-basic"
concurrency = 4
[routes.tags]
strategy = "condition"
targets = ["my.cat"]
deadline_s = 20
budget = "2 USD"
shadow = ["my.cat"]
when = [{ use = "my.cat", format = ["png"], metadata = { "the plan" = "金" } }]
[budgets.day]
cap = "5 CNY"
per = "day"
providers = ["my.cat"]
[prices]
local-basic = "0.01 CNY"
cny_per_usd = 7.1
"""


def test_what_config_shows_says_the_same_when_it_is_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taggers.toml").write_text(WHOLE)

    shown = tomllib.loads(run("config", "show")[1])
    written = tomllib.loads(WHOLE)

    assert {"attempts": 2, "deadline_s": 30.0, "unknown": "raise"} == shown.pop("policy")
    assert shown["store"].pop("folder")
    assert written.pop("policy")
    assert {"share_limits": True, "cache": False} == shown.pop("store")
    assert written.pop("store")
    assert 0.1 == shown["routes"]["tags"].pop("shadow_share")
    assert written == shown


def test_config_schema_and_path_print(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taggers.toml").write_text("")

    schema, path = run("config", "schema"), run("config", "path")

    assert "taggers.toml" == json.loads(schema[1])["title"]
    assert f"read    {tmp_path / 'taggers.toml'}" in path[1]


def test_keys_are_stored_from_stdin_and_listed_without_their_values() -> None:
    stored = _piped("keys", "set", "huawei-tagging-v2", stdin="AK-1\nSK-密\n\n\n".encode())
    listed = _piped("keys", "list", stdin=b"")
    wrong = _piped("keys", "set", "nobody", stdin=b"")

    assert 0 == stored.returncode
    assert 'HUAWEICLOUD_SDK_SK = "SK-\\u5bc6"' in keys_path().read_text()
    assert b"HUAWEICLOUD_SDK_AK               keys.toml" in listed.stdout
    assert b"AK-1" not in listed.stdout + stored.stdout + stored.stderr
    assert 2 == wrong.returncode


def test_a_vendors_long_text_is_cut_in_a_table_and_whole_in_json(
    run: Run, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Emulator() as emulator:
        Path("taggers.toml").write_text(emulator.toml())
        monkeypatch.setenv("HUAWEICLOUD_SDK_AK", "emulator")
        monkeypatch.setenv("HUAWEICLOUD_SDK_SK", "wrong")
        ask = ("tag", photos / "cat.jpg", "-p", "huawei-tagging-v2")
        _, shown, _ = run(*ask, "-f", "table")
        _, whole, _ = run(*ask, "-f", "json")

    row = " ".join(shown.partition("Authentication")[2].split())
    assert "canonicalRequest:" in row
    assert row.endswith("…")
    assert len(row) < 140
    assert "x-sdk-date" in json.loads(whole)[0]["error"]["message"]


def test_the_doctor_names_what_is_wrong_and_what_ends(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taggers.toml").write_text('[providers.hw]\nplugin = "huawei-tagging-v2"\n')

    code, out, _ = run("doctor", "--offline")

    assert 1 == code
    lines = [line.split(maxsplit=2) for line in out.splitlines()]
    assert ["✗", "hw"] in [line[:2] for line in lines]
    assert ["✓", "local-basic", "ready"] in lines
    assert 1 == len([line for line in lines if line[1] == "2026-12-30"])


@pytest.mark.parametrize(
    ("price", "grade"), [("", "✗"), ('hw = "1 USD"', "✗"), ('hw = "0.01 CNY"', "✓")]
)
def test_the_doctor_names_whom_a_cap_lets_nothing_through_to(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, price: str, grade: str
) -> None:
    for name in ("AK", "SK", "PROJECT_ID"):
        monkeypatch.setenv(f"HUAWEICLOUD_SDK_{name}", "example")
    (tmp_path / "taggers.toml").write_text(
        '[providers.hw]\nplugin = "huawei-tagging-v2"\n'
        f'[budgets.day]\ncap = "5 CNY"\nper = "day"\n[prices]\n{price}\n'
    )

    code, out, _ = run("doctor", "--offline")

    said = [line for line in out.splitlines() if line[2:].startswith("budget")]
    assert (grade, grade == "✗") == (said[-1][0], "nothing is sent to hw" in said[-1])
    assert (1 if grade == "✗" else 0) == code


def test_the_doctor_asks_every_emulated_provider(run: Run) -> None:
    code, out, _ = run("doctor", "--emulate")

    lines = out.splitlines()
    assert 0 == code
    assert len(installed().names()) - 1 == len(lines)
    assert all(line.startswith("✓") and "finds a " in line for line in lines)
    assert [] == [line for line in lines if "huawei-bgm" in line and "ended 2025-07-23" not in line]


def test_the_doctor_is_not_content_with_an_empty_answer() -> None:
    nothing = Result(
        provider="p", image=ImageFacts(source="a.png"), provenance=Provenance(plugin="p")
    )
    tagging, enhancing = (
        installed().provider(f"huawei-{name}") for name in ("tagging-v2", "defog")
    )

    assert ("bad", "answers, and finds nothing") == _graded("p", tagging, nothing)
    assert ("bad", "answers, and makes no picture") == _graded("p", enhancing, nothing)
    assert "ok" == _graded("p", tagging, evolve(nothing, tags=(Tag("cat"),)))[0]


def _graded(name: str, provider: Provider, said: Result) -> tuple[str, str]:
    finding = _seen(name, provider, said)
    return finding.grade, finding.text


def test_the_doctor_asks_either_vendors_or_the_emulator(run: Run) -> None:
    code, _, said = run("doctor", "--emulate", "--offline")

    assert 2 == code
    assert "--emulate asks nobody else" in said


def test_a_broken_configuration_does_not_stop_the_doctor(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taggers.toml").write_text("defualt = 1\n")

    code, out, _ = run("doctor", "--offline")

    assert 1 == code
    assert "there is no such key; did you mean 'default'?" in out
    assert "✓ plugins" in out
