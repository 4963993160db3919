"""The driver against a server that misbehaves: what is on the wire, and which error comes of it."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import shutil
import ssl
import subprocess
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import pytest
from PIL import Image as Pillow
from server import (
    Exchange,
    Server,
    Step,
    answer,
    answer_early,
    answer_gzip,
    answer_json,
    break_off,
    closed_port,
    drip,
    pour,
    silence,
    written,
)
from taggers_tencent.detect_label import PROVIDER as TENCENT

from taggers import Image, Options, Policy, Result
from taggers._auth import query
from taggers._driver import Driver
from taggers._flow import Context, Flow, Send, Sleep, call
from taggers._transport import Transport
from taggers.errors import (
    ConfigurationError,
    ConnectFailed,
    DeadlineExceeded,
    DnsFailure,
    LocalResourceError,
    MalformedResponse,
    OutcomeUnknown,
    PayloadTooLarge,
    ResponseTooLarge,
    TaggersError,
    TlsFailure,
    Unavailable,
    WriteInterrupted,
)
from taggers.plugin import (
    Accepts,
    Base64,
    Prepared,
    Provider,
    Request,
    Setting,
    Settings,
    Steps,
    Tag,
    Work,
    evolve,
)
from taggers.testing import png, settings

SMALL = Image.from_bytes(png(64, 64))
LARGE = Image.from_bytes(png(64, 64) + bytes(5_000_000))
CAT = answer_json({"tags": ["cat"]})
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
SECRET = "s3cret"

ACME = Provider(
    name="acme",
    title="Acme",
    vendor="Acme",
    request=lambda image, options, settings: Request(path="/tag", content=image.content),
    read=lambda body: [Tag(name) for name in body["tags"]],
    accepts=Accepts(formats=("png",)),
    settings=(Setting("key", "the key", default=SECRET, secret=True),),
    authorize=query("signature", "key"),
)
GET = evolve(ACME, request=lambda image, options, settings: Request(path="/tag", method="GET"))


def _driver(*, clean_up_s: float = 5.0, **transport: Any) -> Driver:
    return Driver(Transport(**transport), clean_up_s=clean_up_s)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(CAT) as running:
        yield running


async def _ask(
    driver: Driver,
    provider: Provider,
    image: Image = SMALL,
    policy: Policy | None = None,
    **options: Any,
) -> Result | TaggersError:
    """The outcome of one call, whose pauses have no length."""
    policy = policy or Policy(deadline_s=5)
    context = Context(roll=lambda: 0.0, nonce="0" * 32, policy=policy)
    chosen = settings(provider, **options)
    try:
        flow = call(provider, image, Options(prepare="never"), chosen, context)
        return await driver.run(flow, policy.deadline_s)
    except TaggersError as error:
        return error


def _outcome(
    provider: Provider,
    image: Image = SMALL,
    policy: Policy | None = None,
    *,
    ca_bundle: str | None = None,
    connect_timeout_s: float = 5.0,
    clean_up_s: float = 5.0,
    **options: Any,
) -> Any:
    """The outcome of one call in an event loop of its own."""

    async def main() -> Result | TaggersError:
        driver = _driver(
            ca_bundle=ca_bundle, connect_timeout_s=connect_timeout_s, clean_up_s=clean_up_s
        )
        try:
            return await _ask(driver, provider, image, policy, **options)
        finally:
            await driver.aclose()

    return asyncio.run(main())


def _at(server: Server, provider: Provider = ACME) -> Provider:
    return evolve(provider, endpoint=server.url)


async def _received(server: Server, count: int) -> None:
    assert await asyncio.to_thread(server.wait_until_received, count)


# What is on the wire.


@pytest.mark.parametrize(
    ("request_", "target"),
    [
        (Request(path="/!'+腾.jpg"), "/%21%27%2B%E8%85%BE.jpg"),
        (Request(path="/a b/%2F*()~"), "/a%20b/%252F%2A%28%29~"),
        (Request(path="/a/../b/./c//d/"), "/a/../b/./c//d/"),
        (Request(path="/", query={"a": "x+y z&=?#/", "腾": ""}),
         "/?a=x%2By%20z%26%3D%3F%23%2F&%E8%85%BE="),
        (Request(path="/", query={"a": ["1", "2"]}), "/?a=1&a=2"),
        (Request(path="/v1/images:annotate"), "/v1/images:annotate"),
    ],
)  # fmt: skip
def test_the_request_target_arrives_exactly_as_it_was_signed(
    server: Server, request_: Request, target: str
) -> None:
    signed = []

    def sign(prepared: Any, settings: Settings, now: float) -> Any:
        signed.append(prepared.url)
        return prepared

    provider = evolve(ACME, request=lambda *_: request_, authorize=sign)

    _outcome(_at(server, provider))

    assert [target] == [request.target for request in server.requests]
    assert [server.url + target] == signed


def test_nothing_is_sent_but_what_was_prepared_and_five_headers(server: Server) -> None:
    _outcome(_at(server))

    names = [name for name, _ in server.requests[0].lines]
    headers = server.requests[0].headers
    assert sorted(names) == ["accept", "accept-encoding", "content-length", "host", "user-agent"]
    assert server.host == headers["host"]
    assert "identity" == headers["accept-encoding"]


def test_a_get_has_neither_body_nor_length(server: Server) -> None:
    _outcome(_at(server, GET))

    assert "GET" == server.requests[0].method
    assert not {"content-length", "transfer-encoding"} & set(server.requests[0].headers)


def test_a_large_body_arrives_whole_and_in_one_piece(server: Server) -> None:
    result = _outcome(_at(server), LARGE)

    request = server.requests[0]
    assert (Tag("cat"),) == result.tags
    assert str(len(LARGE.content or b"")) == request.headers["content-length"]
    assert "transfer-encoding" not in request.headers
    assert LARGE.content == request.body


def test_a_connection_is_used_again(server: Server) -> None:
    async def main() -> list[Any]:
        driver = _driver()
        outcomes = [await _ask(driver, _at(server)) for _ in range(3)]
        await driver.aclose()
        return outcomes

    outcomes = asyncio.run(main())

    assert [Result] * 3 == [type(outcome) for outcome in outcomes]
    assert 1 == server.accepted


def test_an_idle_connection_that_the_server_closed_is_not_used_again(server: Server) -> None:
    server.script = [lambda exchange: (CAT(exchange), exchange.close()), CAT]

    async def main() -> Any:
        driver = _driver()
        await _ask(driver, _at(server))
        await asyncio.to_thread(server.wait_until_left)
        outcome = await _ask(driver, _at(server))
        await driver.aclose()
        return outcome

    outcome = asyncio.run(main())

    assert (Tag("cat"),) == outcome.tags
    assert 2 == server.accepted


@pytest.mark.parametrize("provider", [GET, ACME])
def test_a_request_on_a_connection_that_dies_under_it_is_sent_once(
    server: Server, provider: Provider
) -> None:
    server.script = [CAT, break_off(), CAT]

    async def main() -> Any:
        driver = _driver()
        await _ask(driver, _at(server, provider))
        outcome = await _ask(driver, _at(server, provider))
        await driver.aclose()
        return outcome

    outcome = asyncio.run(main())

    assert isinstance(outcome, OutcomeUnknown)
    assert 1 == len(outcome.attempts)
    assert 2 == len(server.requests)
    assert 1 == server.accepted


def test_a_redirect_is_not_followed(server: Server) -> None:
    with Server(CAT) as elsewhere:
        server.script = [answer(b"", 307, location=elsewhere.url)]

        outcome = _outcome(_at(server))

    assert isinstance(outcome, MalformedResponse)
    assert 1 == len(server.requests)
    assert [] == elsewhere.requests


# Retries, counted on the wire.


@pytest.mark.parametrize(
    ("step", "attempts", "kind", "sent"),
    [
        (answer(b"", 503), 3, Unavailable, 3),
        (answer(b"", 503), 2, Unavailable, 2),
        (answer(b"", 500), 5, OutcomeUnknown, 1),
        (answer(b"", 503, retry_after="60"), 3, Unavailable, 1),
        (answer(b"", 504), 3, OutcomeUnknown, 1),
        (break_off(), 3, OutcomeUnknown, 1),
        (answer(b"nonsense"), 3, MalformedResponse, 1),
    ],
)
def test_the_requests_on_the_wire_are_those_of_the_policy(
    server: Server, step: Step, attempts: int, kind: type[TaggersError], sent: int
) -> None:
    server.script = [step]

    outcome = _outcome(_at(server), policy=Policy(attempts=attempts, deadline_s=5))

    assert isinstance(outcome, kind)
    assert sent == len(server.requests) == len(outcome.attempts)


def test_a_fault_that_passes_costs_one_more_request_and_is_remembered(server: Server) -> None:
    server.script = [break_off("head", reset=True), answer(b"", 503), CAT]

    result = _outcome(_at(server), LARGE)

    assert 3 == len(server.requests)
    assert ["WriteInterrupted", "Unavailable", None] == [
        attempt.error for attempt in result.provenance.attempts
    ]


# Faults, and the errors that they are.


class Fault(NamedTuple):
    """What the server does, and how the call has to end."""

    about: str
    step: Step
    kind: type[TaggersError]
    outcome: str
    billed: str
    attempts: int = 1
    image: Image = SMALL


UNKNOWN = (OutcomeUnknown, "unknown", "maybe")
UNSENT = (WriteInterrupted, "not sent", "no")
MALFORMED = (MalformedResponse, "unreadable", "yes")
TOO_LARGE = (ResponseTooLarge, "unreadable", "yes")

FAULTS = [
    Fault("FIN before it is read", break_off("nothing"), *UNKNOWN),
    Fault("FIN after the request", break_off(), *UNKNOWN),
    Fault("RST after the request", break_off(reset=True), *UNKNOWN),
    Fault("FIN in the answer's head", break_off(wrote=HEAD), *UNKNOWN),
    Fault("RST in the answer's head", break_off(wrote=HEAD, reset=True), *UNKNOWN),
    Fault("FIN in an error", break_off(wrote=written(b"{", 500, length=2)), *UNKNOWN),
    Fault("FIN before a large one is read", break_off("nothing"), *UNSENT, 3, LARGE),
    Fault("FIN within the request", break_off("head"), *UNSENT, 3, LARGE),
    Fault("RST within the request", break_off("head", reset=True), *UNSENT, 3, LARGE),
    Fault("FIN in the answer", break_off(wrote=written(b"{", length=2)), *MALFORMED),
    Fault("RST in the answer", break_off(wrote=written(b"{", length=2), reset=True), *MALFORMED),
    Fault("chunks without end", break_off(wrote=CHUNKED + b"2\r\n{}\r\n"), *MALFORMED),
    Fault("no chunks", break_off(wrote=CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"), *MALFORMED),
    Fault("two lengths", break_off(wrote=written(b"{}", headers={"A": "\r\nContent-Length: 3"})),
          *MALFORMED),
    Fault("no HTTP", break_off(wrote=b"SSH-2.0-OpenSSH_9.9\r\n"), *MALFORMED),
    Fault("a web page", answer(b"<!DOCTYPE html><p>Log in"), *MALFORMED),
    Fault("nothing in the answer", answer(b""), *MALFORMED),
    Fault("100 MB, declared", drip(written(b"", length=104_857_600), b" "), *TOO_LARGE),
    Fault("100 MB until the end", pour(HEAD + b"\r\n", bytes(65536), 1600), *TOO_LARGE),
    Fault("100 MB in chunks", pour(CHUNKED, b"10000\r\n" + bytes(65536) + b"\r\n", 1600),
          *TOO_LARGE),
    Fault("a flood of headers", pour(HEAD, b"x-a: b\r\n" * 1000, 1000), *MALFORMED),
    Fault("a header without end", pour(HEAD + b"x-a: ", b"b" * 65536, 1600), *MALFORMED),
    Fault("trailers without end", pour(CHUNKED + b"0\r\n", b"x-a: b\r\n" * 1000, 1000), *MALFORMED),
    Fault("a gzip bomb", answer_gzip(bytes(100_000_000)), *TOO_LARGE),
    Fault("gzip cut short", answer_gzip(b'{"tags": []}', cut=20), *MALFORMED),
    Fault("gzip in gzip", answer(gzip.compress(b"{}"), content_encoding="gzip, gzip"), *MALFORMED),
    Fault("413 while sending", answer_early(413), PayloadTooLarge, "rejected", "no", 1, LARGE),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.about for fault in FAULTS])
def test_a_fault_is_its_own_error_within_a_second_and_64_mb(server: Server, fault: Fault) -> None:
    server.script = [fault.step]
    provider = _at(server)
    tracemalloc.start()
    spent = time.process_time()

    outcome = _outcome(provider, fault.image)

    spent = time.process_time() - spent
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert fault.kind is type(outcome)
    assert (fault.outcome, fault.billed) == (outcome.outcome, outcome.billed)
    assert fault.attempts == len(outcome.attempts)
    assert "acme" == outcome.provider
    assert SECRET not in str(outcome)
    assert spent < 1
    assert peak_bytes < 64e6


def test_an_upload_costs_at_most_twice_its_base64_body(server: Server) -> None:
    server.script = [_forget]
    image = Image.from_bytes(_noise_of_7_5_mb())
    provider = evolve(
        _at(server),
        accepts=Accepts(formats=("jpeg",)),
        request=lambda image, options, settings: Request(
            path="/", json={"image": Base64(image.content or b"")}
        ),
    )
    body_bytes = len(image.content or b"") * 4 // 3
    context = Context(roll=lambda: 0.0, nonce="0" * 32)

    async def main() -> Result:
        driver = _driver()
        try:
            flow = call(provider, image, Options(), settings(provider), context)
            tracemalloc.start()
            return await driver.run(flow, 30)
        finally:
            await driver.aclose()

    result = asyncio.run(main())
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert ("metadata removed",) == result.provenance.prepared
    assert 9_500_000 < body_bytes
    assert peak_bytes <= 2 * body_bytes


def _noise_of_7_5_mb() -> bytes:
    """A photograph with a comment."""
    made = io.BytesIO()
    noise = Pillow.frombytes("RGB", (1350, 1350), os.urandom(1350 * 1350 * 3))
    noise.save(made, "jpeg", quality=100, subsampling=0, comment="Alice")
    return made.getvalue()


def _forget(exchange: Exchange) -> None:
    """Reads a request without keeping it."""
    left = int(exchange.read_head().headers["content-length"]) - len(exchange.unread)
    exchange.unread.clear()
    while left:
        left -= len(exchange.stream.recv(1 << 16))
    exchange.write(written(b'{"tags": []}'))


def test_an_answer_that_is_compressed_unasked_is_read(server: Server) -> None:
    server.script = [answer_gzip(b'{"tags": ["cat"]}')]

    result = _outcome(_at(server))

    assert (Tag("cat"),) == result.tags


def test_a_web_page_comes_with_the_hint_what_it_may_be(server: Server) -> None:
    server.script = [answer(b"<!DOCTYPE html><p>Log in", content_type="text/html")]

    outcome = _outcome(_at(server))

    assert "a web page" in outcome.message
    assert 200 == outcome.status


# No connection.


def test_a_closed_port_is_connect_failed_after_three_attempts() -> None:
    outcome = _outcome(evolve(ACME, endpoint=closed_port()))

    assert ConnectFailed is type(outcome)
    assert ("not sent", "no", 3) == (outcome.outcome, outcome.billed, len(outcome.attempts))
    assert SECRET not in str(outcome)


def test_a_name_that_does_not_resolve_is_dns_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")

    outcome = _outcome(evolve(ACME, endpoint="http://nobody.invalid"))

    assert DnsFailure is type(outcome)
    assert ("not sent", "no", 3) == (outcome.outcome, outcome.billed, len(outcome.attempts))


@pytest.mark.parametrize("host", ["a..b.invalid", "a" * 70 + ".invalid", "256.256.256.256"])
def test_a_name_that_cannot_be_one_is_a_mistake_in_the_configuration(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("no_proxy", "*")

    outcome = _outcome(evolve(ACME, endpoint=f"http://{host}"))

    assert ConfigurationError is type(outcome)
    assert 1 == len(outcome.attempts)


def test_a_connection_that_takes_too_long_is_connect_failed(server: Server) -> None:
    server.script = [Exchange.wait_for_end]
    provider = evolve(ACME, endpoint=server.url.replace("http", "https"))

    outcome = _outcome(provider, connect_timeout_s=0.1)

    assert ConnectFailed is type(outcome)
    assert 3 == len(outcome.attempts) == server.accepted
    assert outcome.message.endswith("it takes too long")
    assert SECRET not in str(outcome)


def test_running_out_of_descriptors_is_no_fault_of_the_vendor(server: Server) -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)

    async def main() -> Any:
        lowest_free = os.dup(0)
        os.close(lowest_free)
        driver = _driver()
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, limits[1]))
        try:
            return await _ask(driver, _at(server))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            await driver.aclose()

    outcome = asyncio.run(main())

    assert LocalResourceError is type(outcome)
    assert ("process", "not sent", 1) == (outcome.scope, outcome.outcome, len(outcome.attempts))


def test_a_proxy_from_the_environment_is_asked_for_the_whole_url(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)

    result = _outcome(evolve(GET, endpoint="http://proxied.invalid:8080"))

    assert (Tag("cat"),) == result.tags
    assert f"http://proxied.invalid:8080/tag?signature={SECRET}" == server.requests[0].target
    assert "proxied.invalid:8080" == server.requests[0].headers["host"]


def test_a_proxy_is_told_the_password_in_its_url(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url.replace("//", "//user:p%40ss@"))

    result = _outcome(evolve(GET, endpoint="http://proxied-with-password.invalid"))

    assert (Tag("cat"),) == result.tags
    assert "Basic dXNlcjpwQHNz" == server.requests[0].headers["proxy-authorization"]


def test_a_proxy_that_refuses_is_connect_failed(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.script = [answer(b"", 407)]
    monkeypatch.setenv("https_proxy", server.url)

    outcome = _outcome(evolve(ACME, endpoint="https://tunnelled.invalid"))

    assert ConnectFailed is type(outcome)
    assert outcome.message.endswith("the proxy answers HTTP 407")
    assert {("CONNECT", "tunnelled.invalid:443")} == {
        (request.method, request.target) for request in server.requests
    }


# TLS.


class Certificate(NamedTuple):
    """A certificate that signs itself, as a file and for a server."""

    file: str
    context: ssl.SSLContext


@pytest.fixture(scope="module")
def certify(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Certificate]:
    """Makes a certificate for a subject's alternative name, as in "IP:127.0.0.1"."""
    if not shutil.which("openssl"):
        pytest.skip("needs the openssl command")

    def make(name: str) -> Certificate:
        folder: Path = tmp_path_factory.mktemp("tls")
        file, key = str(folder / "certificate.pem"), str(folder / "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", "/CN=taggers test", "-addext",
             f"subjectAltName={name}", "-keyout", key, "-out", file],
            check=True, capture_output=True,
        )  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file, key)
        return Certificate(file, context)

    return make


