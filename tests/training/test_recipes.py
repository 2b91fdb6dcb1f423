"""Tests of the recipes against the chapter's figures."""

from typing import Any

import keras
import pytest

from training.errors import UnknownRecipeError
from training.layers import BlockConv2D
from training.recipes import DEFAULT_SEED, RECIPES, Diet, Recipe, find_recipe

pytestmark = pytest.mark.tensorflow

CHAPTER_RECIPES = [name for name, recipe in RECIPES.items() if recipe.diet is None]


def parameters(name: str) -> list[int]:
    """Numbers of parameters of a recipe's layers that have some, in their order."""
    layers = RECIPES[name].network().layers
    return [layer.count_params() for layer in layers if layer.count_params()]


def _no_network(_name: str, _convolution: Any) -> Any:
    """Build nothing."""


class TestRecipes:
    """Of `RECIPES`."""

    def test_textbook_is_the_code_of_section_8_3(self) -> None:
        """Layer by layer, with the sizes that the chapter's drawings show."""
        shapes = [layer.output.shape[1:] for layer in RECIPES["textbook"].network().layers]

        assert shapes == [
            (28, 28, 16),
            (14, 14, 16),
            (14, 14, 36),
            (7, 7, 36),
            (7, 7, 36),
            (1764,),
            (128,),
            (128,),
            (10,),
        ]

    def test_textbook_has_its_242062_parameters(self) -> None:
        """In four layers."""
        assert parameters("textbook") == [416, 14_436, 225_920, 1_290]

    def test_textbook_has_the_chapters_dropouts(self) -> None:
        """A quarter after the second pool, a half after the hidden layer."""
        layers = RECIPES["textbook"].network().layers
        rates = [layer.rate for layer in layers if isinstance(layer, keras.layers.Dropout)]

        assert rates == [0.25, 0.5]

    def test_summary_has_the_parameters_that_the_chapter_prints(self) -> None:
        """64,158 of them, in five layers."""
        assert parameters("textbook-summary") == [416, 6_416, 14_436, 41_600, 1_290]

    def test_mlp_comes_nearest_to_the_textbook(self) -> None:
        """One unit more or less, and its size would be farther from 242,062."""
        hidden, output = parameters("mlp")
        distance = abs(hidden + output - 242_062)

        assert (hidden, output) == (238_640, 3_050)
        assert distance < 795 - distance  # 795 parameters a unit

    @pytest.mark.parametrize("name", CHAPTER_RECIPES)
    def test_the_chapters_train_as_section_8_4_does(self, name: str) -> None:
        """Adam, batches of 300, 10 epochs, one-hot labels with their cross-entropy."""
        recipe = RECIPES[name]

        assert (recipe.optimizer, recipe.batch_size, recipe.epochs) == ("adam", 300, 10)
        assert recipe.loss == "categorical_crossentropy"

    def test_default_gives_eleven_logits(self) -> None:
        """Ten digits and what is none, of class numbers with the cross-entropy of logits."""
        recipe = RECIPES["default"]

        assert recipe.network().output.shape == (None, 11)
        assert not recipe.one_hot
        assert recipe.loss.get_config()["from_logits"]

    def test_default_is_small(self) -> None:
        """At most 300,000 parameters."""
        assert RECIPES["default"].network().count_params() < 300_000

    def test_default_holds_out_5000_digits(self) -> None:
        """The last twelfth of MNIST's training digits."""
        assert 60_000 * RECIPES["default"].validation_share == pytest.approx(5_000)

    def test_default_seed_is_the_chapters(self) -> None:
        """`np.random.seed(10)` of section 8.2."""
        assert DEFAULT_SEED == 10


class TestRecipe:
    """Of `Recipe`."""

    def test_class_numbers_take_the_sparse_loss(self) -> None:
        """Labels that are not one-hot go with the sparse cross-entropy."""
        recipe = Recipe("sparse", "", _no_network, one_hot=False)

        assert recipe.loss == "sparse_categorical_crossentropy"

    def test_steps_of_plain_digits(self) -> None:
        """48,000 digits in batches of 300 are 160 steps; ten epochs 1,600."""
        assert Recipe("plain", "", _no_network).steps == 1_600

    def test_steps_of_a_diet(self) -> None:
        """50 of MNIST, 20 uploads and 11 others in batches of 40 are 3 steps; two epochs 6."""
        diet = Diet(mnist=50, uploads=20, others=11)

        assert Recipe("fed", "", _no_network, batch_size=40, epochs=2, diet=diet).steps == 6

    def test_builds_with_the_convolution_that_it_is_given(self) -> None:
        """Training may take a faster class."""
        network = RECIPES["textbook"].network(BlockConv2D)

        assert [type(layer) for layer in network.layers].count(BlockConv2D) == 2


class TestDiet:
    """Of `Diet`."""

    @pytest.mark.parametrize(("mnist", "pictures"), [(30, 61), (80, 81)])
    def test_takes_no_more_of_mnist_than_there_is(self, mnist: int, pictures: int) -> None:
        """Of 50 that are wanted, 30 that there are, or 50 of 80."""
        assert Diet(mnist=50, uploads=20, others=11).pictures(mnist) == pictures

    def test_takes_no_more_uploads_than_are_rendered(self) -> None:
        """Of 20 and 11 that are wanted, 15 and 4 that there are."""
        diet = Diet(mnist=50, uploads=20, others=11, corpus_digits=15, corpus_others=4)

        assert diet.pictures(80) == 50 + 15 + 4


class TestFindRecipe:
    """Of `find_recipe`."""

    def test_finds_by_name(self) -> None:
        """The recipe of that name."""
        assert find_recipe("mlp") is RECIPES["mlp"]

    def test_names_the_choices(self) -> None:
        """An unknown name is answered with those that there are."""
        with pytest.raises(
            UnknownRecipeError, match=r"no recipe 'cnn'.*textbook, textbook-summary"
        ):
            find_recipe("cnn")
