"""Profiles: what they say, what is wrong in them, and what they leave of a result."""

from __future__ import annotations

import datetime
import json
import tomllib
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import jsonschema
import pytest
from server import Server, answer_json

from taggers import ImageFacts, Options, Provenance, Result, Tag, Tagger
from taggers._config import Config
from taggers._config_file import load
from taggers._config_schema import config_schema
from taggers._profile import Profile, Thresholds
from taggers._registry import GROUP, Registry, installed
from taggers.cli import main
from taggers.errors import ConfigurationError
from taggers.plugin import Accepts, Image, Offers, Provider, Request, Setting, Settings, header
from taggers.testing import png

PICTURE = png(64, 64)
TEXT = """
format = "taggers-profile/1"
made = 2026-11-21
target_precision = 0.95

[providers.hw]
threshold = 0.61
n = 240

[providers.hw.labels]
"cat" = 0.4
"""


def _file(folder: Path, text: str, name: str = "profile.toml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def _result(*tags: Tag, provider: str = "hw", plugin: str = "huawei-tagging-v2") -> Result:
    return Result(
        provider=provider,
        image=ImageFacts(source="cat.jpg"),
        tags=tags,
        provenance=Provenance(plugin=plugin),
        raw={"whole": [tag.name for tag in tags]},
    )


def _profile(**providers: Thresholds) -> Profile:
    return Profile(providers=providers, target_precision=0.95)


def test_a_profile_is_read(tmp_path: Path) -> None:
    profile = Profile.read(_file(tmp_path, TEXT))

    assert Thresholds(threshold=0.61, labels={"cat": 0.4}, n=240) == profile.providers["hw"]
    assert datetime.date(2026, 11, 21) == profile.made
    assert 0.95 == profile.target_precision


def test_what_is_written_is_read_again_whatever_labels_look_like(tmp_path: Path) -> None:
    odd = {"猫": 0.1, 'the "cat"': 1 / 3, "a\\b.c = [d]": 0.0, "line\nbreak\x7f": 1.0, "": 0.5}
    profile = Profile(
        providers={"my own.name": Thresholds(threshold=0.123456789012, labels=odd, n=3)},
        target_precision=0.9,
        made=datetime.date(2026, 1, 2),
    )

    path = _file(tmp_path, profile.to_toml())

    assert profile == Profile.read(path)


def test_every_mistake_in_a_profile_is_reported_with_its_place(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        """
        format = "taggers-profile/2"
        made = "yesterday"
        target_precision = 95
        provider = 1
        [providers.hw]
        treshold = 0.5
        n = 2.5
        labels = { cat = 1.5 }
        [providers.tx]
        threshold = "high"
        labels = 0.3
        """,
    )

    with pytest.raises(ConfigurationError) as caught:
        Profile.read(path)

    assert [
        f"{path}: provider: there is no such key; did you mean 'providers'?",
        f"{path}: format: 'taggers-profile/2' is none of taggers-profile/1; "
        "did you mean 'taggers-profile/1'?",
        f"{path}: target_precision: must be a number from 0 to 1, not 95",
        f"{path}: made: must be a date as in 2026-11-21, not 'yesterday'",
        f"{path}: providers.hw.treshold: there is no such key; did you mean 'threshold'?",
        f"{path}: providers.hw.n: must be a whole number from 0, not 2.5",
        f"{path}: providers.hw.labels.cat: must be a number from 0 to 1, not 1.5",
        f"{path}: providers.tx.threshold: must be a number from 0 to 1, not 'high'",
        f"{path}: providers.tx.labels: must be a table [providers.tx.labels], not 0.3",
    ] == caught.value.message.splitlines()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "there is no such file"),
        ("format = ", "it is not TOML"),
        ("", "format: is missing"),
        ('format = "taggers-profile/1"\nproviders = 3', "providers: must be tables like"),
        ('format = "taggers-profile/1"\nproviders = { hw = 3 }', "providers.hw: must be a table"),
    ],
)
def test_what_is_no_profile_is_refused(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "none.toml" if text is None else _file(tmp_path, text)

    with pytest.raises(ConfigurationError, match=says):
        Profile.read(path)


def test_tags_under_their_threshold_are_dropped_and_counted() -> None:
    profile = _profile(hw=Thresholds(threshold=0.6, labels={"cat": 0.4, "sky": 0.9}))
    result = _result(
        Tag("cat", 0.5), Tag("sky", 0.8), Tag("dog", 0.5), Tag("sun", 0.6), Tag("sea", 0.1)
    )

    kept = profile.kept(result)

    assert ["cat", "sun"] == [tag.name for tag in kept]
    assert (
        "profile: 3 tags dropped: 1 under 0.9, the threshold of 'sky'; "
        "2 under 0.6, the threshold of hw",
    ) == kept.warnings
    assert result.raw == kept.raw


def test_a_tag_without_a_confidence_stays() -> None:
    kept = _profile(hw=Thresholds(threshold=0.9)).kept(_result(Tag("cat")))

    assert ("cat",) == tuple(tag.name for tag in kept)
    assert () == kept.warnings


def test_a_label_is_known_by_any_of_its_names() -> None:
    profile = _profile(hw=Thresholds(threshold=0.9, labels={"cat": 0.4}))

    kept = profile.kept(_result(Tag("猫", 0.5, names={"zh": "猫", "en": "cat"})))

    assert 1 == len(kept.tags)


def test_a_name_in_the_configuration_comes_before_the_plugin_and_the_plugin_stands_in() -> None:
    profile = Profile(
        providers={"hw": Thresholds(threshold=0.1), "huawei-tagging-v2": Thresholds(threshold=0.9)}
    )

    own, other = (profile.kept(_result(Tag("cat", 0.5), provider=name)) for name in ("hw", "hw2"))

    assert (1, 0) == (len(own.tags), len(other.tags))


def test_a_provider_that_the_profile_does_not_hold_to_anything_is_named() -> None:
    profile = _profile(tx=Thresholds(n=12, labels={"cat": 0.4}))

    stranger = profile.kept(_result(Tag("cat", 0.1)))
    hopeless = profile.kept(_result(Tag("dog", 0.1), provider="tx"))

    assert ("profile: it has no threshold for hw: all tags are kept",) == stranger.warnings
    assert ("profile: no threshold of tx is known for a precision of 0.95",) == hopeless.warnings
    assert (1, 1) == (len(stranger.tags), len(hopeless.tags))


def test_the_vendor_is_asked_for_more_where_the_limit_comes_after_the_profile() -> None:
    profile = _profile(hw=Thresholds(threshold=0.5))
    few = Options(limit=3)
    cuts = Offers(applies=frozenset({"limit"}), max_limit=150)

    assert 150 == profile.asking(few, "hw", "p", cuts).limit
    assert 3 == profile.asking(few, "hw", "p", Offers(applies=frozenset({"limit"}))).limit
    assert profile.asking(few, "hw", "p", Offers()).limit is None
    assert few == profile.asking(few, "tx", "p", cuts)
    assert profile.asking(Options(), "hw", "p", cuts).limit is None


def _request(image: Image, options: Options, settings: Settings) -> Request:
    return Request(path="/tags", json={"top": options.limit, "least": options.min_confidence})


ACME = Provider(
    name="acme",
    title="Acme",
    vendor="Acme",
    request=_request,
    read=lambda body: [Tag(name, confidence) for name, confidence in body["tags"]],
    accepts=Accepts(formats=("png",)),
    offers=Offers(applies=frozenset({"limit", "min_confidence"}), max_limit=50),
    settings=(Setting("api_key", "the key", secret=True),),
    credentials=(("api_key",),),
    authorize=header("x-api-key", "api_key"),
    endpoint="https://acme.example.com",
)
ANSWER = answer_json({"tags": [["sky", 0.8], ["sea", 0.7], ["cat", 0.5], ["dog", 0.4]]})


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(ANSWER) as running:
        yield running


def _tagger(server: Server, folder: Path | None = None, profile: Profile | None = None) -> Tagger:
    registry = Registry((EntryPoint("acme", "test_profile", GROUP),), loaded={"acme": ACME})
    return Tagger(
        "acme",
        config=Config(profile=profile),
        registry=registry,
        cache=folder or False,
        endpoint=server.url,
        api_key="a key",
    )


def test_the_limit_is_filled_with_what_the_profile_keeps(server: Server) -> None:
    profile = _profile(acme=Thresholds(threshold=0.75, labels={"cat": 0.5, "dog": 0.3}))

    with _tagger(server, profile=profile) as tagger:
        result = tagger.tag(PICTURE, limit=2)

    assert ["sky", "cat"] == [tag.name for tag in result]
    assert {"top": 50, "least": None} == json.loads(server.requests[0].body)


def test_thresholds_apply_after_the_answer_cache(server: Server, tmp_path: Path) -> None:
    strict, mild = (_profile(acme=Thresholds(threshold=least)) for least in (0.75, 0.45))

    said = []
    for profile in (strict, mild, None):
        with _tagger(server, tmp_path, profile) as tagger:
            said.append(tagger.tag(PICTURE))

    assert [1, 3, 4] == [len(result.tags) for result in said]
    assert 1 == len(server.requests)
    assert said[0].raw == said[2].raw


CONFIG = """
profile = "thresholds/profile.toml"
[providers.hw]
plugin = "huawei-tagging-v2"
[providers.tx]
plugin = "tencent-detect-label"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "thresholds").mkdir()
    _file(tmp_path / "thresholds", TEXT)
    return _file(tmp_path, CONFIG, "taggers.toml")


def test_the_configuration_names_a_profile_beside_it(project: Path) -> None:
    config = load(project)

    jsonschema.validate(tomllib.loads(CONFIG), config_schema(installed()))
    assert config.profile == Profile.read(project.parent / "thresholds" / "profile.toml")


def test_mistakes_in_the_profile_are_mistakes_in_the_configuration(project: Path) -> None:
    path = project.parent / "thresholds" / "profile.toml"
    path.write_text(TEXT.replace("0.61", "61").replace("[providers.hw", "[providers.hv"))

    with pytest.raises(ConfigurationError) as caught:
        load(project)

    assert [
        f"{project}: profile: {path}: providers.hv.threshold: must be a number from 0 to 1, not 61"
    ] == caught.value.message.splitlines()


def test_a_profile_for_nobody_there_is_a_mistake(project: Path) -> None:
    path = project.parent / "thresholds" / "profile.toml"
    path.write_text(TEXT.replace("[providers.hw", "[providers.huawei-tagging-v3"))

    with pytest.raises(ConfigurationError, match=r"did you mean 'huawei-tagging-v2'") as caught:
        load(project)

    assert f"{path}: providers.huawei-tagging-v3: " in str(caught.value)


def _said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit):
        main(list(arguments))
    return capsys.readouterr().out


def test_config_and_doctor_show_the_profile(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project.parent / "thresholds" / "profile.toml"

    shown = _said(capsys, "--config", str(project), "config", "show")
    found = _said(capsys, "--config", str(project), "doctor", "--offline")

    assert f'profile = "{path}"  # thresholds for hw' in shown
    assert f"{path}, for a precision of 0.95, made 2026-11-21" in found
    assert "tx is not in it: its tags are not held to it" in found


def test_a_profile_can_be_left_out_for_once(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = _profile(**{"local-basic": Thresholds(threshold=1.0)})
    _file(tmp_path, profile.to_toml())
    config = _file(tmp_path, 'profile = "profile.toml"', "taggers.toml")
    asking = ("tag", str(photos / "cat.jpg"), "-p", "local-basic", "-f", "csv")

    cut = _said(capsys, "--config", str(config), *asking)
    whole = _said(capsys, "--config", str(config), "--no-profile", *asking)

    assert len(cut.splitlines()) < len(whole.splitlines())
