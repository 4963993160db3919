"""No secret gets out: by its value, an error, a log, the output, a file, or a vendor's echo."""

from __future__ import annotations

import asyncio
import base64
import copy
import html
import json
import logging
import pickle
import re
import stat
import subprocess
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import attrs
import pytest
from faults.watch import CANARIES, Watch
from server import (
    Received,
    Server,
    Step,
    answer,
    answer_by,
    answer_json,
    break_off,
    closed_port,
    silence,
    written,
)

from taggers import AsyncTagger, Policy, Result
from taggers._auth import basic, query
from taggers._keys import Keys, keys_path, store
from taggers._registry import GROUP, Registry
from taggers._secret import bare, without_query
from taggers._wire import Prepared, Request
from taggers.cli import main
from taggers.emulator import Account, Emulator
from taggers.errors import (
    ConfigurationError,
    ConnectFailed,
    DnsFailure,
    InvalidInput,
    LocalResourceError,
    MalformedResponse,
    OutcomeUnknown,
    ProviderError,
    TaggersError,
    TlsFailure,
)
from taggers.plugin import (
    Accepts,
    Base64,
    CredentialsFile,
    Errors,
    Image,
    Provider,
    Rule,
    Secret,
    Setting,
    Settings,
    Tag,
    VendorError,
    errors,
    evolve,
    header,
)
from taggers.testing import png

PICTURE = png(64, 64)
KEY = CANARIES["security_token"]
"""A canary that has to be escaped in a URL."""
ODD = CANARIES["password"]
"""One that has to be escaped everywhere, and that no header can hold."""


def _where(body: Any) -> VendorError | None:
    return VendorError(body["code"], body.get("message", "")) if "code" in body else None


