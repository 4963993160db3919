"""Twelve secrets that are looked for wherever one could get out: the proof that none does.

    python -m faults.canaries [--few] [what pytest takes]

runs the suite (`--few`: the tests of secrets alone) with everything logged, and with the emulated
account's credentials being canaries. It prints how often one was seen, whole, in part or in any
encoding: in logs, output, errors with their causes and frames, results, files, and what children
are started with. The exit code is 1 for any.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from taggers._secret import Secret
from taggers.emulator import Account

from .watch import CANARIES, Watch

__all__ = ["main"]

ROOT = Path(__file__).parents[2]
SUITE = Watch()
WITH_THE_USUAL_KEY = (
    "test_a_changed_body_breaks_the_signature",
    "test_a_token_is_given_for_a_password_and_opens_the_service",
    "test_clarifais_models_take_their_parameters_within_their_ranges",
    "test_google_is_asked_about_one_picture_at_a_time",
    "test_google_lets_in_a_key_or_a_token",
    "test_google_takes_its_parameters_within_their_ranges",
    "test_imagga_lets_only_its_own_account_in",
    "test_the_command_says_how_to_sign_in_by_password",
    "test_the_command_serves_until_it_is_interrupted",
)
"""Tests that sign by hand, or start an emulator in another process."""
OF_ACCOUNT = {"key_id": "ak", "secret": "sk", "password": "password"}


def pytest_configure(config: pytest.Config) -> None:
    """As a plugin of pytest (`-p faults.canaries`): the emulated account's credentials are
    canaries, also where a test writes them out."""
    told = {getattr(Account(), field): CANARIES[name] for field, name in OF_ACCOUNT.items()}
    _let_be_canaries(told)
    SUITE.__enter__()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves out what needs the emulated account's usual key."""
    for item in items:
        if item.name.partition("[")[0] in WITH_THE_USUAL_KEY:
            item.add_marker(pytest.mark.skip(reason="it needs the usual key"))


def _let_be_canaries(told: Mapping[str, str]) -> None:
    begin = Account.__init__

    def made(self: Any, **given: Any) -> None:
        begin(self, **{**{f: CANARIES[name] for f, name in OF_ACCOUNT.items()}, **given})

    Account.__init__ = made  # type: ignore[method-assign]
    hide = Secret.__init__

    def hidden(self: Any, text: str) -> None:
        hide(self, told.get(text, text))

    Secret.__init__ = hidden  # type: ignore[method-assign]
    read = pytest.CaptureFixture.readouterr

    def readouterr(self: Any) -> Any:
        said = read(self)
        SUITE.look(str(said.out), "output of a command")
        SUITE.look(str(said.err), "output of a command, stderr")
        return said

    pytest.CaptureFixture.readouterr = readouterr  # type: ignore[method-assign]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Looks at what a test has printed."""
    for title, text in report.sections if "test_the_watch_" not in report.nodeid else ():
        SUITE.look(text, f"output of {report.nodeid}, {title}")


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Looks at the errors that came up in a test, and its files."""
    before = len(SUITE.leaks)
    SUITE.settle()
    for leak in SUITE.leaks[before:]:
        print(f"{leak.name} in {item.nodeid}: {leak.where}", file=sys.__stderr__)


def pytest_sessionfinish(session: pytest.Session) -> None:
    SUITE.__exit__()
    Path(os.environ["CANARIES_SEEN"]).write_text(
        json.dumps(
            {
                "leaks": [attrs.asdict(leak) for leak in SUITE.leaks],
                "looked_at": SUITE.looked_at,
                "tests": session.testscollected,
                "failed": session.testsfailed,
            }
        )
    )


def main(arguments: Iterable[str] | None = None) -> int:
    """Runs the suite and prints what was seen; 0 where that is nothing."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    few = "--few" in given
    given = [argument for argument in given if argument != "--few"]
    tests = [str(ROOT / "tests" / "test_secrets.py")] if few else [str(ROOT / "tests")]
    others = [f"--ignore={ROOT / 'tests' / folder}" for folder in ("interop", "faults")]
    seen = _run(given or [*tests, *others])
    leaks = Counter((leak["name"], leak["where"]) for leak in seen["leaks"])
    for (name, where), times in leaks.most_common():
        print(f"{name}: {times} times in {where}")
    looked = ", ".join(f"{count:,} of {kind}" for kind, count in sorted(seen["looked_at"].items()))
    print(f"{seen['tests']} tests, {seen['failed']} failed; texts looked at: {looked or 'none'}")
    print(f"{len(CANARIES)} canaries, seen {sum(leaks.values())} times")
    return 1 if leaks or not seen["looked_at"] else 0


def _run(arguments: list[str]) -> dict[str, Any]:
    """What a pytest of its own has seen."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "seen.json"
        command = [sys.executable, "-X", "dev", "-m", "pytest", "-p", "faults.canaries"]
        subprocess.run(
            [*command, "-q", "-p", "no:cacheprovider", "--log-level=DEBUG", *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT / "tests"),
                "CANARIES_SEEN": str(report),
            },
            check=False,
        )
        return dict(json.loads(report.read_text()))


if __name__ == "__main__":
    sys.exit(main())
