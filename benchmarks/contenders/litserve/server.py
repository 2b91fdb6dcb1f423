"""LitServe: its four verbs, one worker.

Source: https://lightning.ai/docs/litserve/home and its page on file uploads.
"""

import io
import sys
from pathlib import Path

import litserve
import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

PROGRAM = Path(__file__).parents[3] / "models/textbook/1/assets.extra/model.tflite"


class DigitAPI(litserve.LitAPI):
    """Recognises the digit on an upload."""

    def setup(self, device: str) -> None:  # noqa: ARG002 - LitServe's own signature
        """Load the program."""
        self.interpreter = Interpreter(model_path=str(PROGRAM))
        self.infer = self.interpreter.get_signature_runner("serving_default")

    # Without an annotation of `request`, LitServe hands the form over as it came.
    def decode_request(self, request) -> npt.NDArray[np.uint8]:
        """Turn a form into uint8 [1, 28, 28]."""
        image = Image.open(io.BytesIO(request["file"].file.read())).convert("L").resize((28, 28))
        return np.asarray(image)[np.newaxis]

    def predict(self, x: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return probabilities float32 [10]."""
        probabilities: npt.NDArray[np.float32] = self.infer(images=x)["probabilities"][0]
        return probabilities

    def encode_response(self, output: npt.NDArray[np.float32]) -> dict[str, object]:
        """Write the answer."""
        return {"class": int(output.argmax()), "probabilities": output.tolist()}


if __name__ == "__main__":
    server = litserve.LitServer(DigitAPI(), accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False)
