"""The answer cache: what was paid for once is not paid for again, whatever becomes of its file."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
import zlib
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from attrs import define
from server import Server, answer_json
from taggers_local.basic import PROVIDER as LOCAL

from taggers import AsyncTagger, Image, ImageFacts, Policy, Provenance, Result, Tag, Tagger
from taggers._cache import Cache
from taggers._cache_file import FILE_NAME
from taggers._config import Config
from taggers._keys import Keys
from taggers._registry import GROUP, Registry
from taggers._resolve import Target, resolve
from taggers.cli import main
from taggers.emulator import Emulator
from taggers.errors import TaggersError
from taggers.plugin import (
    Accepts,
    Offers,
    OutputImage,
    Provider,
    Request,
    Setting,
    Settings,
    SignIn,
    evolve,
    header,
)
from taggers.testing import png

PICTURE, OTHER = png(64, 64), png(65, 64)
SECRET = "not-for-anybodys-eyes"

ACME = Provider(
    name="acme",
    title="Acme",
    vendor="Acme",
    request=lambda image, options, settings: Request(
        path="/tags", json={"sees": image.width, **options.native}
    ),
    read=lambda body: [Tag(tag, kind="thing") for tag in body["tags"]],
    accepts=Accepts(formats=("png",)),
    offers=Offers(concurrency=4, languages=("en", "zh")),
    settings=(
        Setting("model", "which model", default="1"),
        Setting("api_key", "the key", env="ACME_API_KEY", secret=True),
    ),
    credentials=(("api_key",),),
    authorize=header("x-api-key", "api_key"),
    endpoint="https://acme.example.com",
)
CAT = answer_json({"tags": ["cat"], "id": 7})


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(CAT) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def _registry(provider: Provider = ACME, version: str | None = "1.0") -> Registry:
    """A registry of this provider alone, as if it had been loaded from a plugin."""
    points = (EntryPoint(provider.name, "test_cache", GROUP),)
    return _Versioned(points, loaded={provider.name: provider}, version=version)


@define
class _Versioned(Registry):
    version: str | None = None

    def distribution(self, name: str) -> tuple[str, str | None]:
        return "taggers-acme", self.version


def _tagger(server: Server, folder: Path, version: str = "1.0", **settings: Any) -> Tagger:
    given = {"endpoint": server.url, "api_key": SECRET, **settings}
    return Tagger("acme", registry=_registry(version=version), cache=folder, **given)


def _target(provider: Provider = ACME, version: str | None = "1.0", **settings: Any) -> Target:
    registry = _registry(provider, version)
    return resolve(provider.name, Config(), Keys({}, {}), registry, settings)


def _result(name: str = "cat", size: int = 0, **changes: Any) -> Result:
    """A result with so many bytes in it that no compression makes fewer of."""
    return Result(
        provider="acme",
        image=ImageFacts(source="cat.png", sha256="00"),
        tags=(Tag(name),),
        provenance=Provenance(plugin="acme", plugin_version="1.0", billable_units=1),
        raw={"noise": os.urandom(size // 2).hex()},
        **changes,
    )


def _kept(folder: Path) -> int:
    cache = Cache(folder)
    try:
        return sum(share.answers for share in cache.shares())
    finally:
        cache.close()


# Hits.


def test_the_same_question_is_paid_for_once_and_a_hit_says_so(server: Server, folder: Path) -> None:
    with _tagger(server, folder) as tagger:
        asked = tagger.tag(Image.from_bytes(PICTURE, source="one.png"))
        kept = tagger.tag(Image.from_bytes(PICTURE, source="two.png"))

    assert 1 == len(server.requests)
    assert (asked.tags, asked.raw, "two.png") == (kept.tags, kept.raw, kept.image.source)
    assert asked.image.sha256 == kept.image.sha256
    assert (False, 1, 1) == _bill(asked)
    assert (True, 0, 0) == _bill(kept)


def _bill(result: Result) -> tuple[bool, int, int]:
    facts = result.provenance
    return facts.cached, facts.billable_units, len(facts.attempts)


def test_another_process_has_the_answer_too(server: Server, folder: Path) -> None:
    with _tagger(server, folder) as tagger:
        tagger.tag(PICTURE)

    with _tagger(server, folder) as tagger:
        again = tagger.tag(PICTURE)

    assert (1, True) == (len(server.requests), again.provenance.cached)


def test_without_a_cache_every_question_is_asked(server: Server, home: Path) -> None:
    with Tagger("acme", registry=_registry(), endpoint=server.url, api_key=SECRET) as tagger:
        results = [tagger.tag(PICTURE) for _ in range(2)]

    assert [False, False] == [result.provenance.cached for result in results]
    assert [] == list(home.rglob(FILE_NAME))


def test_a_hit_asks_neither_the_network_nor_what_stands_before_it(
    server: Server, folder: Path
) -> None:
    with _tagger(server, folder) as tagger:
        asked = tagger.tag(PICTURE)
    url = server.url
    server.__exit__(None, None, None)

    with _tagger(server, folder, endpoint=url) as tagger:
        kept = tagger.tag(PICTURE)
        untouched = tagger.run(_driver)

    assert asked.tags == kept.tags
    assert untouched is None


async def _driver(tagger: AsyncTagger) -> Any:
    return tagger._driver


def test_equal_calls_at_the_same_time_may_all_ask_and_one_answer_is_kept(
    server: Server, folder: Path
) -> None:
    with _tagger(server, folder) as tagger:
        outcomes = list(tagger.tag_many([PICTURE] * 8))

    assert [("cat",)] * 8 == [tuple(tag.name for tag in _good(outcome)) for outcome in outcomes]
    assert 1 == _kept(folder)


def _good(outcome: Result | TaggersError) -> Result:
    assert isinstance(outcome, Result)
    return outcome


# What tells questions apart.


CHANGES: dict[str, Callable[[Server, Path], Result]] = {
    "another picture": lambda server, folder: _ask(server, folder, picture=OTHER),
    "another limit": lambda server, folder: _ask(server, folder, {"limit": 5}),
    "another language": lambda server, folder: _ask(server, folder, {"language": "zh"}),
    "a native option": lambda server, folder: _ask(server, folder, {"native": {"a": 1}}),
    "a native option of another type": lambda server, folder: _ask(
        server, folder, {"native": {"a": 1.0}}
    ),
    "no preparation": lambda server, folder: _ask(server, folder, {"prepare": "never"}),
    "another setting": lambda server, folder: _ask(server, folder, model="2"),
    "another key": lambda server, folder: _ask(server, folder, api_key="somebody-elses"),
    "another address": lambda server, folder: _ask(server, folder, endpoint=f"{server.url}/eu"),
    "another version of the plugin": lambda server, folder: _ask(server, folder, version="1.1"),
}


def _ask(
    server: Server,
    folder: Path,
    options: dict[str, Any] | None = None,
    picture: bytes = PICTURE,
    **settings: Any,
) -> Result:
    with _tagger(server, folder, **settings) as tagger:
        return tagger.tag(picture, **(options or {}))


@pytest.mark.parametrize("change", CHANGES)
def test_another_question_is_asked(server: Server, folder: Path, change: str) -> None:
    _ask(server, folder)
    _ask(server, folder, {"native": {"a": True}})

    changed = CHANGES[change](server, folder)
    again = CHANGES[change](server, folder)

    assert (3, False, True) == (
        len(server.requests),
        changed.provenance.cached,
        again.provenance.cached,
    )


def test_the_order_of_native_options_is_none_of_the_question(server: Server, folder: Path) -> None:
    _ask(server, folder, {"native": {"a": 1, "b": 2}})

    again = _ask(server, folder, {"native": {"b": 2, "a": 1}})

    assert again.provenance.cached


def test_the_key_of_a_credential_is_the_same_in_every_process(folder: Path) -> None:
    cache, image = Cache(folder), Image.from_bytes(PICTURE)
    program = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_cache import Cache, Image, PICTURE, _target, _options
cache = Cache(Path({str(folder)!r}))
print(cache.key(_target(api_key={SECRET!r}), Image.from_bytes(PICTURE), _options()).hex())
cache.close()
"""

    here = cache.key(_target(api_key=SECRET), image, _options())
    there = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    cache.close()

    assert here is not None
    assert f"{here.hex()}\n" == there.stdout


