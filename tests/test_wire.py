"""What goes over the wire, without a wire: requests become bytes, and bytes become bodies."""

from __future__ import annotations

import base64
import email.policy
import gzip
import hashlib
import json
import math
import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from taggers._decode import inflate
from taggers._trace import traced
from taggers._wire import prepare
from taggers.errors import (
    ConfigurationError,
    InvalidInput,
    MalformedResponse,
    ResponseError,
    ResponseTooLarge,
)
from taggers.plugin import Base64, Json, Request, Xml, encode, fraction, number

HOST = "https://api.example.com"


def _url(request: Request, endpoint: str = HOST) -> str:
    return prepare(request, endpoint).url


# Requests.


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("AZaz09-_.~", "AZaz09-_.~"),
        ("!'()*", "%21%27%28%29%2A"),
        ("a b+c", "a%20b%2Bc"),
        ("/?#[]@&=;,:$", "%2F%3F%23%5B%5D%40%26%3D%3B%2C%3A%24"),
        ("%41", "%2541"),
        ("腾🐈", "%E8%85%BE%F0%9F%90%88"),
    ],
)
def test_everything_but_the_unreserved_is_percent_encoded(text: str, encoded: str) -> None:
    found = encode(text)

    assert encoded == found


@pytest.mark.parametrize(
    ("endpoint", "path", "url"),
    [
        (HOST, "/tags", f"{HOST}/tags"),
        (HOST, "tags", f"{HOST}/tags"),
        (f"{HOST}/", "/tags", f"{HOST}/tags"),
        (f"{HOST}/base/", "/tags", f"{HOST}/base/tags"),
        (f"{HOST}/a%20b", "/tags", f"{HOST}/a%20b/tags"),
        (HOST, "/v1/images:annotate", f"{HOST}/v1/images:annotate"),
        (HOST, "/a/../b", f"{HOST}/a/../b"),
        (HOST, "//other.example.com/x", f"{HOST}/other.example.com/x"),
        (HOST, "/a?b#c", f"{HOST}/a%3Fb%23c"),
        (HOST, "/a\r\nb", f"{HOST}/a%0D%0Ab"),
        ("HTTP://[::1]:8080", "/", "http://[::1]:8080/"),
    ],
)
def test_a_path_is_joined_to_the_endpoint_as_it_is(endpoint: str, path: str, url: str) -> None:
    prepared = prepare(Request(path=path), endpoint)

    assert url == prepared.url


@pytest.mark.parametrize(
    ("query", "encoded"),
    [
        ({}, ""),
        ({"a": "1", "b": "x y&z=+"}, "?a=1&b=x%20y%26z%3D%2B"),
        ({"a": ["1", "2"], "b": ()}, "?a=1&a=2"),
        ({"标签": "", "a b": "c"}, "?%E6%A0%87%E7%AD%BE=&a%20b=c"),
    ],
)
def test_a_query_is_encoded_name_by_name(query: Any, encoded: str) -> None:
    url = _url(Request(path="/", query=query))

    assert f"{HOST}/{encoded}" == url


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        (HOST, "api.example.com"),
        ("https://API.example.com:443", "api.example.com"),
        ("https://api.example.com:80", "api.example.com:80"),
        ("http://127.0.0.1:80", "127.0.0.1"),
        ("http://127.0.0.1:8080/base", "127.0.0.1:8080"),
        ("http://[::1]", "[::1]"),
        ("http://[::1]:8080", "[::1]:8080"),
    ],
)
def test_the_host_has_a_port_only_where_it_is_not_the_schemes_own(endpoint: str, host: str) -> None:
    prepared = prepare(Request(path="/"), endpoint)

    assert host == prepared.host


