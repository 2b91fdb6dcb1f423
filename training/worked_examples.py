"""The textbook chapter's arithmetic and its printed results, in plain NumPy.

    image, filter -> convolve_same -> max_pool -> a smaller image

Imports NumPy and nothing else, so that every number can be followed by hand.
Source of all examples and results: the textbook's chapter 8, "Recognising handwritten digits with a
convolutional neural network (CNN) in Keras"; each constant names its section.
"""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

FILTER_SIZE = 5  # pixels; section 8.1, "the 5x5 filter weight"
FILTER_SEED = 10  # the chapter's np.random.seed(10), section 8.2

# Section 8.1, the image and the filter weight of the convolution. int64 [7, 7] and [3, 3].
CONVOLUTION_IMAGE = np.array(
    [
        [1, 2, 3, 1, 1, 1, 1],
        [4, 5, 6, 1, 1, 1, 1],
        [7, 8, 9, 2, 3, 4, 1],
        [1, 1, 1, 1, 1, 0, 2],
        [1, 2, 1, 0, 1, 1, 1],
        [1, 3, 4, 2, 1, 1, 1],
        [1, 1, 3, 4, 4, 1, 2],
    ]
)
CONVOLUTION_FILTER = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])

# Section 8.1, the image of the max-pool. int64 [4, 4].
POOL_IMAGE = np.array([[5, 2, 3, 1], [4, 1, 1, 6], [7, 8, 2, 9], [1, 1, 1, 1]])

# Section 8.4, the printed log of ten epochs. Accuracies 0..1, losses in nats.
CHAPTER_HISTORY: dict[str, list[float]] = {
    "accuracy": [0.7839, 0.9494, 0.9626, 0.9700, 0.9760, 0.9783, 0.9791, 0.9817, 0.9841, 0.9839],
    "loss": [0.6692, 0.1701, 0.1231, 0.0998, 0.0843, 0.0723, 0.0697, 0.0602, 0.0534, 0.0516],
    "val_accuracy": [
        *(0.9623, 0.9763, 0.9804, 0.9840, 0.9857),
        *(0.9862, 0.9889, 0.9898, 0.9870, 0.9889),
    ],
    "val_loss": [0.1254, 0.0817, 0.0649, 0.0539, 0.0493, 0.0483, 0.0414, 0.0367, 0.0443, 0.0373],
}

CHAPTER_TEST_ACCURACY = 0.9912  # share of 10,000 test digits, section 8.5
CHAPTER_TEST_LOSS = 0.0260  # cross-entropy in nats, section 8.5
CHAPTER_FIRST_PREDICTIONS = (7, 2, 1, 0, 4, 1, 4, 9, 5, 9)  # test digits 0 to 9, section 8.6

# Section 8.7, int64 [10, 10]; rows = label, columns = prediction. Row 8 adds up to 973, although
# MNIST's test set holds 974 eights: the chapter lacks one of the mistakes.
CHAPTER_CONFUSION_MATRIX = np.array(
    [
        [977, 0, 0, 0, 0, 0, 1, 1, 1, 0],
        [0, 1133, 2, 0, 0, 0, 0, 0, 0, 0],
        [1, 1, 1028, 0, 0, 0, 0, 1, 1, 0],
        [0, 0, 1, 1000, 0, 6, 0, 1, 2, 0],
        [0, 0, 1, 0, 970, 0, 1, 0, 0, 10],
        [2, 0, 0, 1, 0, 887, 1, 0, 0, 1],
        [8, 2, 0, 0, 1, 2, 944, 0, 1, 0],
        [0, 2, 3, 0, 0, 0, 0, 1019, 1, 3],
        [7, 1, 2, 1, 0, 0, 0, 1, 959, 2],
        [0, 3, 1, 0, 3, 3, 0, 3, 1, 995],
    ]
)


def convolve_same(image: npt.ArrayLike, kernel: npt.ArrayLike) -> FloatArray:
    """Slide a filter over an image and sum the products at every place.

    This is what neural networks call convolution: the filter is not mirrored (a cross-correlation).

    Args:
        image: [H, W], any numbers.
        kernel: [K, K], K odd, so that it has a middle pixel.

    Returns:
        float64 [H, W]; outside of the image counts as 0 (padding 'SAME').

    Raises:
        ValueError: If the filter is not square or its size is even.

    Source: section 8.1, the product whose first number is 7.
    """
    pixels, weights = np.asarray(image, dtype=float), np.asarray(kernel, dtype=float)
    size = len(weights)
    if weights.shape != (size, size) or size % 2 == 0:
        raise ValueError(
            f"The filter has shape {weights.shape}; it must be square and of odd size."
        )
    padded = np.pad(pixels, size // 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size))
    sums: FloatArray = np.einsum("hwij,ij->hw", windows, weights)
    return sums


def max_pool(image: npt.ArrayLike, size: int = 2) -> FloatArray:
    """Keep the largest number of every block of `size` by `size` pixels.

    Args:
        image: [H, W], any numbers. Rows and columns that do not fill a block are dropped.
        size: Side of a block in pixels.

    Returns:
        float64 [H // size, W // size].

    Source: section 8.1, the 4x4 image that becomes [[5, 6], [8, 9]].
    """
    pixels = np.asarray(image, dtype=float)
    height, width = pixels.shape[0] // size, pixels.shape[1] // size
    blocks = pixels[: height * size, : width * size].reshape(height, size, width, size)
    largest: FloatArray = blocks.max(axis=(1, 3))
    return largest


def random_filter(size: int = FILTER_SIZE, *, seed: int = FILTER_SEED) -> FloatArray:
    """Draw filter weights evenly from -1 to 1, the same for the same seed.

    Returns:
        float64 [size, size].

    Source: section 8.1, the random 5x5 filter weight; the chapter does not print its numbers.
    """
    return np.random.default_rng(seed).uniform(-1.0, 1.0, (size, size))


def filter_digit(digit: npt.NDArray[np.uint8], *, seed: int = FILTER_SEED) -> FloatArray:
    """Send a digit through one random 5x5 filter.

    Args:
        digit: uint8 [28, 28]; 0 = paper, 255 = ink.
        seed: Seed of the filter.

    Returns:
        float64 [28, 28]; the sum at every pixel, of either sign. Ink counts 0..1.

    Source: section 8.1, the 7 through a single filter.
    """
    return convolve_same(digit / 255, random_filter(seed=seed))