def test_the_same_credential_has_another_key_in_another_store(tmp_path: Path) -> None:
    image, target = Image.from_bytes(PICTURE), _target(api_key=SECRET)
    caches = [Cache(tmp_path / name) for name in ("one", "two")]

    keys = {cache.key(target, image, _options()) for cache in caches}
    for cache in caches:
        cache.close()

    assert 2 == len(keys - {None})


def _options(**given: Any) -> Any:
    from taggers._model import Options

    return Options(**given)


# What is not kept.


def _by_machine(settings: Settings) -> SignIn | None:
    return SignIn(
        key="here", request=Request(path="/"), endpoint="http://localhost", read=lambda *_: None
    )  # type: ignore[arg-type]


NOT_ASKED: dict[str, Callable[[], tuple[Target, Image, Any]]] = {
    "a URL": lambda: (
        _target(api_key=SECRET),
        Image.from_url("https://example.com/cat.png"),
        _options(),
    ),
    "a provider on this machine": lambda: (
        _target(LOCAL),
        Image.from_bytes(PICTURE),
        _options(),
    ),
    "a machine's own identity": lambda: (
        _target(evolve(ACME, settings=(), credentials=(), sign_in=_by_machine)),
        Image.from_bytes(PICTURE),
        _options(),
    ),
    "an option that is no JSON": lambda: (
        _target(api_key=SECRET),
        Image.from_bytes(PICTURE),
        _options(native={"a": b"bytes"}),
    ),
    "an option that is no number": lambda: (
        _target(api_key=SECRET),
        Image.from_bytes(PICTURE),
        _options(native={"a": float("nan")}),
    ),
}