@pytest.fixture(scope="module")
def certificate(certify: Callable[[str], Certificate]) -> Certificate:
    return certify("IP:127.0.0.1")


def test_an_unknown_certificate_is_tls_failure_and_no_request_is_sent(
    certificate: Certificate,
) -> None:
    with Server(CAT, tls=certificate.context) as server:
        outcome = _outcome(_at(server))

    assert TlsFailure is type(outcome)
    assert ("not sent", "no", 1) == (outcome.outcome, outcome.billed, len(outcome.attempts))
    assert "ca_bundle" in outcome.hint
    assert [] == server.requests


def test_a_certificate_in_the_ca_bundle_is_trusted(certificate: Certificate) -> None:
    with Server(CAT, tls=certificate.context) as server:
        result = _outcome(_at(server), LARGE, ca_bundle=certificate.file)

    assert (Tag("cat"),) == result.tags
    assert LARGE.content == server.requests[0].body


def test_a_certificate_for_another_name_is_tls_failure(
    certify: Callable[[str], Certificate],
) -> None:
    other = certify("DNS:other.example.com")
    with Server(CAT, tls=other.context) as server:
        outcome = _outcome(_at(server), ca_bundle=other.file)

    assert TlsFailure is type(outcome)
    assert [] == server.requests


def test_a_server_without_tls_is_tls_failure(server: Server) -> None:
    server.script = [break_off("nothing", b"HTTP/1.1 400 Bad Request\r\n\r\n")]

    outcome = _outcome(evolve(ACME, endpoint=server.url.replace("http", "https")))

    assert TlsFailure is type(outcome)


