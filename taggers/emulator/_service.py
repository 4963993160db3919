"""The emulated vendors: one request in, one answer out, and a line in the journal."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from email.utils import formatdate

from attrs import define, evolve, field, frozen

from .. import __version__
from .._dialect import Account, Asked, Dialect, Incoming, Refusal, World
from .._flow import EMULATOR_HEADER
from .._model import Provenance, Result, Tag
from .._wire import Response
from ..errors import LocalResourceError, TaggersError
from ._answers import Answers
from ._faults import Fault, Faults

__all__ = ["Call", "Reply", "Service"]


@frozen(kw_only=True)
class Call:
    """One line of the journal: what was asked and answered, and what a vendor would bill for it.

    It holds no header, no parameter and no body, and so no secret.
    """

    number: int
    at: float
    service: str
    method: str
    path: str
    status: int | None
    code: str | None = None
    units: int = 0
    picture: str | None = None
    fault: str | None = None


@frozen(kw_only=True)
class Reply:
    """What to do for a request: send `response`, in the manner of `fault` if there is one; None:
    reset the connection."""

    response: Response | None
    fault: Fault | None = None


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
        self.reset()

    def reset(self) -> None:
        """Empties the journal, the buckets and the tokens, and takes all faults away."""
        with self._lock:
            self.journal.clear()
        self.faults.clear()
        self.world = World(
            account=self.account,
            now=self.now,
            nonce=lambda: secrets.token_hex(16),
            fetch=self.answers.fetch,
            similar=self.answers.similar,
        )

    @property
    def billed(self) -> int:
        """The units that a vendor would have billed so far."""
        with self._lock:
            return sum(call.units for call in self.journal)

    def find(self, incoming: Incoming) -> tuple[Dialect, Mapping[str, str]] | None:
        """Who answers a request, and the names in its path: by the host where it is a vendor's
        own, by the path everywhere else."""
        home = [dialect for dialect in self.dialects if dialect.at_home(incoming.host)]
        for dialect in home or self.dialects:
            for route in dialect.routes:
                if (names := route.match(incoming)) is not None:
                    return dialect, names
        return None

    def respond(self, incoming: Incoming) -> Reply:
        """The answer to a request."""
        request_id = secrets.token_hex(16)
        found = self.find(incoming)
        if found is None:
            said = f"the emulator does not know {incoming.method} {incoming.path}"
            return self._noted(incoming, "unknown", _Answered(_text(501, said)), request_id)
        dialect, names = found
        fault = self.faults.strike(dialect.name)
        if fault is not None and fault.do == "reset-before":
            return self._noted(incoming, dialect.name, _Answered(None), request_id, fault)
        if fault is not None and fault.do == "expire-tokens":
            self.world.tokens.clear()
        over = self.faults.enter()
        try:
            _refuse(dialect, fault, over)
            answered = self._answer(dialect, incoming, names)
        except Refusal as refusal:
            response = dialect.write_error(refusal, request_id, incoming)
            answered = _Answered(response, code=refusal.code)
        except LocalResourceError as error:
            answered = _Answered(_text(501, str(error)))
        finally:
            self.faults.leave()
        return self._noted(incoming, dialect.name, answered, request_id, fault)

    def _answer(self, dialect: Dialect, incoming: Incoming, names: Mapping[str, str]) -> _Answered:
        if self.verify:
            dialect.verify(incoming, self.world)
        if dialect.serve is not None:
            return _Answered(dialect.serve(incoming, names, self.world))
        try:
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
        search = dialect.answers_with == "matches"
        result = Result(
            provider=dialect.name,
            image=asked.image.facts,
            tags=() if search else tuple(self._tags(dialect, asked)),
            matches=tuple(self.world.similar(asked.image)) if search else (),
            provenance=Provenance(plugin=dialect.name, emulated=True),
        )
        return dialect.write_result(result, asked)

    def _tags(self, dialect: Dialect, asked: Asked) -> list[Tag]:
        assert dialect.provider is not None
        options = asked.options
        tags = self.answers.tags(asked.image, boxes=dialect.provider.offers.boxes)
        least = options.min_confidence or 0
        return [tag for tag in tags if (tag.confidence or 0) >= least][: options.limit]

    def _noted(
        self,
        incoming: Incoming,
        service: str,
        answered: _Answered,
        request_id: str,
        fault: Fault | None = None,
    ) -> Reply:
        response = answered.response
        with self._lock:
            self.journal.append(
                Call(
                    number=len(self.journal) + 1,
                    at=self.now(),
                    service=service,
                    method=incoming.method,
                    path=incoming.path,
                    status=response.status if response else None,
                    code=answered.code,
                    units=answered.units,
                    picture=answered.picture,
                    fault=fault.do if fault else None,
                )
            )
        return Reply(response=response and self._marked(response, request_id), fault=fault)

    def _marked(self, response: Response, request_id: str) -> Response:
        """The answer with the emulator's mark, its time, and the request's id under both vendors'
        names."""
        marks = {
            "date": formatdate(self.now(), usegmt=True),
            EMULATOR_HEADER: __version__,
            "x-request-id": request_id,
            "x-cos-request-id": request_id,
        }
        return evolve(response, headers={**marks, **response.headers})


@frozen
class _Answered:
    """A response, what it is billed, the picture's hash, and the code of an error."""

    response: Response | None
    units: int = 0
    picture: str | None = None
    code: str | None = None


def _refuse(dialect: Dialect, fault: Fault | None, over: str | None) -> None:
    """Raises the refusal that a fault or a limit asks for."""
    if fault is not None and fault.do == "code":
        raise Refusal(fault.code or dialect.throttle_code)
    if fault is not None and fault.do == "throttle":
        raise Refusal(dialect.throttle_code)
    if over is not None:
        text = f"The throttling threshold has been reached: policy user over ratelimit,{over}"
        raise Refusal(dialect.throttle_code, text)


def _text(status: int, said: str) -> Response:
    kind = {"content-type": "text/plain; charset=utf-8"}
    return Response(status=status, headers=kind, body=said.encode())