@pytest.mark.parametrize("what", NOT_ASKED)
def test_there_is_no_key_for_what_may_change_or_costs_nothing(folder: Path, what: str) -> None:
    cache = Cache(folder)

    key = cache.key(*NOT_ASKED[what]())
    cache.close()

    assert key is None


def test_an_image_search_is_asked_again_since_its_library_changes(folder: Path) -> None:
    with Emulator() as emulator, emulator.tagger("huawei-image-search") as tagger:
        target = tagger.run(_its_target)
        cache = Cache(folder)

        key = cache.key(target, Image.from_bytes(PICTURE), _options())
        cache.close()

    assert key is None


async def _its_target(tagger: AsyncTagger) -> Target:
    return tagger._targets.of(tagger._default or "")


def test_the_emulators_answers_are_not_kept(folder: Path) -> None:
    with Emulator() as emulator, emulator.tagger("huawei-tagging-v2", cache=folder) as tagger:
        results = [tagger.tag(PICTURE) for _ in range(2)]

    assert [False, False] == [result.provenance.cached for result in results]
    assert 0 == _kept(folder)


@pytest.mark.parametrize(
    ("what", "result"),
    [
        ("a very large one", _result(size=8_100_000)),
        (
            "pictures beyond the limit",
            _result(images=(OutputImage(bytes(9_000_000), "image/png"),)),
        ),
        ("what JSON changes", evolve(_result(), raw={"pair": (1, 2)})),
        ("what JSON cannot hold", evolve(_result(), raw={"thing": object()})),
        ("what is equal to nothing", evolve(_result(), raw={"number": float("nan")})),
    ],
)
def test_what_would_not_come_back_as_it_is_is_not_kept(
    folder: Path, what: str, result: Result
) -> None:
    cache = Cache(folder)

    cache.put(b"key", result)
    found, trouble = cache.get(b"key"), cache.trouble()
    cache.close()

    assert (None, None) == (found, trouble)


