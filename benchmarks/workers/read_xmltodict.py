"""An answer by `xmltodict.parse` alone."""

import xmltodict

from ..answers import TENCENT
from .one_after_another import repeat
from .task import Task

if __name__ == "__main__":
    repeat(lambda: xmltodict.parse(TENCENT), Task.given())
