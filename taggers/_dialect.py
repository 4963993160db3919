"""The server's half of a vendor's wire format, beside the provider that is the client's half.

    Incoming ─ verify ─ read_request ─► Asked ─ (an answer) ─► Result ─ write_result ─► Response
                 └───────────┴──────► Refusal ─ write_error ──────────────────────────► Response

The emulator is built from dialects. What a provider's `read` takes, its dialect's `write_result`
makes: together they lose nothing that the wire can carry.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable, Mapping, MutableMapping
from email.parser import BytesParser
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote

from attrs import field, frozen

from ._faults import Errors, VendorError
from ._image import Image
from ._model import BoundingBox, Match, Options, Result
from ._provider import Provider
from ._wire import Prepared, Response
from .errors import TaggersError

__all__ = [
    "Account",
    "Asked",
    "Dialect",
    "Evidence",
    "Incoming",
    "NotEmulated",
    "Refusal",
    "Route",
    "World",
]

Evidence = Literal["documented", "recorded", "inferred"]
"""Where a behaviour is known from: the vendor's documents, a recorded answer, or neither."""


class NotEmulated(Exception):
    """Nobody knows what the vendor would say to this: the emulator answers 501, with the reason."""


class Refusal(Exception):
    """The vendor says no: with this code, and the status and text that go with it."""

    def __init__(self, code: str, message: str = "", status: int | None = None) -> None:
        super().__init__(code, message)
        self.code, self.message, self.status = code, message, status