def test_an_error_is_asked_again(folder: Path) -> None:
    with Server(answer_json({}, 400), CAT) as server, _tagger(server, folder) as tagger:
        with pytest.raises(TaggersError):
            tagger.tag(PICTURE)
        result = tagger.tag(PICTURE)

    assert not result.provenance.cached


def test_warnings_about_a_call_that_went_wrong_at_first_are_not_kept(folder: Path) -> None:
    policy = Policy(unknown="retry-once", transient_s=0.0)
    with Server(_hang_up, CAT) as server, _tagger(server, folder, policy=policy) as tagger:
        first, second, third = (tagger.tag(PICTURE) for _ in range(3))

    assert ["sent again" in " ".join(it.warnings) for it in (first, second, third)] == [
        True,
        False,
        False,
    ]
    assert third.provenance.cached


def _hang_up(exchange: Any) -> None:
    exchange.read()
    exchange.close()


# What stands in the file.


def test_the_file_is_its_owners_and_tells_neither_secrets_nor_names_of_files(
    server: Server, folder: Path
) -> None:
    with _tagger(server, folder) as tagger:
        tagger.tag(Image.from_bytes(PICTURE, source="/private/cat.png"))
        written = {path.name: path.read_bytes() for path in folder.iterdir()}
        modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}

    rows = sqlite3.connect(folder / FILE_NAME)
    answer = rows.execute("SELECT answer FROM answers").fetchone()[0]
    rows.close()
    assert {0o600} == modes
    assert FILE_NAME in written
    assert not [name for name, content in written.items() if SECRET.encode() in content]
    assert b"cat" in zlib.decompress(answer)
    assert b"/private" not in zlib.decompress(answer)


def test_a_file_that_others_could_read_is_closed_to_them(folder: Path) -> None:
    folder.mkdir()
    (folder / FILE_NAME).touch(0o644)
    (folder / FILE_NAME).chmod(0o644)

    _kept(folder)

    assert 0o600 == stat.S_IMODE((folder / FILE_NAME).stat().st_mode)


# Whatever becomes of the file.


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is no database at all. " * 300)


def _a_damaged_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [_garbage, _a_damaged_page])
def test_a_damaged_file_is_put_aside_once_and_made_anew(
    server: Server, folder: Path, damage: Callable[[Path], None]
) -> None:
    _ask(server, folder)
    damage(folder / FILE_NAME)

    with _tagger(server, folder) as tagger:
        again = [tagger.tag(PICTURE) for _ in range(3)]

    assert ["cat"] * 3 == [result.tags[0].name for result in again]
    assert [1, 0, 0] == [len(result.warnings) for result in again]
    assert "was damaged" in again[0].warnings[0]
    assert again[2].provenance.cached
    assert (folder / f"{FILE_NAME}.damaged").exists()


def test_a_file_that_is_damaged_again_and_again_is_let_alone(server: Server, folder: Path) -> None:
    with _tagger(server, folder) as tagger:
        results = []
        for _ in range(3):
            tagger.run(_closed)
            folder.mkdir(exist_ok=True)
            _garbage(folder / FILE_NAME)
            results.append(tagger.tag(PICTURE))

    assert [False] * 3 == [result.provenance.cached for result in results]
    assert [1, 1, 0] == [len(result.warnings) for result in results]


async def _closed(tagger: AsyncTagger) -> None:
    assert tagger._cache is not None
    tagger._cache.close()