def test_tls_that_breaks_after_the_request_may_have_been_billed(certificate: Certificate) -> None:
    def spoil(exchange: Exchange) -> None:
        exchange.read()
        os.write(exchange.stream.fileno(), b"not a TLS record, but plain text")
        exchange.wait_for_end()

    with Server(spoil, tls=certificate.context) as server:
        outcome = _outcome(_at(server), ca_bundle=certificate.file)

    assert OutcomeUnknown is type(outcome)
    assert "maybe" == outcome.billed
    assert 1 == len(server.requests)


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_a_ca_bundle_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "bundle.pem"
    if content is not None:
        file.write_bytes(content)

    outcome = _outcome(evolve(ACME, endpoint="https://127.0.0.1:9"), ca_bundle=str(file))

    assert ConfigurationError is type(outcome)
    assert str(file) in outcome.message


# The deadline.


def _take_no_more(exchange: Exchange) -> None:
    exchange.read_head()
    exchange.server.closing.wait(10)


@pytest.mark.parametrize(
    ("step", "image", "sent"),
    [
        pytest.param(silence(), SMALL, True, id="no answer"),
        pytest.param(drip(b"", HEAD + b"x-a: b\r\n" * 99), SMALL, True, id="a dripping head"),
        pytest.param(drip(HEAD + b"content-length: 999\r\n\r\n", b" "), SMALL, True, id="a drip"),
        pytest.param(drip(CHUNKED, b"1\r\n \r\n"), SMALL, True, id="dripping chunks"),
        pytest.param(pour(b"", b"HTTP/1.1 103 Early\r\n\r\n", 999), SMALL, True, id="only 103"),
        pytest.param(_take_no_more, LARGE, False, id="a body that is not taken"),
    ],
)
def test_the_deadline_holds_over_everything(
    server: Server, step: Step, image: Image, sent: bool
) -> None:
    server.script = [step]
    began = time.monotonic()

    outcome = _outcome(_at(server), image, Policy(deadline_s=0.3))

    assert time.monotonic() - began < 0.8
    assert DeadlineExceeded is type(outcome)
    assert sent is outcome.sent
    assert (("unknown", "maybe") if sent else ("not sent", "no")) == (
        outcome.outcome,
        outcome.billed,
    )
    assert 1 == len(server.requests) == len(outcome.attempts)


