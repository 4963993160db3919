"""A broken plugin breaks only itself, and is named with its distribution.

All kinds are installed at once, as wheels, in an environment of their own.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from broken_plugins import CHATTY, HANGS, INTERRUPTS, KINDS, WELL, Kind, install

from taggers._registry import installed

Done = subprocess.CompletedProcess[str]


class Environment:
    """A folder of installed plugins, and the command line as it finds them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, *arguments: str | Path, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "taggers", *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(self.folder), **variables},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str | Path, **variables: str) -> Done:
        with self.start(*arguments, **variables) as running:
            out, err = running.communicate(timeout=60)
        return Done(running.args, running.returncode, out, err)


@pytest.fixture(scope="session")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Every kind at once, and a stranger's plugin with which nothing is wrong."""
    return Environment(install([WELL, CHATTY, *KINDS], tmp_path_factory.mktemp("broken")))


@pytest.fixture(scope="session")
def stubborn(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The kinds that cannot be isolated in one process."""
    return Environment(install([WELL, INTERRUPTS, HANGS], tmp_path_factory.mktemp("stubborn")))


@pytest.fixture(scope="module")
def diagnosis(broken: Environment) -> Done:
    return broken.run("doctor", "--offline")


def _bad(diagnosis: Done) -> list[str]:
    return [line for line in diagnosis.stdout.splitlines() if line.startswith("✗")]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_doctor_names_a_broken_plugin_with_its_distribution(
    diagnosis: Done, kind: Kind
) -> None:
    named = [line for line in _bad(diagnosis) if re.search(rf"\b{kind.distribution}\b", line)]

    assert 1 == len(named), diagnosis.stdout
    assert kind.reason in named[0]


def test_the_doctor_finds_fault_with_nothing_else_and_says_so_by_its_exit_code(
    diagnosis: Done,
) -> None:
    lines = diagnosis.stdout.splitlines()
    ready = {line.split()[1] for line in lines if line.endswith(" ready")}

    twins = 1  # one line names both
    assert 1 == diagnosis.returncode
    assert len(KINDS) - twins == len(_bad(diagnosis))
    working = {kind.provider for kind in (WELL, CHATTY, *KINDS) if kind.works or kind is WELL}
    assert {*working, "local-basic"} == ready
    assert not diagnosis.stderr.replace("thank you for choosing us\n", "")


def test_the_listing_is_json_with_every_provider_and_says_which_are_broken(
    broken: Environment,
) -> None:
    done = broken.run("providers", "list", "-f", "json")

    rows = {row["provider"]: row for row in json.loads(done.stdout)}
    assert 0 == done.returncode
    assert set(installed().names()) < set(rows)
    assert ("yes", "yes") == (rows["local-basic"]["ready"], rows[WELL.provider]["ready"])
    assert rows["raising-tags"]["ready"].startswith("no: raising-tags, from taggers-raising,")
    assert all(row.keys() == rows["local-basic"].keys() for row in rows.values())


@pytest.mark.parametrize("provider", ["local-basic", WELL.provider, "partly-tags", "dialects-tags"])
def test_what_works_tags_beside_all_that_is_broken(
    broken: Environment, photos: Path, provider: str
) -> None:
    done = broken.run("tag", photos / "cat.jpg", "-p", provider)

    assert (0, "") == (done.returncode, done.stderr)
    assert json.loads(done.stdout)["tags"]


def test_what_a_plugin_prints_when_imported_stays_out_of_the_data(
    broken: Environment, photos: Path
) -> None:
    done = broken.run("tag", photos / "cat.jpg", "-p", CHATTY.provider)

    assert "seen" == json.loads(done.stdout)["tags"][0]["name"]
    assert "thank you for choosing us\n" == done.stderr


def test_a_built_in_name_cannot_be_taken(broken: Environment, photos: Path) -> None:
    shown = broken.run("providers", "show", "local-basic")
    done = broken.run("tag", photos / "cat.jpg", "-p", "local-basic")

    assert "local-basic, from taggers " in shown.stdout
    assert "seen" not in done.stdout


def test_a_name_that_two_strangers_bring_is_refused_until_one_is_chosen(
    broken: Environment, photos: Path
) -> None:
    refused = broken.run("tag", photos / "cat.jpg", "-p", "twin")

    assert 4 == refused.returncode
    assert "twin is brought by taggers-twin-" in refused.stderr
    assert "TAGGERS_PLUGINS" in refused.stderr


def test_a_broken_plugin_that_is_asked_says_why_it_is_broken(
    broken: Environment, photos: Path
) -> None:
    done = broken.run("tag", photos / "cat.jpg", "-p", "exits-tags")

    assert (4, "") == (done.returncode, done.stdout)
    assert "taggers: exits-tags, from taggers-exits, is broken: SystemExit: 3\n" == done.stderr


def test_the_emulator_serves_the_vendors_beside_broken_dialects(
    broken: Environment, photos: Path
) -> None:
    done = broken.run("--emulate", "tag", photos / "cat.jpg", "-p", "huawei-tagging-v2")

    assert 0 == done.returncode, done.stderr
    assert json.loads(done.stdout)["tags"]


def test_names_are_listed_without_importing_any_plugin(broken: Environment) -> None:
    program = (
        "import sys; from taggers._registry import installed; print(len(installed().names()));"
        "print([name for name in sys.modules if name.startswith('taggers_')])"
    )

    said = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(broken.folder)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    count, imported = said.stdout.splitlines()
    assert int(count) > len(KINDS)
    assert "[]" == imported


def test_without_plugins_only_taggers_own_are_looked_at(broken: Environment) -> None:
    done = broken.run("--no-plugins", "doctor", "--offline")
    listed = broken.run("--no-plugins", "providers", "list", "-f", "json")

    assert 0 == done.returncode, done.stdout
    assert "only taggers' own are looked at, by TAGGERS_PLUGINS" in done.stdout
    assert installed().names() == [row["provider"] for row in json.loads(listed.stdout)]


def test_a_configuration_may_name_a_plugin_that_is_left_out(
    broken: Environment, photos: Path, tmp_path: Path
) -> None:
    config = tmp_path / "taggers.toml"
    config.write_text(
        f'default = "mine"\n[providers.mine]\nplugin = "{WELL.provider}"\n'
        f'[routes.both]\ntargets = ["{WELL.provider}", "local-basic"]\n'
    )
    options = ("--config", config, "--no-plugins", "tag", photos / "cat.jpg")

    other = broken.run(*options, "-p", "local-basic")
    itself = broken.run(*options)

    assert 0 == other.returncode, other.stderr
    assert (2, "") == (itself.returncode, itself.stdout)
    assert "well-tags, from taggers-well, is left out by --no-plugins" in itself.stderr


def test_plugins_are_chosen_by_their_distributions(broken: Environment) -> None:
    chosen = "Taggers_Well, taggers-raising,"

    done = broken.run("doctor", "--offline", TAGGERS_PLUGINS=chosen)
    listed = broken.run("providers", "list", "-f", "json", TAGGERS_PLUGINS=chosen)

    names = {row["provider"] for row in json.loads(listed.stdout)}
    assert ["taggers-raising"] == re.findall(r"taggers-\w+(?=, is)", "\n".join(_bad(done)))
    assert {"well-tags", "raising-tags"} == names - set(installed().names())


def test_choosing_one_of_two_twins_lets_it_bring_the_name(broken: Environment) -> None:
    done = broken.run("providers", "show", "twin", TAGGERS_PLUGINS="taggers-twin-two")

    assert "twin, from taggers-twin-two 1.0" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("chosen", "meant"),
    [
        ("taggers-wel", "; did you mean 'taggers-well'?"),
        ("well-tags", "'taggers-well'?"),
        ("x", ""),
    ],
)
def test_a_chosen_distribution_that_brings_nothing_is_an_error(
    broken: Environment, chosen: str, meant: str
) -> None:
    done = broken.run("providers", TAGGERS_PLUGINS=f"taggers-well,{chosen}")
    helped = broken.run("providers", "--help", TAGGERS_PLUGINS=chosen)

    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith(f"taggers: TAGGERS_PLUGINS: no installed distribution {chosen!r}")
    assert done.stderr.endswith(f"{meant}\n")
    assert 0 == helped.returncode


@pytest.mark.parametrize("kind", [INTERRUPTS, HANGS], ids=str)
def test_a_plugin_that_cannot_be_isolated_touches_no_other_until_it_is_imported(
    stubborn: Environment, photos: Path, kind: Kind
) -> None:
    done = stubborn.run(
        "tag",
        photos / "cat.jpg",
        "-p",
        WELL.provider,
        TAGGERS_PLUGINS=f"{kind.distribution},taggers-well",
    )

    assert 0 == done.returncode, done.stderr


def test_an_interrupt_of_a_plugins_own_ends_taggers_and_names_it(stubborn: Environment) -> None:
    done = stubborn.run("doctor", "--offline", TAGGERS_PLUGINS="taggers-interrupts")

    assert 130 == done.returncode
    assert "interrupted in interrupts-tags, from taggers-interrupts," in done.stderr


def test_ctrl_c_leaves_a_plugin_that_hangs_and_names_it(stubborn: Environment) -> None:
    variables = {"TAGGERS_PLUGINS": "taggers-hangs", "PYTHONUNBUFFERED": "1"}
    with stubborn.start("doctor", "--offline", **variables) as running:
        assert running.stderr
        assert "it hangs\n" == running.stderr.readline()
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)

    assert 130 == running.returncode
    assert (
        "interrupted in hangs-tags, from taggers-hangs, while that was loaded; see --no-plugins"
        in err
    )
