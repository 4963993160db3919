"""Imagga's tags, for files and URLs.

POST /v2/tags with the picture as a form, or GET /v2/tags with its URL.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from taggers.plugin import (
    Accepts,
    Errors,
    Image,
    Offers,
    Options,
    Provider,
    Request,
    Rule,
    Setting,
    Settings,
    Tag,
    VendorError,
    basic,
    errors,
    fraction,
    texts,
)

__all__ = ["CODES", "LANGUAGES", "PROVIDER"]

CODES = {
    "zh": "zh_chs",
    "zh-Hant": "zh_cht",
    "sr-Cyrl": "sr_cyrl",
    "sr-Latn": "sr_latn",
    "tlh-Piqd": "tlh_qaak",
}
"""Imagga's codes for the languages that are called otherwise elsewhere."""

LANGUAGES = (
    "en", "ar", "bg", "bs", "ca", "cs", "cy", "da", "de", "el", "es", "et", "fa", "fi", "fr", "he",
    "hi", "hr", "ht", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "mt", "mww", "nl", "no",
    "otq", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "th", "tlh", "tr", "uk", "ur", "vi", "yua",
    *CODES,
)  # fmt: skip
"""Those of v1, in which the list was last seen whole."""

_OURS = {theirs: ours for ours, theirs in CODES.items()}


def request(image: Image, options: Options, settings: Settings) -> Request:
    """Asks about a URL, or posts the picture; the options stand in the query in both cases."""
    query = {**_query(options), **{name: str(value) for name, value in options.native.items()}}
    if image.content is None:
        return Request(method="GET", path="/v2/tags", query={"image_url": image.url or "", **query})
    return Request(path="/v2/tags", query=query, form={"image": image.content})


def _query(options: Options) -> dict[str, str]:
    """The options by the vendor's names; its threshold counts to 100."""
    query = {}
    if options.limit is not None:
        query["limit"] = str(options.limit)
    if options.min_confidence is not None:
        query["threshold"] = str(round(options.min_confidence * 100, 6))
    if options.language is not None:
        query["language"] = CODES.get(options.language, options.language)
    return query


def read(body: Any) -> Iterator[Tag | str]:
    """The tags. Those that have no name in any language asked for are told of in a warning."""
    nameless = []
    for item in body["result"]["tags"]:
        names = {_OURS.get(code, code): text for code, text in texts(item, "tag").items()}
        if not names:
            nameless.append(f"{fraction(item.get('confidence'), 100)}")
            continue
        yield Tag(
            name=names.get("en") or next(iter(names.values())),
            confidence=fraction(item.get("confidence"), 100),
            names=names,
            source=item.get("origin"),
            id=item.get("synset_id"),
        )
    if nameless:
        yield f"tags without a name in the language asked for: {', '.join(nameless)}"


def where(body: Any) -> VendorError | None:
    """The text of an error. There are no codes: the HTTP status stands for one."""
    status = body.get("status") if isinstance(body, dict) else None
    if not isinstance(status, dict) or status.get("type") != "error":
        return None
    return VendorError("", str(status.get("text") or ""))


_RULES = (
    Rule(
        kind=errors.UnsupportedImage,
        codes="400",
        message="classification job",
        hint="the picture, or what lies at its URL, could not be read as one",
    ),
    Rule(kind=errors.InvalidRequest, codes="400 405 406"),
    Rule(kind=errors.Authentication, codes="401", hint="check api_key and api_secret"),
    Rule(kind=errors.QuotaExhausted, codes="403", message="limit|quota|exceed|usage"),
    Rule(
        kind=errors.PermissionDenied,
        codes="403",
        hint="the plan may lack this, or its calls of the month may be used up",
    ),
    Rule(kind=errors.EndpointGone, codes="404 410"),
    Rule(kind=errors.PayloadTooLarge, codes="413"),
    Rule(kind=errors.RateLimited, codes="429"),
    Rule(kind=errors.ServerFault, codes="500"),
    Rule(kind=errors.Unavailable, codes="502 503"),
)

PROVIDER = Provider(
    name="imagga-tags",
    title="Imagga tags",
    vendor="Imagga",
    docs="https://docs.imagga.com/#tags",
    request=request,
    read=read,
    ignores={"status": "whether it went well, which the error table reads"},
    # Formats that every client sends; neither a list of them nor a largest size is known.
    accepts=Accepts(formats=("jpeg", "png")),
    offers=Offers(
        applies=frozenset({"limit", "min_confidence", "language"}),
        languages=LANGUAGES,
        concurrency=2,  # as an account in the documents has it; each plan has its own
    ),
    errors=Errors(where=where, rules=_RULES),
    settings=(
        Setting("api_key", "API key of the account", env="IMAGGA_API_KEY", secret=True),
        Setting("api_secret", "API secret of the account", env="IMAGGA_API_SECRET", secret=True),
    ),
    credentials=(("api_key", "api_secret"),),
    authorize=basic("api_key", "api_secret"),
    endpoint="https://api.imagga.com",
    hosts=("api.imagga.com",),
)
