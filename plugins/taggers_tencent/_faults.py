"""Every error code of Tencent COS and Cloud Infinite, and of Tencent Cloud API 3.0.

Sources: COS error codes, product documents 436/7730 and 460/8523; API 3.0, "Error Codes" (checked
2026-11). Whether a call that failed inside COS is billed is not documented: those are not repeated
without being asked.
"""

from __future__ import annotations

from typing import Any

from taggers.plugin import Errors, Rule, VendorError, errors

__all__ = ["API3_ERRORS", "ERRORS"]

_COS_RULES = (
    Rule(
        kind=errors.ClockSkew,
        codes="AccessDenied",
        message=r"request has expired",
        hint="set this machine's clock; it may be 15 minutes off at most",
    ),
    Rule(kind=errors.ClockSkew, codes="RequestTimeTooSkewed SignatureExpired"),
    Rule(
        kind=errors.Authentication,
        codes="InvalidAccessKeyId SignatureDoesNotMatch MissingAuthorization InvalidAuthorization "
        "SecretidNotExist",
        hint="check secret_id and secret_key",
    ),
    Rule(kind=errors.TokenExpired, codes="ExpiredToken"),
    Rule(
        kind=errors.PermissionDenied,
        codes="AccessDenied AccessForbidden NoProcessAuthority UserNotSourceBucketOwner "
        "UserNotTargetBucketOwner",
        hint="the key needs ci:CreateDetectLabelJob, and cos:GetObject on the picture",
    ),
    Rule(
        kind=errors.NotSubscribed,
        codes="PicBucketUnBinded AIBucketUnBinded MediaBucketUnBinded CIRoleNotExist",
        hint="bind the bucket to Cloud Infinite and switch on AI recognition in the console",
    ),
    Rule(
        kind=errors.AccountSuspended,
        codes="PaymentRequired UnavailableForLegalReasons",
        fallback="no",
    ),
    Rule(
        kind=errors.ImageSource,
        codes="NoSuchBucket NoSuchKey NoSuchVersion NoSuchCopySource InvalidObjectState "
        "InvalidObjectName",
        fallback="if-capable",
    ),
    Rule(
        kind=errors.ImageSource,
        codes="ResourceNotFound ResourceAccessDenied ResourceDownloadFailed InvalidUrl",
        hint="Tencent could not fetch the URL",
    ),
    Rule(
        kind=errors.PayloadTooLarge,
        codes="EntityTooLarge ImageTooLarge KeyTooLong XMLSizeLimit",
    ),
    Rule(kind=errors.ImageDimensions, codes="ImageResolutionExceed"),
    Rule(
        kind=errors.UnsupportedImage,
        codes="InvalidImageFormat InvalidImageSource EntityTooSmall",
    ),
    # Answered with 400 when the body came too slowly: it was not processed.
    Rule(
        kind=errors.Unavailable,
        codes="RequestTimeout UserNetworkTooSlow IncompleteBody",
        retry="backoff(2)",
        fallback="no",
    ),
    Rule(kind=errors.Unavailable, codes="ServiceUnavailable"),
    Rule(kind=errors.RateLimited, codes="SlowDown KmsFreqControl", fallback="no"),
    Rule(
        kind=errors.ServerFault,
        codes="InternalError KmsInternalException KmsException",
        retry="ask",
        billed="maybe",
    ),
    Rule(
        kind=errors.ConfigurationError,
        codes="ActionAccelerateNotSupported BucketAccelerateNotEnabled BucketNameTooLong "
        "DNSRecordVerifyFailed InvalidBucketName InvalidLocationConstraint InvalidRegionName "
        "JsonAPINotSupportOnMAZBucket MAZOperationNotSupportOnOAZBucket MultiAZFeatureNotSupport "
        "MultiBucketNotSupport OAZOperationNotSupportOnMAZBucket UserCnameInvalid "
        "WebsiteURLInvalid DomainAuditFailed DomainConfigConflict NotSupportedStorageClass "
        "KmsKeyDisabled KmsKeyNotExist InvalidHost",
        scope="endpoint",
    ),
    Rule(kind=errors.NotSupported, codes="NotImplemented", fallback="no"),
    Rule(
        kind=errors.NotFound,
        codes="InventoryConfigurationNotFoundError NoBucketQuotaPolicy NoSuchCORSConfiguration "
        "NoSuchEncryptionConfiguration NoSuchJob NoSuchLifecycleConfiguration "
        "NoSuchObjectLockConfiguration NoSuchPolicyVersion NoSuchTagSet NoSuchUpload "
        "NoSuchWebsiteConfiguration OriginConfigurationNotFoundError "
        "ReplicationConfigurationNotFoundError",
    ),
    # Spelled as the vendor spells them: BadRquest, Confilct.
    Rule(
        kind=errors.InvalidRequest,
        codes="AppendPositionErr AttachmentFull BadDigest BadRequest BadRquest BucketAlreadyExists "
        "BucketAlreadyOwnedByYou BucketLocked BucketNotEmpty BucketVersionNotOpen "
        "EntitySizeNotMatch IncorrectNumberOfFilesInPostRequest InvalidArgument InvalidBucketState "
        "InvalidCopySource InvalidDelimiter InvalidDigest InvalidLockedTime InvalidPart "
        "InvalidPartOrder InvalidPicOperations InvalidPolicyDocument InvalidRange InvalidRequest "
        "InvalidSHA1Digest InvalidTag InvalidTargetBucketForLogging InvalidURI InvalidUploadStatus "
        "InventoryFull ListPartUploadIdIsEmpty LoggingConfExists LoggingPrefixInvalid "
        "MalformedPOSTRequest MalformedPolicy MalformedXML MethodNotAllowed MissingContentLength "
        "MissingRequestBodyError NotifyRuleEventConflict NotifyRulePrefixConflict "
        "NotifyRuleSuffixConflict ObjectLocked ObjectNotAppendable PathConflict PolicyFull "
        "PolicyVersionFull PreconditionFailed QuotaConflict QuotaOperationConfilct "
        "RecordAlreadyExist RestoreAlreadyInProgress RestoreNonArchiveObject "
        "SSEContentNotSupported SSEHeaderNotAllowed SsecDecryptHeaderInvalid "
        "TargetBucketNameInvalid TooManyBuckets UnexpectedContent UploadConflict "
        "UploadIdNotSupported VerifyAlgorithmNotSupported",
    ),
)


