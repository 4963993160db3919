"""What all of Huawei's picture services share: the account, the endpoint, the picture limits."""

from __future__ import annotations

import datetime
import json

from taggers.plugin import (
    Accepts,
    Base64,
    CredentialsFile,
    Image,
    Prepared,
    Request,
    Response,
    Secret,
    Session,
    Setting,
    Settings,
    SignIn,
    Sunset,
    errors,
)

from ._sign import sign

__all__ = [
    "ACCEPTS",
    "ACCOUNT",
    "CREDENTIALS",
    "CREDENTIALS_FILE",
    "HOSTS",
    "PROJECT",
    "SUNSET",
    "authorize",
    "picture",
    "region",
    "sign_in",
]

HOSTS = ("*.myhuaweicloud.com", "*.myhuaweicloud.cn", "169.254.169.254")
CREDENTIALS = (("ak", "sk"), ("auth_token",), ("user", "password", "domain"), ("metadata",))
CREDENTIALS_FILE = CredentialsFile(
    "~/.huaweicloud/credentials", "HUAWEICLOUD_SDK_CREDENTIALS_FILE", "basic"
)
METADATA = "http://169.254.169.254"

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
    Setting("user", "IAM user's name, for tokens by password", env="HW_USER_NAME"),
    Setting("password", "IAM user's password", env="HW_USER_PASSWORD", secret=True),
    Setting("domain", "IAM user's account name", env="HW_DOMAIN_NAME"),
    Setting(
        "project_name",
        "the project that a token is for, where it is not named by project_id: its region's name",
        env="HW_PROJECT_NAME",
    ),
    Setting(
        "iam_endpoint",
        "the URL that gives tokens, in place of IAM's in the region",
        pattern="https?://.+",
    ),
    Setting(
        "metadata",
        f"on an ECS, the address of its metadata service ({METADATA}): its agency's keys are used",
        env="HUAWEICLOUD_METADATA",
        pattern="http://.+",
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


def sign_in(settings: Settings) -> SignIn | None:
    """Nothing where keys or a token are there; otherwise a token for the password, or the keys of
    the ECS's agency."""
    if settings.secret("auth_token") or (settings.secret("ak") and settings.secret("sk")):
        return None
    if settings.secret("password"):
        return _by_password(settings)
    return _from_metadata(settings["metadata"])


def _by_password(settings: Settings) -> SignIn:
    """IAM's POST /v3/auth/tokens, for one project: the token stands in a header of the answer."""
    user, password, domain = settings["user"], settings.secret("password"), settings["domain"]
    project = settings.get("project_id")
    scope = {"id": project} if project else {"name": settings["project_name"] or settings["region"]}
    endpoint = settings["iam_endpoint"] or f"https://iam.{settings['region']}.myhuaweicloud.com"
    person = {"name": user, "password": password, "domain": {"name": domain}}
    identity = {"methods": ["password"], "password": {"user": person}}
    return SignIn(
        key=("iam", endpoint, user, domain, tuple(scope.items()), settings["password"]),
        endpoint=endpoint,
        request=Request(
            path="/v3/auth/tokens",
            json={"auth": {"identity": identity, "scope": {"project": scope}}},
        ),
        read=_token,
    )


def _token(response: Response, now: float) -> Session:
    ends = json.loads(response.body)["token"]["expires_at"]
    token = Secret(response.headers["x-subject-token"])
    return Session({"auth_token": token}, now, datetime.datetime.fromisoformat(ends).timestamp())


def _from_metadata(address: str) -> SignIn:
    """The temporary keys that an ECS's metadata service gives for the agency of the server."""
    return SignIn(
        key=("metadata", address),
        endpoint=address,
        request=Request(method="GET", path="/openstack/latest/securitykey"),
        read=_temporary_keys,
    )


def _temporary_keys(response: Response, now: float) -> Session:
    given = json.loads(response.body)["credential"]
    keys = {"ak": given["access"], "sk": given["secret"], "security_token": given["securitytoken"]}
    ends = datetime.datetime.fromisoformat(given["expires_at"]).timestamp()
    return Session({name: Secret(text) for name, text in keys.items()}, now, ends)


def picture(image: Image) -> dict[str, str | Base64]:
    """The picture in a request's body: its bytes, or the URL that Huawei is to fetch."""
    if image.content is not None:
        return {"image": Base64(image.content)}
    return {"url": image.url or ""}
