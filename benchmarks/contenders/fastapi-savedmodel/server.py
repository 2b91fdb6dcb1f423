"""FastAPI with `UploadFile` and the signature of the SavedModel.

Source: https://fastapi.tiangolo.com/tutorial/request-files/ and https://www.tensorflow.org/guide/saved_model
"""

import io
from pathlib import Path

import numpy as np
import tensorflow as tf
from fastapi import FastAPI, UploadFile
from PIL import Image

BUNDLE = Path(__file__).parents[3] / "models/textbook/1"

loaded = tf.saved_model.load(str(BUNDLE))
infer = loaded.signatures["serving_default"]
app = FastAPI()


@app.post("/predict")
async def predict(file: UploadFile) -> dict[str, object]:
    """Recognise the digit on an upload."""
    image = Image.open(io.BytesIO(await file.read())).convert("L").resize((28, 28))
    images = tf.constant(np.asarray(image)[np.newaxis])
    probabilities = infer(images=images)["probabilities"].numpy()[0]
    return {"class": int(probabilities.argmax()), "probabilities": probabilities.tolist()}
