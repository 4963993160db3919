"""`taggers plugin record`: what it writes replays, and tells nobody's keys, ids or pictures."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from attrs import evolve

from taggers import Result
from taggers._registry import installed
from taggers.cli import main
from taggers.emulator import Account, Emulator
from taggers.library import Library
from taggers.plugin import (
    Accepts,
    BoundingBox,
    Provider,
    Region,
    Request,
    Setting,
    Settings,
    Tag,
)
from taggers.testing import Exchange, png
from taggers.testing._leaks import leak
from taggers.testing._lean import lean
from taggers.testing._shorten import shortened
from taggers.testing._stand_ins import Hidden, Scrub, hidden
from tests.server import Server, Step, answer, answer_json, break_off, written

ACCOUNT = Account(
    key_id="AKIDz8krbsJ5yKBZQpn7",
    secret="Gu5t9x/ARN+q86cd???joQYCN3Coz=k1qA",
    project_id="5f1c0b3a9d7e4c2f8a6b0e1d2c3f4a5b",
    bucket="annas-photos-1305559999",
    user="anna.miller",
    password="correct horse/battery",
    domain="millers-account",
)
TOLD = (
    ACCOUNT.key_id, ACCOUNT.secret, ACCOUNT.project_id, ACCOUNT.bucket, "1305559999",
    ACCOUNT.user, ACCOUNT.password, ACCOUNT.domain,
)  # fmt: skip

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Calls the command in an empty folder: its exit code and stderr."""
    monkeypatch.chdir(tmp_path)

    def called(*arguments: str | Path) -> tuple[int, str]:
        with pytest.raises(SystemExit) as exit_:
            main(["plugin", "record", *map(str, arguments)])
        return int(exit_.value.code or 0), capsys.readouterr().err

    return called


def _configure(monkeypatch: pytest.MonkeyPatch, emulator: Emulator, name: str, **more: Any) -> None:
    """Lets the emulator be asked for a provider, as a user would: keys in the environment."""
    settings = {**emulator.settings(name), **more}
    secrets = {s.name: s.env or "" for s in installed().provider(name).settings if s.secret}
    lines = [f'[providers.{name}]\nplugin = "{name}"']
    for key, value in settings.items():
        if key in secrets:
            monkeypatch.setenv(secrets[key], str(value))
        elif value is not None:
            lines.append(f"{key} = {json.dumps(value)}")
    Path("taggers.toml").write_text("\n".join(lines))


def _fill_library(emulator: Emulator, photos: Path) -> None:
    with emulator.tagger("huawei-image-search") as tagger:
        library = Library(tagger, "huawei-image-search")
        for name in ("cat", "coffee", "boats"):
            library.add(f"shop/{name}", photos / f"{name}.jpg", {"kind": name})


def _recorded(path: str = "out.json") -> Exchange:
    return Exchange.load(Path(path))


def _check(exchange: Exchange) -> None:
    exchange.check(installed().provider(exchange.provider))


@pytest.mark.parametrize(
    "name",
    [
        "huawei-tagging-v2",
        "huawei-media-tagging-det",
        "huawei-image-search",
        "huawei-image-search-v2",
        "tencent-detect-label",
    ],
)
def test_a_recorded_call_replays_and_tells_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch, photos: Path, name: str
) -> None:
    with Emulator(account=ACCOUNT) as emulator:
        _fill_library(emulator, photos)
        _configure(monkeypatch, emulator, name)
        code, said = run(photos / "cat.jpg", "-p", name, "-o", "out.json", "--about", "a cat")

    text = Path("out.json").read_text("utf-8")
    exchange = _recorded()
    _check(exchange)
    assert 0 == code, said
    assert [] == [one for one in (*TOLD, "cat.jpg", str(photos)) if one in text]
    assert exchange.about.startswith("a cat; recorded on 20")
    assert "from 127.0.0.1, emulated" in exchange.about
    assert {"width": 451, "height": 300} == exchange.image
    assert exchange.result


