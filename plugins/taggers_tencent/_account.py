"""What Tencent's COS services share: the account, the bucket, the signature."""

from __future__ import annotations

from taggers.plugin import CredentialsFile, Prepared, Setting, Settings, errors

from ._sign import presign, sign

__all__ = ["ACCOUNT", "BUCKET", "CREDENTIALS", "CREDENTIALS_FILE", "HOSTS", "authorize"]

HOSTS = ("*.myqcloud.com",)
CREDENTIALS = (("secret_id", "secret_key"),)
CREDENTIALS_FILE = CredentialsFile(
    "~/.tencentcloud/credentials", "TENCENTCLOUD_CREDENTIALS_FILE", "default"
)

ACCOUNT = (
    Setting("secret_id", "API key id", env="TENCENTCLOUD_SECRET_ID", secret=True),
    Setting("secret_key", "API key", env="TENCENTCLOUD_SECRET_KEY", secret=True),
    Setting(
        "token",
        "session token of a temporary secret_id and secret_key",
        env="TENCENTCLOUD_TOKEN",
        secret=True,
    ),
    Setting(
        "presigned",
        "where the signature stands: in a header, or in the URL, which is then presigned",
        default="no",
        choices=("no", "yes"),
    ),
)

BUCKET = (
    Setting(
        "bucket",
        "the bucket with its APPID, as in photos-1250000000",
        env="TENCENTCLOUD_COS_BUCKET",
        pattern=r"[a-z0-9][a-z0-9-]*-\d+",
        required=True,
    ),
    Setting(
        "region",
        "the bucket's region, as in ap-guangzhou",
        env="TENCENTCLOUD_REGION",
        default="ap-guangzhou",
        pattern=r"[a-z]{2,4}-[a-z]+(-[a-z0-9]+)*",
    ),
)


def authorize(prepared: Prepared, settings: Settings, now: float) -> Prepared:
    """Signs the request; a temporary key brings its session token along."""
    secret_id, secret_key = settings.secret("secret_id"), settings.secret("secret_key")
    if not secret_id or not secret_key:
        raise errors.ConfigurationError("needs secret_id and secret_key")
    token = settings.secret("token")
    if settings["presigned"] == "yes":
        return presign(prepared, secret_id, secret_key, now, token)
    if token:
        prepared = prepared.with_headers({"x-cos-security-token": token})
    return sign(prepared, secret_id, secret_key, now)
