"""Layers of our own: a convolution that trains faster on a CPU, and the probabilities of ten digits."""

from typing import Any

import keras
import tensorflow as tf

BLOCK = 2  # pixels; the image is cut into blocks of 2x2


class BlockConv2D(keras.layers.Conv2D):  # type: ignore[misc]  # Keras publishes no types
    """5x5 convolution of a one-channel image, computed on blocks of 2x2 pixels.

    A kernel with one input channel uses a CPU's vector units badly. Here the image [N, H, W, 1]
    becomes [N, H/2, W/2, 4] (space to depth), the kernel is laid into the 6x6 pixels of 3x3 blocks
    once for each of the four pixels of a block, and one 3x3 convolution gives all four; depth to
    space puts them back. Weights, shapes and results are those of `keras.layers.Conv2D` (results
    up to rounding). Other kernels, and images with more channels, take Keras's way.
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """Convolve float32 [N, H, W, 1] with a kernel [5, 5, 1, F] to [N, H, W, F]."""
        height, width, channels = inputs.shape[1:]
        if self.kernel_size != (5, 5) or channels != 1 or height % BLOCK or width % BLOCK:
            return super().convolution_op(inputs, kernel)
        kernel = tf.convert_to_tensor(kernel)
        placed = [  # the kernel for the pixel (row, column) of a block, in the 6x6 window around it
            tf.pad(kernel, [[row, 1 - row], [column, 1 - column], [0, 0], [0, 0]])
            for row in range(BLOCK)
            for column in range(BLOCK)
        ]
        window = tf.transpose(tf.concat(placed, axis=-1), [2, 0, 1, 3])
        blocks = tf.reshape(window, [3, BLOCK, 3, BLOCK, -1])
        block_kernel = tf.reshape(
            tf.transpose(blocks, [0, 2, 1, 3, 4]),
            [3, 3, BLOCK * BLOCK, BLOCK * BLOCK * self.filters],
        )
        maps = tf.nn.conv2d(tf.nn.space_to_depth(inputs, BLOCK), block_kernel, 1, "SAME")
        # Depth to space by hand: TensorFlow's own operation is three times slower on a CPU.
        grid = [-1, height // BLOCK, width // BLOCK, BLOCK, BLOCK, self.filters]
        rows_together = tf.transpose(tf.reshape(maps, grid), [0, 1, 3, 2, 4, 5])
        return tf.reshape(rows_together, [-1, height, width, self.filters])


@keras.saving.register_keras_serializable("digitserve")
class DigitProbabilities(keras.layers.Layer):  # type: ignore[misc]  # Keras publishes no types
    """Logits of ten digits and "not a digit" to calibrated probabilities of the ten digits.

    The probability of "not a digit" is shared by the ten evenly: a picture that is no digit gets ten
    probabilities of about 0.1, and ten times the least of them tells how likely it is none.

    Args:
        temperature: Logits are divided by it; see `training.calibration`.
    """

    def __init__(self, temperature: float = 1.0, **options: Any) -> None:
        super().__init__(**options)
        self.temperature = temperature

    def call(self, logits: Any) -> Any:
        """Turn float32 [N, 11] into float32 [N, 10], rows summing to 1."""
        return share_not_a_digit(keras.ops.softmax(logits / self.temperature))

    def get_config(self) -> dict[str, Any]:
        """Return what makes the layer again."""
        return {**super().get_config(), "temperature": self.temperature}


def share_not_a_digit(probabilities: Any) -> Any:
    """Share the last of [N, 11] probabilities, "not a digit", among the ten digits evenly; returns [N, 10]."""
    num_digits = probabilities.shape[-1] - 1
    return probabilities[:, :num_digits] + probabilities[:, num_digits:] / num_digits