ACME = Provider(
    name="acme",
    title="Acme",
    vendor="Acme",
    request=lambda image, options, settings: Request(
        path="/tags", json={"image": Base64(image.content or b"")}, query=dict(options.native)
    ),
    read=lambda body: [Tag(name, kind="thing") for name in body["tags"]],
    errors=Errors(
        where=_where,
        rules=(Rule(kind=errors.Authentication, codes="bad_key"),),
        request_id_header="x-request-id",
    ),
    accepts=Accepts(formats=("png",)),
    settings=(
        Setting("user", "who"),
        Setting("api_key", "the key", env="ACME_API_KEY", secret=True),
        Setting("password", "the password", env="ACME_PASSWORD", secret=True),
    ),
    credentials=(("api_key",), ("user", "password")),
    authorize=query("key", "api_key"),
    endpoint="https://acme.example.com",
)
IN_HEADER = evolve(ACME, authorize=header("x-api-key", "api_key"))
BY_PASSWORD = evolve(ACME, authorize=basic("user", "password"))
CAT = answer_json({"tags": ["cat"]})


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Looks for canaries; none is seen."""
    with Watch() as watching:
        yield watching
    assert [] == watching.leaks


def _registry(provider: Provider) -> Registry:
    points = (EntryPoint(provider.name, "test_secrets", GROUP),)
    return Registry(points, loaded={provider.name: provider})


async def _loud(work: Callable[[], Awaitable[Any]]) -> Any:
    """The outcome of some work in a loop that logs every callback with its arguments."""
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0.0
    return await work()


def _outcome(provider: str | Provider, **settings: Any) -> Result | TaggersError:
    """What becomes of a call, as loud as can be."""
    if isinstance(provider, Provider):
        settings = {"registry": _registry(provider), **settings}
        provider = provider.name
    options = settings.pop("options", {})
    picture = settings.pop("picture", PICTURE)

    async def ask() -> Result | TaggersError:
        policy = settings.pop("policy", Policy(deadline_s=5, transient_s=0))
        async with AsyncTagger(provider, policy=policy, **settings) as tagger:
            try:
                return await tagger.tag(picture, **options)
            except TaggersError as error:
                return error

    outcome: Result | TaggersError = asyncio.run(_loud(ask))
    return outcome


# The value.


SHOWN: dict[str, Callable[[Secret], Any]] = {
    "repr": repr,
    "str": str,
    "format": lambda secret: f"{secret} {secret!r} {secret:>40}",
    "percent": lambda secret: "%s %r" % (secret, secret),  # noqa: UP031
    "a list": lambda secret: repr([secret]),
    "settings": lambda secret: repr(Settings({"api_key": secret})),
    "asdict": lambda secret: repr(attrs.asdict(attrs.make_class("Holder", ["it"])(secret))),
    "a copy": lambda secret: repr((copy.copy(secret), copy.deepcopy({"it": secret}))),
    "dir": dir,
    "keys": lambda secret: repr(Keys({"ACME_API_KEY": secret.reveal()}, {"A": secret.reveal()})),
    "an account": lambda secret: repr(Account(secret=secret.reveal(), password=secret.reveal())),
    "a request": lambda secret: repr(
        Request(path="/", query={"key": secret.reveal()}, headers={"x-key": secret.reveal()})
    ),
    "a prepared request": lambda secret: repr(
        Prepared(method="GET", url=f"https://a.example/?k={secret.reveal()}", headers={})
    ),
    "a picture's URL": lambda secret: repr(
        Image.from_url(f"https://a.example/a?k={secret.reveal()}")
    ),
}


@pytest.mark.parametrize("way", SHOWN)
@pytest.mark.parametrize("name", ["sk", "password"])
def test_a_secret_does_not_show_itself(watch: Watch, way: str, name: str) -> None:
    shown = SHOWN[way](Secret(CANARIES[name]))

    watch.look(str(shown), "a repr")


@pytest.mark.parametrize(
    "way",
    [
        pickle.dumps,
        lambda secret: pickle.dumps(Settings({"api_key": secret})),
        json.dumps,
        lambda secret: secret.__reduce__(),
        lambda secret: secret.__getstate__(),
        lambda secret: vars(secret),
    ],
)
def test_a_secret_is_not_written_down(watch: Watch, way: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError) as caught:
        way(Secret(KEY))

    watch.look_at_error(caught.value)


def test_copies_of_a_secret_are_as_good() -> None:
    secret = Secret(KEY)

    copies = copy.copy(secret), copy.deepcopy([secret])[0]

    assert [KEY, KEY] == [one.reveal() for one in copies]


# What a vendor says again.


def _inside(text: str, before: bytes) -> str:
    """The base64 of something that ends in this text."""
    return base64.b64encode(before + text.encode()).decode()


ECHOES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "in a URL": lambda text: quote(text, safe=""),
    "in a URL, in small letters": lambda text: re.sub(
        "%..", lambda code: code[0].lower(), quote(text, safe="")
    ),
    "in a form": quote_plus,
    "in a URL in a URL": lambda text: quote(quote(text, safe=""), safe=""),
    "base64": lambda text: _inside(text, b""),
    "base64, one letter on": lambda text: _inside(text, b":"),
    "base64 of a pair": lambda text: _inside(text, b"me:"),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(b"user:" + text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "JSON in JSON": json.dumps,
    "JSON in JSON, with all slashes escaped": lambda text: json.dumps(text).replace("/", "\\/"),
    "XML": html.escape,
}


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("name", CANARIES)
def test_a_secret_is_taken_out_of_a_text_in_any_encoding(
    watch: Watch, name: str, echo: str
) -> None:
    text = CANARIES[name]
    settings = Settings({"api_key": Secret(text), "user": "me"})

    said = settings.redact(f"your key <{ECHOES[echo](text)}> is wrong")

    watch.look(said, "a redacted text")
    assert "***" in said
    assert said.startswith("your key ")
    assert said.endswith(" is wrong")


@pytest.mark.parametrize("echo", ECHOES)
def test_what_a_vendor_says_again_of_a_password_is_kept_nowhere(watch: Watch, echo: str) -> None:
    said = ECHOES[echo](ODD)
    error = {"code": "bad_key", "message": f"wrong: {said}"}
    refused = answer_json(error, 401)
    good = answer_json({"tags": [f"cat {said}"], said: [said, {"deep": said}]})

    for step in (refused, good):
        with Server(step) as server:
            outcome = _outcome(BY_PASSWORD, endpoint=server.url, user="me", password=ODD)

        watch.look(f"{outcome!r} {outcome}", "outcome")
        watch.look(json.dumps(outcome.to_dict(), ensure_ascii=False), "outcome as JSON")
    assert "***" in json.dumps(outcome.to_dict())


def test_a_vendor_that_says_all_it_was_told_again_gives_nothing_away(watch: Watch) -> None:
    def told(request: Received) -> Any:
        everything = f"{request.target} {request.lines}"
        return {"code": everything, "message": everything, "tags": [everything]}

    with Server(answer_by(told)) as server:
        outcomes = [
            _outcome(ACME, endpoint=server.url, api_key=KEY),
            _outcome(IN_HEADER, endpoint=server.url, api_key=KEY),
            _outcome(BY_PASSWORD, endpoint=server.url, user="me", password=ODD),
        ]

    assert all(isinstance(outcome, ProviderError) for outcome in outcomes)
    assert all("***" in str(outcome) for outcome in outcomes)


def test_a_request_id_that_is_the_key_is_not_kept(watch: Watch) -> None:
    with Server(answer(b'{"tags": []}', x_request_id=CANARIES["pat"])) as server:
        outcome = _outcome(IN_HEADER, endpoint=server.url, api_key=CANARIES["pat"])

    assert isinstance(outcome, Result)
    assert "***" == outcome.provenance.request_id


def test_an_answer_without_secrets_stays_as_it_is() -> None:
    body = {"tags": ["cat", "cat1"], "n": 1.5, "more": [None, True, {"a": "b"}]}

    with Server(answer_json(body)) as server:
        outcome = _outcome(IN_HEADER, endpoint=server.url, api_key="cat1")

    assert isinstance(outcome, Result)
    assert (body, "cat1") == (outcome.raw, outcome.tags[1].name)


# Errors with their causes.


BROKEN: dict[str, tuple[Step | None, type[TaggersError], str]] = {
    "a closed port": (None, ConnectFailed, "ConnectionRefusedError"),
    "a connection that is reset": (break_off(reset=True), OutcomeUnknown, "reset by peer"),
    "a connection that ends": (break_off(), OutcomeUnknown, "ServerDisconnectedError"),
    "no HTTP": (break_off(wrote=b"hello\r\n\r\n"), MalformedResponse, "BadStatusLine"),
    "an answer that is cut": (
        break_off(wrote=written(b"{", length=900)),
        MalformedResponse,
        "ClientPayloadError",
    ),
    "no JSON": (
        lambda exchange: exchange.write(written(exchange.read().target.encode())),
        MalformedResponse,
        "JSONDecodeError",
    ),
    "no UTF-8": (
        lambda exchange: exchange.write(written(b"\xff" + exchange.read().target.encode())),
        MalformedResponse,
        "UnicodeDecodeError",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("provider", [ACME, IN_HEADER], ids=["query", "header"])
def test_an_error_holds_no_secret_in_any_of_its_causes_and_says_the_reason(
    watch: Watch, provider: Provider, fault: str
) -> None:
    step, kind, reason = BROKEN[fault]

    with Server(step or CAT) as server:
        url = server.url if step else closed_port()
        outcome = _outcome(provider, endpoint=url, api_key=KEY)

    assert kind is type(outcome)
    assert reason in repr(outcome.__cause__)  # type: ignore[union-attr]


def test_a_name_that_does_not_resolve_keeps_the_resolvers_reason(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")

    outcome = _outcome(ACME, endpoint="http://nobody.invalid", api_key=KEY)

    assert isinstance(outcome, DnsFailure)
    assert "gaierror" in repr(outcome.__cause__)


def test_a_server_without_tls_keeps_its_reason(watch: Watch) -> None:
    with Server(break_off("nothing", written(b""))) as server:
        url = server.url.replace("http:", "https:")
        outcome = _outcome(ACME, endpoint=url, api_key=KEY)

    assert isinstance(outcome, TlsFailure)
    assert "SSL" in repr(outcome.__cause__)


def test_running_out_of_time_tells_no_secret(watch: Watch) -> None:
    with Server(silence()) as server:
        policy = Policy(deadline_s=0.2)
        outcome = _outcome(ACME, endpoint=server.url, api_key=KEY, policy=policy)

    assert isinstance(outcome, TaggersError)


def test_a_proxys_password_is_told_nobody(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    for answered in (answer(b"", 407), break_off(reset=True)):
        with Server(answered) as proxy:
            monkeypatch.setenv("http_proxy", f"http://me:{CANARIES['sk']}@{proxy.host}")
            monkeypatch.delenv("no_proxy", raising=False)
            outcome = _outcome(ACME, endpoint="http://acme.example.com", api_key=KEY)

        assert isinstance(outcome, TaggersError)


NO_URLS = evolve(ACME, accepts=Accepts(formats=("png",), sources=("content",)))
SIGNED = "signed-by-the-owner-of-the-picture"


@pytest.mark.parametrize(
    ("provider", "fetch", "url"),
    [
        (ACME, False, f"https://photos.example.com/cat.png?signature={SIGNED}"),
        (NO_URLS, False, f"https://photos.example.com/cat.png?signature={SIGNED}"),
        (NO_URLS, True, f"http://127.0.0.1:1/cat.png?signature={SIGNED}"),
        (NO_URLS, True, f"http://nobody.invalid/cat.png?signature={SIGNED}"),
        (NO_URLS, True, f"https://me:{SIGNED}@photos.example.com/cat.png"),
        (NO_URLS, True, f"ftp://photos.example.com/cat.png?signature={SIGNED}"),
    ],
    ids=range(6),
)
def test_a_pictures_signed_url_is_not_repeated(provider: Provider, fetch: bool, url: str) -> None:
    outcome = _outcome(
        provider,
        endpoint=closed_port(),
        api_key="not a canary",
        picture=url,
        options={"fetch": fetch},
    )

    assert isinstance(outcome, TaggersError)
    assert SIGNED not in "".join(traceback.format_exception(outcome))
    assert SIGNED not in f"{outcome!r} {outcome.to_dict()} {outcome.__cause__!r}"


def test_credentials_do_not_follow_a_redirect(watch: Watch) -> None:
    with Server(CAT) as elsewhere:
        moved = answer(b"", 307, location=f"{elsewhere.url}/tags")
        with Server(moved) as server:
            outcome = _outcome(IN_HEADER, endpoint=server.url, api_key=KEY)

    assert isinstance(outcome, MalformedResponse)
    assert [] == elsewhere.requests


# What cannot be sent.


@pytest.mark.parametrize("odd", ["\n", "\r\n", "\0", "\x7f", "\udc80"])
def test_a_key_with_what_no_key_holds_is_refused_and_not_repeated(watch: Watch, odd: str) -> None:
    outcome = _outcome(IN_HEADER, endpoint=closed_port(), api_key=KEY + odd)

    assert isinstance(outcome, ConfigurationError)
    assert "another character that no key has" in str(outcome)


def test_a_header_with_a_letter_that_cannot_be_sent_is_not_repeated(watch: Watch) -> None:
    outcome = _outcome(IN_HEADER, endpoint=closed_port(), api_key=KEY + "é")

    assert isinstance(outcome, ConfigurationError)
    assert "'x-api-key' holds a character that cannot be sent" in str(outcome)


def test_a_request_that_cannot_be_written_is_not_repeated(watch: Watch) -> None:
    told = Request(path="/", json={"key": KEY, "odd": "\udc80"})

    outcome = _outcome(
        evolve(ACME, request=lambda *_: told), endpoint=closed_port(), api_key="not a canary"
    )

    assert isinstance(outcome, InvalidInput)
    assert "surrogates not allowed" in str(outcome)


def test_a_password_in_an_endpoint_is_not_repeated(watch: Watch) -> None:
    endpoint = f"https://me:{CANARIES['sk']}@acme.example.com?key={KEY}"

    outcome = _outcome(ACME, endpoint=endpoint, api_key="not a canary")

    assert isinstance(outcome, ConfigurationError)
    assert "'https://acme.example.com?***' must be a URL" in str(outcome)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/p?k=v#f", "https://a.example/p?***"),
        ("https://me:pw@a.example:8443/p", "https://a.example:8443/p"),
        ("https://[half", "***"),
        ("photos/what?.jpg", "photos/what?.jpg"),
    ],
)
def test_a_url_is_shown_without_what_may_be_secret(url: str, shown: str) -> None:
    assert shown == without_query(url)


def test_a_cause_keeps_its_kind_and_number() -> None:
    refused = bare(ConnectionRefusedError(111, "Connection refused"))

    assert (ConnectionRefusedError, 111) == (type(refused), refused.errno)  # type: ignore[attr-defined]


# Files of keys.


def test_stored_keys_are_their_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keys.toml"

    store(path, "ACME_API_KEY", KEY)
    store(path, "ACME_OTHER", "x")

    assert [0o600, 0o700] == [stat.S_IMODE(it.stat().st_mode) for it in (path, path.parent)]


def test_keys_that_cannot_be_stored_leave_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.mkdir()
    (path / "in the way").touch()

    with pytest.raises(ConfigurationError):
        store(path / "..", "ACME_API_KEY", KEY)

    assert [path] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content",
    [f"ACME = {KEY}", f'ACME = "{KEY}', f'ACME = "{KEY}" "{KEY}"', KEY, f"ACME = ['{KEY}']"],
    ids=range(5),
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_damaged_file_of_keys_is_not_quoted(watch: Watch, content: str, encoding: str) -> None:
    keys_path().write_text(content, encoding)
    keys_path().chmod(0o600)

    with pytest.raises(ConfigurationError, match=r"keys\.toml"):
        Keys.load()


@pytest.mark.parametrize(
    "content",
    [
        KEY,
        f"sk = {KEY}",
        f"[basic]\nsk\n{KEY}",
        f"[basic]\nsk = 1\nsk = {KEY}",
        f"[basic]\n{CANARIES['sk']}",
    ],
    ids=range(5),
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_damaged_file_of_the_vendors_is_not_quoted(
    watch: Watch, tmp_path: Path, content: str, encoding: str
) -> None:
    path = tmp_path / "credentials"
    path.write_text(content, encoding)
    file = CredentialsFile(str(path), "ACME_FILE", "basic")

    with pytest.raises(ConfigurationError, match="cannot be read"):
        Keys({"ACME_FILE": str(path)}, {}).of_vendor(file)


# Everything that is said of a call.


ACCOUNTS: dict[str, tuple[Account, dict[str, str]]] = {
    "huawei-tagging-v2": (
        Account(
            key_id=CANARIES["ak"],
            secret=CANARIES["sk"],
            session_token=CANARIES["security_token"],
        ),
        {},
    ),
    "huawei-media-tagging": (
        Account(password=ODD),
        {"ak": "", "sk": "", "password": ODD, "user": "emulator", "domain": "emulator"},
    ),
    "tencent-detect-label": (
        Account(
            key_id=CANARIES["secret_id"],
            secret=CANARIES["secret_key"],
            session_token=CANARIES["token"],
        ),
        {},
    ),
    "tencent-detect-label presigned": (
        Account(
            key_id=CANARIES["secret_id"],
            secret=CANARIES["secret_key"],
            session_token=CANARIES["token"],
        ),
        {"presigned": "yes"},
    ),
    "google-vision": (Account(secret=CANARIES["api_key"], key_id=CANARIES["api_key"]), {}),
    "imagga-tags": (Account(key_id=CANARIES["api_key"], secret=CANARIES["api_secret"]), {}),
    "clarifai": (Account(secret=CANARIES["pat"]), {}),
}
FAULTS: dict[str, dict[str, Any]] = {
    "none": {},
    "throttle": {"do": "throttle", "times": 1},
    "reset-before": {"do": "reset-before", "times": 1},
    "reset-after": {"do": "reset-after"},
    "silence": {"do": "silence"},
    "truncate": {"do": "truncate"},
    "malformed": {"do": "malformed"},
    "html": {"do": "html"},
}


def _signing_in(name: str, emulator: Emulator) -> dict[str, Any]:
    """The settings of a provider, with its canaries."""
    given = dict(emulator.settings(name.partition(" ")[0]))
    given |= ACCOUNTS[name][1]
    if "password" in given:
        given["iam_endpoint"] = emulator.url
    return {key: value for key, value in given.items() if value}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", ACCOUNTS)
def test_a_call_tells_no_secret_however_it_ends(
    watch: Watch, tmp_path: Path, name: str, fault: str
) -> None:
    with Emulator(account=ACCOUNTS[name][0]) as emulator:
        if FAULTS[fault]:
            emulator.fail(**{"fault": FAULTS[fault]["do"], **_without_do(FAULTS[fault])})
        outcome = _outcome(
            name.partition(" ")[0],
            cache=tmp_path,
            policy=Policy(
                deadline_s=1.5 if fault == "silence" else 10, transient_s=0, throttle_s=0
            ),
            **_signing_in(name, emulator),
        )

    watch.look(f"{outcome!r} {outcome}", "outcome")
    assert fault not in ("none", "throttle") or isinstance(outcome, Result)
    assert watch.looked_at["log"] > 10


def _without_do(fault: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fault.items() if name != "do"}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_a_wrong_key_is_not_repeated(watch: Watch, name: str) -> None:
    secrets = {
        "ak", "sk", "security_token", "secret_id", "secret_key", "token", "api_key", "api_secret",
        "pat", "password",
    }  # fmt: skip

    with Emulator(account=Account(key_id="another", secret="another", password="x")) as emulator:
        given = _signing_in(name, emulator)
        wrong = {key: CANARIES[key] if key in secrets else it for key, it in given.items()}
        outcome = _outcome(name.partition(" ")[0], **wrong)

    assert isinstance(outcome, errors.Authentication)


@pytest.mark.parametrize(
    ("provider", "name"), [("huawei-tagging-v2", "auth_token"), ("google-vision", "access_token")]
)
def test_a_ready_token_is_not_repeated(watch: Watch, provider: str, name: str) -> None:
    def told(request: Received) -> Any:
        return {"error_code": "ModelArts.4204", "error_msg": str(request.lines)}

    more = {"project_id": "p"} if provider.startswith("huawei") else {}
    with Server(answer_by(told)) as server:
        outcome = _outcome(provider, endpoint=server.url, **{name: CANARIES[name]}, **more)

    assert isinstance(outcome, TaggersError)
    assert CANARIES[name] in str(server.requests[0].lines)


# The command line.


ENVIRONMENT = {
    "HUAWEICLOUD_SDK_AK": "ak",
    "HUAWEICLOUD_SDK_SK": "sk",
    "HUAWEICLOUD_SDK_SECURITY_TOKEN": "security_token",
    "TENCENTCLOUD_SECRET_ID": "secret_id",
    "TENCENTCLOUD_SECRET_KEY": "secret_key",
    "TENCENTCLOUD_TOKEN": "token",
    "GOOGLE_API_KEY": "api_key",
    "CLARIFAI_PAT": "pat",
}
CONFIG = """
default = "hw"
[providers.hw]
plugin = "huawei-tagging-v2"
project_id = "emulator"
endpoint = "{url}"
sk = "${{HUAWEICLOUD_SDK_SK}}"
[providers.pw]
plugin = "huawei-tagging-v1"
user = "me"
domain = "emulator"
password = "${{HW_USER_PASSWORD}}"
[store]
cache = true
"""
COMMANDS = [
    ["tag", "cat.png"],
    ["tag", "cat.png", "-f", "json"],
    ["tag", "cat.png", "-f", "csv"],
    ["tag", "cat.png", "-f", "table"],
    ["tag", "cat.png", "-p", "pw"],
    ["config", "show"],
    ["config", "check"],
    ["config", "path"],
    ["providers"],
    ["providers", "list", "-f", "json"],
    ["providers", "show", "hw"],
    ["providers", "show", "pw"],
    ["providers", "show", "google-vision"],
    ["doctor"],
    ["keys", "list"],
    ["cache", "info"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("good", [True, False], ids=["right keys", "wrong keys"])
def test_no_command_prints_a_secret(
    watch: Watch,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    command: list[str],
    good: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cat.png").write_bytes(PICTURE)
    for variable, name in ENVIRONMENT.items():
        monkeypatch.setenv(variable, CANARIES[name])
    store(keys_path(), "HW_USER_PASSWORD", ODD)
    account = ACCOUNTS["huawei-tagging-v2"][0] if good else Account()

    with Emulator(account=account) as emulator:
        Path("taggers.toml").write_text(CONFIG.format(url=emulator.url))
        with pytest.raises(SystemExit):
            main(command)
    said = capfd.readouterr()

    watch.look(said.out, "output")
    watch.look(said.err, "output")
    assert said.out + said.err


def test_keys_are_never_taken_from_the_command_line(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "taggers", "keys", "set", "CLARIFAI_PAT"],
        input=CANARIES["pat"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    watch.look(done.stdout + done.stderr, "output")
    assert CANARIES["pat"] in keys_path().read_text()
    assert watch.looked_at["child"] > 0


# The watch itself.


LEAKS: dict[str, Callable[[str], Any]] = {
    "a log": lambda key: logging.getLogger("anybody").debug("asks with %s", key),
    "an error": lambda key: LocalResourceError(f"no way with {key}"),
    "an error's cause": lambda key: _raised(LocalResourceError("no way"), OSError(key)),
    "an error's attribute": lambda key: setattr(LocalResourceError("no"), "hint", key),
    "a child": lambda key: subprocess.run([sys.executable, "-c", "", key], check=True),
    "what a child says": lambda key: subprocess.run(
        [sys.executable, "-c", "print(input())"],
        input=key.encode(),
        check=True,
        capture_output=True,
    ),
    "base64": lambda key: logging.getLogger("anybody").info(_inside(key, b"me:")),
    "hex": lambda key: logging.getLogger("anybody").info(key.encode().hex()),
}


def _raised(error: TaggersError, cause: Exception) -> None:
    error.__cause__ = cause


@pytest.mark.parametrize("way", LEAKS)
@pytest.mark.parametrize("name", CANARIES)
def test_the_watch_sees_every_leak(way: str, name: str) -> None:
    with Watch(alone=True) as watch:
        LEAKS[way](CANARIES[name])

    assert {name} == {leak.name for leak in watch.leaks}


def test_the_watch_looks_into_files_and_results(tmp_path: Path) -> None:
    with Server(CAT) as server, Watch(alone=True) as watch:
        (tmp_path / "journal").write_text(KEY)
        outcome = _outcome(IN_HEADER, endpoint=server.url, api_key="y" * 9)
    (tmp_path / "journal").unlink()

    assert isinstance(outcome, Result)
    assert ["file journal"] == [leak.where for leak in watch.leaks]
    assert watch.looked_at["result"] > 1
