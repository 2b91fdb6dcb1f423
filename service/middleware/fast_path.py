"""The fast path: an upload to `/predict` without parameters, answered in front of the framework.

request -> plain upload? -> body -> answer; whatever else -> the framework

The framework declares the route, documents it, and answers it where there are parameters. Its matching,
dependencies and response cost an upload of a small picture more than the network does.
"""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from service.answers.problems import explain
from service.errors import DigitserveError
from service.paths import PREDICT
from service.resources import Resources
from service.routes.intake import take_in
from service.routes.predict import answer_upload

VERSION_HEADER = b"x-model-version"  # a parameter too, in a header


class FastPath:
    """Answers plain uploads; everything else goes on to the application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if not _is_plain_upload(scope):
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            answer = await _answer(request)
        except DigitserveError as error:
            await explain(request, error)(scope, receive, send)
            return
        headers = [
            (b"content-length", str(len(answer)).encode()),
            (b"content-type", b"application/json"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


def _is_plain_upload(scope: Scope) -> bool:
    """Tell whether a request is an upload to `/predict` that says nothing else."""
    return (
        scope["type"] == "http"
        and scope["method"] == "POST"
        and scope["path"] == PREDICT
        and not scope["query_string"]
        and VERSION_HEADER not in dict(scope["headers"])
    )


async def _answer(request: Request) -> bytes:
    """Read the upload and recognise it by the default model."""
    resources: Resources = request.scope["state"]["resources"]
    upload = await take_in(request, resources, max_bytes=resources.settings.max_upload_bytes)
    return await answer_upload(upload, resources, resources.models.find(None), with_detail=False)