def test_it_replays_in_another_process(
    run: Run, monkeypatch: pytest.MonkeyPatch, photos: Path
) -> None:
    with Emulator(account=ACCOUNT) as emulator:
        _configure(monkeypatch, emulator, "huawei-media-tagging-det")
        run(photos / "cat.jpg", "-p", "huawei-media-tagging-det", "-o", "exchanges/cat.json")
    program = """
from pathlib import Path
from taggers.testing import cases
all_ = cases("huawei-media-tagging-det", Path("exchanges"))
mine = [case for case in all_ if "cat: " in str(case)]
for case in mine: case.check()
print(len(mine) > 10)
"""

    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )

    assert "True\n" == said.stdout, said.stderr


def test_an_upload_is_recorded_with_all_its_steps_under_the_name_of_every_replay(
    run: Run, monkeypatch: pytest.MonkeyPatch, photos: Path
) -> None:
    with Emulator(account=ACCOUNT) as emulator:
        _configure(monkeypatch, emulator, "tencent-detect-label", scenes=["web", "camera"])
        run(photos / "cat.jpg", "-p", "tencent-detect-label", "-o", "out.json")

    exchange = _recorded()
    _check(exchange)
    assert ["PUT", "GET", "DELETE"] == [step["request"]["method"] for step in exchange.wire]
    assert {"/taggers/0123456789abcdef0123456789abcdef.png"} == {
        step["request"]["path"] for step in exchange.wire
    }
    assert ["web", "camera"] == exchange.settings["scenes"]
    assert {"web", "camera"} == {tag["source"] for tag in (exchange.result or {})["tags"]}


def test_options_are_part_of_the_exchange(
    run: Run, monkeypatch: pytest.MonkeyPatch, photos: Path
) -> None:
    with Emulator() as emulator:
        _configure(monkeypatch, emulator, "huawei-tagging-v2")
        run(
            photos / "cat.jpg", "-p", "huawei-tagging-v2", "-o", "out.json",
            "--limit", "2", "--min-confidence", "0.1", "--language", "en",
        )  # fmt: skip

    assert {"limit": 2, "min_confidence": 0.1, "language": "en"} == _recorded().options
    _check(_recorded())


def test_a_refusal_is_an_exchange_too(
    run: Run, monkeypatch: pytest.MonkeyPatch, photos: Path
) -> None:
    with Emulator(account=ACCOUNT) as emulator:
        _configure(monkeypatch, emulator, "huawei-tagging-v2", sk="another secret")
        code, said = run(photos / "cat.jpg", "-p", "huawei-tagging-v2", "-o", "out.json")

    exchange = _recorded()
    _check(exchange)
    assert 0 == code, said
    assert exchange.error is not None
    assert ("Authentication", 401) == (exchange.error["kind"], exchange.error["status"])
    assert [] == [one for one in TOLD if one in Path("out.json").read_text("utf-8")]


def test_a_call_that_was_throttled_first_is_recorded_with_both_answers(
    run: Run, monkeypatch: pytest.MonkeyPatch, photos: Path
) -> None:
    with Emulator() as emulator:
        _configure(monkeypatch, emulator, "huawei-tagging-v2")
        emulator.fail("throttle", times=1)
        run(photos / "cat.jpg", "-p", "huawei-tagging-v2", "-o", "out.json")

    _check(_recorded())
    assert [429, 200] == [step["response"]["status"] for step in _recorded().wire]


def test_signing_in_by_password_leaves_no_token(
    run: Run, monkeypatch: pytest.MonkeyPatch, photos: Path
) -> None:
    person = {"user": ACCOUNT.user, "password": ACCOUNT.password, "domain": ACCOUNT.domain}
    with Emulator(account=ACCOUNT) as emulator:
        _configure(
            monkeypatch, emulator, "huawei-tagging-v2",
            ak="", sk="", iam_endpoint=emulator.url, **person,
        )  # fmt: skip
        code, said = run(photos / "cat.jpg", "-p", "huawei-tagging-v2", "-o", "out.json")
        tokens = list(emulator._service.world.tokens)

    exchange = _recorded()
    _check(exchange)
    assert 0 == code, said
    assert 1 == len(tokens)
    assert [] == [one for one in (*TOLD, *tokens) if one in Path("out.json").read_text("utf-8")]
    assert {"x-subject-token": "EXAMPLEAUTHTOKEN"}.items() <= exchange.wire[0]["response"][
        "headers"
    ].items()


