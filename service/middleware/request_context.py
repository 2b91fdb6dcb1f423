"""What every request has: an id, an answer to HEAD, security headers, a line in the log, its place in the metrics.

request -> id, record -> application -> answer with headers -> bookkeeping: counted, logged
"""

import re
import secrets
import time
from http import HTTPStatus

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.answers.problems import answer_failure
from service.intake.admission import ClientLeftError
from service.intake.discarding import send_and_discard
from service.routes.intake import free_place
from service.security.security_headers import security_headers
from service.telemetry.bookkeeping import Bookkeeper
from service.telemetry.log_lines import RequestEvent
from service.telemetry.metrics.recorder import Recorder
from service.telemetry.request_record import RequestRecord

CLIENT_LEFT = 499  # nginx's status in the log, of a request whose client left; nothing is sent
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class RequestContext:
    """Gives every request an id, answers HEAD like GET, counts it, and logs one line.

    The id is the client's `X-Request-ID` where it is short and plain, else a new one; it comes back in
    the same header and in problem documents. Every answer gets the security headers, and so does that
    to a failure which nobody foresaw.

    Args:
        app: What is behind it; it finds the request's `RequestRecord` as `scope["record"]`.
        answer_failure: Answers a request that failed with `scope["failure"]`.
    """

    def __init__(self, app: ASGIApp, answer_failure: ASGIApp = answer_failure) -> None:
        self.app = app
        self._answer_failure = answer_failure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["request_id"] = _choose_id(scope)
        asked = scope
        scope = _head_as_get(scope)
        record = scope["record"] = scope.get("record") or RequestRecord()
        recorder, bookkeeper = _find_books(scope)
        answer = _Answer(scope, receive, send, recorder)
        started = time.perf_counter()
        recorder.begin()
        try:
            await self._serve(scope, receive, answer)
        finally:
            free_place(scope)
            duration_s = time.perf_counter() - started
            recorder.end()
            request_id, method, path = scope["request_id"], asked["method"], scope["path"]
            event = RequestEvent(request_id, method, path, answer.status, duration_s, record)
            bookkeeper.enter(_find_template(scope), event)

    async def _serve(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        """Have a request answered, whatever happens."""
        try:
            await self.app(scope, receive, answer.send)
        except (ClientDisconnect, ClientLeftError):
            answer.status = CLIENT_LEFT
        except Exception as error:
            if answer.has_begun:  # the server will cut the answer off
                raise
            # The framework's last handler lies outside, and its answer would lack these headers.
            scope["failure"] = error
            await self._answer_failure(scope, receive, answer.send)


class _Answer:
    """Sends the answer to one request with the headers that every answer has; a refusal so that it is read.

    Attributes:
        status: That was sent; until then, what is logged of an answer that never came.
        has_begun: Whether it was sent.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, recorder: Recorder) -> None:
        self.status = 500
        self.has_begun = False
        self._scope = scope
        self._receive = receive
        self._send = send
        self._recorder = recorder

    async def send(self, message: Message) -> None:
        """Send a message of the answer."""
        if message["type"] == "http.response.start":
            self.status, self.has_begun = message["status"], True
            headers = message["headers"]
            if self.status == HTTPStatus.SERVICE_UNAVAILABLE and _has_retry_after(headers):
                self._recorder.count_shed()
            own = (b"x-request-id", self._scope["request_id"].encode())
            message["headers"] = [*headers, own, *security_headers(headers)]
            await self._send(message)
            return
        if not message.get("more_body"):
            # Its client may send the next request before this one's coroutine goes on.
            free_place(self._scope)
        if self.status >= HTTPStatus.BAD_REQUEST:
            await send_and_discard(message, self._scope, self._receive, self._send)
            return
        await self._send(message)


def _choose_id(scope: Scope) -> str:
    """Return the client's own id of a request where it is short and plain, else a new one."""
    offered: bytes = dict(scope["headers"]).get(b"x-request-id", b"")
    return offered.decode() if _REQUEST_ID.fullmatch(offered) else secrets.token_hex(16)


def _head_as_get(scope: Scope) -> Scope:
    """Return the scope of a request, with GET in place of HEAD.

    The server drops the body of an answer to HEAD itself: in its own scope the method must stay.
    """
    return {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope


def _find_books(scope: Scope) -> tuple[Recorder, Bookkeeper]:
    """Find what counts and logs; where no lifespan has run, count for nobody."""
    resources = scope.get("state", {}).get("resources")
    if resources is None:
        recorder = Recorder()
        return recorder, Bookkeeper(recorder)
    return resources.recorder, resources.bookkeeper


def _find_template(scope: Scope) -> str:
    """Return the template of a request's route, or its path where the framework was not asked."""
    return str(getattr(scope.get("route"), "path", scope["path"]))


def _has_retry_after(headers: list[tuple[bytes, bytes]]) -> bool:
    """Tell whether an answer says when to come again."""
    return any(name.lower() == b"retry-after" for name, _ in headers)