def test_the_deadline_holds_over_the_handshake(server: Server) -> None:
    server.script = [Exchange.wait_for_end]
    provider = evolve(ACME, endpoint=server.url.replace("http", "https"))
    began = time.monotonic()

    outcome = _outcome(provider, policy=Policy(deadline_s=0.3))

    assert time.monotonic() - began < 0.8
    assert DeadlineExceeded is type(outcome)
    assert not outcome.sent


def test_the_deadline_holds_over_all_attempts_together(server: Server) -> None:
    late = answer(b"", 503)
    server.script = [lambda exchange: (exchange.read(), exchange.pause(0.2), late(exchange))]
    began = time.monotonic()

    outcome = _outcome(_at(server), policy=Policy(deadline_s=0.5))

    assert time.monotonic() - began < 1.0
    assert DeadlineExceeded is type(outcome)
    assert 3 == len(server.requests)


def test_a_pause_that_outlasts_the_deadline_leaves_no_time_for_another_request(
    server: Server,
) -> None:
    def flow() -> Flow:
        yield Sleep(10)
        raise (yield Send(Prepared(method="GET", url=server.url, headers={}), 1000))

    async def main() -> None:
        driver = _driver()
        try:
            await driver.run(flow(), deadline_s=0.1)
        finally:
            await driver.aclose()

    with pytest.raises(DeadlineExceeded) as caught:
        asyncio.run(main())

    assert not caught.value.sent
    assert [] == server.requests


