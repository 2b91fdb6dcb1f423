"""HTTP/1.1 as the server reads it, with a bound on what is no body; refusals in the service's own form.

bytes of a connection -> parser -> requests, or a problem document and the end of the connection

Bodies are bounded where they are read; without a bound here the parser would keep headers without end.
"""

import json
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from service.answers.problems import MEDIA_TYPE, TYPE_PREFIX
from service.security.security_headers import security_headers

# In a row, besides what one read brings, at most 256 kB: a request's line, its headers, what stands between
# the chunks of a body, and behind them. Browsers send about 1 kB, and some servers take only 8.
MAX_BYTES_WITHOUT_BODY = 65_536
# Requests of a connection that wait for the one in work; one read may bring 14,000, of which each takes a kilobyte
# or two before anyone has asked for a key. Clients that send ahead at all send sixteen or fewer.
MAX_PIPELINED = 16


class PipelineError(Exception):
    """A client sends too many requests ahead; raised within the parser, so that it stops."""


class BoundedProtocol(HttpToolsProtocol):
    """A connection that ends where its client sends no request, or one whose headers never end."""

    _num_bytes = 0  # since the last of a body, or of a request
    _is_pipeline_full = False

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        self._num_bytes += len(data)
        super().data_received(data)
        if self._num_bytes > MAX_BYTES_WITHOUT_BODY and not self.transport.is_closing():
            self._refuse(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                reason="head_too_large",
                code="request-head-too-large",
                title="Request head too large",
                detail="The request's line and headers are larger than the "
                f"{MAX_BYTES_WITHOUT_BODY:,} bytes that are accepted. Send fewer or shorter ones.",
            )

    def on_message_begin(self) -> None:
        """Begin to read a request.

        Raises:
            PipelineError: If too many of the client's wait already.
        """
        if len(self.pipeline) >= MAX_PIPELINED:
            self._is_pipeline_full = True
            raise PipelineError
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """Hand on a piece of a body."""
        self._num_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note the end of a request."""
        self._num_bytes = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - we have words of our own
        """Refuse what is no request, or one too many."""
        if self._is_pipeline_full:
            self._refuse(
                HTTPStatus.BAD_REQUEST,
                reason="pipelined",
                code="too-many-pipelined-requests",
                title="Too many pipelined requests",
                detail=f"More than {MAX_PIPELINED} requests were sent ahead of the answer that they wait for. "
                "Read answers before you send more, or use more connections.",
            )
            return
        self._refuse(
            HTTPStatus.BAD_REQUEST,
            reason="malformed",
            code="malformed-request",
            title="Malformed request",
            detail="What was sent is no well-formed HTTP/1.1 request. Let an HTTP client write it.",
        )

    def count_end(self, reason: str) -> None:
        """Count the end of the connection, where there is a service that counts."""
        if resources := self.app_state.get("resources"):
            resources.recorder.count_connection_end(reason)

    def _refuse(
        self, status: HTTPStatus, *, reason: str, code: str, title: str, detail: str
    ) -> None:
        """Send a problem document, and end the connection."""
        self.count_end(reason)
        document = {"type": TYPE_PREFIX + code, "title": title, "status": status, "detail": detail}
        body = json.dumps({**document, "instance": ""}).encode()
        headers = [
            *self.server_state.default_headers,
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            *security_headers(()),
        ]
        lines = [name + b": " + value + b"\r\n" for name, value in headers]
        self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", body]))
        self.transport.close()