@pytest.mark.parametrize(
    "change",
    ["answer = X'00'", "answer = 'a text'", "answer = zeroblob(90)", "checksum = X'00'"],
)
def test_a_damaged_answer_is_asked_for_again(server: Server, folder: Path, change: str) -> None:
    _ask(server, folder)
    _in_file(folder, f"UPDATE answers SET {change}")

    with _tagger(server, folder) as tagger:
        again, kept = tagger.tag(PICTURE), tagger.tag(PICTURE)

    assert [False, True] == [again.provenance.cached, kept.provenance.cached]
    assert ["is damaged" in warning for warning in again.warnings] == [True]


def test_an_answer_under_another_ones_key_is_no_answer(server: Server, folder: Path) -> None:
    _ask(server, folder)
    _ask(server, folder, picture=OTHER)
    first, second = (row[0] for row in _in_file(folder, "SELECT key FROM answers ORDER BY rowid"))
    _in_file(folder, "DELETE FROM answers WHERE key = ?", second)
    _in_file(folder, "UPDATE answers SET key = ? WHERE key = ?", second, first)

    again = _ask(server, folder, picture=OTHER)

    assert not again.provenance.cached


def test_an_older_file_is_emptied_without_a_word(server: Server, folder: Path) -> None:
    _ask(server, folder)
    _in_file(folder, "PRAGMA user_version = 0")

    again, kept = _ask(server, folder), _ask(server, folder)

    assert [False, True] == [again.provenance.cached, kept.provenance.cached]
    assert () == again.warnings


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("PRAGMA user_version = 99", "a newer taggers"),
        ("PRAGMA application_id = 1", "of something else"),
    ],
)
def test_a_file_that_is_none_of_ours_is_left_as_it_is(
    server: Server, folder: Path, change: str, says: str
) -> None:
    _ask(server, folder)
    _in_file(folder, change)

    again = _ask(server, folder)

    assert says in again.warnings[0]
    assert 1 == _in_file(folder, "SELECT COUNT(*) FROM answers")[0][0]


def _in_file(folder: Path, statement: str, *values: Any) -> list[Any]:
    """What somebody else does with the file."""
    file = sqlite3.connect(folder / FILE_NAME, isolation_level=None)
    try:
        return file.execute(statement, values).fetchall()
    finally:
        file.close()


