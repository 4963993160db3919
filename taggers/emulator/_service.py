"""The emulated vendors: one request in, one answer out, and a line in the journal."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import Any

from attrs import define, evolve, field, frozen

from .. import __version__
from .._dialect import Account, Asked, Dialect, Incoming, NotEmulated, Refusal, World
from .._flow import EMULATOR_HEADER
from .._model import Match, Provenance, Result, Tag
from .._wire import Response
from ..errors import LocalResourceError, TaggersError
from ._answers import Answers, similar
from ._faults import Fault, Faults

__all__ = ["Call", "Service", "Visit"]


@frozen(kw_only=True)
class Call:
    """One line of the journal: what was asked and answered, and what a vendor would bill for it.

    `asked` holds the parameters and the JSON body, with pictures by their length; `request_id` is
    the one that the vendor names in its answer. Headers, signatures and passwords are not kept.
    """

    number: int
    at: float
    service: str
    method: str
    path: str
    asked: Mapping[str, Any]
    status: int | None
    code: str | None = None
    units: int = 0
    picture: str | None = None
    fault: str | None = None
    request_id: str | None = None


@frozen
class Visit:
    """One request that has come in: who answers it, what befalls it, and the limit it breaks."""

    head: Incoming
    dialect: Dialect | None
    names: Mapping[str, str]
    fault: Fault | None
    over: str | None
    request_id: str

    @property
    def max_body_bytes(self) -> int:
        return self.dialect.max_body_bytes if self.dialect else 0


@define
class Service:
    """All dialects behind one door. `respond` may be called from several threads."""

    dialects: list[Dialect]
    answers: Answers = field(factory=Answers)
    faults: Faults = field(factory=Faults)
    account: Account = field(factory=Account)
    verify: bool = True
    now: Callable[[], float] = time.time
    journal: list[Call] = field(factory=list)
    world: World = field(init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def __attrs_post_init__(self) -> None:
        self.faults.now = self.now
        self.faults.known = {dialect.name: dialect for dialect in self.dialects}
        self.reset()

    def reset(self) -> None:
        """Empties the journal, the buckets and the tokens; takes all faults away, and the fixtures
        that were added since the start."""
        with self._lock:
            self.journal.clear()
        self.faults.clear()
        self.answers.reset()
        self.world = World(
            account=self.account,
            now=self.now,
            nonce=lambda: secrets.token_hex(16),
            fetch=self.answers.fetch,
            similar=lambda image, box: similar(image, box, self.world.library),
            library=self.answers.library(),
        )

    @property
    def billed(self) -> int:
        """The units that a vendor would have billed so far."""
        with self._lock:
            return sum(call.units for call in self.journal)

    def find(self, incoming: Incoming) -> tuple[Dialect | None, Mapping[str, str]]:
        """Who answers a request, and the names in its path: by the host where it is a vendor's
        own, by the vendor's signature, and by the path everywhere else. What is meant for one
        vendor, or is a path of one, is not another one's file."""
        home = [dialect for dialect in self.dialects if dialect.at_home(incoming.host)]
        meant = {dialect.vendor for dialect in self.dialects if dialect.recognises(incoming)}
        asked = home or [
            dialect for dialect in self.dialects if not meant or dialect.vendor in meant
        ]
        exact = [
            dialect for dialect in asked if not dialect.catches_all and _listens(dialect, incoming)
        ]
        for dialect in exact or asked:
            for route in dialect.routes:
                if (names := route.match(incoming)) is not None:
                    return dialect, names
        return None, {}

    def enter(self, head: Incoming) -> Visit:
        """Lets a request in of which only the head has been read. `leave` must follow."""
        dialect, names = self.find(head)
        request_id = secrets.token_hex(16)
        if dialect is None:
            return Visit(head, None, {}, None, None, request_id)
        fault = self.faults.strike(dialect.name)
        over = self.faults.enter(dialect.vendor)
        return Visit(head, dialect, names, fault, over, request_id)

    def leave(self, visit: Visit) -> None:
        """Lets a request out when its answer is sent, or is not going to be."""
        if visit.dialect is not None:
            self.faults.leave(visit.dialect.vendor)

    def note_unread(self, visit: Visit) -> None:
        """Notes a request whose connection ended before its body was read."""
        self._note(visit, visit.head, _Answered(None))

    def respond(self, visit: Visit, incoming: Incoming, *, whole: bool = True) -> Response:
        """The answer to a request; `whole` is False where its body is too large to be read."""
        answered = self._answered(visit, incoming, whole)
        self._note(visit, incoming, answered)
        assert answered.response is not None
        return self._marked(visit, answered.response)

    def _answered(self, visit: Visit, incoming: Incoming, whole: bool) -> _Answered:
        dialect = visit.dialect
        if dialect is None:
            return _Answered(_unknown(f"{incoming.method} {incoming.path}"))
        try:
            _refuse(dialect, visit.fault, visit.over, whole)
            if visit.fault is not None and visit.fault.do == "expire-tokens":
                self._expire_tokens()
            return self._answer(dialect, incoming, visit.names)
        except Refusal as refusal:
            response = dialect.write_error(refusal, visit.request_id, incoming)
            return _Answered(response, code=refusal.code)
        except (NotEmulated, LocalResourceError) as reason:
            return _Answered(_unknown(str(reason)))
        except Exception as error:  # whatever a stranger sends, the emulator answers
            return _Answered(_unknown(f"this request ({type(error).__name__}: {error})"))

    def _answer(self, dialect: Dialect, incoming: Incoming, names: Mapping[str, str]) -> _Answered:
        if self.verify:
            dialect.verify(incoming, self.world)
        dialect.admit(incoming, names, self.world)
        try:
            if dialect.serve is not None:
                return _Answered(dialect.serve(incoming, names, self.world))
            asked = self._asked(dialect, incoming, names)
            response = self._written(dialect, asked)
        except LocalResourceError:
            raise
        except TaggersError as error:
            raise dialect.refusal(error) from error
        return _Answered(response, asked.units, asked.image.sha256)

    def _asked(self, dialect: Dialect, incoming: Incoming, names: Mapping[str, str]) -> Asked:
        """What is asked for, within the provider's limits."""
        assert dialect.read_request is not None
        assert dialect.provider is not None
        asked = dialect.read_request(incoming, names, self.world)
        dialect.provider.accepts.check(asked.image)
        return asked

    def _written(self, dialect: Dialect, asked: Asked) -> Response:
        assert dialect.write_result is not None
        kind = dialect.answers_with
        result = Result(
            provider=dialect.name,
            image=asked.image.facts,
            tags=() if kind == "matches" else tuple(self._tags(dialect, asked)),
            matches=() if kind == "tags" else tuple(self._similar(asked)),
            provenance=Provenance(plugin=dialect.name, emulated=True),
        )
        return dialect.write_result(result, asked)

    def _similar(self, asked: Asked) -> list[Match]:
        image = asked.image if asked.image.content is not None else None
        return self.world.similar(image, asked.more.get("box"))

    def _tags(self, dialect: Dialect, asked: Asked) -> list[Tag]:
        assert dialect.provider is not None
        options = asked.options
        tags = self.answers.tags(asked.image, dialect.provider)
        least = options.min_confidence or 0
        return [tag for tag in tags if (tag.confidence or 0) >= least][: options.limit]

    def _expire_tokens(self) -> None:
        for token, (_, project) in list(self.world.tokens.items()):
            self.world.tokens[token] = (self.now() - 1, project)

    def _note(self, visit: Visit, incoming: Incoming, answered: _Answered) -> None:
        response = answered.response
        with self._lock:
            self.journal.append(
                Call(
                    number=len(self.journal) + 1,
                    at=self.now(),
                    service=visit.dialect.name if visit.dialect else "unknown",
                    method=incoming.method,
                    path=incoming.path,
                    asked=_asked_for(incoming),
                    status=response.status if response else None,
                    code=answered.code,
                    units=answered.units,
                    picture=answered.picture,
                    fault=visit.fault.do if visit.fault else None,
                    request_id=visit.request_id,
                )
            )

    def _marked(self, visit: Visit, response: Response) -> Response:
        """The answer with the emulator's mark, its time, and the vendor's own headers."""
        marks = {"date": formatdate(self.now(), usegmt=True), EMULATOR_HEADER: __version__}
        vendors = visit.dialect.headers(visit.request_id) if visit.dialect else {}
        return evolve(response, headers={**marks, **vendors, **response.headers})


