"""What local-basic can say, in English and Chinese, and the CSS colours that each word covers."""

from __future__ import annotations

__all__ = ["CHINESE", "PALETTE"]

_COLOURS: tuple[tuple[str, str, str], ...] = (
    ("black", "黑色", "black"),
    ("dark grey", "深灰色", "dimgray"),
    ("grey", "灰色", "gray darkgray"),
    ("light grey", "浅灰色", "silver lightgray gainsboro"),
    ("white", "白色", "white whitesmoke"),
    ("beige", "米色", "beige antiquewhite linen cornsilk"),
    ("tan", "黄褐色", "tan wheat burlywood"),
    ("light brown", "浅棕色", "peru"),
    ("brown", "棕色", "saddlebrown sienna"),
    ("rosy brown", "玫瑰棕色", "rosybrown"),
    ("red", "红色", "red crimson firebrick"),
    ("dark red", "深红色", "darkred maroon"),
    ("salmon", "鲑红色", "salmon darksalmon lightsalmon"),
    ("orange", "橙色", "orange darkorange orangered tomato coral chocolate"),
    ("light orange", "浅橙色", "peachpuff bisque sandybrown"),
    ("gold", "金色", "goldenrod darkgoldenrod"),
    ("yellow", "黄色", "yellow gold"),
    ("light yellow", "浅黄色", "khaki lightyellow lemonchiffon"),
    ("khaki", "卡其色", "darkkhaki"),
    ("olive", "橄榄色", "olive olivedrab darkolivegreen"),
    ("yellow green", "黄绿色", "yellowgreen greenyellow"),
    ("bright green", "亮绿色", "lime chartreuse"),
    ("green", "绿色", "green forestgreen limegreen"),
    ("dark green", "深绿色", "darkgreen"),
    ("light green", "浅绿色", "lightgreen palegreen honeydew"),
    ("grey green", "灰绿色", "darkseagreen"),
    ("sea green", "海绿色", "seagreen mediumseagreen"),
    ("teal", "蓝绿色", "teal darkcyan"),
    ("turquoise", "绿松石色", "turquoise mediumturquoise lightseagreen"),
    ("cyan", "青色", "cyan"),
    ("light cyan", "浅青色", "paleturquoise lightcyan"),
    ("sky blue", "天蓝色", "skyblue deepskyblue cornflowerblue"),
    ("light blue", "浅蓝色", "lightblue lightskyblue powderblue lightsteelblue"),
    ("steel blue", "钢蓝色", "steelblue"),
    ("blue grey", "蓝灰色", "slategray lightslategray"),
    ("blue", "蓝色", "blue mediumblue royalblue dodgerblue"),
    ("dark blue", "深蓝色", "navy midnightblue darkblue"),
    ("lavender", "淡紫色", "lavender thistle"),
    ("violet", "紫罗兰色", "violet orchid mediumorchid mediumpurple plum"),
    ("purple", "紫色", "purple darkmagenta darkorchid indigo"),
    ("magenta", "品红色", "magenta mediumvioletred"),
    ("hot pink", "艳粉色", "hotpink deeppink"),
    ("pink", "粉红色", "pink lightpink palevioletred"),
    ("pale pink", "浅粉色", "mistyrose lavenderblush"),
)

PALETTE: dict[str, tuple[str, ...]] = {word: tuple(css.split()) for word, _, css in _COLOURS}
"""The words for colours, each with the CSS names that mean it.

Of the CSS names those are left out that hardly anyone uses, or whose colour would draw in much
that is not called so: darkslategray, the only dark muted one, would take every shadow.
"""

CHINESE: dict[str, str] = {word: chinese for word, chinese, _ in _COLOURS} | {
    "greyscale": "灰度",
    "sepia": "棕褐色调",
    "monochrome": "单色",
    "dark": "昏暗",
    "dim": "偏暗",
    "bright": "明亮",
    "low contrast": "低对比度",
    "high contrast": "高对比度",
    "blurred": "模糊",
    "sharp": "清晰",
    "portrait format": "竖幅",
    "landscape format": "横幅",
    "square": "方形",
    "panorama": "全景幅面",
    "colour": "颜色",
    "tone": "色调",
    "brightness": "亮度",
    "contrast": "对比度",
    "sharpness": "清晰度",
    "orientation": "画幅方向",
}
"""Every name and category in Chinese."""