def test_a_clock_that_is_set_right_is_wrong_in_the_replay_too(
    run: Run, monkeypatch: pytest.MonkeyPatch, photos: Path
) -> None:
    with Emulator(now=lambda: time.time() + 7200) as emulator:
        _configure(monkeypatch, emulator, "huawei-tagging-v2")
        run(photos / "cat.jpg", "-p", "huawei-tagging-v2", "-o", "out.json")

    exchange = _recorded()
    _check(exchange)
    assert [401, 200] == [step["response"]["status"] for step in exchange.wire]
    [warning] = (exchange.result or {})["warnings"]
    assert re.fullmatch(r"this machine's clock is -(7199|7200) s off; set it", warning)


SECRET = ACCOUNT.secret


def _tagged(name: str, **more: Any) -> dict[str, Any]:
    """A good answer of Huawei's with one tag."""
    tag = {"tag": name, "type": "x", "confidence": "90", "instances": []}
    return {"result": {"tags": [tag]}, **more}


@pytest.fixture
def ask(run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, int]]:
    """Records a call to a server that answers like this: exit code, stderr, requests received."""

    def asked(step: Step, *arguments: str, **settings: str) -> tuple[int, str, int]:
        with Server(step) as server, Emulator(account=ACCOUNT) as emulator:
            _configure(monkeypatch, emulator, "huawei-tagging-v2", endpoint=server.url, **settings)
            Path("cat.png").write_bytes(png(64, 48))
            code, said = run("cat.png", "-p", "huawei-tagging-v2", "-o", "out.json", *arguments)
            return code, said, len(server.requests)

    return asked


Ask = Callable[..., tuple[int, str, int]]


@pytest.mark.parametrize(
    ("encoding", "echo"),
    [
        ("base64", base64.b64encode(f"key:{SECRET}".encode()).decode()),
        ("base64", base64.b64encode(f"keys:{SECRET}!".encode()).decode()),
        ("base64", base64.b64encode(f"a key:{SECRET}".encode()).decode()),
        ("base64", base64.encodebytes(f"{'a long text ' * 4}{SECRET}".encode()).decode()),
        ("URL-safe base64", base64.urlsafe_b64encode(f"k:\xff\xfe{SECRET}\xff".encode()).decode()),
        ("hex", SECRET.encode().hex()[:-2] + f"{ord(SECRET[-1]):02X}g"),
        ("hex", SECRET.encode().hex(":").upper()),
        ("reversed", SECRET[::-1]),
        ("plain text or escaped", SECRET.swapcase()),
        ("plain text or escaped", "".join(f"%{byte:02x}" for byte in SECRET.encode())),
        ("plain text or escaped", f"%{ord(SECRET[0]):02x}{SECRET[1:]}"),
        ("plain text or escaped", quote("".join(f"%{byte:02X}" for byte in SECRET.encode()))),
        ("plain text or escaped", "".join(f"\\u{ord(sign):04x}" for sign in SECRET)),
        ("plain text or escaped", "".join(f"&#{ord(sign)};" for sign in SECRET)),
    ],
)
def test_a_secret_in_another_encoding_is_refused(ask: Ask, encoding: str, echo: str) -> None:
    code, said, _ = ask(answer_json(_tagged(f"cat ({echo})")))

    assert 3 == code
    assert f"sk still stands in the exchange ({encoding})" in said
    assert SECRET not in said
    assert echo not in said
    assert ["cat.png", "taggers.toml"] == sorted(path.name for path in Path().iterdir())


