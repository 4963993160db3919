"""What the responder answers: bodies as the vendors send them, as large as the issue names."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["HUAWEI", "TENCENT"]

_SCENES = ("Web", "Camera", "Album", "News")


def _tag(index: int) -> dict[str, Any]:
    """A tag in two languages, with one box or two."""
    english, chinese = f"Label {index} in English", f"第{index}个中文标签"
    return {
        "confidence": f"{98.25 - index:.2f}",
        "type": "Nature",
        "tag": english,
        "i18n_tag": {"en": english, "zh": chinese},
        "i18n_type": {"en": "Nature", "zh": "自然"},
        "instances": [_instance(index, place) for place in range(1 + index % 2)],
    }


def _instance(index: int, place: int) -> dict[str, Any]:
    box = {"top_left_x": 10.5 * index, "top_left_y": 20.25, "width": 80.0, "height": 60.125}
    return {"bounding_box": box, "confidence": f"{95.5 - index - place:.2f}"}


def _labels(scene: str) -> str:
    listed = "".join(
        f"<Labels><Confidence>{90 - index}</Confidence>"
        "<FirstCategory>Animals and plants</FirstCategory>"
        f"<Name>{scene} label {index}</Name><SecondCategory>Mammals</SecondCategory></Labels>"
        for index in range(5)
    )
    return f"<{scene}Labels>{listed}</{scene}Labels>"


HUAWEI = json.dumps({"result": {"tags": [_tag(index) for index in range(20)]}}).encode()
"""8 KB of JSON: 20 tags in two languages, with boxes."""

TENCENT = "".join(["<RecognitionResult>", *map(_labels, _SCENES), "</RecognitionResult>"]).encode()
"""XML with four scenes of five labels."""
