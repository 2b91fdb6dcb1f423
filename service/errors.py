"""Every failure that the service explains to a client, as one tree.

    DigitserveError
    ├── UploadError                      the client's picture or data; the message is shown to the client
    │   ├── EmptyUploadError             422  no bytes, or no file part
    │   ├── TooManyFilesError            422  several file parts where one is expected
    │   ├── MalformedMultipartError      422  a multipart body that cannot be taken apart
    │   ├── UploadTooLargeError          413  more bytes than allowed
    │   ├── SlowUploadError              408  a body that comes too slowly
    │   ├── UnsupportedMediaError        415  not an image or data set of a kind we take
    │   ├── BrokenImageError             422  an image that is truncated or damaged
    │   ├── ImageTooLargeError           422  more pixels than allowed, checked before decoding
    │   ├── BlankImageError              422  no ink on it
    │   ├── DecodingTimeError            422  pictures that take too long to decode, all together
    │   ├── LabelledDataError            422  labelled data that breaks a rule of its format
    │   ├── BatchError                   422  a batch that cannot be taken apart, or is over a bound
    │   └── ExplanationError             422  a layer that is not there, or a picture of several things
    ├── UnauthorizedError                401  no key that is known; comes with WWW-Authenticate
    ├── ForbiddenError                   403  a key that does not open this route, or none could
    ├── RateLimitError                   429  more requests than the limit lets through; with Retry-After
    ├── ProtocolError                    400  a request that breaks a rule of another protocol than ours
    ├── UnknownModelError                404  a model name that is not served
    ├── UnknownVersionError              404  a version of a model that is not loaded
    ├── VersionRefusedError              409  a version that must not be served; another goes on
    ├── ChangeUnderWayError              409  versions are being changed already; comes with Retry-After
    ├── NotReadyError                    503  a model that fails its self-test
    ├── InvalidTimeoutError              422  an X-Request-Timeout-Ms that is no time
    ├── OverloadedError                  503  more is in work or waits than may; comes with Retry-After
    │   └── DeadlineError                503  its time ran out before its work began
    ├── BundleError                      a model directory that must not be served; at start-up
    └── EngineUnavailableError           the engine that the settings ask for cannot run here; at start-up

Each message says what we got, what we expect and how to fix it, in our own words. It reaches clients,
so it never carries a library's text, a path or a secret; the cause travels in ``__cause__`` to the log.
This module is a leaf: it imports nothing.
"""


class DigitserveError(Exception):
    """Superclass of all errors of this package, never raised itself.

    Attributes:
        status: HTTP status code that the error is answered with.
        code: Stable kebab-case name of the error, part of the problem's `type`.
        title: Short summary that is the same for every occurrence.
        retry_after_s: Seconds after which the same request may succeed, for `Retry-After`.
        challenge: How to show who one is, for `WWW-Authenticate`.
        is_last: Whether the connection is of no further use.
    """

    status = 500
    code = "internal-error"
    title = "Internal error"
    retry_after_s: int | None = None
    challenge: str | None = None
    is_last: bool = False


class UploadError(DigitserveError):
    """Superclass of what is wrong with an upload, never raised itself."""

    status = 422
    code = "unusable-upload"
    title = "Unusable upload"


class EmptyUploadError(UploadError):
    """The body holds no bytes, or its multipart form no file (422)."""

    code = "empty-upload"
    title = "Empty upload"


class TooManyFilesError(UploadError):
    """The form holds several files where one is expected (422)."""

    code = "too-many-files"
    title = "Too many files"


class MalformedMultipartError(UploadError):
    """The multipart body cannot be taken apart (422)."""

    code = "malformed-multipart"
    title = "Malformed multipart body"


class UploadTooLargeError(UploadError):
    """The body holds more bytes than allowed (413)."""

    status = 413
    code = "upload-too-large"
    title = "Upload too large"


class SlowUploadError(UploadError):
    """The body comes too slowly (408)."""

    status = 408
    code = "slow-upload"
    title = "Slow upload"
    is_last = True


class UnsupportedMediaError(UploadError):
    """The bytes are no image or data set of a kind we take (415)."""

    status = 415
    code = "unsupported-media"
    title = "Unsupported media"


