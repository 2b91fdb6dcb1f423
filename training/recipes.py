"""Recipes: everything that makes one training run differ from another, as data.

Adding a recipe is adding one entry to `RECIPES`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from training.errors import UnknownRecipeError

DEFAULT_SEED = 10  # the chapter's np.random.seed(10), section 8.2
INPUT_SHAPE = (28, 28, 1)
NUM_CLASSES = 10

LayerBuilder = Callable[..., Any]


@dataclass(frozen=True)
class Recipe:
    """One way to train a network.

    Attributes:
        name: Name on the command line and in manifests.
        summary: One sentence for people.
        build: Makes the layers, given the class of the convolutions.
        one_hot: Whether labels are one-hot vectors; else class numbers.
        optimizer: Keras's name of the optimizer, with its default settings.
        batch_size: Digits per step.
        epochs: Passes over the training digits.
        reference_accuracy: Published test accuracy, 0..1, or None.
    """

    name: str
    summary: str
    build: Callable[[LayerBuilder], list[Any]]
    one_hot: bool = True
    optimizer: str = "adam"
    batch_size: int = 300
    epochs: int = 10
    reference_accuracy: float | None = None

    @property
    def loss(self) -> str:
        """Keras's name of the cross-entropy that fits the labels."""
        return "categorical_crossentropy" if self.one_hot else "sparse_categorical_crossentropy"

    def network(self, convolution: LayerBuilder = layers.Conv2D) -> Any:
        """Build the network, with fresh weights from Keras's global seed.

        Args:
            convolution: Class of the convolutions, `keras.layers.Conv2D` or a faster equal.

        Returns:
            A `keras.Sequential` from float32 [N, 28, 28, 1] in 0..1 to probabilities [N, 10].
        """
        return keras.Sequential([keras.Input(INPUT_SHAPE), *self.build(convolution)], name=self._id)

    @property
    def _id(self) -> str:
        return self.name.replace("-", "_")


def _textbook(convolution: LayerBuilder) -> list[Any]:
    """The code of section 8.3."""
    return [
        convolution(16, (5, 5), padding="same", activation="relu", name="convolution_1"),
        layers.MaxPooling2D((2, 2), name="pool_1"),
        convolution(36, (5, 5), padding="same", activation="relu", name="convolution_2"),
        layers.MaxPooling2D((2, 2), name="pool_2"),
        layers.Dropout(0.25, name="dropout_1"),
        *_classifier(128),
    ]


def _textbook_summary(convolution: LayerBuilder) -> list[Any]:
    """The network whose summary section 8.3 prints: one convolution more."""
    return [
        convolution(16, (5, 5), padding="same", activation="relu", name="convolution_1"),
        layers.MaxPooling2D((2, 2), name="pool_1"),
        convolution(16, (5, 5), padding="same", activation="relu", name="convolution_2"),
        layers.MaxPooling2D((2, 2), name="pool_2"),
        convolution(36, (5, 5), padding="same", activation="relu", name="convolution_3"),
        layers.MaxPooling2D((2, 2), name="pool_3"),
        layers.Dropout(0.25, name="dropout_1"),
        *_classifier(128),
    ]


def _mlp(_convolution: LayerBuilder) -> list[Any]:
    """The perceptron that section 8.1 compares with.

    304 hidden units come nearest to the textbook's 242,062 parameters: 795 * 304 + 10 = 241,690.
    """
    return _classifier(304)


def _classifier(units: int) -> list[Any]:
    """Flatten, one hidden layer, dropout, ten probabilities."""
    return [
        layers.Flatten(name="flatten"),
        layers.Dense(units, activation="relu", name="hidden"),
        layers.Dropout(0.5, name="dropout_2"),
        layers.Dense(NUM_CLASSES, activation="softmax", name="output"),
    ]


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "textbook",
            "The chapter's code: two 5x5 convolutions of 16 and 36 filters.",
            _textbook,
            reference_accuracy=0.9912,  # section 8.5, one run
        ),
        Recipe(
            "textbook-summary",
            "The network of the chapter's printed summary: three 5x5 convolutions.",
            _textbook_summary,
        ),
        Recipe("mlp", "One hidden layer with as many parameters as the textbook's network.", _mlp),
    )
}


def find_recipe(name: str) -> Recipe:
    """Return the recipe of that name.

    Raises:
        UnknownRecipeError: If there is none.
    """
    if name not in RECIPES:
        raise UnknownRecipeError(
            f"There is no recipe {name!r}. Choose one of: {', '.join(RECIPES)}."
        )
    return RECIPES[name]
