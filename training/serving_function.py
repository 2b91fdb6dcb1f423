"""The function that a bundle serves: a trained network as SavedModel and as LiteRT program.

network -> signature `serving_default` (scaling inside) -> saved_model.pb, variables/, model.tflite
"""

from pathlib import Path
from typing import Any

import tensorflow as tf
from keras.export import ExportArchive

from service.bundle import LITERT_PROGRAM

SIGNATURE = "serving_default"


def write_model(network: Any, path: Path) -> None:
    """Write the SavedModel and the LiteRT program of a network.

    The signature maps `images` uint8 [N, 28, 28] (0 = paper, 255 = ink) to `probabilities`
    float32 [N, 10]; the scaling to 0..1 is part of the graph.

    Args:
        network: Keras network from float32 [N, 28, 28, 1] in 0..1 to probabilities.
        path: Directory to make.
    """

    def serve(images: Any) -> dict[str, Any]:
        scaled = tf.cast(images, tf.float32)[..., tf.newaxis] / 255.0
        return {"probabilities": network(scaled, training=False)}

    archive = ExportArchive()
    archive.track(network)
    specification = tf.TensorSpec([None, 28, 28], tf.uint8, name="images")
    archive.add_endpoint(SIGNATURE, serve, input_signature=[specification])
    archive.write_out(str(path), verbose=False)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(path), signature_keys=[SIGNATURE])
    program = path / LITERT_PROGRAM
    program.parent.mkdir(exist_ok=True)
    program.write_bytes(converter.convert())
