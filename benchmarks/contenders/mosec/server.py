"""mosec: one stage, raw bodies; `NUM_WORKERS` processes behind its Rust front.

Source: https://mosecorg.github.io/mosec/ and its example of an image classifier.
"""

import io
import os
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from mosec import Server, Worker
from PIL import Image

PROGRAM = Path(__file__).parents[3] / "models/textbook/1/assets.extra/model.tflite"


class Digits(Worker):
    """Recognises the digit on an upload."""

    def __init__(self) -> None:
        super().__init__()
        self.interpreter = Interpreter(model_path=str(PROGRAM))
        self.infer = self.interpreter.get_signature_runner("serving_default")

    def deserialize(self, data: bytes) -> Image.Image:
        """Read the image of a body."""
        return Image.open(io.BytesIO(data)).convert("L").resize((28, 28))

    def forward(self, data: Image.Image) -> dict[str, object]:
        """Answer one image."""
        probabilities = self.infer(images=np.asarray(data)[np.newaxis])["probabilities"][0]
        return {"class": int(probabilities.argmax()), "probabilities": probabilities.tolist()}


if __name__ == "__main__":
    server = Server()
    server.append_worker(Digits, num=int(os.environ.get("NUM_WORKERS", "1")))
    server.run()
