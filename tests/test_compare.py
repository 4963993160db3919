"""What several providers say, side by side."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from taggers import Image, ImageFacts, Provenance, Result, Tag, Tagger, errors
from taggers.compare import Comparison, Failure, compare


def result(
    provider: str, picture: str, tags: Iterable[tuple[str, float | None]] = (), **provenance: object
) -> Result:
    """What a provider said about a picture whose SHA-256 is its name."""
    return Result(
        provider=provider,
        image=ImageFacts(source=f"{picture}.jpg", sha256=picture, width=100, height=50),
        tags=tuple(Tag(name, confidence) for name, confidence in tags),
        provenance=Provenance(plugin=provider, **provenance),  # type: ignore[arg-type]
    )


def test_pictures_are_the_same_where_their_bytes_are() -> None:
    first, copied = result("a", "cat"), result("b", "cat")

    comparison = Comparison.of([("cat.jpg", "a", first), ("copies/cat.jpg", "b", copied)])

    assert ["cat"] == [picture.id for picture in comparison.pictures]
    assert {("cat", "a"): first, ("cat", "b"): copied} == comparison.said


def test_a_failure_belongs_to_the_picture_of_its_name() -> None:
    error = errors.RateLimited("too fast", code="429", billed="maybe")

    comparison = Comparison.of(
        [("cat.jpg", "a", error), ("cat.jpg", "b", result("b", "cat")), ("dog.jpg", "a", error)]
    )

    failure = Failure(kind="RateLimited", message="too fast", code="429", billed="maybe")
    assert ["cat", "dog.jpg"] == [picture.id for picture in comparison.pictures]
    assert failure == comparison.said["cat", "a"] == comparison.said["dog.jpg", "a"]


def test_what_was_not_asked_is_not_there() -> None:
    comparison = Comparison.of([("cat.jpg", "a", result("a", "cat"))])

    assert [] == list(comparison.results("b"))
    assert ["cat"] == [picture.id for picture, _ in comparison.results("a")]


def test_stored_results_are_read_back() -> None:
    error = {"kind": "NotFound", "message": "gone", "code": None, "billed": "no"}
    lines = [
        json.dumps(result("a", "cat", [("猫", 0.9)]).to_dict(), ensure_ascii=False),
        "\n",
        json.dumps({"provider": "b", "image": {"source": "cat.jpg"}, "error": error}),
    ]

    comparison = Comparison.read(lines)

    assert ("a", "b") == comparison.providers
    assert ["猫"] == [tag.name for _, said in comparison.results("a") for tag in said]
    assert Failure(**error) == comparison.said["cat", "b"]  # type: ignore[arg-type]


@pytest.mark.parametrize("line", ["no JSON", "[]", "{}", '{"provider": "a", "image": {}}', "7"])
def test_a_line_that_is_no_result_is_named(line: str) -> None:
    good = json.dumps(result("a", "cat").to_dict())

    with pytest.raises(errors.InvalidInput, match=r"^stored\.jsonl:2: is no result"):
        Comparison.read([good, line], "stored.jsonl")


def test_pictures_are_asked_about_and_compared(photos: object) -> None:
    with Tagger() as tagger:
        pictures = [Image.open(f"{photos}/cat.jpg"), f"{photos}/nothing.jpg"]
        comparison = compare(tagger, pictures, ["local-basic", "local-basic"])

    assert ("local-basic",) == comparison.providers
    assert [451, None] == [picture.width for picture in comparison.pictures]
    assert isinstance(comparison.said[f"{photos}/nothing.jpg", "local-basic"], Failure)
