"""Downloads: what is fetched, from where, and above all from where not."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import pytest
from server import Server, Step, answer, answer_json, closed_port, drip, written
from test_transport import Certificate, certificate, certify

from taggers import Image, Options, Policy, Result
from taggers._driver import Driver
from taggers._fetch import Fetcher, is_public
from taggers._flow import Context, Download, Send, call
from taggers._image import MAX_FILE_BYTES
from taggers._transport import Transport
from taggers._wire import Response
from taggers.errors import (
    ConnectFailed,
    DeadlineExceeded,
    DnsFailure,
    ImageSource,
    NotSupported,
    PayloadTooLarge,
    TaggersError,
    TlsFailure,
    UnsafeUrl,
    UnsupportedImage,
)
from taggers.plugin import Accepts, Provider, Request, Tag, evolve
from taggers.testing import png, settings

__all__ = ["certificate", "certify"]  # fixtures that are used here too

PICTURE = png(64, 48)
PLACE = "https://photos.example.com/cat.png"
ACME = Provider(
    name="acme",
    title="Acme",
    vendor="Acme",
    request=lambda image, options, settings: Request(
        path="/", content=image.content or str(image.url).encode()
    ),
    read=lambda body: [Tag(name) for name in body["tags"]],
    accepts=Accepts(formats=("png",), sources=("content",)),
    endpoint="https://acme.example.com",
)

_FORMS = """
http://127.0.0.1:{port}/            http://127.0.0.2:{port}/            http://127.255.255.254:{port}/
http://localhost:{port}/            http://LOCALHOST:{port}/            http://localhost.:{port}/
http://2130706433:{port}/           http://0x7f000001:{port}/           http://0x7F.0.0.1:{port}/
http://0177.0.0.1:{port}/           http://017700000001:{port}/         http://127.1:{port}/
http://127.0.1:{port}/              http://0x7f.1:{port}/               http://00000177.0.0.01:{port}/
http://127.0.0.1.:{port}/           http://127.000.000.001:{port}/      http://①②⑦.⓪.⓪.①:{port}/
http://１２７.0.0.1:{port}/         http://127。0。0。1:{port}/         http://%31%32%37.0.0.1:{port}/
http://0.0.0.0:{port}/              http://0:{port}/                    http://0.0.0.1:{port}/
http://[::1]:{port}/                http://[::]:{port}/                 http://[0:0:0:0:0:0:0:1]:{port}/
http://[::ffff:127.0.0.1]:{port}/   http://[::ffff:7f00:1]:{port}/      http://[::127.0.0.1]:{port}/
http://[::ffff:0:127.0.0.1]:{port}/ http://[64:ff9b::127.0.0.1]:{port}/ http://[64:ff9b:1::7f00:1]:{port}/
http://[2002:7f00:1::]:{port}/      http://[2001:0:7f00:1::]:{port}/    http://[::ffff:8.8.8.8]:{port}/
http://[fe80::1]:{port}/            http://[fe80::1%25lo]:{port}/       http://[::1%25lo]:{port}/
http://[fc00::1]:{port}/            http://[fd12:3456::1]:{port}/       http://[fec0::1]:{port}/
http://[ff02::1]:{port}/            http://[100::1]:{port}/             http://[2001:db8::1]:{port}/
http://10.0.0.1:{port}/             http://172.16.0.1:{port}/           http://172.31.255.255:{port}/
http://192.168.0.1:{port}/          http://169.254.169.254:{port}/      http://2852039166/
http://100.64.0.1:{port}/           http://192.0.0.1:{port}/            http://192.0.2.1:{port}/
http://198.18.0.1:{port}/           http://198.51.100.1:{port}/         http://203.0.113.1:{port}/
http://224.0.0.1:{port}/            http://239.255.255.255:{port}/      http://240.0.0.1:{port}/
http://255.255.255.255:{port}/      http://192.88.99.1:{port}/          http://me@127.0.0.1:{port}/
http://8.8.8.8@127.0.0.1:{port}/    http://me:secret@8.8.8.8:{port}/    http://8.8.8.8\\@127.0.0.1:{port}/
http://8.8.8.8:0/                   http://8.8.8.8:99999/               https://127.0.0.1:{port}/
https://[::1]:{port}/               http:///127.0.0.1:{port}/           http://[::1/
file:///etc/passwd                  ftp://127.0.0.1:{port}/             gopher://127.0.0.1:{port}/
data:image/png;base64,AAAA          javascript:alert(1)                 //127.0.0.1:{port}/
"""
NOT_PUBLIC = _FORMS.split()
"""Forms of URLs that do not name one public host. The port is one where somebody listens."""

AUDITED = """
import asyncio, json, sys
from taggers._fetch import Fetcher
from taggers.errors import TaggersError

connected = []
sys.addaudithook(lambda event, details: event == "socket.connect" and connected.append(details[1]))

async def refused(url):
    try:
        await asyncio.wait_for(Fetcher(lambda: None).get(url, 1000), 5)
    except TaggersError as error:
        return [type(error).__name__, error.outcome, error.scope]

