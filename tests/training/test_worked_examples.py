"""The chapter's worked examples, number by number."""

import base64
import zlib

import numpy as np
import numpy.typing as npt
import pytest

from training.worked_examples import (
    CHAPTER_CONFUSION_MATRIX,
    CHAPTER_FIRST_PREDICTIONS,
    CHAPTER_HISTORY,
    CHAPTER_TEST_ACCURACY,
    CONVOLUTION_FILTER,
    CONVOLUTION_IMAGE,
    POOL_IMAGE,
    convolve_same,
    filter_digit,
    max_pool,
    random_filter,
)

# MNIST's test digit 0, the 7 that the chapter shows: its 784 bytes, deflated.
SEVEN = np.frombuffer(
    zlib.decompress(
        base64.b85decode(
            b"c-muN7%m`W=ltn5D%j=j{R4uJ$Dm-939_7Xkw?+u$NwGzRs4GT?_UpwW<e)DXJ=<?(Kr9HaM>OF_o5IEDY2LTgK"
            b"=qV{P#`=hm`fte|EUEwf@`9ibIO?><=qk+Uovo!zJbY`-3G8DdD^Smf?_MKK<{uG7dSlfB$@ONXb9=SImghYyV7e"
            b"NZEeEEm!&P-)#+?a_5DJPelM)he#I"
        )
    ),
    dtype=np.uint8,
).reshape(28, 28)
MIDDLE_ROW = 14  # a row through the middle of the 7's stem


