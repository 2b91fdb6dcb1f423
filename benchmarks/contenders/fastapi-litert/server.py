"""FastAPI with `UploadFile` and the LiteRT program: what an informed user would write.

Source: https://fastapi.tiangolo.com/tutorial/request-files/ and https://ai.google.dev/edge/litert/inference
"""

import io
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from fastapi import FastAPI, UploadFile
from PIL import Image

PROGRAM = Path(__file__).parents[3] / "models/textbook/1/assets.extra/model.tflite"

interpreter = Interpreter(model_path=str(PROGRAM))
infer = interpreter.get_signature_runner("serving_default")
app = FastAPI()


@app.post("/predict")
async def predict(file: UploadFile) -> dict[str, object]:
    """Recognise the digit on an upload."""
    image = Image.open(io.BytesIO(await file.read())).convert("L").resize((28, 28))
    probabilities = infer(images=np.asarray(image)[np.newaxis])["probabilities"][0]
    return {"class": int(probabilities.argmax()), "probabilities": probabilities.tolist()}