def test_the_deadline_holds_over_work_on_this_machine() -> None:
    done = threading.Event()

    def steps(image: Image, options: Options, settings: Settings, nonce: str) -> Steps:
        return (yield Work(done.wait))

    outcome = []
    provider = evolve(ACME, request=None, steps=steps)
    began = time.monotonic()

    async def main() -> None:
        outcome.append(await _ask(_driver(), provider, policy=Policy(deadline_s=0.2)))
        done.set()

    asyncio.run(main())

    assert time.monotonic() - began < 0.7
    assert DeadlineExceeded is type(outcome[0])
    assert not outcome[0].sent  # type: ignore[union-attr]


# Cancelling.


def _others() -> set[Any]:
    return asyncio.all_tasks() - {asyncio.current_task()}


@pytest.mark.parametrize(
    ("step", "image"),
    [
        pytest.param(silence(), SMALL, id="waiting for the answer"),
        pytest.param(drip(CHUNKED, b"1\r\n \r\n"), SMALL, id="reading the answer"),
        pytest.param(_take_no_more, LARGE, id="sending the request"),
    ],
)
def test_after_fifty_cancelled_calls_nothing_is_left_and_the_next_ones_succeed(
    server: Server, step: Step, image: Image
) -> None:
    server.script = [step] * 50 + [CAT]

    async def main() -> tuple[list[Any], set[Any]]:
        driver = _driver()
        calls = [asyncio.create_task(_ask(driver, _at(server), image)) for _ in range(50)]
        await _received(server, 50)
        for task in calls:
            task.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        outcomes = [await _ask(driver, _at(server)) for _ in range(20)]
        await driver.aclose()
        return outcomes, _others()

    outcomes, tasks = asyncio.run(main())

    assert [Result] * 20 == [type(outcome) for outcome in outcomes]
    assert set() == tasks
    server.closing.set()
    assert server.wait_until_left()


