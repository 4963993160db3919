"""`taggers plugin new`: whatever is chosen, an exemplary plugin comes out."""

from __future__ import annotations

import itertools
import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
from environment import Environment, call

from taggers import Image, Options
from taggers.cli import main
from taggers.errors import ConfigurationError, NotSupported
from taggers.plugin import Prepared, Provider
from taggers.scaffold import AUTHS, FORMATS, INPUTS, Plan, create, files
from taggers.testing import png, settings

LONGEST = Plan(name="a" * 40, auth="signed")
PLANS = [
    Plan(name=f"acme-{form}-{auth}-{takes}", format=form, auth=auth, takes=takes)
    for form, auth, takes in itertools.product(FORMATS, AUTHS, INPUTS)
] + [LONGEST]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a plugin of every plan."""
    folder = tmp_path_factory.mktemp("workshop")
    for plan in PLANS:
        create(plan, folder)
    return folder


@pytest.fixture(scope="module")
def environment(workshop: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment in which all of them are installed."""
    made = Environment.make(tmp_path_factory.mktemp("environment"))
    made.install(*_folders(workshop))
    return made


def _folders(workshop: Path) -> list[Path]:
    return [workshop / plan.distribution for plan in PLANS]


def test_every_new_plugin_passes_its_own_tests(workshop: Path, environment: Environment) -> None:
    done = environment.run("pytest", "-p", "no:cacheprovider", *_folders(workshop), cwd=workshop)

    assert 0 == done.returncode, done.stdout


def test_every_new_plugin_is_listed_at_once_and_says_which_keys_it_needs(
    environment: Environment,
) -> None:
    done = environment.run("taggers", "providers", "list", "-f", "json")

    ready = {row["provider"]: row["ready"] for row in json.loads(done.stdout)}
    wanted = {plan.name: "needs " + ", ".join(plan.keys) for plan in PLANS}
    assert wanted == {name: ready.get(name) for name in wanted}


def test_every_new_plugin_is_linted_formatted_and_typed(workshop: Path) -> None:
    modules = [
        workshop / plan.distribution / name
        for plan in PLANS
        for name in files(plan)
        if name.endswith(".py")
    ]
    checks: list[list[str | Path]] = [
        ["ruff", "check", "--no-cache", "."],
        ["ruff", "format", "--no-cache", "--check", "."],
        ["mypy", "--strict", *modules],
    ]

    said = [call(sys.executable, "-m", *check, cwd=workshop) for check in checks]

    assert [] == [done.stdout for done in said if done.returncode]


def test_every_new_plugin_marks_what_the_vendors_documents_have_to_tell() -> None:
    marked = {plan.name: files(plan)[f"{plan.module}.py"].count("TODO") for plan in PLANS}

    assert [] == [name for name, count in marked.items() if count < 8]


def test_what_a_plan_says_differs_in_the_provider_and_nothing_is_left_to_fill_in() -> None:
    texts = {tuple(files(plan).values()) for plan in PLANS}

    assert len(PLANS) == len(texts)
    assert [] == [text for made in texts for text in made if "${" in text or "$$" in text]


def _provider(plan: Plan, folder: Path) -> Provider:
    module = create(plan, folder) / f"{plan.module}.py"
    provider: Provider = runpy.run_path(str(module))["PROVIDER"]
    return provider


def _signed(provider: Provider, **keys: str) -> Prepared:
    asked = Prepared(method="POST", url="https://acme.example.com/v1/tags?a=1", headers={})
    return provider.authorize(asked, settings(provider, **keys), 1_700_000_000.0)


@pytest.mark.parametrize(
    ("auth", "keys", "url", "headers"),
    [
        ("header", {"api_key": "k"}, "?a=1", {"x-api-key": "k"}),
        ("query", {"api_key": "k"}, "?a=1&api_key=k", {}),
        ("basic", {"user": "u", "password": "p"}, "?a=1", {"authorization": "Basic dTpw"}),
    ],
)
def test_a_key_stands_where_the_plan_wants_it(
    tmp_path: Path, auth: str, keys: dict[str, str], url: str, headers: dict[str, str]
) -> None:
    signed = _signed(_provider(Plan(name="acme", auth=auth), tmp_path), **keys)

    assert f"https://acme.example.com/v1/tags{url}" == signed.url
    assert headers == signed.headers


