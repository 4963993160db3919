"""A picture that one provider made better, and what another says of it, as said of the original."""

from __future__ import annotations

from attrs import evolve

from ._image import Image
from ._model import Frame, Result
from ._prepare import Fitted
from .errors import MalformedResponse, TaggersError

__all__ = ["after", "enhanced", "of_original"]


def enhanced(made: Result) -> Image:
    """The picture that a provider made, under the old one's name."""
    if not made.images:
        raise MalformedResponse("the answer holds no picture", provider=made.provider)
    return Image.from_bytes(made.images[0].content, source=made.image.source)


def of_original(result: Result, made: Result, clearer: Image) -> Result:
    """What was said of the enhanced picture, with its boxes in the original's frame, and with what
    both calls did, took and are billed."""
    original = made.image
    across = (original.width or 1) / (clearer.width or 1)
    down = (original.height or 1) / (clearer.height or 1)
    frame = Fitted(clearer, frame=Frame(across, down))
    first, second = made.provenance, result.provenance
    sent = second.frame or Frame()
    whole = evolve(sent, scale_x=sent.scale_x * across, scale_y=sent.scale_y * down)
    return evolve(
        result,
        image=original,
        tags=tuple(evolve(tag, regions=frame.places(tag.regions)) for tag in result.tags),
        regions=frame.places(result.regions),
        warnings=(*made.warnings, *result.warnings),
        provenance=evolve(
            second,
            prepared=(*first.prepared, f"enhanced by {made.provider}", *second.prepared),
            frame=None if whole == Frame() else whole,
            attempts=(*first.attempts, *second.attempts),
            duration_s=round(first.duration_s + second.duration_s, 6),
            billable_units=first.billable_units + second.billable_units,
            emulated=first.emulated or second.emulated,
            cached=first.cached and second.cached,
        ),
    )


def after(made: Result, error: TaggersError) -> TaggersError:
    """The error of the second call, as that of both: the first one is billed."""
    error.note_attempts(made.provenance.attempts)
    return error
