"""FastAPI with `UploadFile` and Keras's `model.predict`, as tutorials show it.

Source: https://fastapi.tiangolo.com/tutorial/request-files/ and https://keras.io/api/layers/backend_specific_layers/tfsm_layer/
"""

import io
from pathlib import Path

import keras
import numpy as np
from fastapi import FastAPI, UploadFile
from PIL import Image

BUNDLE = Path(__file__).parents[3] / "models/textbook/1"

images = keras.Input((28, 28), dtype="uint8")
layer = keras.layers.TFSMLayer(BUNDLE, call_endpoint="serving_default")
model = keras.Model(images, layer(images))
app = FastAPI()


@app.post("/predict")
async def predict(file: UploadFile) -> dict[str, object]:
    """Recognise the digit on an upload."""
    image = Image.open(io.BytesIO(await file.read())).convert("L").resize((28, 28))
    probabilities = model.predict(np.asarray(image)[np.newaxis], verbose=0)["probabilities"][0]
    return {"class": int(probabilities.argmax()), "probabilities": probabilities.tolist()}