@pytest.mark.parametrize(
    "endpoint",
    [
        "", "api.example.com", "//api.example.com", "ftp://api.example.com", "file:///etc/passwd",
        "https://", "https:///path", f"{HOST}?a=b", f"{HOST}#a", "https://user:pw@api.example.com",
        "https://@api.example.com", f"{HOST}:99999", f"{HOST}:x", f"{HOST}:0", "http://[::1",
        "https://api example.com", f"{HOST}/a b", f"{HOST}/a\r\nx: y", f" {HOST}", "https://腾.com",
    ],
)  # fmt: skip
def test_an_endpoint_that_is_no_plain_url_is_refused(endpoint: str) -> None:
    with pytest.raises(ConfigurationError):
        prepare(Request(path="/"), endpoint)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-key", "a\r\nx-injected: b"),
        ("x-key", "a\n"),
        ("x-key", "a\0"),
        ("x-key", "clé"),
        ("x-key", "a\x7f"),
        ("x-key: b\r\nx", "a"),
        ("x key", "a"),
        ("", "a"),
    ],
)
def test_a_header_that_would_not_arrive_as_it_is_is_refused_unshown(name: str, value: str) -> None:
    prepared = prepare(Request(path="/"), HOST)

    with pytest.raises(ConfigurationError) as at_once:
        prepare(Request(path="/", headers={name: value}), HOST)
    with pytest.raises(ConfigurationError) as when_signed:
        prepared.with_headers({name: value})

    assert repr(name) in at_once.value.message
    assert at_once.value.message == when_signed.value.message
    assert value not in at_once.value.message or len(value) == 1


def test_headers_have_lower_case_names_and_the_last_one_counts() -> None:
    prepared = prepare(Request(path="/", headers={"X-Key": "1", "Accept": "a"}), HOST)

    signed = prepared.with_headers({"x-KEY": "2"})

    assert {"x-key": "2", "accept": "a"} == signed.headers


def test_what_a_request_holds_is_not_shown() -> None:
    prepared = prepare(
        Request(path="/", headers={"authorization": "s3cret"}, content=b"picture"), HOST
    )

    shown = repr(prepared)

    assert "s3cret" not in shown
    assert "picture" not in shown
    assert "<7 bytes>" in shown


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ({"image": Base64(b"\xff\xd8abc")}, {"image": "/9hhYmM="}),
        ({"image": Base64(b"")}, {"image": ""}),
        ([Base64(b"one"), {"a": [Base64(b"two"), None]}, Base64(b"three")],
         ["b25l", {"a": ["dHdv", None]}, "dGhyZWU="]),
        (Base64(b"alone"), "YWxvbmU="),
        ({"标签": "腾🐈", "image": Base64(b"one")}, {"标签": "腾🐈", "image": "b25l"}),
        ({"a": '"\\\n\0 "\\u0000" \\', "image": Base64(b"one")},
         {"a": '"\\\n\0 "\\u0000" \\', "image": "b25l"}),
        ({"limit": 5, "threshold": 0.5, "no": None, "yes": True}, {"limit": 5, "threshold": 0.5,
                                                                  "no": None, "yes": True}),
        ({}, {}),
    ],
)  # fmt: skip
def test_json_with_pictures_is_what_json_dumps_makes_of_their_base64(
    value: Any, plain: Any
) -> None:
    prepared = prepare(Request(path="/", json=value), HOST)

    assert json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode() == prepared.body
    assert "application/json;charset=UTF-8" == prepared.headers["content-type"]


LARGE = bytes(range(256)) * 20_000


@pytest.mark.parametrize(
    ("request_", "sent"),
    [
        (Request(path="/", json={"image": Base64(LARGE)}), base64.b64encode(LARGE)),
        (Request(path="/", form={"image": LARGE, "limit": "5"}), LARGE),
    ],
)
def test_the_body_with_a_large_picture_never_stands_in_memory_as_a_whole(
    request_: Request, sent: bytes
) -> None:
    tracemalloc.start()

    content = prepare(request_, HOST).content
    hashed, size = content.sha256, sum(map(len, content))

    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 1_000_000
    assert sent in bytes(content)
    assert (hashlib.sha256(bytes(content)).hexdigest(), len(bytes(content))) == (hashed, size)


def test_a_form_is_read_back_as_it_was() -> None:
    form = {"file": b"\xff\r\n--\0", "名": "猫 & \r\n", "empty": "", 'a"\r\nX: y': "quoted"}

    prepared = prepare(Request(path="/", form=form), HOST)

    message = email.message_from_bytes(
        b"content-type: " + prepared.headers["content-type"].encode() + b"\r\n\r\n" + prepared.body,
        policy=email.policy.HTTP,
    )
    parts = [part.get_payload(decode=True) for part in message.iter_parts()]
    assert [b"\xff\r\n--\0", "猫 & \r\n".encode(), b"", b"quoted"] == parts
    assert b'name="file"; filename="file"\r\n' in prepared.body
    assert 'name="名"\r\n'.encode() in prepared.body
    assert b'name="a%22%0D%0AX: y"\r\n' in prepared.body