class BrokenImageError(UploadError):
    """The image is truncated or damaged (422)."""

    code = "broken-image"
    title = "Broken image"


class ImageTooLargeError(UploadError):
    """The image has more pixels than allowed; found before decoding (422)."""

    code = "image-too-large"
    title = "Image too large"


class BlankImageError(UploadError):
    """No ink was found on the image (422)."""

    code = "blank-image"
    title = "Blank image"


class DecodingTimeError(UploadError):
    """The pictures of a request take too long to decode, all together (422)."""

    code = "decoding-too-long"
    title = "Decoding too long"


class LabelledDataError(UploadError):
    """Labelled data for an evaluation breaks a rule of its format (422)."""

    code = "unusable-labelled-data"
    title = "Unusable labelled data"


class BatchError(UploadError):
    """A batch holds no pictures or too many, or its zip is damaged or over a bound (422)."""

    code = "unusable-batch"
    title = "Unusable batch"


class ExplanationError(UploadError):
    """An explanation of a layer that is not there, or a picture of several things at once (422)."""

    code = "unusable-explanation"
    title = "Unusable explanation"


class UnauthorizedError(DigitserveError):
    """The request shows no key that is known here (401)."""

    status = 401
    code = "unauthorized"
    title = "Unauthorized"
    challenge = 'Bearer realm="digitserve"'  # RFC 6750, section 3

    def __init__(self) -> None:
        super().__init__(
            "No key that is known here came with the request. Send yours in the header "
            "Authorization: Bearer KEY, or in X-API-Key: KEY."
        )


class ForbiddenError(DigitserveError):
    """The request's key does not open this route, or no key is set that could (403)."""

    status = 403
    code = "forbidden"
    title = "Forbidden"


class RateLimitError(DigitserveError):
    """More requests came than the rate limit lets through (429).

    Args:
        message: What is wrong.
        retry_after_s: Seconds until the next request is let through.
    """

    status = 429
    code = "rate-limited"
    title = "Rate limited"

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ProtocolError(DigitserveError):
    """A request in another protocol than our own breaks one of its rules (400)."""

    status = 400
    code = "bad-request"
    title = "Bad request"


class UnknownModelError(DigitserveError):
    """The request names a model that is not served (404)."""

    status = 404
    code = "unknown-model"
    title = "Unknown model"


class UnknownVersionError(DigitserveError):
    """The request names a version of a model that is not loaded (404)."""

    status = 404
    code = "unknown-version"
    title = "Unknown version"


class UnknownReportError(DigitserveError):
    """The request names a file that is not in the report of a model (404)."""

    status = 404
    code = "unknown-report"
    title = "Unknown file of a report"


class VersionRefusedError(DigitserveError):
    """The version must not be served, and the one that was goes on (409)."""

    status = 409
    code = "version-refused"
    title = "Version refused"


class ChangeUnderWayError(DigitserveError):
    """Another change of versions has not been answered yet (409)."""

    status = 409
    code = "change-under-way"
    title = "Change under way"
    retry_after_s = 5


class NotReadyError(DigitserveError):
    """A served model fails its self-test (503)."""

    status = 503
    code = "not-ready"
    title = "Not ready"


class InvalidTimeoutError(DigitserveError):
    """The header X-Request-Timeout-Ms holds no time (422)."""

    status = 422
    code = "invalid-timeout"
    title = "Invalid timeout"


class OverloadedError(DigitserveError):
    """More requests are in work or wait than may (503).

    Args:
        message: Says so.
        retry_after_s: When there may be room.
    """

    status = 503
    code = "overloaded"
    title = "Overloaded"

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class DeadlineError(OverloadedError):
    """The request's time ran out before its work began (503)."""

    code = "deadline-passed"
    title = "Deadline passed"


class BundleError(DigitserveError):
    """A model directory is incomplete, damaged or of another schema; raised at start-up."""


class TracesUnavailableError(DigitserveError):
    """Traces are asked for, and cannot be made on this machine; raised at start-up."""


class EngineUnavailableError(DigitserveError):
    """The engine that the settings ask for cannot run on this machine; raised at start-up."""