DESCRIPTORS = Path("/proc/self/fd")


def _sockets() -> int:
    return sum(
        "socket:" in str(link.readlink()) for link in DESCRIPTORS.iterdir() if link.is_symlink()
    )


@pytest.mark.skipif(not DESCRIPTORS.exists(), reason="counts sockets in /proc")
def test_a_server_that_takes_no_more_does_not_hold_on_to_our_connections(server: Server) -> None:
    server.script = [_take_no_more]

    async def main() -> int:
        driver = _driver()
        before = _sockets()
        for _ in range(5):
            await _ask(driver, _at(server), LARGE, Policy(deadline_s=0.05))
        await asyncio.sleep(0)
        left = _sockets() - before
        await driver.aclose()
        return left

    ours_and_theirs = asyncio.run(main())

    assert 5 == ours_and_theirs  # only theirs


def test_closing_ends_the_calls_under_way(server: Server) -> None:
    server.script = [silence()]

    async def main() -> Any:
        driver = _driver()
        task = asyncio.create_task(_ask(driver, _at(server)))
        await _received(server, 1)
        await driver.aclose()
        return await task

    outcome = asyncio.run(main())

    assert OutcomeUnknown is type(outcome)


def test_closing_is_whole_also_in_an_anyio_scope_that_was_cancelled(
    server: Server, certificate: Certificate
) -> None:
    async def main(secure: Server) -> float:
        driver = _driver(ca_bundle=certificate.file)
        with anyio.CancelScope() as scope:
            await _ask(driver, _at(server))
            await _ask(driver, _at(secure))
            scope.cancel()
            await driver.aclose()
        began = time.monotonic()
        await asyncio.to_thread(server.wait_until_left)
        await asyncio.to_thread(secure.wait_until_left)
        return time.monotonic() - began

    with Server(CAT, tls=certificate.context) as secure:
        seconds = asyncio.run(main(secure))

    assert (1, 1) == (len(server.requests), len(secure.requests))
    assert seconds < 1


