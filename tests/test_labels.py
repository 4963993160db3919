"""Which labels mean the same, by which step, and what nobody may guess."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_compare import result

from taggers import Result, Tag, errors
from taggers.compare import STEPS, Label, Link, WordNet, accepted, align, normal, read_aliases
from taggers.compare import suggestions as suggested
from taggers.plugin import evolve


def said(provider: str, *tags: Tag) -> Result:
    """What a provider says about some picture."""
    return evolve(result(provider, "picture"), tags=tags)


def name(text: str, zh: str | None = None, en: str | None = None, known: str | None = None) -> Tag:
    names = {language: word for language, word in (("zh", zh), ("en", en)) if word}
    return Tag(text, names=names, id=known)


def meant(alignment: object, *texts: str) -> list[str | None]:
    labels = [alignment.lookup(text) for text in texts]  # type: ignore[attr-defined]
    return [label and label.id for label in labels]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Coffee Cup", "coffee_cup"),
        ("coffee-cup", "COFFEE  CUP "),
        ("ｃａｔ", "cat"),
        ("Straße", "STRASSE"),
        ("caf\u00e9", "cafe\u0301"),
        ("㎏", "kg"),
        ("cat\u200b", "cat"),
        ("李·小龙", "李 小龙"),
    ],
)
def test_spellings_of_the_same_words_are_one_label(one: str, other: str) -> None:
    alignment = align([said("a", Tag(one)), said("b", Tag(other))])

    assert alignment.label(Tag(one)) == alignment.label(Tag(other))
    assert "text" in {link.step for link in alignment.why(one, other)} or one == normal(one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("cat", "cats"), ("猫", "猫咪"), ("貓", "猫"), ("coffee cup", "coffee"), ("a/b", "a b")],
)
def test_nothing_is_guessed(one: str, other: str) -> None:
    alignment = align([said("a", Tag(one)), said("b", Tag(other))])

    assert alignment.label(Tag(one)) != alignment.label(Tag(other))
    assert () == alignment.why(one, other)


def test_names_that_answers_carry_join_languages() -> None:
    alignment = align([
        said("hw", name("猫", zh="猫", en="Cat")),
        said("tx", Tag("猫")),
        said("gv", Tag("cat"), Tag("dog")),
    ])  # fmt: skip

    assert ["cat", "cat", "dog"] == meant(alignment, "猫", "CAT", "dog")
    assert {"zh": "猫", "en": "Cat"} == alignment.label(Tag("猫")).names
    assert (Link("names", "cat", "猫", "hw"),) == alignment.why("cat", "猫")


def test_a_word_with_two_partners_joins_nothing_and_is_reported() -> None:
    alignment = align([
        said("hw", name("鼠标", zh="鼠标", en="mouse"), name("老鼠", zh="老鼠", en="mouse")),
        said("gv", Tag("mouse")),
    ])  # fmt: skip

    assert ["鼠标", "老鼠", "mouse"] == meant(alignment, "鼠标", "老鼠", "mouse")
    assert {"mouse": ("老鼠", "鼠标")} == alignment.ambiguous


def test_ids_join_in_their_own_vocabulary() -> None:
    alignment = align([
        said("gv", name("Cat", known="/m/01yrx"), name("Hat", known="x1")),
        said("other", name("Gato", known="/m/01yrx"), name("Chapeau", known="x1")),
    ])  # fmt: skip

    assert alignment.lookup("cat") == alignment.lookup("gato")
    assert "id" == alignment.why("cat", "gato")[0].step
    assert alignment.lookup("hat") != alignment.lookup("chapeau")


def test_a_word_with_two_ids_is_not_joined_by_them() -> None:
    alignment = align([
        said("gv", name("bat", known="/m/1"), name("bat", known="/m/2")),
        said("gw", name("flying fox", known="/m/1"), name("club", known="/m/2")),
    ])  # fmt: skip

    assert 3 == len(set(meant(alignment, "bat", "flying fox", "club")))
    assert {"bat": ("/m/1", "/m/2")} == alignment.ambiguous


def test_aliases_join_what_the_user_says_under_the_users_name() -> None:
    results = [said("a", Tag("mug")), said("b", Tag("Cup")), said("c", Tag("杯子"))]

    alignment = align(results, aliases={"Tea cup": ["mug", "cup", "杯子"]})

    assert {"tea cup"} == set(meant(alignment, "MUG", "cup", "杯子"))
    assert {"alias"} == {link.step for link in alignment.links(alignment.labels["mug"])} - {"text"}


@pytest.mark.parametrize("left_out", ["names", "id", "alias"])
def test_a_step_can_be_left_out(left_out: str) -> None:
    results = [
        said("google-a", name("猫", zh="猫", en="cat"), name("dog", known="/m/1")),
        said("google-b", Tag("cat"), name("hound", known="/m/1"), Tag("mug"), Tag("cup")),
    ]
    pairs = {"names": ("cat", "猫"), "id": ("dog", "hound"), "alias": ("cup", "mug")}

    whole = align(results, aliases={"cup": ["mug"]})
    less = align(
        results, aliases={"cup": ["mug"]}, steps=[step for step in STEPS if step != left_out]
    )

    for step, (one, other) in pairs.items():
        assert whole.lookup(one) == whole.lookup(other)
        assert (step != left_out) == (less.lookup(one) == less.lookup(other))


WORDS = st.text(st.sampled_from("aAbBé猫狗 -_ＡİßΣς\u200b"), min_size=1, max_size=4)
TAGS = st.builds(
    lambda text, zh, en, known: name(text, zh, en, known),
    WORDS, st.none() | WORDS, st.none() | WORDS, st.none() | st.sampled_from(["/m/1", "/m/2", "3"]),
)  # fmt: skip


@given(st.lists(st.lists(TAGS, max_size=4), max_size=6), st.randoms())
def test_the_order_of_results_does_not_matter(
    answers: list[list[Tag]], draw: random.Random
) -> None:
    results = [said(f"p{index % 3}", *tags) for index, tags in enumerate(answers)]
    shuffled = draw.sample(results, len(results))

    first, second = align(results), align(shuffled)

    assert first == second
    for text, label in first.labels.items():
        assert text == normal(text)
        assert label.id in first.labels
        assert first.labels[label.id] is label


def test_a_text_nobody_said_is_its_own_label() -> None:
    alignment = align([])

    assert Label("new words") == alignment.label(Tag("New  Words"))
    assert alignment.lookup("new words") is None


def test_likeness_is_only_proposed() -> None:
    results = [said("a", Tag("coffee cup"), Tag("dog")), said("b", Tag("cup coffee"), Tag("dog"))]

    alignment = align(results)
    found = suggested(alignment.labels.values())

    assert [("coffee cup", "cup coffee", 100.0)] == [
        (one.left.id, one.right.id, one.likeness) for one in found
    ]
    assert alignment.lookup("coffee cup") != alignment.lookup("cup coffee")
    assert [] == suggested(align(results, aliases={"coffee cup": ["cup coffee"]}).labels.values())


def test_what_is_accepted_keeps_the_file_as_it_was(tmp_path: Path) -> None:
    before = '# ours\n[aliases]\ncup = ["mug"]  # tea\n'

    after = accepted(before, "cup", ["Mug", "杯子"])
    new = accepted("", "plant", ["植物"])

    assert after.startswith("# ours\n[aliases]\ncup = [")
    assert after.endswith("# tea\n")
    (tmp_path / "a.toml").write_text(after, "utf-8")
    (tmp_path / "b.toml").write_text(new, "utf-8")
    assert {"cup": ("mug", "杯子")} == read_aliases(tmp_path / "a.toml")
    assert {"plant": ("植物",)} == read_aliases(tmp_path / "b.toml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[aliases", "a.toml: Expected"),
        ("cup = 1", "cup: there is no such key; names stand below [aliases]"),
        ("[aliases]\ncup = 'mug'", "aliases.cup: must be a list of texts"),
        ("[aliases]\na = ['x']\nb = ['X']", "aliases.b: 'x' belongs to 'a' already"),
        ("aliases = 3", "aliases: must be a table"),
    ],
)
def test_a_mistake_in_aliases_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.toml").write_text(text)

    with pytest.raises(errors.ConfigurationError) as caught:
        read_aliases(tmp_path / "a.toml")

    assert says in str(caught.value)


def _lexicon(folder: Path, words: Mapping[str, list[str]]) -> Path:
    """A small WordNet in the Global WordNet Association's XML: words with their synsets."""
    entries, synsets = [], sorted({one for meanings in words.values() for one in meanings})
    for number, (word, meanings) in enumerate(words.items()):
        senses = "".join(f'<Sense id="t-{number}-{m}" synset="t-{m}"/>' for m in meanings)
        entries.append(
            f'<LexicalEntry id="t-{number}"><Lemma writtenForm="{word}" partOfSpeech="n"/>'
            f"{senses}</LexicalEntry>"
        )
    found = "".join(f'<Synset id="t-{m}" ili="" partOfSpeech="n"/>' for m in synsets)
    path = folder / "tiny.xml"
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE LexicalResource SYSTEM "http://globalwordnet.github.io/schemas/WN-LMF-1.0.dtd">\n'
        '<LexicalResource><Lexicon id="t" label="tiny" language="en" email="a@b.c" license="x" '
        f'version="1">{"".join(entries)}{found}</Lexicon></LexicalResource>',
        "utf-8",
    )
    return path


def test_a_wordnet_joins_words_with_one_meaning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import wn

    monkeypatch.setattr(wn.config, "data_directory", tmp_path / "wn")
    words = {"cup": ["1"], "mug": ["1"], "bat": ["2", "3"], "club": ["3"], "hat": ["4"]}
    wn.add(_lexicon(tmp_path, words), progress_handler=None)
    results = [said("a", Tag("Cup"), Tag("bat")), said("b", Tag("mug"), Tag("club"), Tag("hat"))]

    alignment = align(results, lexicon=WordNet("t:1"))

    assert alignment.lookup("cup") == alignment.lookup("mug")
    assert ("lexicon",) == tuple(link.step for link in alignment.why("cup", "mug"))
    assert alignment.lookup("bat") != alignment.lookup("club")
    with pytest.raises(errors.ConfigurationError, match="here are: t:1"):
        WordNet("nothing:1")
