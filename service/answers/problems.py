"""Problems: every failure as `application/problem+json` (RFC 9457).

exception -> status, code, detail in our own words -> response; the cause -> log

Below the paths of other protocols the response has their form (`service.answers.error_forms`).
"""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from service.answers.error_forms import has_own_form, to_protocol_status, write_error
from service.errors import DigitserveError

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:problem-type:digitserve:"
UNKNOWN_FAILURE = "The service failed while it handled this request. The failure was logged under the request's id."

logger = logging.getLogger("digitserve")


def install_handlers(app: FastAPI) -> None:
    """Answer every exception that leaves a route with a problem document."""
    app.add_exception_handler(DigitserveError, _explain)
    app.add_exception_handler(RequestValidationError, _explain_validation)
    app.add_exception_handler(HTTPException, _explain_http)
    app.add_exception_handler(Exception, _hide_unknown)


def problem(
    request: Request, status: int, *, code: str, title: str, detail: str, headers: Any = None
) -> JSONResponse:
    """Build the answer of a problem, in the form of the protocol that the path belongs to."""
    if has_own_form(request.scope["path"]):
        own = to_protocol_status(status)
        return JSONResponse(write_error(detail), status_code=own, headers=headers)
    document = describe(request, status, code=code, title=title, detail=detail)
    return JSONResponse(document, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def explain(request: Request, error: DigitserveError) -> JSONResponse:
    """Answer one of our own errors with its own words."""
    headers = {
        "retry-after": error.retry_after_s,
        "www-authenticate": error.challenge,
        "connection": "close" if error.is_last else None,
    }
    return problem(
        request,
        error.status,
        code=error.code,
        title=error.title,
        detail=str(error),
        headers={name: str(value) for name, value in headers.items() if value},
    )


def describe(
    request: Request, status: int, *, code: str, title: str, detail: str
) -> dict[str, str | int]:
    """Return the members of a problem document; `instance` is the request's id."""
    return {
        "type": TYPE_PREFIX + code,
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.scope.get("request_id", ""),
    }


def describe_failure(request: Request, error: Exception) -> dict[str, str | int]:
    """Return the problem of a failure inside an answer that has begun; it is not logged."""
    if isinstance(error, DigitserveError):
        return describe(
            request, error.status, code=error.code, title=error.title, detail=str(error)
        )
    return describe(
        request, 500, code="internal-error", title="Internal error", detail=UNKNOWN_FAILURE
    )


def log_failure(request: Request, error: Exception) -> None:
    """Log what we did not foresee, under the request's id."""
    logger.error("request %s failed", request.scope.get("request_id", ""), exc_info=error)


async def _explain(request: Request, error: Exception) -> JSONResponse:
    """Answer one of our own errors that left a route."""
    assert isinstance(error, DigitserveError)  # noqa: S101 - the registration guarantees it
    return explain(request, error)


async def _explain_validation(request: Request, error: Exception) -> JSONResponse:
    """Name the parameters that are missing or wrong, without the validator's text."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - the registration guarantees it
    names = ", ".join(sorted({str(item["loc"][-1]) for item in error.errors()}))
    return problem(
        request,
        422,
        code="invalid-parameter",
        title="Invalid parameter",
        detail=f"Missing or of a wrong type: {names}. See /docs for the parameters of {request.url.path}.",
    )


async def _explain_http(request: Request, error: Exception) -> JSONResponse:
    """Answer routing failures: unknown path, wrong method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - the registration guarantees it
    status = HTTPStatus(error.status_code)
    details = {
        404: "There is nothing at this path. See /docs for the routes.",
        405: f"{request.method} is not answered at this path. See /docs for the methods.",
    }
    return problem(
        request,
        status,
        code=status.phrase.lower().replace(" ", "-"),
        title=status.phrase.capitalize(),
        detail=details.get(status, f"The request was refused: {status.phrase.lower()}."),
        headers=error.headers,
    )


async def answer_failure(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request, by an application of its own, that failed with `scope["failure"]`."""
    answer = await _hide_unknown(Request(scope), scope["failure"])
    await answer(scope, receive, send)


async def _hide_unknown(request: Request, error: Exception) -> JSONResponse:
    """Log what we did not foresee, and tell the client one constant sentence."""
    log_failure(request, error)
    return problem(
        request,
        500,
        code="internal-error",
        title="Internal error",
        detail=UNKNOWN_FAILURE,
    )
