"""A server's own share of a request: read the body, answer as many bytes as the service does, nothing else."""

from starlette.types import Receive, Scope, Send

ANSWER = b'{"class":3,"confidence":1.0,"probabilities":[' + b"0.1," * 60 + b"0]}"


async def app(_scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request."""
    while (await receive()).get("more_body", False):
        pass
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})
