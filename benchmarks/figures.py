"""The figures that taggers promises."""

from __future__ import annotations

from attrs import evolve

from .contender import command, worker
from .figure import Figure

__all__ = ["FIGURES", "ROUNDS"]

ROUNDS = {
    "huawei": 7, "tencent": 5, "latency": 3, "body": 9, "json": 9, "xml": 9, "import": 15,
    "command": 15, "cold": 11, "install": 1, "fit": 5, "endurance": 1, "reliability": 9,
    "batch": 3, "ray": 3, "store": 1,
}  # fmt: skip
"""How often the contenders of a heat take turns."""

MB = 1e6
FULL = "CPU of a full signed 200 KB call, async, {} at a time"
RAW, SDK, COS = "the same work on raw sockets", "`huaweicloudsdkimage`", "`cos-python-sdk-v5`"

ASYNC = {n: worker("taggers_async", vendor="huawei", calls=600, at_a_time=n) for n in (10, 64)}
SYNC = {n: worker("taggers_sync", vendor="huawei", calls=600, at_a_time=n) for n in (10, 64)}
SOCKETS = {n: worker("raw_sockets", calls=600, at_a_time=n) for n in (10, 64)}
THEIRS = {n: worker("huawei_sdk", calls=300, at_a_time=n) for n in (10, 64)}
STORED = {n: worker("taggers_async", vendor="tencent", calls=300, at_a_time=n) for n in (10, 64)}
COS_SDK = {n: worker("cos_sdk", calls=300, at_a_time=n) for n in (10, 64)}
SLOW = {
    n: worker("taggers_async", vendor="huawei", calls=n * 20, at_a_time=n, latency_s=0.2)
    for n in (64, 256)
}
READ = {
    vendor: worker("read_taggers", vendor=vendor, calls=1000) for vendor in ("huawei", "tencent")
}
SIZES = {"150 KB": ("150kb", 200), "7.5 MB": ("7500kb", 8)}
BODY = {size: worker("body_taggers", picture=name, calls=n) for size, (name, n) in SIZES.items()}
DIGEST = {size: worker("body_sha256", picture=name, calls=n) for size, (name, n) in SIZES.items()}
HELD = worker("body_held", picture="7500kb", calls=8)
FIT, PILLOW = (worker(script, picture="12mp", calls=3) for script in ("fit_taggers", "fit_pillow"))
ENDURANCE = worker("endurance", picture="8kb", calls=100_000, at_a_time=10)
BARE = worker("taggers_bare", calls=600, at_a_time=10)
FLIGHTS = {"10 in flight at 20 ms": (10, 0.02, 600), "64 at 200 ms": (64, 0.2, 640),
           "64 at 20 ms": (64, 0.02, 1500)}  # fmt: skip
LIBRARIES = {
    script: {
        flight: worker(script, picture="8kb", latency_s=latency_s, calls=calls, at_a_time=n)
        for flight, (n, latency_s, calls) in FLIGHTS.items()
    }
    for script in ("library_batch", "library_plain", "library_ray")
}
RESULTS = 100_000
STORE, DUCKDB = (worker(script, calls=RESULTS) for script in ("store_taggers", "store_duckdb"))
PYTHON = command("python", "-c", "pass")
SDK_SCRIPT = evolve(worker("one_shot_huawei_sdk"), measures_itself=False)
ONE_SHOT = command(
    "taggers", "--config={folder}/taggers.toml", "tag", "{folder}/200kb.jpg", "--format=jsonl"
)