def keras_convolution(image: npt.ArrayLike, kernel: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Convolve one image with Keras's own layer, weights set by hand."""
    import keras

    pixels = np.asarray(image, dtype=np.float32)[np.newaxis, ..., np.newaxis]
    weights = np.asarray(kernel, dtype=np.float32)[..., np.newaxis, np.newaxis]
    layer = keras.layers.Conv2D(1, weights.shape[:2], padding="same", use_bias=False)
    layer.build(pixels.shape)
    layer.set_weights([weights])
    output: npt.NDArray[np.float32] = keras.ops.convert_to_numpy(layer(pixels))[0, ..., 0]
    return output


class TestConvolveSame:
    """`convolve_same` against the chapter's section 8.1."""

    def test_first_number_is_7(self) -> None:
        """The product that the chapter writes out, 1 + 2 + 4, gives 7."""
        output = convolve_same(CONVOLUTION_IMAGE, CONVOLUTION_FILTER)

        assert output[0, 0] == 7

    def test_whole_output(self) -> None:
        """All 49 numbers are the sums of a pixel and its four neighbours."""
        expected = [
            [7, 11, 12, 6, 4, 4, 3],
            [17, 25, 24, 11, 7, 8, 4],
            [20, 30, 26, 16, 11, 9, 8],
            [10, 13, 13, 5, 6, 8, 4],
            [5, 8, 8, 5, 4, 4, 5],
            [6, 11, 13, 11, 9, 5, 5],
            [3, 8, 12, 13, 10, 8, 4],
        ]

        output = convolve_same(CONVOLUTION_IMAGE, CONVOLUTION_FILTER)

        assert output.tolist() == expected

    def test_filter_is_not_mirrored(self) -> None:
        """A filter with its 1 on the right takes the pixel to the right."""
        output = convolve_same([[1, 2, 3]], [[0, 0, 0], [0, 0, 1], [0, 0, 0]])

        assert output.tolist() == [[2, 3, 0]]

    @pytest.mark.parametrize("shape", [(2, 2), (3, 5)])
    def test_refuses_a_filter_without_a_middle(self, shape: tuple[int, int]) -> None:
        """An even or oblong filter is refused with its shape."""
        with pytest.raises(ValueError, match=r"must be square and of odd size"):
            convolve_same(CONVOLUTION_IMAGE, np.ones(shape))

    @pytest.mark.tensorflow
    @pytest.mark.parametrize(
        ("image", "kernel"),
        [
            pytest.param(CONVOLUTION_IMAGE, CONVOLUTION_FILTER, id="chapter"),
            pytest.param(SEVEN / 255, random_filter(), id="seven"),
        ],
    )
    def test_keras_gives_the_same(
        self, image: npt.NDArray[np.float64], kernel: npt.NDArray[np.float64]
    ) -> None:
        """Keras's Conv2D with padding 'same' gives the same numbers."""
        output = keras_convolution(image, kernel)

        np.testing.assert_allclose(convolve_same(image, kernel), output, atol=1e-5)


class TestMaxPool:
    """`max_pool` against the chapter's section 8.1."""

    def test_chapter_example(self) -> None:
        """The 4x4 image becomes [[5, 6], [8, 9]]."""
        output = max_pool(POOL_IMAGE, 2)

        assert output.tolist() == [[5, 6], [8, 9]]

    def test_drops_what_does_not_fill_a_block(self) -> None:
        """A 7x7 image becomes 3x3, as in the chapter's printed summary."""
        output = max_pool(CONVOLUTION_IMAGE, 2)

        assert output.tolist() == [[5, 6, 1], [8, 9, 4], [3, 4, 1]]

    def test_size_of_the_block(self) -> None:
        """A block of 4x4 keeps one number of sixteen."""
        output = max_pool(POOL_IMAGE, 4)

        assert output.tolist() == [[9]]

    @pytest.mark.tensorflow
    def test_keras_gives_the_same(self) -> None:
        """Keras's MaxPooling2D gives the same numbers."""
        import keras

        images = POOL_IMAGE[np.newaxis, ..., np.newaxis].astype(np.float32)

        output = keras.ops.convert_to_numpy(keras.layers.MaxPooling2D(2)(images))

        assert output[0, ..., 0].tolist() == max_pool(POOL_IMAGE, 2).tolist()


class TestRandomFilter:
    """`random_filter`, the chapter's random filter made repeatable."""

    def test_is_5_by_5_and_repeatable(self) -> None:
        """The first row of the default filter is always the same."""
        expected = [0.91200342, -0.58463638, 0.65688977, -0.70143575, 0.02560923]

        weights = random_filter()

        assert weights.shape == (5, 5)
        np.testing.assert_allclose(weights[0], expected, atol=1e-8)

    def test_seed_changes_the_filter(self) -> None:
        """Another seed draws other weights."""
        assert not np.array_equal(random_filter(seed=1), random_filter(seed=2))


class TestFilterDigit:
    """`filter_digit`, the 7 through one random 5x5 filter."""

    def test_size_stays(self) -> None:
        """The convolution does not change the 28x28 pixels."""
        assert filter_digit(SEVEN).shape == (28, 28)

    def test_pixel_by_pixel(self) -> None:
        """Every pixel is the sum of 25 products, written out here in plain Python."""
        weights = random_filter().tolist()
        ink = np.zeros((32, 32))
        ink[2:30, 2:30] = SEVEN / 255
        expected = [
            sum(weights[i][j] * ink[MIDDLE_ROW + i, column + j] for i in range(5) for j in range(5))
            for column in range(28)
        ]

        output = filter_digit(SEVEN)

        np.testing.assert_allclose(output[MIDDLE_ROW], expected, atol=1e-12)

    def test_reference_values(self) -> None:
        """The smallest, the largest and the sum of all 784 numbers are known."""
        output = filter_digit(SEVEN)

        assert output.min() == pytest.approx(-0.2320229924)
        assert output.max() == pytest.approx(3.6229081775)
        assert output.sum() == pytest.approx(327.2921313687)


class TestChapterResults:
    """The chapter's printed results agree with each other."""

    def test_accuracy_is_the_diagonal(self) -> None:
        """The confusion matrix has 9,912 digits on its diagonal, the printed 99.12 %."""
        assert CHAPTER_CONFUSION_MATRIX.trace() == CHAPTER_TEST_ACCURACY * 10_000

    def test_rows_add_up_to_the_test_set(self) -> None:
        """The rows hold MNIST's test digits, but for one eight that the chapter lacks."""
        expected = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974 - 1, 1009]

        assert CHAPTER_CONFUSION_MATRIX.sum(axis=1).tolist() == expected

    def test_eights_read_as_zero(self) -> None:
        """The cell that the chapter points at, an 8 read as 0, holds 7."""
        assert CHAPTER_CONFUSION_MATRIX[8, 0] == 7

    def test_history_has_ten_epochs(self) -> None:
        """Each of the four series has one value per epoch."""
        assert [len(series) for series in CHAPTER_HISTORY.values()] == [10, 10, 10, 10]

    def test_first_predictions(self) -> None:
        """The ten predictions are those of section 8.6."""
        assert CHAPTER_FIRST_PREDICTIONS == (7, 2, 1, 0, 4, 1, 4, 9, 5, 9)