def test_a_signature_depends_on_the_key_and_shows_its_time(tmp_path: Path) -> None:
    provider = _provider(Plan(name="acme", auth="signed"), tmp_path)

    one, other = (_signed(provider, access_key="a", secret_key=key) for key in ("one", "other"))

    assert "1700000000" == one.headers["x-time"]
    assert one.headers["authorization"] != other.headers["authorization"]
    assert one.headers["authorization"].startswith("HMAC-SHA256 a:")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("takes", INPUTS)
def test_a_plugin_takes_what_the_plan_says_and_nothing_else(
    tmp_path: Path, form: str, takes: str
) -> None:
    provider = _provider(Plan(name="acme", format=form, takes=takes), tmp_path)
    images = {
        "upload": Image.from_bytes(png(640, 480)),
        "url": Image.from_url("https://example.com/cat.jpg"),
    }

    refused = [name for name, image in images.items() if _refuses(provider, image)]

    assert provider.request is not None
    assert provider.request(images[takes], Options(), settings(provider))
    assert [name for name in images if name != takes] == refused


def _refuses(provider: Provider, image: Image) -> bool:
    try:
        provider.accepts.check(image)
    except NotSupported:
        return True
    return False


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Acme Tags", "try 'acme-tags'"),
        ("acme_tags", "try 'acme-tags'"),
        ("acme--tags", "try 'acme-tags'"),
        ("-acme", "try 'acme'"),
        ("taggers-acme", "try 'acme'"),
        ("3d-tags", "try 'tags'"),
        ("../acme", "try 'acme'"),
        ("acme\n", "try 'acme'"),
        ("标签", "begins with a letter"),
        ("3d", "begins with a letter"),
        ("", "begins with a letter"),
        ("a" * 41, "at most 40 characters"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused_with_a_better_one(name: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Plan(name=name)

    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("local-basic", "there is a provider 'local-basic' already, from taggers"),
        ("huawei", "there is a module taggers_huawei already"),
    ],
)
def test_a_name_that_is_taken_is_refused(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        create(Plan(name=name), tmp_path)

    assert said in str(refused.value)
    assert [] == list(tmp_path.iterdir())


def test_a_folder_with_something_in_it_is_left_as_it_is(tmp_path: Path) -> None:
    mine = tmp_path / "taggers-acme" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine", "utf-8")

    with pytest.raises(ConfigurationError, match="taggers-acme is there already"):
        create(Plan(name="acme"), tmp_path)

    assert [mine.parent, mine] == sorted(tmp_path.rglob("*"))


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "taggers-acme").mkdir()

    folder = create(Plan(name="acme"), tmp_path)

    assert (folder / "pyproject.toml").is_file()
    assert [folder] == list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_named_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="taggers-acme cannot be made: No such file"):
        create(Plan(name="acme"), tmp_path / "missing")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which the command is called."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _main(*arguments: str) -> Any:
    with pytest.raises(SystemExit) as exit_:
        main(list(arguments))
    return exit_.value.code or 0


def test_the_command_names_what_it_made(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = _main("plugin", "new", "acme", "--format", "xml", "--auth", "basic", "--input", "url")

    lines = capsys.readouterr().out.splitlines()
    assert 0 == code
    assert "taggers-acme/" == lines[0]
    assert sorted(files(Plan(name="acme"))) == [line.strip() for line in lines[1:]]
    assert "decode=Xml" in (here / "taggers-acme" / "taggers_acme.py").read_text("utf-8")


def test_the_command_makes_the_folder_where_it_is_told(here: Path) -> None:
    (here / "plugins").mkdir()

    code = _main("plugin", "new", "acme", "--into", "plugins")

    assert 0 == code
    assert (here / "plugins" / "taggers-acme" / "taggers_acme.py").is_file()


@pytest.mark.parametrize(
    "arguments", [("Acme",), ("local-basic",), ("acme", "--auth", "x"), ("acme", "--into", "x")]
)
def test_a_mistake_is_a_matter_of_usage(here: Path, arguments: tuple[str, ...]) -> None:
    assert 2 == _main("plugin", "new", *arguments)
    assert [] == list(here.iterdir())