@pytest.mark.parametrize(
    "step",
    [
        answer_json(_tagged(f"cat {SECRET}")),
        answer_json(_tagged(f"cat {quote(SECRET, safe='')}")),
        answer_json(_tagged(f"cat {json.dumps({'sk': SECRET})}")),
        answer_json({**_tagged("cat"), SECRET: [SECRET]}),
        answer(json.dumps(_tagged("cat")).encode(), x_request_id=SECRET, x_other=SECRET),
        answer(json.dumps(_tagged("cat")).encode(), x_request_id=SECRET.encode().hex()),
        answer(f"<html>{SECRET}</html>".encode(), 418, content_type="text/html"),
        answer_json(
            {
                "error_code": "APIGW.0301",
                "error_msg": f"verify ak {ACCOUNT.key_id} sk {SECRET} signature fail, canonical "
                f"request: POST|/v2/{ACCOUNT.project_id}/image/tagging/||host:example|",
            },
            401,
        ),
    ],
)
def test_a_secret_that_the_vendor_repeats_gives_way_to_its_stand_in(ask: Ask, step: Step) -> None:
    code, said, _ = ask(step)

    text = Path("out.json").read_text("utf-8")
    _check(_recorded())
    assert 0 == code, said
    assert [] == [
        one for one in (*TOLD, quote(SECRET, safe=""), SECRET.encode().hex()) if one in text
    ]


