"""The floor: a bare ASGI callable around the service's own preprocessing and engine, and nothing else."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import numpy as np

from service.engines.litert import LiteRTEngine
from service.preprocessing import UploadLimits, preprocess

PROGRAM = Path(__file__).parents[3] / "models/textbook/1/assets.extra/model.tflite"
Message = MutableMapping[str, Any]

engine = LiteRTEngine(PROGRAM)
limits = UploadLimits()


async def app(
    _scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Answer every request as if it were an upload."""
    chunks, is_more = [], True
    while is_more:
        message = await receive()
        chunks.append(message.get("body", b""))
        is_more = message.get("more_body", False)
    probabilities = engine.predict(preprocess(b"".join(chunks), limits).image[np.newaxis])[0]
    answer = {"class": int(probabilities.argmax()), "probabilities": probabilities.tolist()}
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})