def test_a_nul_beside_a_picture_is_refused_and_never_taken_for_it() -> None:
    request = Request(path="/", json={"a": "\0", "image": Base64(b"picture")})

    with pytest.raises(TypeError):
        prepare(request, HOST)


@pytest.mark.parametrize("value", [math.nan, math.inf, "\ud800"])
def test_what_json_cannot_hold_is_invalid_input(value: Any) -> None:
    request = Request(path="/", json={"a": value, "image": Base64(b"picture")})

    with pytest.raises(InvalidInput):
        prepare(request, HOST)


def test_content_is_sent_as_it_is_and_has_the_plugins_own_type() -> None:
    prepared = prepare(
        Request(path="/", content=b"\0picture", headers={"Content-Type": "image/png"}), HOST
    )

    assert b"\0picture" == prepared.body
    assert {"content-type": "image/png"} == prepared.headers


# JSON answers.


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"tags": ["cat", 0.5, 7, null, true]}', {"tags": ["cat", 0.5, 7, None, True]}),
        ('{"名": "猫"}'.encode(), {"名": "猫"}),
        ('{"a": 1}'.encode("utf-16"), {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b"[" * 3 + b"]" * 3, [[[]]]),
    ],
)
def test_json_is_read(body: bytes, value: Any) -> None:
    found = Json()(body)

    assert found == value


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"{", b"{}{}", b"nonsense", b"\xff", b'"\xff"', b"NaN", b'{"a": NaN}',
        b"Infinity", b"[-Infinity]", b"1e999", b"[-1e999]", b"9" * 5000, b"{'a': 1}",
        b'{"a": 1,}', b"\0", b'{"a": "\n"}',
    ],
)  # fmt: skip
def test_what_is_no_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedResponse):
        Json()(body)


@pytest.mark.parametrize("decode", [Json(), Xml()])
@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"<!DOCTYPE html><html><p>Log in</html>", "a web page"),
        (b"\n<html><body>Log in</body></html>", "a web page"),
    ],
)
def test_the_error_says_what_an_answer_looks_like(
    decode: Callable[[bytes], Any], body: bytes, hint: str
) -> None:
    with pytest.raises(MalformedResponse) as caught:
        decode(body)

    assert hint in caught.value.message


# XML answers.

READ = Xml(lists=("Labels",))


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("<r><a>1</a><b>2</b></r>", {"r": {"a": "1", "b": "2"}}),
        ("<r><a>1</a><a>2</a></r>", {"r": {"a": ["1", "2"]}}),
        ("<r><Labels>1</Labels></r>", {"r": {"Labels": ["1"]}}),
        ("<r><Labels>1</Labels><Labels>2</Labels></r>", {"r": {"Labels": ["1", "2"]}}),
        ("<r><Labels/></r>", {"r": {"Labels": [None]}}),
        ("<r><c:Labels xmlns:c='urn:ci'>1</c:Labels></r>",
         {"r": {"Labels": [{"@xmlns:c": "urn:ci", "#text": "1"}]}}),
        ("<c:r xmlns:c='urn:ci'><c:a>1</c:a></c:r>", {"r": {"@xmlns:c": "urn:ci", "a": "1"}}),
        ("<r><c:a/><a>1</a></r>", {"r": {"a": [None, "1"]}}),
        ("<r xmlns='urn:ci'><a>1</a></r>", {"r": {"@xmlns": "urn:ci", "a": "1"}}),
        ("<r/>", {"r": None}),
        ("<r><a/><b></b><c> </c></r>", {"r": {"a": None, "b": None, "c": None}}),
        ("<r a='1'>text</r>", {"r": {"@a": "1", "#text": "text"}}),
        ("<r a='1'/>", {"r": {"@a": "1"}}),
        ("<r> text </r>", {"r": "text"}),
        ("<r>&lt;&#x732B;&amp;<![CDATA[<b>]]></r>", {"r": "<猫&<b>"}),
        ("<?xml version='1.0' encoding='UTF-8'?>\n<!-- a comment --><r>猫</r>", {"r": "猫"}),
    ],
)  # fmt: skip
def test_xml_is_read_by_local_name_one_or_many(body: str, value: Any) -> None:
    found = READ(body.encode())

    assert found == value