kinds = {url: asyncio.run(refused(url)) for url in json.load(sys.stdin)}
print(json.dumps([kinds, [str(address) for address in connected]]))
"""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(answer(PICTURE)) as running:
        yield running


def test_forms_of_urls_that_are_not_public_lead_to_no_connection(server: Server) -> None:
    urls = [form.format(port=server.host.rpartition(":")[2]) for form in NOT_PUBLIC]

    done = subprocess.run(
        [sys.executable, "-c", AUDITED],
        input=json.dumps(urls),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    kinds, connected = json.loads(done.stdout)
    assert len(set(urls)) >= 60
    assert {} == {
        url: kind
        for url, kind in kinds.items()
        if kind not in (["UnsafeUrl", "not sent", "image"], ["DnsFailure", "not sent", "image"])
    }
    assert [] == connected
    assert 0 == server.accepted


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::200e"]
)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


class Names(aiohttp.abc.AbstractResolver):
    """A resolver that knows these names, and gives each its next address every time."""

    def __init__(self, **known: list[str]) -> None:
        self.known = {name.replace("_", "."): iter(found) for name, found in known.items()}

    async def resolve(
        self, host: str, port: int = 0, family: Any = socket.AF_INET
    ) -> list[aiohttp.abc.ResolveResult]:
        addresses = next(self.known[host]).split()
        return [
            aiohttp.abc.ResolveResult(
                hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0
            )
            for address in addresses
        ]

    async def close(self) -> None:
        pass


def _no_tls() -> ssl.SSLContext:
    raise AssertionError("no TLS is wanted here")


def _here(address: str) -> bool:
    """Stands for `is_public` where the server of a test is to count as public."""
    return address == "127.0.0.1"


def _got(
    url: str,
    max_bytes: int = 100_000,
    resolver: aiohttp.abc.AbstractResolver | None = None,
    allows: Callable[[str], bool] = _here,
    tls: Callable[[], ssl.SSLContext] = _no_tls,
) -> bytes | TaggersError:
    """What a download gives."""

    async def main() -> bytes | TaggersError:
        try:
            fetcher = Fetcher(tls, allows=allows, resolver=resolver)
            return await fetcher.get(url, max_bytes)
        except TaggersError as error:
            return error
        finally:
            for _ in range(10):  # asyncio closes a refused connection in its next rounds
                await asyncio.sleep(0)

    return asyncio.run(main())


def _moved(to: str, status: int = 302) -> Step:
    return answer(b"", status, location=to)


def test_a_download_sends_no_cookie_no_key_and_no_trace_of_where_it_comes_from(
    server: Server,
) -> None:
    server.script = [
        answer(b"", 302, location="/next?a=b%2Fc", set_cookie="a=b"),
        answer(PICTURE),
    ]

    content = _got(f"{server.url}/first")

    headers = server.requests[1].headers
    assert content == PICTURE
    assert ["/first", "/next?a=b%2Fc"] == [request.target for request in server.requests]
    assert {"host", "accept", "accept-encoding", "user-agent"} == set(headers)


def test_five_redirects_are_followed_and_no_sixth(server: Server) -> None:
    server.script = [*[_moved("/again")] * 5, answer(PICTURE)]

    five = _got(server.url)
    server.script, server._taken = [_moved("/again")], 0
    endless = _got(server.url)

    assert five == PICTURE
    assert ImageSource is type(endless)
    assert 6 + 6 == len(server.requests)


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.2/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://2130706433/",
        "//192.168.0.1/",
        "file:///etc/passwd",
        "http://me:secret@127.0.0.1/",
    ],
)
def test_a_redirect_to_what_is_not_public_is_not_followed(server: Server, to: str) -> None:
    server.script = [_moved(to)]

    outcome = _got(server.url)

    assert UnsafeUrl is type(outcome)
    assert 1 == server.accepted


def test_a_name_that_turns_private_after_it_was_asked_for_leads_nowhere(server: Server) -> None:
    port = server.host.rpartition(":")[2]
    server.script = [_moved(f"http://cat.example:{port}/"), answer(PICTURE)]
    names = Names(cat_example=["127.0.0.1", "127.0.0.3"])

    outcome = _got(f"http://cat.example:{port}/", resolver=names)

    assert UnsafeUrl is type(outcome)
    assert "cat.example is at 127.0.0.3, which is not a public address" in str(outcome)
    assert 1 == server.accepted


def test_a_name_with_only_private_addresses_is_refused_whatever_their_number(
    server: Server,
) -> None:
    port = server.host.rpartition(":")[2]
    names = Names(cat_example=["127.0.0.1 10.0.0.1"])

    outcome = _got(f"http://cat.example:{port}/", resolver=names, allows=is_public)

    assert UnsafeUrl is type(outcome)
    assert 0 == server.accepted


def test_proxies_of_the_environment_are_not_asked(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("HTTP_PROXY", server.url)

    outcome = _got("http://10.0.0.1/", allows=is_public)

    assert UnsafeUrl is type(outcome)
    assert 0 == server.accepted


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (answer(bytes(1000)), None),
        (answer(bytes(1001)), PayloadTooLarge),
        (drip(written(b"", length=1001), b" "), PayloadTooLarge),
        (drip(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(1001), b" "), PayloadTooLarge),
        (answer(PICTURE, 404), ImageSource),
        (answer(PICTURE, 206), ImageSource),
        (answer(b"", 302), ImageSource),
        (lambda exchange: (exchange.read(), exchange.close()), ConnectFailed),
        (lambda exchange: (exchange.read(), exchange.write(b"SSH-2.0\r\n\r\n")), ImageSource),
    ],
)
def test_what_is_no_picture_of_a_bearable_size_is_an_error(
    server: Server, step: Step, kind: type[TaggersError] | None
) -> None:
    server.script = [step]

    outcome = _got(server.url, max_bytes=1000)

    assert (kind or bytes) is type(outcome)
    if isinstance(outcome, TaggersError):
        assert ("not sent", "image") == (outcome.outcome, outcome.scope)


def test_a_host_that_is_not_there_is_named() -> None:
    refused = _got(closed_port())
    unknown = _got("http://nowhere.invalid/?secret=1")

    assert ConnectFailed is type(refused)
    assert DnsFailure is type(unknown)
    assert "secret" not in str(unknown)


def test_a_download_by_https_is_verified(certificate: Certificate) -> None:
    trusting = ssl.create_default_context(cafile=certificate.file)
    with Server(answer(PICTURE), tls=certificate.context) as server:
        content = _got(server.url, tls=lambda: trusting)
        refused = _got(server.url, tls=ssl.create_default_context)

    assert content == PICTURE
    assert TlsFailure is type(refused)
    assert 1 == len(server.requests)


# In the flow.


def _flow(provider: Provider = ACME, url: str = PLACE, **options: Any) -> Any:
    context = Context(now=lambda: 0.0, ticks=lambda: 0.0, roll=lambda: 0.0, nonce="n")
    return call(provider, Image.from_url(url), Options(**options), settings(provider), context)


def test_a_url_is_downloaded_only_on_request() -> None:
    with pytest.raises(NotSupported, match=r"pass fetch=True \(--fetch\)"):
        next(_flow())


def test_a_downloaded_picture_is_sent_and_its_facts_are_kept() -> None:
    flow = _flow(fetch=True)

    wanted = next(flow)
    sent = flow.send(PICTURE)
    with pytest.raises(StopIteration) as stop:
        flow.send(Response(status=200, body=b'{"tags": ["cat"]}'))

    result: Result = stop.value.value
    assert Download(PLACE, MAX_FILE_BYTES) == wanted
    assert PICTURE == sent.prepared.body
    assert (PLACE, "png", 64) == (result.image.source, result.image.format, result.image.width)


def test_a_vendor_that_takes_urls_gets_the_url() -> None:
    both = evolve(ACME, accepts=Accepts(formats=("png",)))

    effect = next(_flow(both, fetch=True))

    assert isinstance(effect, Send)
    assert PLACE.encode() == effect.prepared.body


def test_a_downloaded_web_page_is_refused() -> None:
    flow = _flow(fetch=True)
    next(flow)

    with pytest.raises(UnsupportedImage, match="it is a web page"):
        flow.send(b"<!doctype html>")


def test_the_driver_downloads_and_the_deadline_holds(server: Server) -> None:
    provider = evolve(ACME, endpoint=server.url)

    async def tagged(deadline_s: float) -> Result | TaggersError:
        transport = Driver(Transport(), fetcher=Fetcher(_no_tls, allows=_here))
        context = Context(roll=lambda: 0.0, nonce="n", policy=Policy(deadline_s=deadline_s))
        image = Image.from_url(f"{server.url}/cat.png")
        flow = call(provider, image, Options(fetch=True), settings(provider), context)
        try:
            return await transport.run(flow, deadline_s)
        except TaggersError as error:
            return error
        finally:
            await transport.aclose()

    server.script = [answer(PICTURE), answer_json({"tags": ["cat"]})]
    result = asyncio.run(tagged(5))
    server.script = [drip(b"HTTP/1.1 200 OK\r\n\r\n", b" ")]
    late = asyncio.run(tagged(0.2))

    assert isinstance(result, Result)
    assert [Tag("cat")] == list(result)
    assert PICTURE == server.requests[1].body
    assert isinstance(late, DeadlineExceeded)
    assert (False, "no") == (late.sent, late.billed)
    assert "time ran out while waiting for 127.0.0.1" in str(late)


def test_on_the_command_line_a_private_url_is_refused_also_with_fetch(server: Server) -> None:
    command = [sys.executable, "-m", "taggers", "tag", server.url, "-p", "local-basic", "-f", "csv"]

    plain = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    fetched = subprocess.run(
        [*command, "--fetch"], capture_output=True, text=True, check=False, timeout=60
    )

    assert "pass fetch=True (--fetch)" in plain.stdout
    assert "which is not a public address" in fetched.stdout
    assert 0 == server.accepted
