"""What a plugin author imports: everything that a provider is made of.

A provider is a frozen value with two pure functions; see `Provider`, and CONTRIBUTING.md for a
walk through a whole plugin.
"""

from __future__ import annotations

from attrs import evolve

from . import errors
from ._auth import basic, header, query
from ._faults import Errors, Rule, VendorError
from ._image import Image
from ._model import (
    BoundingBox,
    Match,
    Options,
    OutputImage,
    Region,
    Tag,
    Verdict,
)
from ._provider import Accepts, Offers, Provider, Steps, Sunset, Work
from ._settings import Secret, Setting, Settings
from ._wire import Base64, Json, Prepared, Request, Xml, encode, fraction, number
from .hookspecs import hookimpl

__all__ = [
    "Accepts",
    "Base64",
    "BoundingBox",
    "Errors",
    "Image",
    "Json",
    "Match",
    "Offers",
    "Options",
    "OutputImage",
    "Prepared",
    "Provider",
    "Region",
    "Request",
    "Rule",
    "Secret",
    "Setting",
    "Settings",
    "Steps",
    "Sunset",
    "Tag",
    "VendorError",
    "Verdict",
    "Work",
    "Xml",
    "basic",
    "encode",
    "errors",
    "evolve",
    "fraction",
    "header",
    "hookimpl",
    "number",
    "query",
]
