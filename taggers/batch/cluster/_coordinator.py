"""One job on many machines: who works on what, how much each may send, and what it costs.

    workers ── take, advance, settle ──► Coordinator ──► Journal, Store
            ── beat, reserve ─────────►  (shares of the limits, spend ledger)

It knows no engine: whoever brings its methods to the workers may be anyone. A worker that is not
heard of for a while is dead: its pictures go to others, what it had sent is unknown, and its share
of the limits is divided. A coordinator that is killed begins again from its journal.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future
from itertools import islice
from typing import Any, Literal

from attrs import define, field

from ..._limits import WINDOW_S
from ..._money import Money
from ..._spend import Purse, Reservation, spending
from ...errors import Billed, TaggersError
from ..engine._tally import Tally
from ..sources._item import Item
from ..store._costs import prices_of
from ..store._errand import Errand, Place, Retry
from ..store._happened import Happened
from ..store._journal import Journal
from ..store._settled import Settled
from ..store._store import Store
from ._job import LEASE_S, Chunk, Job, LeaseOver, NotYet, Progress, Pulse, Word
from ._shares import Shares

__all__ = ["Coordinator"]

DEAD_S = LEASE_S + WINDOW_S
"""How long a worker is waited for. Then it has stopped, and no rate counts what it sent last."""
CHUNK = 100
"""So many pictures are handed out at once."""
SHOWN = 20
"""So many faults of the sources are kept; a damaged manifest may have millions."""


Outcomes = Sequence[tuple[int, Settled]]


@define(eq=False)
class _Member:
    """A living worker."""

    seen: float
    pulse: Pulse
    calls: set[int]
    chunks: dict[int, Chunk] = field(factory=dict)


@define(eq=False)
class Coordinator:
    """Owns the store, the journal, the limits and the spend ledger of a job. Any thread may call;
    what is repeated, because no answer came, does no harm.

    `again`: there was one before it, of which workers may still hold shares and calls.
    """

    job: Job
    again: bool = False
    _ticks: Callable[[], float] = time.monotonic
    _journal: Journal = field(init=False)
    _shares: Shares = field(factory=Shares)
    _members: dict[str, _Member] = field(factory=dict)
    _returned: list[Chunk] = field(factory=list)
    _answers: dict[tuple[str, str], tuple[int, Future[Any]]] = field(factory=dict)
    _reserved: dict[str, Reservation] = field(factory=dict)
    _tally: Tally = field(factory=Tally)
    _unread: Tally = field(factory=Tally)
    _gone: list[Pulse] = field(factory=list)
    _faults: list[TaggersError] = field(factory=list)
    _chunks: Iterator[Chunk] = field(init=False)
    _recovers_until: float | None = None
    _stopping: bool = False
    _lock: Any = field(factory=threading.RLock)
    _reading: Any = field(factory=threading.Lock)
    _paying: Any = field(factory=threading.Lock)

    def __attrs_post_init__(self) -> None:
        self.job.enter()
        self._journal = Journal.resume(Store.open(self.job.store), self.job.run)
        self._journal.prices = prices_of(self.job.tariffs, self.job.providers)
        self._chunks = self._cut(self.job.pictures(self.note_fault))
        if self.again:
            self._recovers_until = self._ticks() + DEAD_S
            self._tally = counted(self._journal)

    def answer(self, name: str, *arguments: Any) -> Any:
        """What a method of this name returns, or the exception that it raises."""
        try:
            return getattr(self, name)(*arguments)
        except Exception as error:
            return error.with_traceback(None)

    def beat(self, worker: str, pulse: Pulse) -> Word:
        """Hears that a worker is alive. Raises `LeaseOver` where it counts as dead."""
        with self._lock:
            now = self._tend()
            if worker not in self._members:
                if pulse.held and self._recovers_until is None:
                    raise LeaseOver
                self._members[worker] = _Member(now, pulse, set(pulse.calls))
                self._shares.join(worker, pulse.held)
            member = self._members[worker]
            member.seen, member.pulse = now, pulse
            if self._recovers_until is not None:
                member.calls |= pulse.calls
                return Word(pulse.held, False, self._stopping)
            told = self._shares.heard(worker, pulse.held, now)
            return Word(told.seats, told.settled, self._stopping)

    def leave(self, worker: str, pulse: Pulse) -> None:
        """A worker has ended: it holds nothing any more."""
        with self._lock:
            if worker in self._members:
                self._members[worker].pulse = pulse
                self._bury(worker)

    def take(
        self, worker: str, number: int, finished: Sequence[int], unread: Sequence[Happened]
    ) -> Chunk | Literal["wait", "over"]:
        """The next pictures of a worker, which has finished these chunks, and could not read these
        pictures; "over" when there is nothing left that anybody may have to do. `number` is the
        same when it is repeated."""
        with self._lock:
            chunks = self._member(worker).chunks
            for chunk in finished:
                chunks.pop(chunk, None)
        taken: Chunk | Literal["wait", "over"]
        taken = self._once(worker, "take", number, lambda: self._next(worker, unread))
        return taken

    def unasked(
        self, places: Sequence[Place], providers: Iterable[str], retry: Collection[Retry]
    ) -> dict[str, set[str]]:
        """As `Journal.unasked`."""
        return self._journal.unasked(places, providers, retry)

    def advance(
        self,
        worker: str,
        number: int,
        outcomes: Outcomes,
        errands: Sequence[Errand],
        retry: Sequence[Retry],
    ) -> list[int | None]:
        """As `Journal.advance`; a worker that counts as dead may settle, and begins nothing.
        `number` is the same when it is repeated."""
        try:
            with self._lock:
                self._member(worker)
        except LeaseOver:
            self.settle(worker, outcomes)
            raise
        calls: list[int | None] = self._once(
            worker, "advance", number, lambda: self._advanced(worker, outcomes, errands, retry)
        )
        return calls

    def settle(self, worker: str, outcomes: Outcomes) -> None:
        """Writes down what came of calls; also for a worker that counts as dead."""
        self._journal.advance(outcomes, ())
        self._settled(worker, outcomes)

    def reserve(
        self,
        token: str,
        units: int,
        provider: str,
        routes: tuple[str, ...],
        price: Money | None,
        priced_as: str,
    ) -> None:
        """Sets money aside under this token. Raises `BudgetExceeded`."""
        purse = Purse(
            ledger=spending(self.job.config.store.place),
            caps=self.job.config.caps(),
            provider=provider,
            routes=routes,
            run=self.job.name,
            price=price,
            priced_as=priced_as,
        )
        with self._paying:
            if token not in self._reserved and (made := purse.reserve(units)) is not None:
                self._reserved[token] = made

    def book(self, token: str, billed: Billed) -> None:
        """Settles what was set aside; where nobody knows of it any more, it stays so."""
        with self._paying:
            reservation = self._reserved.pop(token, None)
            if reservation is not None:
                reservation.settle(billed)

    def note_fault(self, error: TaggersError) -> None:
        """Keeps what cannot be read of the sources, or why a worker had to end."""
        if len(self._faults) < SHOWN:
            self._faults.append(error)

    def stop(self) -> None:
        """Lets nothing new begin."""
        self._stopping = True

    def progress(self) -> Progress:
        """How far the job is; when nobody works any more, as the store has it."""
        with self._lock:
            self._tend()
            if not self._members:
                self._tally = counted(self._journal)
            return Progress(self._whole(), len(self._members), [*self._faults])

    def _whole(self) -> Tally:
        """The tally with what only the workers know."""
        tally = copy.deepcopy(self._tally)
        tally.failed.update(self._unread.failed)
        tally.unread = self._unread.unread
        for pulse in (*self._gone, *(member.pulse for member in self._members.values())):
            tally.known += pulse.known
            tally.ended = {**pulse.ended, **tally.ended}
        return tally

    def _member(self, worker: str) -> _Member:
        """A living worker. Raises `LeaseOver`, and `NotYet` where nobody can know that yet."""
        self._tend()
        if self._recovers_until is not None:
            raise NotYet
        if worker not in self._members:
            raise LeaseOver
        return self._members[worker]

    def _tend(self) -> float:
        """Looks who is dead by now; the ticks."""
        now = self._ticks()
        if self._recovers_until is not None and now >= self._recovers_until:
            claimed = set[int]().union(*(member.calls for member in self._members.values()))
            self._journal.forsake(self._journal.under_way() - claimed)
            self._recovers_until = None
        for worker, member in list(self._members.items()):
            if now >= member.seen + DEAD_S:
                self._bury(worker)
        return now

    def _bury(self, worker: str) -> None:
        member = self._members[worker]
        self._journal.forsake(member.calls)
        del self._members[worker]
        self._shares.leave(worker)
        self._returned += member.chunks.values()
        self._gone.append(member.pulse)
        for method in ("take", "advance"):
            self._answers.pop((worker, method), None)

    def _once(self, worker: str, method: str, number: int, make: Callable[[], Any]) -> Any:
        """What `make` gives, for the first request of this number, to all of this number."""
        with self._lock:
            last, answer = self._answers.get((worker, method), (None, Future[Any]()))
            first = last != number
            if first:
                answer = Future()
                self._answers[worker, method] = number, answer
        if first:
            try:
                answer.set_result(make())
            except BaseException as error:
                with self._lock:
                    self._answers.pop((worker, method), None)
                answer.set_exception(error)
        return answer.result()

    def _next(self, worker: str, unread: Sequence[Happened]) -> Chunk | Literal["wait", "over"]:
        if unread:
            self._journal.keep_unread(unread)
        with self._reading:
            chunk = self._stopping or self._left()
        with self._lock:
            for one in unread:
                self._unread.count(one)
            if isinstance(chunk, Chunk):
                if worker not in self._members:
                    self._returned.append(chunk)
                    raise LeaseOver
                self._members[worker].chunks[chunk.id] = chunk
                return chunk
            held = any(member.chunks for member in self._members.values())
            return "wait" if not self._stopping and (held or self._returned) else "over"

    def _left(self) -> Chunk | None:
        with self._lock:
            if self._returned:
                return self._returned.pop()
        return next(self._chunks, None)

    def _advanced(
        self, worker: str, outcomes: Outcomes, errands: Sequence[Errand], retry: Sequence[Retry]
    ) -> list[int | None]:
        calls = self._journal.advance(outcomes, errands, retry=retry)
        self._settled(worker, outcomes)
        with self._lock:
            begun = {call for call in calls if call is not None}
            if worker not in self._members:
                self._journal.forsake(begun)
                raise LeaseOver
            self._members[worker].calls |= begun
        return calls

    def _settled(self, worker: str, outcomes: Outcomes) -> None:
        with self._lock:
            if worker in self._members:
                self._members[worker].calls -= {call for call, _ in outcomes}
            for _, settled in outcomes:
                self._tally.settle(settled)

    def _cut(self, items: Iterable[Item]) -> Iterator[Chunk]:
        every, number = iter(items), time.time_ns()  # no id of a coordinator before it
        while some := [*islice(every, CHUNK)]:
            yield Chunk(number, some)
            number += 1


def counted(journal: Journal) -> Tally:
    """What the store knows of a run's calls."""
    tally = Tally()
    with journal.store.read() as sql:
        rows = sql.execute(
            "SELECT c.state, c.kind, p.name, count(*), sum(c.units), sum(c.open_units) "
            "FROM call_rows AS c JOIN provider_rows AS p ON p.id = c.provider "
            "WHERE c.run = ? AND c.state <> 'sent' GROUP BY c.state, c.kind, p.name",
            (journal.run,),
        )
        for state, kind, provider, count, units, maybe in rows:
            tally.billed[provider] += units
            tally.maybe_billed[provider] += maybe
            if state == "done":
                tally.done += count
            else:
                tally.failed[kind] += count
    return tally
