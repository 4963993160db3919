"""What all of Huawei's picture services share: the account, the endpoint, the picture limits."""

from __future__ import annotations

import datetime

from taggers.plugin import (
    Accepts,
    Base64,
    Image,
    Prepared,
    Setting,
    Settings,
    Sunset,
    errors,
)

from ._sign import sign

__all__ = [
    "ACCEPTS",
    "ACCOUNT",
    "CREDENTIALS",
    "HOSTS",
    "PROJECT",
    "SUNSET",
    "authorize",
    "picture",
    "region",
]

HOSTS = ("*.myhuaweicloud.com", "*.myhuaweicloud.cn")
CREDENTIALS = (("ak", "sk"), ("auth_token",))

ACCOUNT = (
    Setting("ak", "access key id", env="HUAWEICLOUD_SDK_AK", secret=True),
    Setting("sk", "secret access key", env="HUAWEICLOUD_SDK_SK", secret=True),
    Setting(
        "security_token",
        "session token of a temporary ak and sk",
        env="HUAWEICLOUD_SDK_SECURITY_TOKEN",
        secret=True,
    ),
    Setting(
        "auth_token",
        "a ready IAM token, used instead of ak and sk",
        env="HUAWEICLOUD_AUTH_TOKEN",
        secret=True,
    ),
)

PROJECT = Setting(
    "project_id",
    "the project's id, from the console under My Credentials",
    env="HUAWEICLOUD_SDK_PROJECT_ID",
    pattern=r"[A-Za-z0-9-]{1,64}",
    required=True,
)

# Image Recognition API reference, zh 2024 and v2 page en: at most 10 MB after base64.
ACCEPTS = Accepts(
    formats=("jpeg", "png", "bmp", "webp"),
    max_base64_bytes=10 * 1024 * 1024,
    min_edge_px=1,
    max_edge_px=4096,
)

SUNSET = Sunset(
    datetime.date(2026, 12, 30),
    "Huawei announced that sale ended on 2026-06-30 and that the service goes offline",
    "Huawei Cloud bulletins image_07_0001 and imagesearch_06_0001",
)


def region(*regions: str) -> Setting:
    """The setting for a service that exists in these regions; the first is the default."""
    return Setting(
        "region",
        "where the service is asked; for another one set endpoint",
        env="HUAWEICLOUD_REGION",
        default=regions[0],
        choices=regions,
    )


def authorize(prepared: Prepared, settings: Settings, now: float) -> Prepared:
    """Signs with ak and sk, or sends the ready token where there is one."""
    if token := settings.secret("auth_token"):
        return prepared.with_headers({"x-auth-token": token})
    access_key, secret_key = settings.secret("ak"), settings.secret("sk")
    if not access_key or not secret_key:
        raise errors.ConfigurationError("needs ak and sk, or auth_token")
    session = settings.secret("security_token")
    project = settings.get("project_id")
    added = {"x-security-token": session, "x-project-id": project}
    known = {name: value for name, value in added.items() if value}
    return sign(prepared.with_headers(known), access_key, secret_key, now)


def picture(image: Image) -> dict[str, str | Base64]:
    """The picture in a request's body: its bytes, or the URL that Huawei is to fetch."""
    if image.content is not None:
        return {"image": Base64(image.content)}
    return {"url": image.url or ""}