def test_xml_is_read_in_the_encoding_that_it_declares() -> None:
    latin = "<?xml version='1.0' encoding='ISO-8859-1'?><r>é</r>".encode("latin-1")
    wide = "<?xml version='1.0' encoding='UTF-16'?><r>猫</r>".encode("utf-16")

    found = READ(latin), READ(wide)

    assert ({"r": "é"}, {"r": "猫"}) == found


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense", b"<r>", b"<r></s>", b"<r/><r/>", b"<r a='1' a='2'/>", b"<r>&unknown;</r>",
        b"<r>\xff</r>", b"\0", b"<r>\0</r>", b'{"a": 1}',
        b"<?xml version='1.0' encoding='nonsense'?><r/>",
        b"<?xml version='1.0' encoding='hex'?><r/>",
        b"<?xml version='1.0' encoding='idna'?><r/>",
    ],
)  # fmt: skip
def test_what_is_no_xml_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedResponse):
        READ(body)


@pytest.mark.parametrize(
    "dtd",
    [
        "<!DOCTYPE r>",
        "<!DOCTYPE r SYSTEM 'file:///etc/passwd'>",
        "<!DOCTYPE r PUBLIC '-//x' 'https://example.com/x.dtd'>",
        "<!DOCTYPE r [<!ENTITY a 'b'>]>",
        "<!DOCTYPE r [<!ATTLIST r a CDATA 'b'>]>",
        "<?xml version='1.0'?><!-- --><!DOCTYPE r [<!ENTITY % a SYSTEM 'http://x/'> %a;]>",
    ],
)
def test_any_document_type_is_refused(dtd: str) -> None:
    with pytest.raises(MalformedResponse, match="DTD"):
        READ(f"{dtd}<r/>".encode())


def test_as_many_elements_as_are_allowed_are_read_and_one_more_is_not() -> None:
    decode = Xml(max_elements=100, max_depth=3)

    found = decode(b"<r>" + b"<a/>" * 99 + b"</r>")
    deep = decode(b"<r><a><b/></a></r>")

    assert {"r": {"a": [None] * 99}} == found
    assert {"r": {"a": {"b": None}}} == deep
    with pytest.raises(ResponseTooLarge):
        decode(b"<r>" + b"<a/>" * 100 + b"</r>")
    with pytest.raises(ResponseTooLarge):
        decode(b"<r><a><b><c/></b></a></r>")


def test_as_many_json_values_as_are_allowed_are_read_and_one_more_is_not() -> None:
    decode = Json(max_values=100)

    found = decode(b"[" + b"0," * 99 + b"0]")

    assert [0] * 100 == found
    with pytest.raises(ResponseTooLarge):
        decode(b"[" + b"0," * 100 + b"0]")


# Bombs.

MIB = 1024 * 1024
ATTRIBUTE_DEFAULT = b"<!DOCTYPE r [<!ATTLIST a b CDATA '%s'>]><r>%s</r>" % (
    b"x" * 2000,
    b"<a/>" * 75_000,
)
LAUGHS = b"<!DOCTYPE r [<!ENTITY a 'ha'>%s]><r>&z9;</r>" % b"".join(
    b"<!ENTITY z%d '%s'>" % (index, b"&a;" * 10) for index in range(10)
)


def _gzip(body: bytes) -> bytes:
    return inflate(body, "gzip", 4 * MIB)


def _deflate(body: bytes) -> bytes:
    return inflate(body, "deflate", 4 * MIB)


