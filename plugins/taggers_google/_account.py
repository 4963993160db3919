"""Who asks Google: an API key, or an access token and the project that it is billed to."""

from __future__ import annotations

from taggers.plugin import Prepared, Setting, Settings, errors

__all__ = ["ACCOUNT", "CREDENTIALS", "HOSTS", "authorize"]

HOSTS = ("vision.googleapis.com", "*-vision.googleapis.com")
CREDENTIALS = (("api_key",), ("access_token",))

ACCOUNT = (
    Setting("api_key", "API key", env="GOOGLE_API_KEY", secret=True),
    Setting(
        "access_token",
        "an OAuth access token, used instead of api_key",
        env="GOOGLE_OAUTH_ACCESS_TOKEN",
        secret=True,
    ),
    Setting(
        "quota_project",
        "the project that a user's own access_token is billed to",
        env="GOOGLE_CLOUD_QUOTA_PROJECT",
    ),
)


def authorize(prepared: Prepared, settings: Settings, now: float) -> Prepared:
    """Sends the token where there is one, otherwise the key: in a header, since a URL is logged."""
    if token := settings.secret("access_token"):
        project = settings["quota_project"]
        billed = {"x-goog-user-project": project} if project else {}
        return prepared.with_headers({"authorization": f"Bearer {token}", **billed})
    if key := settings.secret("api_key"):
        return prepared.with_headers({"x-goog-api-key": key})
    raise errors.ConfigurationError("needs api_key or access_token")
