"""Effects: what they do to a plain scene."""

import numpy as np
import pytest

from training.uploads import camera, light, noise, paper, pixels
from training.uploads.scene import Scene, blend, coloured, flat, luma

SIZE = (120, 160)


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator with a fixed seed."""
    return np.random.default_rng(4)


@pytest.fixture
def scene() -> Scene:
    """A dark square on light paper."""
    ink = np.zeros(SIZE, np.float32)
    ink[40:80, 60:100] = 1
    return Scene(blend(flat(SIZE, (220, 210, 200)), ink, (20, 20, 60)), ink)


class TestScene:
    """`Scene` and what it is made of."""

    def test_blend(self) -> None:
        """Half a colour lies in the middle; a grey picture takes its brightness."""
        half = np.full(SIZE, 0.5, np.float32)

        in_colour = blend(coloured(flat(SIZE, (200, 200, 200))), half, (100, 0, 50))
        in_grey = blend(flat(SIZE, (200, 200, 200)), half, (100, 0, 50))

        assert in_colour[0, 0] == pytest.approx([150, 100, 125])
        assert in_grey[0, 0] == pytest.approx(100 + luma((100, 0, 50)) / 2)

    def test_finish(self) -> None:
        """Values are rounded, and cut to 0..255."""
        picture = np.array([[-5, 0.4, 99.6, 300]], np.float32)

        assert Scene(picture, picture).finish().tolist() == [[0, 0, 100, 255]]


class TestCamera:
    """`camera`."""

    def test_geometry_moves_ink_with_picture(self, scene: Scene, rng: np.random.Generator) -> None:
        """After a tilt or a look from aside, what is dark is still what is ink."""
        for moved in (camera.tilt(scene, 15), camera.perspective(scene, rng, strength=0.1)):
            dark = moved.picture.mean(axis=2) < 120

            assert not np.array_equal(moved.ink, scene.ink)
            assert (dark == (moved.ink > 0.5)).mean() > 0.99

    def test_blur(self, scene: Scene, rng: np.random.Generator) -> None:
        """Defocus and shake soften the picture and keep the ink."""
        edge = np.abs(np.diff(scene.picture, axis=0)).sum(axis=2).max()
        for soft in (camera.defocus(scene, 3), camera.shake(scene, rng, length=9)):
            assert np.abs(np.diff(soft.picture, axis=0)).sum(axis=2).max() < 0.7 * edge
            assert soft.ink is scene.ink

    def test_noise(self, scene: Scene, rng: np.random.Generator) -> None:
        """A sensor's grain has the strength that was asked for."""
        grainy = camera.sense(scene, rng, noise=10)

        assert (grainy.picture - scene.picture).std() == pytest.approx(10, rel=0.1)

    def test_compress(self, scene: Scene) -> None:
        """JPEG changes little, and keeps colours in their channels."""
        sent = camera.compress(scene, 30)

        assert np.abs(sent.picture - scene.picture).mean() < 8


class TestLight:
    """`light`."""

    def test_uneven(self, rng: np.random.Generator) -> None:
        """Light falls from full to one less the depth."""
        fall = light.uneven(SIZE, rng, depth=0.4)

        assert (fall.min(), fall.max()) == pytest.approx((0.6, 1.0))

    def test_shadow(self, rng: np.random.Generator) -> None:
        """A shadow has a lit and a dark side."""
        cast = light.shadow(SIZE, rng, depth=(0.5, 0.5))

        assert cast.max() == pytest.approx(1)
        assert cast.min() == pytest.approx(0.5)

    def test_vignette(self) -> None:
        """The middle is bright, the corners are not."""
        dark = light.vignette((101, 101), depth=0.3)

        assert dark[50, 50] == pytest.approx(1)
        assert dark[0, 0] == pytest.approx(0.7)


class TestPaper:
    """`paper`."""

    def test_rules(self, rng: np.random.Generator) -> None:
        """Lines lie as far apart as was asked for."""
        lines = paper.rules(SIZE, rng, spacing=20)

        assert (lines[:, 80] > 0.4).sum() in range(5, 13)

    def test_box(self) -> None:
        """A box is drawn where its corners are, and nowhere else."""
        frame = paper.box(SIZE, (30, 20, 130, 100), 2)

        assert frame[20, 50] == frame[60, 30] == frame[100, 130] == 1
        assert frame[60, 80] == frame[10, 50] == 0


class TestNoise:
    """`noise`."""

    @pytest.mark.parametrize("blur", [0.0, 0.7, 1.5])
    def test_grain(self, rng: np.random.Generator, blur: float) -> None:
        """Grain has mean 0 and standard deviation 1."""
        field = noise.grain((400, 400), rng, blur=blur)

        assert field.mean() == pytest.approx(0, abs=0.05)
        assert field.std() == pytest.approx(1, abs=0.05)

    def test_fractal(self, rng: np.random.Generator) -> None:
        """Fractal noise fills 0..1."""
        field = noise.fractal(SIZE, rng)

        assert field.shape == SIZE
        assert field.min() >= 0
        assert field.max() <= 1


class TestPixels:
    """`pixels`."""

    def test_bounds(self) -> None:
        """Bounds enclose what is true; nothing has none."""
        mask = np.zeros(SIZE, bool)
        assert pixels.bounds(mask) is None

        mask[10:20, 30:50] = True
        assert pixels.bounds(mask) == (30, 10, 50, 20)

    def test_resize_takes_height_first(self) -> None:
        """A size is height and width."""
        assert pixels.resize(np.zeros((4, 6), np.float32), (8, 3)).shape == (8, 3)
