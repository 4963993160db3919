"""Which labels mean the same, by which step, and what nobody may guess."""

from __future__ import annotations

import random
import time
import unicodedata
from collections import Counter
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_compare import result

from taggers import Result, Tag, errors
from taggers.compare import STEPS, Label, Link, Step, WordNet, align, normal
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


def test_a_step_left_out_leaves_words_as_they_are() -> None:
    alignment = align([said("a", Tag("Coffee Cup"), Tag("coffee cup"))], steps=["names"])

    assert "Coffee Cup" == alignment.label(Tag("Coffee Cup")).id
    assert alignment.lookup("coffee_cup") is None
    assert alignment.lookup("Coffee Cup") != alignment.lookup("coffee cup")


def test_what_is_ambiguous_is_joined_by_the_user_alone() -> None:
    results = [
        said("hw", name("鼠标", zh="鼠标", en="mouse"), name("老鼠", zh="老鼠", en="mouse")),
        said("gv", name("mouse", known="/m/1"), name("souris", known="/m/1")),
    ]

    alone = align(results)
    told = align(results, aliases={"rodent": ["mouse", "老鼠"]})

    assert alone.lookup("mouse") != alone.lookup("souris")
    assert ["rodent", "rodent", "鼠标"] == meant(told, "mouse", "老鼠", "鼠标")


def test_a_word_of_two_languages_joins_what_it_means_in_neither() -> None:
    alignment = align([
        said("imagga", Tag("Gift", names={"de": "Gift", "en": "poison"})),
        said("gv", Tag("gift", names={"en": "gift"}), Tag("poison")),
    ])  # fmt: skip

    assert alignment.lookup("gift") != alignment.lookup("poison")
    assert {"gift": ("gift", "poison")} == alignment.ambiguous


def test_names_in_many_languages_join_past_an_ambiguous_one() -> None:
    alignment = align([
        said("imagga", Tag("mouse", names={"en": "mouse", "hr": "miš", "zh": "老鼠"})),
        said("imagga", Tag("trackball", names={"en": "trackball", "hr": "miš", "zh": "鼠标"})),
    ])  # fmt: skip

    assert ["mouse", "trackball", "miš"] == meant(alignment, "老鼠", "鼠标", "miš")
    assert (Link("names", "mouse", "老鼠", "imagga"),) == alignment.why("mouse", "老鼠")


def test_an_ambiguous_word_does_not_part_others_with_one_id() -> None:
    ambiguous = name("b", known="/m/1"), name("b", known="/m/2")

    alignment = align([said("gv", name("a", known="/m/1"), *ambiguous, name("c", known="/m/1"))])

    assert alignment.lookup("a") == alignment.lookup("c") != alignment.lookup("b")
    assert (Link("id", "a", "c", "/m/1"),) == alignment.why("a", "c")


def test_why_is_told_of_any_spelling() -> None:
    alignment = align([said("hw", name("猫", zh="猫", en="cat"))])

    assert (Link("text", "ＣＡＴ", "cat"), Link("names", "cat", "猫", "hw")) == alignment.why(
        "ＣＡＴ", "猫"
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ＣＡＴ　ｈａｔ", "cat hat"),
        ("Straße", "strasse"),
        ("İstanbul", "i̇stanbul"),
        ("ﬁre‑truck", "fire truck"),
        ("sea\u200b\u00adside", "seaside"),
        ("e\u200b\u0301", "é"),
        ("❤\ufe0f", "❤"),
        ("猫，狗（小）", "猫,狗(小)"),
        ("李・小龙", "李 小龙"),
        ("臺灣", "臺灣"),
        ("---", "---"),
        ("\u200b", "\u200b"),
    ],
)
def test_the_normal_form_folds_what_is_only_typography(text: str, says: str) -> None:
    assert says == normal(text)


@given(st.text())
def test_the_normal_form_is_its_own_however_signs_are_composed(text: str) -> None:
    assert normal(text) == normal(normal(text))
    assert normal(text) == normal(unicodedata.normalize("NFD", text))


