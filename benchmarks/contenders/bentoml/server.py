"""BentoML: a service with an image as its input, one worker.

Source: https://docs.bentoml.com/en/latest/get-started/hello-world.html and its page on files and images.
"""

from pathlib import Path

import bentoml
import numpy as np
import PIL.Image
from ai_edge_litert.interpreter import Interpreter

PROGRAM = Path(__file__).parents[3] / "models/textbook/1/assets.extra/model.tflite"


@bentoml.service(workers=1)
class Digits:
    """Recognises the digit on an upload."""

    def __init__(self) -> None:
        self.interpreter = Interpreter(model_path=str(PROGRAM))
        self.infer = self.interpreter.get_signature_runner("serving_default")

    @bentoml.api
    def predict(self, file: PIL.Image.Image) -> dict[str, object]:
        """Answer one upload."""
        image = np.asarray(file.convert("L").resize((28, 28)))
        probabilities = self.infer(images=image[np.newaxis])["probabilities"][0]
        return {"class": int(probabilities.argmax()), "probabilities": probabilities.tolist()}
