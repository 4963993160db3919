"""An answer by `json.loads` alone."""

import json

from ..answers import HUAWEI
from .one_after_another import repeat
from .task import Task

if __name__ == "__main__":
    repeat(lambda: json.loads(HUAWEI), Task.given())
