"""A picture made to fit its provider: upright, small enough, of a format it takes, and discreet."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve, frozen

from ._image import Image
from ._metadata import coded_colours, holds_any, without
from ._model import BoundingBox, Finding, Frame, Region, Tag
from ._provider import Accepts
from .errors import LocalResourceError, TaggersError, UnsupportedImage

__all__ = ["Fitted", "could_fit", "fit", "fits"]


@frozen
class Fitted:
    """The picture to send, what was done to it in words, and how it lies in the original."""

    image: Image
    notes: tuple[str, ...] = ()
    frame: Frame | None = None

    @property
    def original_size(self) -> tuple[float, float] | None:
        """Width and height of the original, upright picture in pixels; None where that is not
        known."""
        width, height = self.image.width, self.image.height
        if width is None or height is None:
            return None
        frame = self.frame or Frame()
        return width * frame.scale_x / frame.pad_x, height * frame.scale_y / frame.pad_y

    def restored(self, finding: Finding) -> Finding:
        """The finding with its boxes in the frame of the original, upright picture."""
        if self.frame is None:
            return finding
        if isinstance(finding, Region):
            return self.places((finding,))[0]
        if isinstance(finding, Tag) and finding.regions:
            return evolve(finding, regions=self.places(finding.regions))
        return finding

    def places(self, regions: tuple[Region, ...]) -> tuple[Region, ...]:
        """The regions in the frame of the original, upright picture."""
        return tuple(evolve(place, box=self._in_original(place.box)) for place in regions)

    def placed(self, box: BoundingBox) -> BoundingBox:
        """A box of the original, upright picture in the frame of what is sent."""
        x, y = self._factors(box)
        return BoundingBox(box.x / x, box.y / y, box.width / x, box.height / y, box.unit)

    def _in_original(self, box: BoundingBox) -> BoundingBox:
        x, y = self._factors(box)
        return box.scaled(x, y, box.unit)

    def _factors(self, box: BoundingBox) -> tuple[float, float]:
        frame = self.frame or Frame()
        return (frame.scale_x, frame.scale_y) if box.unit == "px" else (frame.pad_x, frame.pad_y)


def fits(image: Image, accepts: Accepts, *, keep_metadata: bool = False) -> bool:
    """Whether there is nothing to do, or nothing that would help: the bytes are sent, or refused,
    as they are."""
    if image.content is None or image.format is None or _is_small(image, accepts):
        return True
    if _reasons(image, accepts):
        return "content" not in accepts.sources
    return keep_metadata or not holds_any(image.content, image.format)


def fit(image: Image, accepts: Accepts, *, keep_metadata: bool = False) -> Fitted:
    """The picture as it can be sent to a provider that accepts this. `accepts.check` is the judge
    of what comes out: what cannot be made to fit is given back as it is.

    Raises `UnsupportedImage` for what has to be decoded and cannot be, and `LocalResourceError`
    or the limit's own error where Pillow is needed and missing.
    """
    if fits(image, accepts, keep_metadata=keep_metadata):
        return Fitted(image)
    stripped = None if keep_metadata else _stripped(image)
    if stripped and not _reasons(stripped.image, accepts):
        return stripped
    return _remade(image, accepts, keep_metadata)


def could_fit(image: Image, accepts: Accepts) -> bool:
    """Whether `fit` can write a picture anew for a provider, as far as its first bytes tell: it may
    turn out to be damaged."""
    if image.content is None or "content" not in accepts.sources or _is_small(image, accepts):
        return False
    try:
        from ._pixels import decodes
        from ._remake import FORMATS
    except ImportError:
        return False
    pixels = (image.width or 1) * (image.height or 1)
    return not set(FORMATS).isdisjoint(accepts.formats) and decodes(image.format or "", pixels)


def _is_small(image: Image, accepts: Accepts) -> bool:
    """Whether both edges are too short: nearly all that is sent would be white."""
    least = accepts.min_edge_px or 1
    return max(image.width or least, image.height or least) < least


def _reasons(image: Image, accepts: Accepts) -> bool:
    """Whether the pixels have to be written anew."""
    turned = (image.orientation or 1) != 1
    return turned or _breaks(image, accepts) or _colours(image) is not None


def _breaks(image: Image, accepts: Accepts) -> bool:
    """Whether the picture breaks a limit."""
    try:
        accepts.check_content(image)
    except TaggersError:
        return True
    return False


def _colours(image: Image) -> str | None:
    return coded_colours(image.content or b"", image.format or "")


def _stripped(image: Image) -> Fitted | None:
    """The picture without its metadata, its pixels untouched; None where only writing it anew
    removes them."""
    lean = without(image.content or b"", image.format or "")
    if lean is None:
        return None
    if lean == image.content:
        return Fitted(image)
    return Fitted(evolve(image, content=lean), ("metadata removed",))


def _remade(image: Image, accepts: Accepts, keep_metadata: bool) -> Fitted:
    try:
        from ._remake import remade
    except ImportError as error:
        return _without_pillow(image, accepts, keep_metadata, error)
    try:
        made = remade(image, accepts, keep_metadata=keep_metadata)
    except UnsupportedImage as error:
        # The limit says more than that the picture cannot be decoded.
        heic = "run: pip install 'taggers[heic]'" if image.format == "heic" else None
        _check(image, accepts, heic or error.message)
        raise
    if made is None:
        return Fitted(image)
    sent, shown = made
    return Fitted(
        sent,
        tuple(_notes(image, sent, shown, keep_metadata)),
        Frame(
            scale_x=(image.width or 1) / shown[0],
            scale_y=(image.height or 1) / shown[1],
            pad_x=(sent.width or 1) / shown[0],
            pad_y=(sent.height or 1) / shown[1],
        ),
    )


def _notes(image: Image, sent: Image, shown: tuple[int, int], kept: bool) -> Iterator[str]:
    if (image.orientation or 1) != 1:
        yield "turned upright"
    if (image.width, image.height) != shown:
        yield f"resized from {image.width} × {image.height} to {shown[0]} × {shown[1]}"
    if (sent.width, sent.height) != shown:
        yield f"padded with white to {sent.width} × {sent.height}"
    if colours := _colours(image):
        yield _COLOURS[colours]
    if image.format == sent.format:
        yield f"re-encoded as {sent.format}"
    else:
        first = "the first frame of " if image.format == "gif" else ""
        yield f"re-encoded from {first}{image.format} to {sent.format}"
    if not kept and holds_any(image.content or b"", image.format or ""):
        yield "metadata removed"


_COLOURS = {
    "CMYK": "CMYK made RGB",
    "16 bits": "16 bits a colour made 8",
    "transparency": "transparency laid over white",
}


def _without_pillow(
    image: Image, accepts: Accepts, keep_metadata: bool, missing: ImportError
) -> Fitted:
    """What can be done without it: metadata is removed where that leaves the pixels alone."""
    hint = "run: pip install 'taggers[image]'"
    _check(image, accepts, hint)
    upright = (image.orientation or 1) == 1
    if upright and keep_metadata:
        return Fitted(image)
    if upright and (stripped := _stripped(image)):
        return stripped
    needs = "its metadata removed" if upright else "turning upright"
    raise LocalResourceError(
        f"{image.name} needs {needs}, and Pillow is missing: {missing}", hint=hint, scope="image"
    ) from missing


def _check(image: Image, accepts: Accepts, hint: str | None) -> None:
    try:
        accepts.check(image)
    except TaggersError as error:
        error.hint = hint
        raise
