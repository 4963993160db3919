"""One schema for every image-tagging API.

    from taggers import Tagger

    with Tagger("local-basic") as tagger:
        for tag in tagger.tag("cat.jpg"):
            print(tag.name, tag.confidence)

Users import from here, plugin authors from `taggers.plugin` and `taggers.testing`. Each name is
loaded when it is first used: importing taggers loads nothing and opens nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from . import batch as batch
    from . import compare as compare
    from . import draw as draw
    from . import emulator as emulator
    from . import errors
    from . import evaluate as evaluate
    from . import library as library
    from ._client import AsyncTagger
    from ._image import Image
    from ._model import (
        Attempt,
        BoundingBox,
        Frame,
        ImageFacts,
        Match,
        Options,
        OutputImage,
        Provenance,
        Region,
        Result,
        Tag,
        Verdict,
    )
    from ._policy import Policy
    from ._sync import Tagger
    from .errors import TaggersError

__all__ = [
    "AsyncTagger",
    "Attempt",
    "BoundingBox",
    "Frame",
    "Image",
    "ImageFacts",
    "Match",
    "Options",
    "OutputImage",
    "Policy",
    "Provenance",
    "Region",
    "Result",
    "Tag",
    "Tagger",
    "TaggersError",
    "Verdict",
    "errors",
]

_HOMES = {
    "_client": ("AsyncTagger",),
    "_image": ("Image",),
    "_model": (
        "Attempt", "BoundingBox", "Frame", "ImageFacts", "Match", "Options", "OutputImage",
        "Provenance", "Region", "Result", "Tag", "Verdict",
    ),
    "_policy": ("Policy",),
    "_sync": ("Tagger",),
    "errors": ("TaggersError",),
}  # fmt: skip
_PACKAGES = ("batch", "compare", "draw", "emulator", "errors", "evaluate", "library")
"""Some need an extra, so all but `errors` are left out of `__all__`: a `*` would load them."""


def __getattr__(name: str) -> Any:
    """Loads a public name (PEP 562)."""
    if name in _PACKAGES:
        return importlib.import_module(f".{name}", __name__)
    for home, names in _HOMES.items():
        if name in names:
            found = getattr(importlib.import_module(f".{home}", __name__), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_PACKAGES})
