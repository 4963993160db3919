"""A batch on two nodes, each in a network namespace of its own, of which one is killed at 40 %;
then a worker and the coordinator are killed. What the store says is compared with the ledger of the
emulator, call for call; and once more when it is complete, after `--retry-unknown`.

    python tests/nodes.py PICTURES FAULTS       as root, on Linux, with Ray

FAULTS is the part of the calls that go wrong. It prints its figures as JSON, and ends with 1 where
one is not as it has to be.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from taggers.batch import Store, query
from taggers.emulator import Emulator, Fault, Limits
from taggers.testing import png

V2 = "huawei-tagging-v2"
HERE, THERE = ("taggers-a", "10.77.0.1"), ("taggers-b", "10.77.0.2")
AT_ONCE, RATE, LATENCY_S = 24, 80, 0.2
KILLS = {"node": 0.4, "_Hand": 0.6, "_Lead": 0.8}
"""What is killed, and after which part of the pictures."""
BACK_S = 15
ROUNDS = 8
"""So often is asked again at most: of what is asked 5 % become unknown again."""
FAULTS = ("reset-before", "reset-after", "silence", "truncate", "malformed", "html")


def main(*given: str) -> int:
    """Makes the two namespaces, and runs what follows in the first one."""
    with _namespaces():
        inside = ("ip", "netns", "exec", HERE[0], sys.executable, __file__, *given, "inside")
        return subprocess.run(inside, check=False).returncode


@contextlib.contextmanager
def _namespaces() -> Iterator[None]:
    for name, _ in (HERE, THERE):
        _do("ip", "netns", "add", name)
    _do("ip", "link", "add", "tgr0", "netns", HERE[0], "type", "veth", "peer", "tgr1")
    _do("ip", "link", "set", "tgr1", "netns", THERE[0])
    for (name, address), link in ((HERE, "tgr0"), (THERE, "tgr1")):
        _do("ip", "-n", name, "addr", "add", f"{address}/24", "dev", link)
        for device in ("lo", link):
            _do("ip", "-n", name, "link", "set", device, "up")
    try:
        yield
    finally:
        for name, _ in (HERE, THERE):
            _kill_all(name)
            _do("ip", "netns", "del", name)


def inside(count: int, part: float) -> int:
    """Runs the batch, kills, and compares."""
    faults = [Fault(do=kind, rate=part / len(FAULTS)) for kind in FAULTS]
    faults.append(Fault(do="slow", latency_s=LATENCY_S))
    limits = Limits(concurrency=AT_ONCE, rate_per_s=RATE)
    with TemporaryDirectory() as name, Emulator(host=HERE[1], faults=faults, limits=limits) as it:
        folder = Path(name)
        _fill(folder, it, count)
        os.environ.update(it.environment(), RAY_USAGE_STATS_ENABLED="0")
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
        _ray(HERE, "--head", "--port=6379", "--include-dashboard=false")
        _ray(THERE, f"--address={HERE[1]}:6379")
        began = time.time()
        batch = _batch(folder)
        kills = dict(_kills(it, batch, count))
        said = batch.communicate()[1]
        took_s = time.time() - began
        figures = _figures(it, folder, kills, count) | {"took_s": round(took_s, 1)}
        figures |= _complete(it, folder)
    print(json.dumps(figures, indent=2))
    print(said[-500:], file=sys.stderr)
    wrong = [name for name, fine in _goals(figures) if not fine]
    print(f"not as it has to be: {', '.join(wrong)}" if wrong else "all as it has to be")
    return bool(wrong)


def _fill(folder: Path, emulator: Emulator, count: int) -> None:
    (folder / "photos").mkdir()
    for index in range(count):
        (folder / "photos" / f"{index:06}.png").write_bytes(png(40, 40) + str(index).encode())
    table = f"[providers.{V2}]\n"
    own = f"{table}concurrency = {AT_ONCE}\nrate_per_s = {RATE}\n"
    trusted = f'trusted_hosts = ["{HERE[1]}"]\n'
    policy = "[policy]\ndeadline_s = 5.0\n"
    (folder / "taggers.toml").write_text(emulator.toml().replace(table, own) + policy)
    (folder / "home").mkdir()
    (folder / "home" / "config.toml").write_text(trusted)
    os.environ["TAGGERS_HOME"] = str(folder / "home")


def _ray(node: tuple[str, str], *how: str) -> None:
    ray = str(Path(sys.executable).with_name("ray"))
    own = (f"--node-ip-address={node[1]}", "--num-cpus=2", "--disable-usage-stats")
    _do("ip", "netns", "exec", node[0], ray, "start", *own, *how)


def _batch(folder: Path, *more: str) -> subprocess.Popen[str]:
    command = (sys.executable, "-m", "taggers", "batch", "photos", "--into", "store", "-p", V2)
    command += more
    how = ("--engine", "ray", "--address", f"{HERE[1]}:6379", "--prepare", "never", "--yes")
    return subprocess.Popen([*command, *how], cwd=folder, stderr=subprocess.PIPE, text=True)


def _kills(
    emulator: Emulator, batch: subprocess.Popen[str], count: int
) -> Iterator[tuple[str, float]]:
    """Kills what is to be killed when it is time; when that was."""
    for what, part in KILLS.items():
        while len(emulator.journal) < part * count and batch.poll() is None:
            time.sleep(0.02)
        yield what, time.time()
        if what == "node":
            _kill_all(THERE[0])
        else:
            os.kill(_actor(what), signal.SIGKILL)


def _kill_all(namespace: str) -> None:
    found = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, check=False)
    for pid in map(int, found.stdout.split()):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _actor(name: str) -> int:
    """The process of an actor in this namespace."""
    own = Path("/proc/self/ns/net").readlink()
    while True:
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                title = (place / "cmdline").read_bytes().decode(errors="replace")
                if title.startswith(f"ray::{name}") and (place / "ns/net").readlink() == own:
                    return int(place.name)
        time.sleep(0.02)


def _figures(
    emulator: Emulator, folder: Path, kills: dict[str, float], count: int
) -> dict[str, Any]:
    calls = [call for call in emulator.journal if call.picture]
    asked = Counter(call.picture for call in calls if call.units)
    befallen = [call for call in emulator.journal if call.fault in FAULTS]
    used = dict(_used(calls, kills))
    usual = used["before"] * RATE
    states = {key: state for key, state, _ in _calls(folder)}
    done = {key for key, state in states.items() if state == "done"}
    return {
        "pictures": count,
        "done": len(done),
        "unknown": sum(state == "unknown" for state in states.values()),
        "done_and_never_asked": len(done - asked.keys()),
        "asked_and_not_in_store": len(asked.keys() - states.keys()),
        "asked_twice": sum(times > 1 for times in asked.values()),
        "faults": len(befallen),
        "failed": sum(state == "failed" for state in states.values()),
        "refused_for_a_limit": sum(
            call.status != 200 and call.fault not in FAULTS for call in calls
        ),
        "used": {name: round(part, 3) for name, part in used.items()},
        "back_s": {name: _back_s(calls, at, usual) for name, at in kills.items()},
    }


def _complete(emulator: Emulator, folder: Path) -> dict[str, Any]:
    """Asks again until nothing is unknown, as a user may; what the store has then, and how many of
    its answers the ledger has not."""
    rounds = 0
    while {"unknown", "failed"} & {state for _, state, _ in _calls(folder)} and rounds < ROUNDS:
        _batch(folder, "--retry-unknown").communicate()
        rounds += 1
    answered = {(call.picture, call.request_id) for call in emulator.journal if call.units}
    kept = {(key, request) for key, state, request in _calls(folder) if state == "done"}
    return {
        "in_the_end": {
            "rounds": rounds,
            "done": len(kept),
            "not_in_the_ledger": len(kept - answered),
        }
    }


def _calls(folder: Path) -> list[tuple[str, str, str]]:
    """What the store says of each picture: its SHA-256, the state, and the vendor's request."""
    rows = (
        "SELECT p.sha256, c.state, c.request_id FROM calls AS c JOIN pictures AS p USING (picture)"
    )
    with Store.open(folder / "store") as store, query(store, rows) as answer:
        return [*answer.rows]