BOMBS: dict[str, tuple[Callable[[bytes], Any], bytes, type[ResponseError]]] = {
    "100,000 nested elements": (Xml(), b"<a>" * 100_000, ResponseTooLarge),
    "60,000 siblings": (Xml(), b"<r>" + b"<a/>" * 60_000 + b"</r>", ResponseTooLarge),
    "a default for an attribute": (Xml(), ATTRIBUTE_DEFAULT, MalformedResponse),
    "a billion laughs": (Xml(), LAUGHS, MalformedResponse),
    "100,000 nested lists": (Json(), b"[" * 100_000, MalformedResponse),
    "50,000 nested objects": (Json(), b'{"a":' * 50_000, MalformedResponse),
    "4 MiB of empty lists": (Json(), b"[" + b"[]," * 1_398_100 + b"0]", ResponseTooLarge),
    "4 MiB of empty objects": (Json(), b"[" + b"{}," * 1_398_100 + b"0]", ResponseTooLarge),
    "a number of 4 MiB": (Json(), b"9" * 4 * MIB, MalformedResponse),
    "100 MiB in gzip": (_gzip, gzip.compress(bytes(100 * MIB)), ResponseTooLarge),
    "100 MiB in deflate": (_deflate, zlib.compress(bytes(100 * MIB)), ResponseTooLarge),
}