def test_a_job_that_outlives_closing_tidies_up_and_closes_what_it_opened_for_that(
    server: Server,
) -> None:
    server.script = [answer(b""), silence(), answer(b"", 204)]

    async def main() -> tuple[Any, float]:
        driver = _driver()
        task = asyncio.create_task(_ask(driver, _at(server, TENCENT), **KEYS))
        await _received(server, 2)
        await driver.aclose()
        outcome = await task
        began = time.monotonic()
        await asyncio.to_thread(server.wait_until_left)
        return outcome, time.monotonic() - began

    outcome, seconds = asyncio.run(main())

    assert OutcomeUnknown is type(outcome)
    assert ["PUT", "GET", "DELETE"] == _three(server)
    assert seconds < 1


# A job of three requests: upload, ask, delete.

KEYS = {"bucket": "photos-1250000000", "secret_id": "AKID", "secret_key": "key"}
TAGGED = answer(b"<RecognitionResult><Labels><Name>cat</Name></Labels></RecognitionResult>")
REFUSED = answer(b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>", 403)


def _three(server: Server) -> list[str]:
    """The requests' methods, where all three were about the same key."""
    assert 1 == len({request.target.partition("?")[0] for request in server.requests})
    return [request.method for request in server.requests]


@pytest.mark.parametrize("tagging", [TAGGED, REFUSED, break_off(), answer(b"nonsense")])
def test_the_upload_is_deleted_however_tagging_ends(server: Server, tagging: Step) -> None:
    server.script = [answer(b""), tagging, answer(b"", 204)]

    _outcome(_at(server, TENCENT), **KEYS)

    assert ["PUT", "GET", "DELETE"] == _three(server)
    assert SMALL.content == server.requests[0].body


def test_the_upload_is_deleted_after_the_deadline(server: Server) -> None:
    server.script = [answer(b""), silence(), answer(b"", 204)]

    outcome = _outcome(_at(server, TENCENT), policy=Policy(deadline_s=0.3), **KEYS)

    assert DeadlineExceeded is type(outcome)
    assert ["PUT", "GET", "DELETE"] == _three(server)


def test_the_upload_is_deleted_when_the_call_is_cancelled(server: Server) -> None:
    server.script = [answer(b""), silence(), answer(b"", 204)]

    async def main() -> bool:
        driver = _driver()
        task = asyncio.create_task(_ask(driver, _at(server, TENCENT), **KEYS))
        await _received(server, 2)
        task.cancel()
        await asyncio.wait([task])
        await driver.aclose()
        return task.cancelled()

    cancelled = asyncio.run(main())

    assert cancelled
    assert ["PUT", "GET", "DELETE"] == _three(server)


def test_the_upload_is_deleted_when_an_anyio_scope_around_the_call_ends(server: Server) -> None:
    slow = [lambda exchange: (exchange.read(), exchange.pause(0.4), answer(b"", 204)(exchange))]
    server.script = [answer(b""), silence(), *slow]

    async def main() -> float:
        driver = _driver()
        began = time.process_time()
        with anyio.move_on_after(0.2):
            await _ask(driver, _at(server, TENCENT), **KEYS)
        spent = time.process_time() - began
        await driver.aclose()
        return spent

    seconds = asyncio.run(main())

    assert ["PUT", "GET", "DELETE"] == _three(server)
    assert seconds < 0.3  # it waits for the last answer and does not spin


def test_tidying_up_goes_on_when_the_call_is_cancelled_again(server: Server) -> None:
    deleted = threading.Event()
    server.script = [
        answer(b""),
        silence(),
        lambda exchange: (exchange.read(), deleted.wait(10), answer(b"", 204)(exchange)),
    ]

    async def main() -> tuple[bool, bool]:
        driver = _driver()
        task = asyncio.create_task(_ask(driver, _at(server, TENCENT), **KEYS))
        await _received(server, 2)
        task.cancel()
        await _received(server, 3)
        task.cancel()
        await asyncio.wait([task], timeout=0.1)
        waited = not task.done()
        deleted.set()
        await asyncio.wait([task])
        await driver.aclose()
        return waited, task.cancelled()

    waited, cancelled = asyncio.run(main())

    assert waited
    assert cancelled


@pytest.mark.parametrize("cancels", [True, False])
def test_tidying_up_has_its_own_limit(server: Server, cancels: bool) -> None:
    server.script = [answer(b""), silence()]
    provider = _at(server, evolve(TENCENT, steps=_deleting_thrice))
    began = time.monotonic()

    async def main() -> None:
        driver = _driver(clean_up_s=0.4)
        policy = Policy(deadline_s=5 if cancels else 0.2)
        task = asyncio.create_task(_ask(driver, provider, policy=policy, **KEYS))
        await _received(server, 2)
        if cancels:
            task.cancel()
        await asyncio.wait([task])
        await driver.aclose()

    asyncio.run(main())

    assert time.monotonic() - began < 1.0
    assert {"PUT", "GET", "DELETE"} == {request.method for request in server.requests}


def _deleting_thrice(image: Image, options: Options, settings: Settings, nonce: str) -> Steps:
    yield Request(method="PUT", path="/picture", content=image.content)
    try:
        return (yield Request(method="GET", path="/picture"))
    finally:
        for _ in range(3):
            try:
                yield Request(method="DELETE", path="/picture")
            except TaggersError:
                yield "it stays"
