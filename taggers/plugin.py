"""What a plugin author imports: everything that a provider is made of.

A provider is a frozen value with two pure functions; see `Provider`, and CONTRIBUTING.md for a
walk through a whole plugin.
"""

from __future__ import annotations

from attrs import evolve

from . import errors
from ._auth import basic, header, query
from ._body import Base64, Body
from ._decode import Json, Xml
from ._dialect import Account, Asked, Dialect, Incoming, NotEmulated, Refusal, Route, World
from ._faults import Errors, Rule, VendorError, Window
from ._image import Image
from ._model import (
    BoundingBox,
    Match,
    Options,
    OutputImage,
    Region,
    Result,
    Tag,
    Verdict,
)
from ._money import Money
from ._numbers import fraction, number, sides, texts
from ._provider import (
    Accepts,
    CredentialsFile,
    LibraryCalls,
    Offers,
    Price,
    Provider,
    Query,
    Session,
    SignIn,
    Steps,
    Sunset,
    Work,
)
from ._settings import Secret, Setting, Settings
from ._wire import Prepared, Request, Response, encode
from .hookspecs import hookimpl

__all__ = [
    "Accepts",
    "Account",
    "Asked",
    "Base64",
    "Body",
    "BoundingBox",
    "CredentialsFile",
    "Dialect",
    "Errors",
    "Image",
    "Incoming",
    "Json",
    "LibraryCalls",
    "Match",
    "Money",
    "NotEmulated",
    "Offers",
    "Options",
    "OutputImage",
    "Prepared",
    "Price",
    "Provider",
    "Query",
    "Refusal",
    "Region",
    "Request",
    "Response",
    "Result",
    "Route",
    "Rule",
    "Secret",
    "Session",
    "Setting",
    "Settings",
    "SignIn",
    "Steps",
    "Sunset",
    "Tag",
    "VendorError",
    "Verdict",
    "Window",
    "Work",
    "World",
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
    "sides",
    "texts",
]