@frozen(kw_only=True)
class Incoming:
    """A request as a server received it. Header names are lower-case; `target` is the path and
    query as they stood on the wire."""

    method: str
    target: str = field(repr=lambda target: repr(target.partition("?")[0]))
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=lambda body: f"<{len(body)} bytes>")

    @property
    def host(self) -> str:
        """The Host header: the name that was asked, with its port where it is not the usual."""
        return self.headers.get("host", "")

    @property
    def path(self) -> str:
        """The decoded path."""
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> dict[str, str]:
        """The decoded parameters; the last of a name that stands twice. A plus is a space, as the
        vendors' own SDKs write it."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def prepared(self) -> Prepared:
        """The same request as a client sees it, for signing it once more."""
        return Prepared(
            method=self.method,
            url=f"http://{self.host}{self.target}",
            headers=self.headers,
            body=self.body,
        )

    def json(self) -> Any:
        """The body as JSON. Raises `ValueError`."""
        try:
            return json.loads(self.body)
        except RecursionError as error:
            raise ValueError("the body is nested too deeply") from error

    def form(self) -> dict[str, bytes]:
        """The fields of the body, a form in parts (multipart/form-data) or in one line, by name;
        none where it is no form."""
        kind = self.headers.get("content-type", "")
        if kind.startswith("application/x-www-form-urlencoded"):
            pairs = parse_qsl(self.body, keep_blank_values=True)
            return {name.decode("utf-8", "replace"): value for name, value in pairs}
        if not kind.startswith("multipart/form-data"):
            return {}
        message = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + self.body)
        fields: dict[str, bytes] = {}
        for part in message.walk():
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                fields[str(part.get_param("name", header="content-disposition"))] = content
        return fields


@frozen(kw_only=True)
class Account:
    """The one account that an emulator knows: its key, its project, its bucket, its user."""

    key_id: str = field(default="emulator", repr=False)
    secret: str = field(default="emulator-secret", repr=False)
    session_token: str | None = field(default=None, repr=False)
    project_id: str = "emulator"
    project_name: str = "cn-north-4"
    bucket: str = "emulator-1250000000"
    user: str = "emulator"
    password: str = field(default="emulator-password", repr=False)
    domain: str = "emulator"


@frozen(kw_only=True)
class World:
    """What a vendor's server stands in: its account, its clock, and what it keeps.

    `objects` are stored files by (bucket, key); `tokens` the tokens it gave out, each with its end
    in Unix seconds and its project; `fetch` finds the picture at a URL, None where there is none;
    `similar` lists the pictures of the `library`, those first that are most like one, or like a box
    of it; `nonce` gives a fresh random text; `failures` counts refused
    signatures.
    """

    account: Account
    now: Callable[[], float]
    nonce: Callable[[], str]
    fetch: Callable[[str], bytes | None]
    similar: Callable[[Image | None, BoundingBox | None], list[Match]]
    failures: list[float] = field(factory=list)
    library: MutableMapping[str, tuple[bytes, Mapping[str, str]]] = field(factory=dict)
    objects: MutableMapping[tuple[str, str], bytes] = field(factory=dict)
    tokens: MutableMapping[str, tuple[float, str | None]] = field(factory=dict, repr=False)


@frozen(kw_only=True)
class Asked:
    """What a request asks for: the picture, the options with the vendor's defaults filled in, and
    what else it says; `units` is what the vendor bills for answering it."""

    image: Image
    options: Options = field(factory=Options)
    more: Mapping[str, Any] = field(factory=dict)
    units: int = 1


@frozen(kw_only=True)
class Route:
    """Where a dialect listens: a method, a path with `{names}` (`{name*}` takes slashes too), and
    the parameters that must be there; a value of None stands for any."""

    method: str
    path: str
    query: Mapping[str, str | None] = field(factory=dict)

    def match(self, incoming: Incoming) -> dict[str, str] | None:
        """The names in the path, decoded; None where the request is another."""
        if incoming.method != self.method:
            return None
        return self.match_path(incoming)

    def match_path(self, incoming: Incoming) -> dict[str, str] | None:
        """The same, whatever the method is."""
        given = incoming.query
        for name, value in self.query.items():
            if name not in given or value not in (None, given[name]):
                return None
        found = re.fullmatch(self._pattern(), incoming.path, re.DOTALL)
        return None if found is None else found.groupdict()

    def _pattern(self) -> str:
        named = re.sub(r"\\{(\w+)\\\*\\}", r"(?P<\1>.*)", re.escape(self.path))
        return re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", named)


@frozen(kw_only=True)
class Dialect:
    """One service of a vendor, from the server's side.

    * `provider`: the client's half; None for what is no tagging (a token service, a store), which
      has its `errors` here;
    * `hosts`: the vendor's own names for the server (`*` allowed);
    * `recognises(incoming)`: whether a request is meant for this vendor, as its signature shows;
    * `verify(incoming, world)`: raises a `Refusal` for a request that is not signed as it must be;
      `admit(incoming, names, world)` for one that may not come in for another reason;
    * `read_request(incoming, names, world)`: what is asked for; `write_result(result, asked)`: the
      answer in the vendor's form; or, where there is no provider, `serve(incoming, names, world)`;
    * `write_error(refusal, request_id, incoming)`: the refusal in the vendor's form;
    * `answers_with`: what it finds in a picture, "tags" or similar pictures: "matches", or "both";
    * `refusals`: the vendor's code for each of our errors about a picture; `throttle_code`: for too
      many calls, `too_large_code`: for a body above `max_body_bytes`;
    * `headers(request_id)`: what every answer carries;
    * `settings(account)`: what the provider is configured with to sign in as this account;
    * `evidence`: where "success", "errors" and "limits" are known from.
    """

    name: str
    vendor: str
    hosts: tuple[str, ...]
    routes: tuple[Route, ...]
    verify: Callable[[Incoming, World], None]
    recognises: Callable[[Incoming], bool] = lambda incoming: False
    admit: Callable[[Incoming, Mapping[str, str], World], None] = lambda *_: None
    write_error: Callable[[Refusal, str, Incoming], Response]
    provider: Provider | None = None
    errors: Errors | None = None
    read_request: Callable[[Incoming, Mapping[str, str], World], Asked] | None = None
    write_result: Callable[[Result, Asked], Response] | None = None
    serve: Callable[[Incoming, Mapping[str, str], World], Response] | None = None
    answers_with: Literal["tags", "matches", "both"] = "tags"
    refusals: tuple[tuple[type[TaggersError], str], ...] = ()
    throttle_code: str = ""
    too_large_code: str = ""
    max_body_bytes: int = 12 * 1024 * 1024
    headers: Callable[[str], Mapping[str, str]] = lambda request_id: {}
    settings: Callable[[Account], Mapping[str, str]] = lambda account: {}
    evidence: Mapping[str, Evidence] = field(factory=dict)

    def at_home(self, host: str) -> bool:
        """Whether this is one of the vendor's own names for the server."""
        name = host.rpartition(":")[0] or host
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.hosts)

    def refusal(self, error: TaggersError) -> Refusal:
        """The vendor's refusal of a picture that breaks one of its limits."""
        for kind, code in self.refusals:
            if isinstance(error, kind):
                return Refusal(code)
        raise error

    def has_code(self, code: str) -> bool:
        """Whether the vendor has an error of this code."""
        found = VendorError(code)
        errors = self.errors or (self.provider.errors if self.provider else None)
        return errors is not None and any(rule.names(found) for rule in errors.rules)

    @property
    def catches_all(self) -> bool:
        """Whether it listens on every path, as a store of files does."""
        return any("*" in route.path for route in self.routes)