def _in_xml(body: Any) -> VendorError | None:
    """The `Error` document, which the vendor may also send with a 200."""
    error = body.get("Error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return None
    code, message, request_id = (error.get(name) for name in ("Code", "Message", "RequestId"))
    return VendorError(str(code or "no code"), str(message or ""), request_id)


ERRORS = Errors(where=_in_xml, rules=_COS_RULES, request_id_header="x-cos-request-id")


# For the services of API 3.0, of which no provider is here yet: TIIA's models stand behind COS's.
_API3_RULES = (
    Rule(kind=errors.ClockSkew, codes="AuthFailure.SignatureExpire"),
    Rule(kind=errors.TokenExpired, codes="AuthFailure.TokenFailure"),
    Rule(
        kind=errors.PermissionDenied,
        codes="AuthFailure.UnauthorizedOperation UnauthorizedOperation IpInBlacklist "
        "IpNotInWhitelist",
    ),
    Rule(
        kind=errors.Authentication,
        codes="AuthFailure.SignatureFailure AuthFailure.SecretIdNotFound "
        "AuthFailure.InvalidSecretId AuthFailure.InvalidAuthorization AuthFailure.MFAFailure",
    ),
    Rule(
        kind=errors.RateLimited,
        codes="RequestLimitExceeded RequestLimitExceeded.IPLimitExceeded "
        "RequestLimitExceeded.UinLimitExceeded",
        fallback="no",
    ),
    Rule(
        kind=errors.QuotaExhausted,
        codes="LimitExceeded ResourceInsufficient",
        fallback="no",
        scope="call",
    ),
    Rule(kind=errors.Unavailable, codes="ResourceUnavailable ServiceUnavailable", fallback="no"),
    Rule(kind=errors.ServerFault, codes="InternalError", fallback="no"),
    Rule(kind=errors.OutcomeUnknown, codes="FailedOperation.RequestTimeout", fallback="no"),
    Rule(
        kind=errors.ServerFault,
        codes="FailedOperation",
        retry="ask",
        billed="maybe",
        fallback="no",
    ),
    Rule(kind=errors.ServerFault, codes="ResponseSizeLimitExceeded", retry="never", fallback="no"),
    Rule(
        kind=errors.InvalidRequest,
        codes="InvalidParameter InvalidParameterValue MissingParameter UnknownParameter",
    ),
    Rule(
        kind=errors.EndpointGone,
        codes="InvalidAction ActionOffline NoSuchVersion",
        fallback="no",
        scope="call",
    ),
    Rule(
        kind=errors.ConfigurationError,
        codes="UnsupportedRegion UnsupportedProtocol",
        scope="endpoint",
    ),
    Rule(kind=errors.PayloadTooLarge, codes="RequestSizeLimitExceeded", fallback="no"),
    Rule(kind=errors.NotSupported, codes="UnsupportedOperation", fallback="no"),
)


def _in_api3(body: Any) -> VendorError | None:
    """The error of API 3.0, which always comes with HTTP 200."""
    answer = body.get("Response") if isinstance(body, dict) else None
    if not isinstance(answer, dict) or not isinstance(error := answer.get("Error"), dict):
        return None
    code, message = str(error.get("Code")), str(error.get("Message") or "")
    return VendorError(code, message, answer.get("RequestId"))


API3_ERRORS = Errors(where=_in_api3, rules=_API3_RULES)