def _used(calls: list[Any], kills: dict[str, float]) -> Iterator[tuple[str, float]]:
    """Which part of the rate was used before the first kill, and long after each."""
    ats = [call.at for call in calls]
    begins = [("before", ats[0] + 5), *((name, at + BACK_S) for name, at in kills.items())]
    ends = [*kills.values(), ats[-1] - 2]
    for (name, begin), end in zip(begins, ends, strict=True):
        if end - begin >= 3:
            yield name, sum(begin <= at < end for at in ats) / (end - begin) / RATE


def _back_s(calls: list[Any], since: float, usual: float) -> int | None:
    """After how many seconds there were as many calls in a second again as usual, for three
    seconds; None: there never were."""
    seconds = Counter(int(call.at - since) for call in calls if call.at >= since)
    every = ((s, sum(seconds[s + n] for n in range(3))) for s in range(1, 60))
    return next((s for s, answered in every if answered >= 0.9 * 3 * usual), None)


def _goals(figures: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    ended = figures["done"] + figures["failed"] + figures["unknown"]
    yield "lost", ended == figures["pictures"]
    yield "unknown", figures["unknown"] <= AT_ONCE * len(KILLS) + figures["faults"]
    yield "failed", figures["failed"] <= figures["faults"]
    for name in ("done_and_never_asked", "asked_and_not_in_store", "asked_twice"):
        yield name, figures[name] == 0
    yield "limits", figures["refused_for_a_limit"] == 0
    end = figures["in_the_end"]
    yield "complete", end["done"] == figures["pictures"] and not end["not_in_the_ledger"]
    yield "back", all(s is not None and s <= BACK_S for s in figures["back_s"].values())


def _do(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    if sys.argv[-1] == "inside":
        sys.exit(inside(int(sys.argv[1]), float(sys.argv[2])))
    if os.geteuid() or shutil.which("ip") is None:
        sys.exit("two nodes need Linux, root and the command `ip` (package iproute2)")
    sys.exit(main(*sys.argv[1:]))
