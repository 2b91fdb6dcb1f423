"""The report's pictures: tiles pixel by pixel, the digit's way, the charts' colours."""

import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from tests.training.report_material import answers, cnn, material, mlp
from training.worked_examples import convolve_same, max_pool

pytestmark = pytest.mark.tensorflow

BLUE, ORANGE, RED = (31, 95, 168), (224, 123, 26), (179, 38, 30)


def decode(png: bytes) -> npt.NDArray[np.uint8]:
    """Decode a PNG file to uint8 [H, W, 3]."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def count_near(pixels: npt.NDArray[np.uint8], colour: tuple[int, int, int]) -> int:
    """Count the pixels within 20 of a colour in every channel."""
    distances = np.abs(pixels.astype(int) - colour).max(axis=-1)
    return int((distances <= 20).sum())


class TestGreyTiles:
    """`grey_tiles`."""

    def test_zero_is_white_and_the_maximum_black(self) -> None:
        """Each map has its own scale."""
        from training.report.png import grey_tiles

        tiles = grey_tiles(np.array([[[0.0, 4.0]], [[0.5, 0.25]]]))

        assert tiles[..., 0].tolist() == [[[255, 0]], [[0, 128]]]

    def test_empty_map_is_white(self) -> None:
        """A map without any signal gives white, not a division by zero."""
        from training.report.png import grey_tiles

        assert grey_tiles(np.zeros((1, 2, 2))).min() == 255


class TestSignedTiles:
    """`signed_tiles`."""

    def test_blue_below_orange_above_white_between(self) -> None:
        """The strongest weight has the full colour, zero none."""
        from training.report.png import signed_tiles

        tiles = signed_tiles(np.array([[[-2.0, 0.0, 2.0]]]))

        assert tiles[0, 0].tolist() == [[31, 95, 168], [255, 255, 255], [196, 78, 24]]

    def test_maps_share_a_scale(self) -> None:
        """A filter of half the strength has half the colour."""
        from training.report.png import signed_tiles

        tiles = signed_tiles(np.array([[[2.0]], [[1.0]]]))

        assert tiles[1, 0, 0].tolist() == [226, 166, 140]


class TestContactSheet:
    """`contact_sheet`."""

    def test_rows_gaps_and_magnification(self) -> None:
        """Three tiles of 2x2 in two columns, enlarged to 4x4, with lines of 3 pixels."""
        from training.report.png import contact_sheet

        tiles = np.zeros((3, 2, 2, 3), np.uint8) + np.array([10, 20, 30])[:, None, None, None]

        sheet = contact_sheet(tiles.astype(np.uint8), columns=2, tile_pixels=5)

        assert sheet.shape == (3 + 7 + 7, 3 + 7 + 7, 3)
        assert sheet[3:7, 3:7].max() == 10
        assert sheet[3:7, 10:14].min() == 20
        assert sheet[10:14, 3:7].min() == 30
        assert (sheet[:, :3] == 222).all()
        assert (sheet[10:14, 10:14] == 222).all()


class TestEncodePng:
    """`encode_png` and `png_size`."""

    def test_keeps_few_colours_as_they_are(self) -> None:
        """A picture of no more colours than the limit comes back unchanged."""
        from training.report.png import encode_png

        pixels = np.arange(64, dtype=np.uint8).reshape(8, 8, 1).repeat(3, axis=2) * 4

        assert decode(encode_png(pixels)).tolist() == pixels.tolist()

    def test_limits_the_colours(self) -> None:
        """A picture of many colours keeps at most 96."""
        from training.report.png import encode_png

        noise = np.random.default_rng(1).integers(0, 256, (50, 50, 3), np.uint8)

        assert len(np.unique(decode(encode_png(noise)).reshape(-1, 3), axis=0)) <= 96

    def test_size(self) -> None:
        """Width and height are read back from the header."""
        from training.report.png import encode_png, png_size

        assert png_size(encode_png(np.zeros((3, 7, 3), np.uint8))) == (7, 3)


class TestTrace:
    """`trace` follows a digit through a network."""

    def test_maps_are_what_the_layers_compute(self) -> None:
        """The first convolution and pool equal the chapter's arithmetic on the layer's weights."""
        from training.report.feature_maps import trace

        model, digit = cnn(), material(None).test_images[0]
        kernel = model.layers[0].get_weights()[0][:, :, 0, 1]
        expected = np.maximum(convolve_same(digit / 255, kernel), 0)

        convolution, pool, *_ = trace(model, digit)

        np.testing.assert_allclose(convolution.maps[1], expected, atol=1e-5)
        np.testing.assert_allclose(pool.maps[1], max_pool(expected), atol=1e-5)

    def test_counts_each_kind(self) -> None:
        """Stages come in the network's order, each kind counted from 1."""
        from training.report.feature_maps import trace

        stages = trace(cnn(), material(None).test_images[0])

        assert [(stage.file_name, stage.maps.shape) for stage in stages] == [
            ("convolution-1.png", (3, 28, 28)),
            ("pool-1.png", (3, 14, 14)),
            ("convolution-2.png", (5, 14, 14)),
            ("pool-2.png", (5, 7, 7)),
        ]

    def test_perceptron_has_none(self) -> None:
        """A network without convolutions has no stages and no filters."""
        from training.report.feature_maps import first_filters, trace

        assert trace(mlp(), material(None).test_images[0]) == []
        assert first_filters(mlp()) is None


