"""Reports of any size, made up: what the viewer is tested and looked at with.

python tests/viewer/sample.py --pictures 2000 --quality report.html
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import io
import itertools
import json
import random
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).parent.parent.parent
VIEWER = ROOT / "taggers" / "compare" / "viewer.html"
PLACE = '<script type="application/json" id="report">'
K = 5

PROVIDERS = (
    # name, emulated, speaks Chinese, draws boxes, recall, precision, seconds, price of a call
    ("huawei-tagging-v2", True, True, False, 0.75, 0.80, 0.42, ("CNY", 0.0032)),
    ("tencent-detect-label", True, True, True, 0.65, 0.85, 0.31, ("CNY", 0.0015)),
    ("google-vision", False, False, True, 0.80, 0.90, 0.68, ("USD", 0.0015)),
    ("clarifai", False, False, False, 0.85, 0.60, 1.24, None),
    ("local-basic", False, False, False, 0.20, 0.70, 0.01, ("USD", 0.0)),
)
WORDS = """
cat=猫 dog=狗 bird=鸟 boat=船 sea=大海 sky=天空 cloud=云 mountain=山 tree=树 flower=花
grass=草地 person=人 astronaut=宇航员 rocket=火箭 launch=发射 night=夜晚 star=星星
galaxy=星系 coffee=咖啡 cup=杯子 table=桌子 food=食物 bread=面包 fruit=水果 car=汽车
bicycle=自行车 street=街道 building=建筑 bridge=桥 window=窗户 snow=雪 beach=海滩
horse=马 train=火车 airplane=飞机
"""
SCENES = ("outdoors", "close-up", "still life", "landscape", "portrait of a person", "no people")

Record = dict[str, Any]


def labels() -> list[Record]:
    """The vocabulary: words in two languages that the providers align by, and some in English."""
    named = [
        {
            "id": en,
            "names": {"en": en, "zh": zh},
            "spellings": [
                {"text": zh, "provider": "huawei-tagging-v2", "count": 40},
                {"text": en.title(), "provider": "google-vision", "count": 31},
            ],
            "links": [
                {"step": "names", "left": zh, "right": en},
                {"step": "text", "left": en.title(), "right": en},
            ],
        }
        for en, zh in (word.split("=") for word in WORDS.split())
    ]
    plain = [
        {
            "id": scene,
            "names": {"en": scene},
            "spellings": [{"text": scene, "provider": "clarifai", "count": 12}],
            "links": [],
        }
        for scene in SCENES
    ]
    return named + plain


def thumbnails(edge_px: int) -> list[str]:
    """The example photographs, small, as data URLs."""
    return [_data_url(path, edge_px) for path in sorted((ROOT / "examples/photos").glob("*.jpg"))]


def _data_url(path: Path, edge_px: int) -> str:
    file = io.BytesIO()
    with Image.open(path) as photo:
        photo.thumbnail((edge_px, edge_px))
        photo.convert("RGB").save(file, "JPEG", quality=78)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def report(pictures: int, *, quality: bool = False, seed: int = 7) -> Record:
    """A report of so many pictures by five providers; the same for the same seed."""
    draw = random.Random(seed)
    vocabulary = labels()
    photos = thumbnails(960 if pictures <= 60 else 256)
    shown = [_picture(draw, vocabulary, photos, number) for number in range(pictures)]
    return {
        "format": "taggers-report/1",
        "title": f"{pictures} made-up pictures",
        "made": "2026-11-21T10:00:00+00:00",
        "version": "0.0",
        "k": K,
        "providers": [_provider(place, shown) for place in range(len(PROVIDERS))],
        "labels": vocabulary,
        "pictures": shown,
        "agreement": {
            "pairs": list(_pairs(shown)),
            "alpha": {"value": 0.41, "n": pictures},
        },
        "quality": _quality() if quality else None,
    }


def page(record: Record | None) -> str:
    """The viewer with the report inside, as `taggers compare -o` writes it."""
    text = json.dumps(record).replace("<", "\\u003c")
    return VIEWER.read_text("utf-8").replace(f"{PLACE}null", PLACE + text)


def _picture(draw: random.Random, vocabulary: list[Record], photos: list[str], n: int) -> Record:
    truth = draw.sample(range(len(vocabulary)), draw.randint(3, 8))
    places = {label: _box(draw) for label in truth}
    said = [_said(draw, vocabulary, places, place) for place in range(len(PROVIDERS))]
    raw = [{"provider": one[0], "tags": ["猫", "<b>cat</b>"]} for one in PROVIDERS]
    return {
        "id": hashlib.sha256(str(n).encode()).hexdigest(),
        "source": f"/photos/holiday/IMG_{n:04}.jpg",
        "width": 640,
        "height": 427,
        "thumbnail": photos[n % len(photos)],
        "disagreement": _disagreement(said),
        "said": said,
        "raw": base64.b64encode(gzip.compress(json.dumps(raw).encode())).decode(),
    }


def _box(draw: random.Random) -> Record:
    x, y = draw.uniform(0, 0.6), draw.uniform(0, 0.6)
    size = {"width": draw.uniform(0.15, 0.4), "height": draw.uniform(0.15, 0.4)}
    return {"x": x, "y": y, **size, "confidence": None}


def _moved(draw: random.Random, box: Record) -> Record:
    near = {key: box[key] + draw.uniform(-0.03, 0.03) for key in ("x", "y", "width", "height")}
    return {key: max(0.0, value) for key, value in near.items()} | {"confidence": None}


def _said(
    draw: random.Random, vocabulary: list[Record], truth: dict[int, Record], place: int
) -> Record:
    _, _, chinese, boxed, recall, precision, seconds, _ = PROVIDERS[place]
    if draw.random() < 0.02:
        kind = draw.choice(("QuotaExceeded", "VendorUnavailable"))
        return {"error": {"kind": kind, "message": "the vendor's answer was 503, three times"}}
    tongue = "zh" if chinese else "en"
    right = [label for label in truth if draw.random() < recall]
    false = len(right) * (1 - precision) / precision
    wrong = draw.sample(range(len(vocabulary)), round(false + draw.random()))
    tags = [
        {
            "label": label,
            "text": vocabulary[label]["names"].get(tongue, vocabulary[label]["id"]),
            "confidence": round(draw.uniform(*((0.5, 0.99) if label in truth else (0.2, 0.8))), 3),
            "kind": None,
            "boxes": [_moved(draw, truth[label])] if boxed and label in truth else [],
        }
        for label in dict.fromkeys(right + wrong)
    ]
    return {
        "tags": sorted(tags, key=lambda tag: -tag["confidence"]),
        "regions": [],
        "verdicts": [],
        "duration_s": round(seconds * draw.lognormvariate(0, 0.3), 3),
        "units": 1,
        "cached": False,
        "warnings": [],
    }


def _first(said: Record) -> set[int] | None:
    return {tag["label"] for tag in said["tags"][:K]} if "tags" in said else None


def _jaccards(said: tuple[Record, Record]) -> Iterator[float]:
    a, b = map(_first, said)
    if a is not None and b is not None and a | b:
        yield len(a & b) / len(a | b)


def _disagreement(said: list[Record]) -> float | None:
    shares = [share for pair in itertools.combinations(said, 2) for share in _jaccards(pair)]
    return round(1 - statistics.mean(shares), 3) if shares else None


def _pairs(pictures: list[Record]) -> Iterator[Record]:
    for a, b in itertools.combinations(range(len(PROVIDERS)), 2):
        pairs = [(one["said"][a], one["said"][b]) for one in pictures]
        shares = [share for pair in pairs for share in _jaccards(pair)]
        mean = statistics.mean(shares) if shares else None
        figure = {"value": mean, "n": len(shares)}
        boxed = PROVIDERS[a][3] and PROVIDERS[b][3]
        yield {
            "a": a,
            "b": b,
            "jaccard": figure,
            "overlap": figure | {"value": mean and mean**0.5},
            "rbo": figure | {"value": mean and mean**0.8},
            "boxes": {"value": 0.74, "n": 31, "only_a": 12, "only_b": 20} if boxed else None,
        }


def _provider(place: int, pictures: list[Record]) -> Record:
    name, emulated, _, _, _, _, _, price = PROVIDERS[place]
    said = [one["said"][place] for one in pictures]
    answers = [one for one in said if "tags" in one]
    failures = [one["error"]["kind"] for one in said if "error" in one]
    times = sorted(one["duration_s"] for one in answers) or [0]
    tags = [tag["label"] for one in answers for tag in one["tags"]]
    cost = price and [{"currency": price[0], "amount": f"{price[1] * len(answers):.4f}"}]
    return {
        "name": name,
        "plugin": name.split("-")[0],
        "emulated": emulated,
        "answered": len(answers),
        "failed": len(failures),
        "errors": {kind: failures.count(kind) for kind in sorted(set(failures))},
        "tags_per_picture": len(tags) / len(answers) if answers else None,
        "vocabulary": len(set(tags)),
        "latency_p50_s": times[len(times) // 2],
        "latency_p95_s": times[int(len(times) * 0.95)],
        "billable_units": len(answers),
        "cost": cost,
        "cached": 0,
    }


def _measure(value: float, spread: float) -> Record:
    return {"value": value, "low": value - spread, "high": value + spread, "n": 240}


def _quality() -> Record:
    scored = PROVIDERS[2:]
    names = [one[0] for one in scored]
    pairs = zip(itertools.combinations(names, 2), (False, True, True), strict=True)
    return {
        "pictures": 240,
        "providers": [
            {
                "name": name,
                "emulated": False,
                "said": 1000,
                "unknown": 300,
                "precision": _measure(precision, 0.04),
                "recall": _measure(recall, 0.06),
                "f1": _measure(2 * precision * recall / (precision + recall), 0.05),
                "average_precision": _measure(precision * 0.95, 0.05),
                "ece": {"value": 0.08, "low": None, "high": None, "n": 700},
                "cost_per_1000": None if price is None else f"{1000 * price[1]:g} {price[0]}",
            }
            for name, _, _, _, recall, precision, _, price in scored
        ],
        "differences": [
            {
                "a": a,
                "b": b,
                "metric": "f1",
                "difference": 0.14 if ranked else 0.02,
                "low": 0.05 if ranked else -0.03,
                "high": 0.23 if ranked else 0.07,
                "n": 240,
                "ranked": ranked,
                "why": None if ranked else "the difference may be chance",
                "more_pictures": None if ranked else 640,
            }
            for (a, b), ranked in pairs
        ],
        "detections": [
            {
                "name": "google-vision",
                "average_precision": 0.41,
                "average_precision_50": 0.63,
                "recall": {"1": 0.31, "10": 0.52, "100": 0.55},
                "pictures": 90,
                "boxes": 310,
            }
        ],
        "reliability": [
            {
                "name": name,
                "bins": [
                    {"confidence": c / 10, "precision": (c / 10) ** (1 + i / 2), "n": 30 * c}
                    for c in range(1, 10)
                ],
            }
            for i, name in enumerate(names)
        ],
        "pareto": [names[0], names[2]],
    }


def main() -> None:
    """Writes a report that can be opened; or its JSON alone, for `npm run dev`."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("output", type=Path, help="report.html, or viewer/sample.json")
    words.add_argument("--pictures", type=int, default=40)
    words.add_argument("--quality", action="store_true")
    chosen = words.parse_args()
    made = report(chosen.pictures, quality=chosen.quality)
    text = json.dumps(made) if chosen.output.suffix == ".json" else page(made)
    chosen.output.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
