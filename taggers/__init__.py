"""One schema for every image-tagging API.

    from taggers import Tagger

    with Tagger("local-basic") as tagger:
        for tag in tagger.tag("cat.jpg"):
            print(tag.name, tag.confidence)

Users import from here, plugin authors from `taggers.plugin` and `taggers.testing`. Importing
taggers loads no plugin and no HTTP library, and opens nothing.
"""

from __future__ import annotations

from . import errors

__version__ = "0.1.0"

from ._client import AsyncTagger, Tagger
from ._image import Image
from ._model import (
    Attempt,
    BoundingBox,
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
from .errors import TaggersError

__all__ = [
    "AsyncTagger",
    "Attempt",
    "BoundingBox",
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