def test_an_uploads_name_in_an_answer_is_that_of_every_replay(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(exchange: Any) -> None:
        asked = exchange.read()
        resource = f"{asked.target.partition('?')[0]} of 1305559999"
        body = f"<Error><Code>AccessDenied</Code><Resource>{resource}</Resource></Error>"
        exchange.write(written(body.encode() if asked.method == "GET" else b"", 200))

    with Server(refuse) as server, Emulator(account=ACCOUNT) as emulator:
        _configure(monkeypatch, emulator, "tencent-detect-label", endpoint=server.url)
        Path("cat.png").write_bytes(png(64, 64))
        code, said = run("cat.png", "-p", "tencent-detect-label", "-o", "out.json")

    assert 0 == code, said
    _check(_recorded())
    text = _recorded().wire[1]["response"]["text"]
    assert "<Resource>/taggers/0123456789abcdef0123456789abcdef.png of 1234567890<" in text


def test_an_accounts_number_gives_way_as_a_number_too() -> None:
    found = [Hidden("bucket", "1305559999", "1234567890")]

    made = Scrub.of(found, ())({"app": 1305559999, "size": 7, "on": True, "score": 0.5})

    assert {"app": 1234567890, "size": 7, "on": True, "score": 0.5} == made


def test_what_is_said_about_it_may_not_hold_a_secret_either(ask: Ask) -> None:
    code, said, _ = ask(answer_json(_tagged("cat")), "--about", f"asked with {ACCOUNT.key_id}")

    assert (3, True) == (code, "ak still stands in the exchange" in said)
    assert not Path("out.json").exists()


def test_people_folders_and_ids_give_way_to_stand_ins_which_stay_the_same(ask: Ask) -> None:
    uuid = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    echo = f"/home/anna/cat.jpg C:\\Users\\anna\\x.png anna@miller.example {uuid} {uuid}"

    ask(answer_json(_tagged("cat", trace_id="Zm9vYmFy:17", request_id=uuid, note=echo)))

    body = _recorded().wire[0]["response"]["json"]
    id_ = body["request_id"]
    assert "00000000:01" == body["trace_id"].replace("2", "1")
    assert len(uuid) == len(id_)
    assert {"0", "-", id_[-1]} == set(id_)
    assert (
        f"/home/example/cat.jpg C:\\Users\\example\\x.png someone@example.com {id_} {id_}"
        == (body["note"])
    )


def test_a_picture_that_comes_back_gives_way_to_a_plain_one(
    run: Run, monkeypatch: pytest.MonkeyPatch, photos: Path
) -> None:
    with Emulator() as emulator:
        _configure(monkeypatch, emulator, "huawei-dark-enhance")
        run(photos / "cat.jpg", "-p", "huawei-dark-enhance", "-o", "out.json")

    _check(_recorded())
    made = (_recorded().result or {})["images"]
    assert [base64.b64encode(png(8, 8)).decode()] == [one["content"] for one in made]


def test_a_pictures_url_is_not_written_down(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with Emulator(account=ACCOUNT) as emulator:
        _configure(monkeypatch, emulator, "huawei-bgm")
        run("https://cdn.miller.example/anna.mp4?sign=abc", "-p", "huawei-bgm", "-o", "out.json")

    _check(_recorded())
    assert {"url": "https://example.com/picture.jpg"} == _recorded().image
    assert "miller" not in Path("out.json").read_text("utf-8")


def test_a_file_is_replaced_only_by_force_and_before_that_nobody_is_asked(ask: Ask) -> None:
    Path("out.json").write_text("mine")

    kept = ask(answer_json(_tagged("cat")))
    was = Path("out.json").read_text()
    forced = ask(answer_json(_tagged("cat")), "--force")

    assert ((2, 0), "mine") == ((kept[0], kept[2]), was)
    assert (0, 1) == (forced[0], forced[2])
    _check(_recorded())


def test_a_call_without_an_answer_is_not_recorded(ask: Ask) -> None:
    code, said, _ = ask(break_off("request"))

    assert (2, True) == (code, "it may have done the work" in said)
    assert not Path("out.json").exists()


def test_an_answer_that_is_nested_too_deeply_is_not_recorded(ask: Ask) -> None:
    deep = b'{"result": {"tags": []}, "x": ' + b"[" * 900 + b"]" * 900 + b"}"

    code, said, _ = ask(answer(deep))

    assert (2, True) == (code, "nested too deeply" in said)
    assert not Path("out.json").exists()


def test_a_setting_that_is_a_common_word_spoils_no_exchange(ask: Ask) -> None:
    code, said, _ = ask(answer_json(_tagged("cat")), project_id="result")

    assert 2 == code
    assert "the call ended in 1 tags, and its replay ends in MalformedResponse" in said
    assert not Path("out.json").exists()


def test_a_projects_name_that_is_a_regions_is_nobodys(ask: Ask) -> None:
    code, said, _ = ask(answer_json(_tagged("cn-north-4")), project_name="cn-north-4")

    assert (0, "cn-north-4") == (code, _recorded().settings["project_name"]), said


@pytest.mark.parametrize(
    ("pattern", "text", "instead"),
    [
        (r"[a-z0-9][a-z0-9-]*-\d+", "annas-photos-1305559999", "examp-exampl-1234567890"),
        (r"[A-Za-z0-9-]{1,64}", ACCOUNT.project_id, "0123456789abcdef" * 2),
        (None, "7C9E6679-7425-40de-944b-e07fc1f90ae7", "01234567-89ab-cdef-0123-456789abcdef"),
        (None, "Anna Müller", "exam exampl"),
        ("https?://.+", "https://iam.miller.example/v3", "https://example.com"),
        (r"0[a-f0-9]{15}", "0fedcba987654321", "0123456789abcdef"),
        (r"v[0-9]|example", "v2", "example"),
    ],
)
def test_a_stand_in_has_the_shape_of_what_it_stands_for(
    pattern: str | None, text: str, instead: str
) -> None:
    provider = evolve(
        installed().provider("huawei-tagging-v2"),
        settings=(Setting("place", "", pattern=pattern),),
        credentials=(),
    )

    found, *_ = hidden(provider, Settings({"place": text}))

    assert instead == found.instead


def test_a_provider_on_this_machine_has_no_wire_to_record(run: Run, photos: Path) -> None:
    code, said = run(photos / "cat.jpg", "-p", "local-basic")

    assert (2, True) == (code, "it sends nothing" in said)


def test_lists_keep_what_shows_a_kind_of_leaf_for_the_first_time() -> None:
    body = {
        "labels": [
            {"name": "cat", "box": [0, 0, 10, 20]},
            {"name": "dog", "box": [5, 5, 10, 20]},
            {"name": "ant", "box": None},
            {"name": "fly", "box": [5, 5, 10, 20], "parents": [{"id": 1}, {"id": 2}]},
        ]
    }

    made = shortened({"status": 200, "json": body}, ["/labels", "/labels/parents"])

    assert ["cat", "ant", "fly"] == [label["name"] for label in made["json"]["labels"]]
    assert [{"id": 1}] == made["json"]["labels"][2]["parents"]
    assert 4 == len(body["labels"])


def test_repeated_elements_are_a_list() -> None:
    text = "<R><L><N>cat</N></L><L><N>dog</N></L><L><N>ant</N><S>1</S></L></R>"

    made = shortened({"status": 200, "text": text}, ["/L"])

    assert "<R><L><N>cat</N></L><L><N>ant</N><S>1</S></L></R>" == made["text"]


def test_a_long_answer_is_short_when_recorded(ask: Ask) -> None:
    tags = [_tagged(f"tag {number}")["result"]["tags"][0] for number in range(500)]
    box = {"bounding_box": {"top_left_x": 1, "top_left_y": 2, "width": 30, "height": 40}}
    tags[7]["instances"] = [{**box, "confidence": "80"}, {**box, "confidence": "70"}]

    ask(answer_json({"result": {"tags": tags}}))

    exchange = _recorded()
    _check(exchange)
    result = exchange.result or {}
    assert ["tag 0", "tag 7"] == [tag["name"] for tag in result["tags"]]
    assert 1 == len(result["tags"][1]["regions"])
    assert exchange.about.endswith("; 499 items of its lists left out")


def test_a_list_whose_items_belong_together_stays_whole() -> None:
    def read(body: Any) -> Any:
        corners = body["corners"]
        xs, ys = ([corner[axis] for corner in corners] for axis in "xy")
        box = BoundingBox.from_corners(min(xs), min(ys), max(xs), max(ys))
        yield Tag(name="cat", regions=(Region(box),))

    provider = Provider(
        name="corners",
        title="",
        vendor="",
        request=lambda image, options, settings: Request(path="/"),
        read=read,
        accepts=Accepts(formats=("png",)),
        endpoint="https://example.com",
    )
    body = {"corners": [{"x": 1, "y": 2}, {"x": 30, "y": 2}, {"x": 30, "y": 40}]}
    whole = Exchange(
        provider="corners", about="", wire=({"response": {"status": 200, "json": body}},)
    )

    short = lean(whole, provider)

    assert isinstance(whole.play(provider)[0], Result)
    assert 3 == len(short.wire[0]["response"]["json"]["corners"])


def test_a_short_secret_is_only_looked_for_as_a_word() -> None:
    scrub = Scrub.of([Hidden("password", "test", "EXAMPLE", secret=True)], ())

    assert "the latest EXAMPLE" == scrub("the latest test")


def test_a_stand_in_is_no_leak() -> None:
    hidden = Hidden("ak", "EXAMPLEAK", "EXAMPLEAK", secret=True)

    assert leak({"settings": {"ak": "EXAMPLEAK"}}, [hidden]) is None
    assert ("ak", "plain text or escaped") == leak(
        {"settings": {"ak": "EXAMPLEAK"}}, [evolve(hidden, instead="another")]
    )


SECRET = "sk-live-Q7xW29fLmZ04"


def _codes(text: str) -> dict[str, str]:
    content = text.encode()
    return {
        "base32": base64.b32encode(content).decode(),
        "base64 twice": base64.b64encode(base64.b64encode(content)).decode(),
        "UTF-16": base64.b64encode(text.encode("utf-16")).decode(),
        "compressed": base64.b64encode(zlib.compress(content)).decode(),
        "hex of base64": base64.b64encode(content).hex(),
        "the beginning": f"{text[:12]}…",
        "the end": f"…{text[-10:]}",
    }


@pytest.mark.parametrize("code", list(_codes(SECRET)))
def test_a_secret_is_seen_through_several_encodings(code: str) -> None:
    hidden = Hidden("key", SECRET, "EXAMPLEKEY", secret=True)
    record = {"wire": [{"message": f"who is {_codes(SECRET)[code]}?"}]}

    found = leak(record, [hidden])

    assert found is not None
    assert "key" == found[0]
