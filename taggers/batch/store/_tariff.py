"""What a call of a provider bills, as far as that is known before it is made."""

from __future__ import annotations

import contextlib

from attrs import frozen

from ..._config import Config
from ..._found import find
from ..._image import Image
from ..._keys import Keys
from ..._model import Options
from ..._money import Money
from ..._provider import Provider
from ..._registry import installed
from ..._settings import Settings
from ..._wire import Request
from ...compare import prices

__all__ = ["Tariff", "settings_of", "tariff"]

MAX_STEPS = 20


@frozen
class Tariff:
    """How many units a call bills, and what one costs; None: nobody knows."""

    units: int = 1
    price: Money | None = None


def tariff(name: str, config: Config) -> Tariff:
    """The tariff of a provider. Of a route it is not known, as it depends on who answers. Raises
    `ConfigurationError` for a name that is none."""
    if name in config.routes:
        return Tariff()
    plugin = config.service(name).plugin
    units = _units(installed().provider(plugin), settings_of(name, config))
    return Tariff(units, prices(config)(name, plugin))


def settings_of(name: str, config: Config) -> Settings:
    """The settings of a provider as far as they are there; what is missing is None."""
    service = config.service(name)
    found = find(installed().provider(service.plugin), service, Keys.load(), {})
    return Settings({item.setting.name: item.value for item in found})


def _units(provider: Provider, settings: Settings) -> int:
    """How many units a call bills, as the plugin's own requests say; 1 where they need an answer
    for that."""
    if provider.offers.unit is None:
        return 0
    picture = Image("a picture", content=b"?", format="jpeg", width=640, height=480)
    job = provider.job(picture, Options(), settings, "plan")
    units = 0
    with contextlib.suppress(Exception):
        step = next(job)
        for _ in range(MAX_STEPS):
            units += step.units if isinstance(step, Request) else 0
            step = job.send(None)
    return units or 1
