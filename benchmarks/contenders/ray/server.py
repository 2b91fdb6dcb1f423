"""Ray Serve: a deployment of one replica behind its HTTP proxy.

Source: https://docs.ray.io/en/latest/serve/index.html and its page on HTTP requests.
"""

import io
import sys
from pathlib import Path

import numpy as np
import ray
from ai_edge_litert.interpreter import Interpreter
from PIL import Image
from ray import serve
from starlette.requests import Request

PROGRAM = Path(__file__).parents[3] / "models/textbook/1/assets.extra/model.tflite"


@serve.deployment(num_replicas=1)
class Digits:
    """Recognises the digit on an upload."""

    def __init__(self) -> None:
        self.interpreter = Interpreter(model_path=str(PROGRAM))
        self.infer = self.interpreter.get_signature_runner("serving_default")

    async def __call__(self, request: Request) -> dict[str, object]:
        """Answer one upload."""
        image = Image.open(io.BytesIO(await request.body())).convert("L").resize((28, 28))
        probabilities = self.infer(images=np.asarray(image)[np.newaxis])["probabilities"][0]
        return {"class": int(probabilities.argmax()), "probabilities": probabilities.tolist()}


if __name__ == "__main__":
    ray.init(address="local", _node_ip_address="127.0.0.1")
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    serve.run(Digits.bind(), route_prefix="/predict", blocking=True)