@frozen
class _Answered:
    """A response, what it is billed, the picture's hash, and the code of an error."""

    response: Response | None
    units: int = 0
    picture: str | None = None
    code: str | None = None


def _listens(dialect: Dialect, incoming: Incoming) -> bool:
    return any(route.match_path(incoming) is not None for route in dialect.routes)


def _refuse(dialect: Dialect, fault: Fault | None, over: str | None, whole: bool) -> None:
    """Raises the refusal that a fault, a limit or the body's size asks for."""
    if fault is not None and fault.do == "code":
        raise Refusal(fault.code or "")
    if fault is not None and fault.do == "throttle":
        raise Refusal(dialect.throttle_code)
    if over is not None:
        text = f"The throttling threshold has been reached: policy user over ratelimit,{over}"
        raise Refusal(dialect.throttle_code, text)
    if not whole:
        raise Refusal(dialect.too_large_code)


def _unknown(what: str) -> Response:
    kind = {"content-type": "text/plain; charset=utf-8"}
    said = f"the emulator does not know how the vendor answers {what}"
    return Response(status=501, headers=kind, body=said.encode("utf-8", "replace"))


_SECRET = ("q-", "x-cos-security-token", "password", "auth")


def _asked_for(incoming: Incoming) -> dict[str, Any]:
    """The parameters and the JSON body, without secrets and with long texts by their length,
    however deep they stand."""
    asked: dict[str, Any] = _shortened(incoming.query)
    if incoming.body[:1] == b"{":
        try:
            asked |= _shortened(json.loads(incoming.body))
        except (ValueError, RecursionError, TypeError):
            asked["body"] = f"<{len(incoming.body)} bytes>"
    elif incoming.body:
        asked["body"] = f"<{len(incoming.body)} bytes>"
    return {name: value for name, value in asked.items() if not name.startswith(_SECRET)}


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shortened(inside) for name, inside in value.items()}
    if isinstance(value, list):
        return [_shortened(inside) for inside in value]
    long = isinstance(value, str) and len(value) > 500
    return f"<{len(value)} characters>" if long else value