def test_a_locked_file_costs_one_short_wait_and_one_warning(server: Server, folder: Path) -> None:
    _ask(server, folder)
    other = sqlite3.connect(folder / FILE_NAME, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")

    with _tagger(server, folder) as tagger:
        results = list(tagger.tag_many([PICTURE] * 20))
    other.close()

    warnings = [warning for result in results for warning in _good(result).warnings]
    assert ["database is locked" in warning for warning in warnings] == [True]
    assert 21 == len(server.requests)


@pytest.mark.parametrize("way", ["a folder", "a file for a folder", "a file that may not be read"])
def test_a_file_that_cannot_be_had_is_one_warning(server: Server, folder: Path, way: str) -> None:
    if way == "a folder":
        (folder / FILE_NAME).mkdir(parents=True)
    elif way == "a file for a folder":
        folder.write_text("")
    else:
        _ask(server, folder)
        (folder / FILE_NAME).chmod(0o400)
        if os.access(folder / FILE_NAME, os.W_OK):
            pytest.skip("this user may write everything")

    with _tagger(server, folder) as tagger:
        results = [tagger.tag(PICTURE) for _ in range(2)]

    assert [1, 0] == [len(result.warnings) for result in results]
    assert "answers cannot be kept" in results[0].warnings[0]


def test_a_full_disk_is_one_warning_and_what_was_kept_stays(folder: Path) -> None:
    program = textwrap.dedent(f"""
        import resource, signal, sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from test_cache import Cache, _result
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        cache = Cache(Path({str(folder)!r}))
        cache.put(b"small", _result("small"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
        cache.put(b"large", _result("large", 3_000_000))
        print(cache.trouble(), cache.trouble())
        """)

    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    cache = Cache(folder)
    small, large = cache.get(b"small"), cache.get(b"large")
    cache.close()
    assert "answers cannot be kept in" in said.stdout
    assert said.stdout.endswith(" None\n")
    assert (True, None) == (small is not None, large)


# How much is kept.


def test_what_was_not_used_for_longest_goes_first(folder: Path) -> None:
    hours = iter(range(0, 3600 * 1000, 3601))
    cache = Cache(folder, max_bytes=1_000_000, now=lambda: float(next(hours)))
    for index in range(8):
        cache.put(b"%d" % index, _result(size=200_000))
    used = cache.get(b"0")

    for index in range(8, 12):
        cache.put(b"%d" % index, _result(size=200_000))
    kept = [index for index in range(12) if cache.get(b"%d" % index)]
    cache.close()

    assert used is not None
    assert 0 in kept
    assert 11 in kept
    assert 1 not in kept
    assert sorted(kept) == kept


def test_the_file_does_not_grow_beyond_its_bound(folder: Path) -> None:
    cache = Cache(folder, max_bytes=1_000_000)

    for index in range(60):
        cache.put(b"%d" % index, _result(size=100_000))
    cache.close()

    assert (folder / FILE_NAME).stat().st_size < 1_200_000
    assert 5 < _kept(folder) < 20


# Many at a time.


def _fill(folder: Path, who: int, count: int) -> int:
    """Keeps answers of its own and reads everybody's; how many of those that it found are right."""
    cache, wrong = Cache(folder), 0
    for index in range(count):
        cache.put(b"%d-%d" % (who, index), _result(f"{who}-{index}", 2000))
        for other in range(4):
            found = cache.get(b"%d-%d" % (other, index))
            wrong += found is not None and found.tags[0].name != f"{other}-{index}"
    trouble = cache.trouble()
    cache.close()
    return wrong + (trouble is not None)


def test_four_processes_may_use_one_cache(folder: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        wrong = pool.starmap(_fill, [(folder, who, 50) for who in range(4)])

    assert [0, 0, 0, 0] == wrong
    assert 200 == _kept(folder)


def test_many_threads_may_use_one_cache(folder: Path) -> None:
    cache = Cache(folder)

    def work(who: int) -> None:
        for index in range(20):
            cache.put(b"%d-%d" % (who, index), _result(f"{who}-{index}"))

    threads = [threading.Thread(target=work, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    trouble = cache.trouble()
    cache.close()

    assert (None, 160) == (trouble, _kept(folder))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_of_a_fork_opens_the_file_for_itself(folder: Path) -> None:
    cache = Cache(folder)
    cache.put(b"before", _result())

    child = multiprocessing.get_context("fork").Process(
        target=lambda: (cache.put(b"child", _result()), cache.close())
    )
    child.start()
    child.join(30)
    cache.put(b"after", _result())
    found = [cache.get(key) is not None for key in (b"before", b"child", b"after")]
    cache.close()

    assert (0, [True, True, True]) == (child.exitcode, found)


# The command.


def test_the_command_shows_and_forgets_what_is_kept(
    server: Server, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str) -> str:
        with pytest.raises(SystemExit) as exit_:
            main(list(arguments))
        assert 0 == (exit_.value.code or 0)
        return capsys.readouterr().out

    with Tagger(
        "acme", registry=_registry(), endpoint=server.url, api_key=SECRET, cache=True
    ) as tagger:
        tagger.tag(PICTURE)
        tagger.tag(OTHER)

    before = run("cache", "info")
    strangers = run("cache", "clear", "-p", "nobody")
    gone = run("cache", "clear")
    after = run("cache", "info")

    assert "2 answers" in before
    assert "acme" in before
    assert ("forgot 0 answers\n", "forgot 2 answers\n") == (strangers, gone)
    assert "0 answers" in after