def test_each_sign_keeps_its_normal_form_in_company() -> None:
    signs = (chr(code) for code in range(0x30000) if not 0xD800 <= code < 0xE000)

    unsteady = [
        text
        for sign in signs
        for text in (sign, f"e\u200b{sign}", f"{sign}\u0345\u0301")
        if normal(normal(text)) != normal(text)
    ]

    assert [] == unsteady


WORDS = st.text(st.sampled_from("aAbBé猫狗 -_ＡİßΣς\u200b\u0301"), min_size=1, max_size=4)
TAGS = st.builds(
    lambda text, zh, en, known: name(text, zh, en, known),
    WORDS, st.none() | WORDS, st.none() | WORDS, st.none() | st.sampled_from(["/m/1", "/m/2", "3"]),
)  # fmt: skip
ANSWERS = st.lists(st.lists(TAGS, max_size=4), max_size=6)
ALIASES = st.dictionaries(WORDS, st.lists(WORDS, max_size=2), max_size=2)
SOME_STEPS = st.sets(st.sampled_from(STEPS)).map(sorted)


def all_said(answers: list[list[Tag]]) -> list[Result]:
    return [said(f"p{index % 3}", *tags) for index, tags in enumerate(answers)]


@given(ANSWERS, ALIASES, SOME_STEPS, st.randoms())
def test_the_order_of_results_does_not_matter(
    answers: list[list[Tag]],
    aliases: dict[str, list[str]],
    steps: list[Step],
    draw: random.Random,
) -> None:
    results = all_said(answers)
    shuffled = draw.sample(results, len(results))

    first = align(results, aliases=aliases, steps=steps)
    second = align(shuffled, aliases=aliases, steps=steps)

    assert first == second
    assert list(first.ambiguous) == list(second.ambiguous)


@given(ANSWERS, ALIASES, SOME_STEPS)
def test_labels_part_all_texts_among_them(
    answers: list[list[Tag]], aliases: dict[str, list[str]], steps: list[Step]
) -> None:
    results = all_said(answers)

    alignment = align(results, aliases=aliases, steps=steps)

    for text, label in alignment.labels.items():
        assert alignment.lookup(text) is label
        assert alignment.lookup(label.id) is label
    counted = Counter((tag.name, result.provider) for result in results for tag in result.tags)
    labels = {label.id: label for label in alignment.labels.values()}
    spellings = [one for label in labels.values() for one in label.spellings]
    assert counted == {(one.text, one.provider): one.count for one in spellings}
    assert len(counted) == len(spellings)


@given(ANSWERS, ALIASES, SOME_STEPS)
def test_two_texts_are_one_label_where_links_lead_from_one_to_the_other(
    answers: list[list[Tag]], aliases: dict[str, list[str]], steps: list[Step]
) -> None:
    alignment = align(all_said(answers), aliases=aliases, steps=steps)

    texts = sorted({tag.name for tags in answers for tag in tags})
    for one, other in combinations(texts, 2):
        way = alignment.why(one, other)
        assert bool(way) == (alignment.lookup(one) is alignment.lookup(other))
        assert {link.step for link in way} <= {*steps}
        ends = Counter(end for link in way for end in (link.left, link.right))
        assert {one, other} == {end for end, times in ends.items() if times % 2} or not way


@given(ANSWERS)
def test_what_is_ambiguous_joins_nothing(answers: list[list[Tag]]) -> None:
    alignment = align(all_said(answers))

    for word in alignment.ambiguous:
        label = alignment.lookup(word)
        assert label is not None
        assert {normal(spelling.text) for spelling in label.spellings} <= {word}


def test_ten_thousand_answers_are_aligned_in_seconds() -> None:
    draw = random.Random(1)
    words = [f"word {number}" for number in range(3000)]
    tags = [name(word, zh=f"词{word}", en=word, known=f"/m/{word}") for word in words]
    results = [said(f"p{index % 5}", *draw.choices(tags, k=20)) for index in range(10_000)]
    began = time.process_time()

    alignment = align(results)

    assert 10 > time.process_time() - began
    assert 200_000 == sum(
        one.count for label in map(alignment.label, tags) for one in label.spellings
    )