FIGURES = (
    *(
        Figure(heat="huawei", name=f"raw-{n}", what=FULL.format(n), against=RAW,
               ours=ASYNC[n], theirs=SOCKETS[n], goal=2.0, reach=1.4)
        for n in (10, 64)
    ),
    *(
        Figure(heat="huawei", name=f"sdk-{n}", what=FULL.format(n), against=SDK,
               ours=ASYNC[n], theirs=THEIRS[n], goal=0.30, reach=0.20)
        for n in (10, 64)
    ),
    *(
        Figure(heat="tencent", name=f"cos-{n}",
               what=f"the same for Tencent detect-label, {n} at a time", against=COS,
               ours=STORED[n], theirs=COS_SDK[n], goal=0.45, reach=0.35)
        for n in (10, 64)
    ),
    Figure(heat="huawei", name="scaling", what="CPU of a call, 64 at a time",
           against="10 at a time", ours=ASYNC[64], theirs=ASYNC[10], goal=1.15),
    Figure(heat="huawei", name="throughput", what="calls a second, 10 at a time",
           against=f"{SDK} with 10 threads", ours=ASYNC[10], theirs=THEIRS[10], of="wall_s",
           relation="inverse", goal=3.0, reach=5.0, at_least=True),
    *(
        Figure(heat="latency", name=f"latency-{n}",
               what=f"calls a second of a 200 ms server, {n} in flight",
               against="in flight / latency", ours=SLOW[n], of="of_ideal", relation="alone",
               goal=goal, at_least=True)
        for n, goal in ((64, 0.93), (256, 0.55))
    ),
    *(
        Figure(heat="huawei", name=f"sync-{n}",
               what=f"CPU of a call of the sync `Tagger`, {n} threads", against="async",
               ours=SYNC[n], theirs=ASYNC[n], goal=1.3)
        for n in (10, 64)
    ),
    *(
        Figure(heat="body", name=f"body-{name}",
               what=f"file → base64 → JSON body → SHA-256, {size}", against="SHA-256 alone",
               ours=BODY[size], theirs=DIGEST[size], goal=1.5, reach=1.25)
        for size, (name, _) in SIZES.items()
    ),
    Figure(heat="body", name="body-memory", what="peak memory for that, 7.5 MB", against="the body",
           ours=BODY["7.5 MB"], theirs=HELD, of="grown_bytes", goal=1.1),
    Figure(heat="json", name="json",
           what="answer (8 KB JSON, 20 tags, boxes, two languages) → `Result`",
           against="`json.loads` alone", ours=READ["huawei"],
           theirs=worker("read_json", calls=1000), goal=2.0),
    Figure(heat="json", name="json-sdk", what="the same", against=f"{SDK}'s objects",
           ours=READ["huawei"], theirs=worker("read_huawei_sdk", calls=1000),
           goal=0.25, reach=0.15),
    Figure(heat="xml", name="xml", what="answer (XML, four scenes) → `Result`, guard included",
           against="`xmltodict.parse` alone", ours=READ["tencent"],
           theirs=worker("read_xmltodict", calls=1000), goal=1.3),
    Figure(heat="import", name="import", what="`import taggers`", against="bare Python",
           ours=command("python", "-c", "import taggers"), theirs=PYTHON,
           of="process_cpu_s", relation="difference", goal=40, unit=" ms", scale=1e-3),
    Figure(heat="command", name="version", what="`taggers --version`", against="bare Python",
           ours=command("taggers", "--version"), theirs=PYTHON,
           of="process_cpu_s", relation="difference", goal=80, unit=" ms", scale=1e-3),
    Figure(heat="command", name="list", what="`taggers providers list`, 60 distributions installed",
           against="bare Python", ours=command("taggers", "providers", "list"), theirs=PYTHON,
           of="process_cpu_s", relation="difference", goal=110, unit=" ms", scale=1e-3),
    Figure(heat="cold", name="cold", what="one `taggers tag`, from a cold start",
           against=f"a script with {SDK}", ours=ONE_SHOT, theirs=SDK_SCRIPT,
           of="process_cpu_s", goal=0.75),
    Figure(heat="install", name="install", what="installed, all vendors, no extras", against="–",
           ours=worker("install"), of="installed_bytes", relation="alone",
           goal=15, unit=" MB", scale=MB),
    Figure(heat="fit", name="fit", what="12-megapixel JPEG made to fit 2,048 pixels: CPU",
           against="Pillow, full decode then LANCZOS", ours=FIT, theirs=PILLOW, goal=0.25),
    Figure(heat="fit", name="fit-memory", what="the same: memory",
           against="Pillow, full decode then LANCZOS", ours=FIT, theirs=PILLOW,
           of="grown_bytes", goal=0.3),
    Figure(heat="endurance", name="endurance", what="100,000 calls in one process: memory",
           against="after 10,000", ours=ENDURANCE, of="added_bytes", relation="alone",
           goal=5, unit=" MB", scale=MB),
    Figure(heat="reliability", name="reliability",
           what="CPU of a full call, 10 at a time, with the reliability policy",
           against="the same call with it taken out", ours=ASYNC[10], theirs=BARE, goal=1.15),
    *(
        Figure(heat="batch", name=f"batch-{flight}",
               what=f"pictures a second of a batch, journal on, {flight}",
               against="a plain asyncio loop", ours=LIBRARIES["library_batch"][flight],
               theirs=LIBRARIES["library_plain"][flight], of="wall_s", relation="inverse",
               goal=goal, at_least=True)
        for flight, goal in zip(FLIGHTS, (0.95, 0.95, 0.85), strict=True)
    ),
    Figure(heat="batch", name="batch-cpu", what="CPU of a picture in a batch, 10 in flight",
           against="a plain asyncio loop", ours=LIBRARIES["library_batch"]["10 in flight at 20 ms"],
           theirs=LIBRARIES["library_plain"]["10 in flight at 20 ms"], goal=1.5),
    *(
        Figure(heat="ray", name=f"ray-{flight}",
               what=f"pictures a second of a batch on Ray, one worker, {flight}",
               against="a plain asyncio loop", ours=LIBRARIES["library_ray"][flight],
               theirs=LIBRARIES["library_plain"][flight], of="wall_s", relation="inverse",
               goal=goal, at_least=True)
        for flight, goal in zip((*FLIGHTS,)[1:], (0.95, 0.70), strict=True)
    ),
    Figure(heat="store", name="settle", what="results of ten tags durably written, 500 a commit",
           against="–", ours=STORE, of="settled_a_second", relation="alone",
           goal=10_000, at_least=True, unit=" a second"),
    Figure(heat="store", name="result-bytes", what="the same: size of one in the store",
           against="–", ours=STORE, of="bytes", relation="alone", goal=2_000, unit=" bytes"),
    Figure(heat="store", name="disagreement", what='"A says cat, B does not", 100,000 results',
           against="a tenth of what a million may take", ours=STORE, of="query_s",
           relation="alone", goal=100, unit=" ms", scale=1e-3),
    Figure(heat="store", name="disagreement-duckdb", what="the same",
           against="DuckDB over their Parquet", ours=STORE, theirs=DUCKDB, of="query_s", goal=1.0),
    Figure(heat="store", name="export", what="100,000 results to Parquet",
           against="a tenth of what a million may take", ours=STORE, of="export_s",
           relation="alone", goal=1.5, unit=" s"),
)  # fmt: skip