class TestFirstFilters:
    """`first_filters`."""

    def test_one_map_per_filter(self) -> None:
        """Filter k is the kernel of output map k."""
        from training.report.feature_maps import first_filters

        model = cnn()

        filters = first_filters(model)

        assert filters is not None
        assert filters.shape == (3, 5, 5)
        assert (filters[2] == model.layers[0].get_weights()[0][:, :, 0, 2]).all()


class TestStagePng:
    """`stage_png`."""

    @pytest.mark.parametrize(
        ("count", "side", "size"),
        [
            pytest.param(16, 28, (923, 233), id="16 of 28x28 in 2 rows of 8"),
            pytest.param(36, 7, (879, 222), id="36 of 7x7 in 3 rows of 12"),
        ],
    )
    def test_all_maps_are_shown(self, count: int, side: int, size: tuple[int, int]) -> None:
        """The chapter's 16 and 36 maps fill whole rows."""
        from training.report.feature_maps import Stage, stage_png
        from training.report.png import png_size

        stage = Stage("pool", 1, np.ones((count, side, side), np.float32))

        assert png_size(stage_png(stage)) == size


class TestHistoryPng:
    """`history_png`."""

    @pytest.mark.parametrize("metric", ["accuracy", "loss"])
    def test_two_lines(self, metric: str) -> None:
        """Training is drawn in blue and validation in orange, as in the chapter."""
        from training.report.charts import history_png

        pixels = decode(history_png(material(None).history, metric))

        assert pixels.shape == (540, 900, 3)
        assert count_near(pixels, BLUE) > 1000
        assert count_near(pixels, ORANGE) > 1000


class TestDigitsPng:
    """`digits_png`."""

    def test_mistakes_have_red_titles(self) -> None:
        """Digit 4 is wrong and its title red; digits 0 to 3 are right and have none."""
        from training.report.charts import digits_png

        right, wrong = (
            decode(digits_png(material(None), digits)) for digits in ([0, 1, 2, 3], [4])
        )

        assert count_near(right, RED) == 0
        assert count_near(wrong, RED) > 100

    def test_rows_of_five(self) -> None:
        """Six digits take two rows."""
        from training.report.charts import digits_png
        from training.report.png import png_size

        one, two = (png_size(digits_png(material(None), range(count))) for count in (5, 6))

        assert two == (one[0], 2 * one[1])


class TestConfusionPng:
    """`confusion_png`."""

    def test_diagonal_is_blue_and_mistakes_orange(self) -> None:
        """A perfect run shows no orange; two of four mistakes show a full cell of it."""
        from training.report.charts import confusion_png

        run = material(None)
        perfect = material(None, answers(run.test_labels))

        right, wrong = (
            decode(confusion_png(each.scores.confusion_matrix)) for each in (perfect, run)
        )

        assert count_near(right, BLUE) > 30_000
        assert count_near(right, (196, 78, 24)) == 0
        assert count_near(wrong, (196, 78, 24)) > 3_000

    def test_digit_without_examples(self) -> None:
        """An empty row is drawn without a division by zero."""
        from training.report.charts import confusion_png

        pixels = decode(confusion_png(np.zeros((10, 10), np.int64)))

        assert count_near(pixels, BLUE) == 0
