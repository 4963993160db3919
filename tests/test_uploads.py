"""Pictures that are uploaded for one call are deleted, whatever goes wrong meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from taggers import Policy, Tagger
from taggers.emulator import Emulator
from taggers.errors import TaggersError

QUICK = Policy(transient_s=0.001, throttle_s=0.001)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


def _tagger(emulator: Emulator) -> Tagger:
    settings = emulator.settings("tencent-detect-label")
    return Tagger("tencent-detect-label", policy=QUICK, **settings)


def _asked(emulator: Emulator) -> list[str]:
    return [f"{call.method} {call.status}" for call in emulator.journal]


def _stored(emulator: Emulator) -> int:
    return len(emulator._service.world.objects)


def test_an_upload_of_unknown_outcome_is_sent_again_since_it_costs_nothing(
    emulator: Emulator, photos: Path
) -> None:
    emulator.fail("reset-after", only="cos-put-object", times=1)

    with _tagger(emulator) as tagger:
        result = tagger.tag(photos / "cat.jpg")

    assert 4 == len(result.provenance.attempts)
    assert 1 == result.provenance.billable_units
    assert 0 == _stored(emulator)


def test_an_upload_that_never_ends_well_is_deleted_all_the_same(
    emulator: Emulator, photos: Path
) -> None:
    emulator.fail("reset-after", only="cos-put-object")

    with _tagger(emulator) as tagger, pytest.raises(TaggersError) as caught:
        tagger.tag(photos / "cat.jpg")

    assert "unknown" == caught.value.outcome
    assert "DELETE 204" == _asked(emulator)[-1]
    assert 0 == _stored(emulator)


def test_a_removal_that_fails_once_is_tried_again(emulator: Emulator, photos: Path) -> None:
    emulator.fail("code", only="cos-delete-object", code="InternalError", times=1)

    with _tagger(emulator) as tagger:
        result = tagger.tag(photos / "cat.jpg")

    assert () == result.warnings
    assert 0 == _stored(emulator)


def test_an_upload_that_stays_is_named_also_where_tagging_failed(
    emulator: Emulator, photos: Path
) -> None:
    emulator.fail("code", only="cos-delete-object", code="AccessDenied")
    emulator.fail("code", only="tencent-detect-label", code="InvalidImageFormat")

    with _tagger(emulator) as tagger, pytest.raises(TaggersError) as caught:
        tagger.tag(photos / "cat.jpg")

    assert "InvalidImageFormat" == caught.value.code
    (warning,) = caught.value.warnings
    assert "could not be deleted: Access Denied." in warning
    assert 1 == _stored(emulator)


def test_a_refused_upload_is_not_deleted(emulator: Emulator, photos: Path) -> None:
    emulator.fail("code", only="cos-put-object", code="AccessDenied")

    with _tagger(emulator) as tagger, pytest.raises(TaggersError):
        tagger.tag(photos / "cat.jpg")

    assert ["PUT 403"] == _asked(emulator)