def test_a_text_nobody_said_is_its_own_label() -> None:
    alignment = align([])

    assert Label("new words") == alignment.label(Tag("New  Words"))
    assert alignment.lookup("new words") is None


def _lexicon(folder: Path, id_: str, language: str, words: Mapping[str, list[str]]) -> Path:
    """A small WordNet in the Global WordNet Association's XML: words with the interlingual numbers
    of what they mean. A word written as "goose, geese" is found by its plural, too."""
    entries, synsets = [], sorted({one for meanings in words.values() for one in meanings})
    for number, (word, meanings) in enumerate(words.items()):
        lemma, *forms = word.split(", ")
        senses = "".join(f'<Sense id="{id_}-{number}-{m}" synset="{id_}-{m}"/>' for m in meanings)
        entries.append(
            f'<LexicalEntry id="{id_}-{number}"><Lemma writtenForm="{lemma}" partOfSpeech="n"/>'
            + "".join(f'<Form writtenForm="{form}"/>' for form in forms)
            + f"{senses}</LexicalEntry>"
        )
    found = "".join(f'<Synset id="{id_}-{m}" ili="i{m}" partOfSpeech="n"/>' for m in synsets)
    path = folder / f"{id_}.xml"
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE LexicalResource SYSTEM "http://globalwordnet.github.io/schemas/WN-LMF-1.0.dtd">\n'
        f'<LexicalResource><Lexicon id="{id_}" label="tiny" language="{language}" email="a@b.c" '
        f'license="x" version="1">{"".join(entries)}{found}</Lexicon></LexicalResource>',
        "utf-8",
    )
    return path


@pytest.fixture
def wordnet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WordNet:
    """An English and a Chinese one, in a folder of their own."""
    import wn

    monkeypatch.setattr(wn.config, "data_directory", tmp_path / "wn")
    english = {
        "cup": ["1"], "mug": ["1"], "bat": ["2", "3"], "club": ["3"], "goose, geese": ["4"],
        "gander": ["4"], "résumé": ["5"], "vita": ["5"], "T-shirt": ["6"], "jersey": ["6"],
    }  # fmt: skip
    wn.add(_lexicon(tmp_path, "t", "en", english), progress_handler=None)
    wn.add(_lexicon(tmp_path, "z", "zh", {"杯子": ["1"]}), progress_handler=None)
    return WordNet("t:1 z:1")


@pytest.mark.parametrize(
    ("one", "other", "joined"),
    [
        ("Cup", "mug", True),
        ("mug", "杯子", True),
        ("t-shirt", "jersey", True),
        ("goose", "gander", True),
        ("bat", "club", False),
        ("geese", "gander", False),
        ("resume", "vita", False),
    ],
)
def test_a_wordnet_joins_words_with_one_meaning(
    wordnet: WordNet, one: str, other: str, joined: bool
) -> None:
    alignment = align([said("a", Tag(one)), said("b", Tag(other))], lexicon=wordnet)

    assert joined == (alignment.lookup(one) == alignment.lookup(other))
    assert joined == ("lexicon" in {link.step for link in alignment.why(one, other)})


def test_a_wordnet_joins_nothing_to_what_answers_tell_apart(wordnet: WordNet) -> None:
    results = [said("hw", name("大杯", zh="大杯", en="cup"), name("小杯", zh="小杯", en="cup"))]

    alignment = align([*results, said("gv", Tag("mug"))], lexicon=wordnet)

    assert alignment.lookup("cup") != alignment.lookup("mug")


def test_a_wordnet_that_is_not_there_is_named(wordnet: WordNet) -> None:
    with pytest.raises(errors.ConfigurationError, match="here are: t:1, z:1"):
        WordNet("nothing:1")