@pytest.mark.parametrize(("decode", "body", "kind"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_within_a_second_and_64_mb(
    decode: Callable[[bytes], Any], body: bytes, kind: type[ResponseError]
) -> None:
    def refuse() -> None:
        with pytest.raises(kind):
            decode(body)

    seconds, megabytes = _costs(refuse)

    assert seconds < 1
    assert megabytes < 64


LARGEST: dict[str, tuple[Callable[[bytes], Any], bytes]] = {
    "elements": (Xml(), b"<r>" + b"<a b=''>x</a>" * 49_999 + b"</r>"),
    "attributes": (Xml(), b"<r %s/>" % b" ".join(b"a%d=''" % index for index in range(90_000))),
    "references": (Xml(), b"<r>" + b"&lt;" * 250_000 + b"</r>"),
    "comments": (Xml(), b"<r>" + b"<!---->" * 140_000 + b"</r>"),
    "objects": (Json(), b"[" + b'{"a":1},' * 99_998 + b"0]"),
    "keys": (Json(), b"{%s}" % b",".join(b'"%d":0' % index for index in range(199_999))),
    "one text of 4 MiB": (Json(), b'"' + "🐈".encode() * (MIB - 1) + b'"'),
}


@pytest.mark.parametrize(("decode", "body"), LARGEST.values(), ids=LARGEST)
def test_the_largest_answers_that_are_read_take_no_more(
    decode: Callable[[bytes], Any], body: bytes
) -> None:
    seconds, megabytes = _costs(lambda: decode(body))

    assert seconds < 1
    assert megabytes < 64


def _costs(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of CPU and megabytes of memory that the work takes; it is done twice for that."""
    began = time.process_time()
    work()
    seconds = time.process_time() - began
    tracemalloc.start()
    work()
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return seconds, peak_bytes / 1e6


# Compressed answers.


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("", b"plain"),
        ("identity", b"plain"),
        ("gzip", gzip.compress(b"plain")),
        ("x-gzip", gzip.compress(b"plain")),
        ("deflate", zlib.compress(b"plain")),
    ],
)
def test_one_coding_is_taken_off(coding: str, body: bytes) -> None:
    plain = inflate(body, coding, 5)

    assert b"plain" == plain


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("br", b"plain"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"plain"))),
        ("gzip", b"plain"),
        ("gzip", b""),
        ("gzip", gzip.compress(b"plain")[:-1]),
        ("gzip", gzip.compress(b"plain")[:-8] + bytes(8)),
        ("gzip", gzip.compress(b"plain") + b"more"),
        ("gzip", gzip.compress(b"plain") + gzip.compress(b"more")),
        ("deflate", zlib.compress(b"plain")[:-1]),
    ],
)
def test_a_coding_that_is_damaged_or_not_ours_is_malformed(coding: str, body: bytes) -> None:
    with pytest.raises(MalformedResponse):
        inflate(body, coding, 1000)


def test_a_body_of_just_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    body = gzip.compress(bytes(1000))

    plain = inflate(body, "gzip", 1000)

    assert bytes(1000) == plain
    with pytest.raises(ResponseTooLarge):
        inflate(body, "gzip", 999)


# Numbers.


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (None, None), ("", None), (0, 0.0), (40, 40.0), (0.5, 0.5), (-1.5, -1.5),
        ("40", 40.0), (" 40.0 ", 40.0), ("+.5", 0.5), ("-7.", -7.0), ("1e3", 1000.0),
        ("1E-2", 0.01), ("007", 7.0), (10**300, 1e300),
    ],
)  # fmt: skip
def test_a_number_is_read_from_numbers_and_plain_decimals(value: Any, found: float | None) -> None:
    result = number(value)

    assert found == result
    assert result is None or type(result) is float


@pytest.mark.parametrize(
    "value",
    [
        "１２", "٣", "1e999", "-1e999", "1e1000", "nan", "NaN", "inf", "-Infinity", " ", "1,5",
        "1 000", "1_000", "0x10", "40%", "--1", "1e", "e1", ".", "+", "1.2.3", "9" * 400,
        math.nan, math.inf, -math.inf, 10**400, True, False, [], {}, [1], b"1", 1j,
    ],
)  # fmt: skip
def test_anything_else_is_no_number(value: Any) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        number(value)


@pytest.mark.parametrize(
    ("value", "scale", "found"),
    [
        (None, 100, None), ("", 100, None), ("88", 100, 0.88), (88.31, 100, 0.8831),
        (0.1, 1, 0.1), ("100", 100, 1.0), (0, 100, 0.0), (101, 100, 1.01), (-1, 100, -0.01),
        (29.0, 100, 0.29), (57, 100, 0.57),
    ],
)  # fmt: skip
def test_a_fraction_is_a_number_by_its_stated_scale(
    value: Any, scale: float, found: float | None
) -> None:
    result = fraction(value, scale)

    assert found == result


def test_the_message_about_a_number_does_not_repeat_a_whole_answer() -> None:
    with pytest.raises(ValueError) as caught:
        number(["x" * 1000] * 1000)  # type: ignore[arg-type]

    assert len(str(caught.value)) < 300


# Places in an answer.


def _last(read: Callable[[Any], Any], body: Any) -> str:
    """The place that `read` looks at last."""
    places = [""]
    read(traced(body, lambda place, _: places.append(place)))
    return places[-1]


BODY = {"result": {"tags": [{"name": "cat", "box": {"x": 1}}, {"name": "dog"}], "none": None}}


@pytest.mark.parametrize(
    ("read", "place"),
    [
        (lambda body: body, ""),
        (lambda body: body["result"], "result"),
        (lambda body: body["result"]["tags"][1]["name"], "result.tags[1].name"),
        (lambda body: body["result"]["tags"][-1]["name"], "result.tags[-1].name"),
        (lambda body: body["result"].get("missing"), "result.missing"),
        (lambda body: [tag["name"] for tag in body["result"]["tags"]], "result.tags[1].name"),
        (lambda body: [tag.get("box", {}).get("x") for tag in body["result"]["tags"]],
         "result.tags[1].box.x"),
        (lambda body: [value for _, value in body["result"]["tags"][0].items()],
         "result.tags[0].box"),
        (lambda body: list(body["result"]["tags"][0]["box"].values()), "result.tags[0].box.x"),
    ],
)  # fmt: skip
def test_a_traced_answer_tells_the_place_read_last(read: Any, place: str) -> None:
    found = _last(read, BODY)

    assert place == found


@pytest.mark.parametrize(
    ("read", "place"),
    [
        (lambda body: body["missing"], "missing"),
        (lambda body: body["result"]["tags"][0]["box"]["y"], "result.tags[0].box.y"),
        (lambda body: body["result"]["none"]["x"], "result.none"),
    ],
)
def test_a_place_that_is_not_there_is_told_as_well(read: Any, place: str) -> None:
    places = [""]

    with pytest.raises((LookupError, TypeError)):
        read(traced(BODY, lambda place, _: places.append(place)))

    assert place == places[-1]


def test_a_traced_answer_is_equal_to_the_answer() -> None:
    view = traced(BODY, lambda place, value: None)

    assert view == BODY
    assert json.dumps(BODY) == json.dumps(view)
