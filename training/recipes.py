"""Recipes: everything that makes one training run differ from another, as data.

Adding a recipe is adding one entry to `RECIPES`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
from keras import layers

from training.augmentation import AugmentationPlan
from training.data import VALIDATION_SHARE
from training.errors import UnknownRecipeError

DEFAULT_SEED = 10  # the chapter's np.random.seed(10), section 8.2
INPUT_SHAPE = (28, 28, 1)
NUM_CLASSES = 10

LayerBuilder = Callable[..., Any]


@dataclass(frozen=True)
class Diet:
    """What an epoch of a network that is trained on uploads is made of.

    Attributes:
        mnist: Number of MNIST training digits, varied.
        uploads: Number of digits rendered as uploads.
        others: Number of rendered pictures that are no digits.
        corpus_digits: Number of rendered digits to draw from.
        corpus_others: Number of other rendered pictures to draw from.
        mnist_plan: How MNIST digits are varied.
        closing_plan: How they are varied in the last epochs, while the rate is small: nearer to what is asked.
        closing_epoch: The first of these, from 0.
        upload_plan: How rendered pictures are varied further.
    """

    mnist: int = 55_000
    uploads: int = 45_000
    others: int = 15_000
    corpus_digits: int = 100_000
    corpus_others: int = 30_000
    mnist_plan: AugmentationPlan = field(default_factory=AugmentationPlan)
    closing_plan: AugmentationPlan = field(
        default_factory=lambda: AugmentationPlan(
            rotation=3, shear=0.04, zoom=0.03, shift=0.7, elastic=0.5, stroke=0.25, corrupted=0.05
        )
    )
    closing_epoch: int = 24
    upload_plan: AugmentationPlan = field(
        default_factory=lambda: AugmentationPlan(
            rotation=4, shear=0.06, zoom=0.05, shift=1.2, elastic=0.7, stroke=0.4, corrupted=0.05
        )
    )

    def mnist_plan_of(self, epoch: int) -> AugmentationPlan:
        """Return how MNIST digits are varied in an epoch, from 0."""
        return self.closing_plan if epoch >= self.closing_epoch else self.mnist_plan

    def pictures(self, mnist: int) -> int:
        """Return the pictures of an epoch, given the MNIST digits that there are to train on."""
        uploads = min(self.uploads, self.corpus_digits) + min(self.others, self.corpus_others)
        return min(self.mnist, mnist) + uploads


@dataclass(frozen=True)
class Recipe:
    """One way to train a network.

    Attributes:
        name: Name on the command line and in manifests.
        summary: One sentence for people.
        build: Makes the network, given its name and the class of the convolutions.
        one_hot: Whether labels are one-hot vectors; else class numbers.
        optimizer: Keras's name of the optimizer, with its default settings, or what makes one for a
            number of steps.
        batch_size: Digits per step.
        epochs: Passes over the training digits.
        validation_share: Of the training digits, the last of them, is held out.
        diet: What an epoch is made of, for a network that is trained on uploads; else None.
    """

    name: str
    summary: str
    build: Callable[[str, LayerBuilder], Any]
    one_hot: bool = True
    optimizer: str | Callable[[int], Any] = "adam"
    batch_size: int = 300
    epochs: int = 10
    validation_share: float = VALIDATION_SHARE
    diet: Diet | None = None

    @property
    def loss(self) -> Any:
        """The cross-entropy that fits the labels."""
        if self.diet:
            return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        return "categorical_crossentropy" if self.one_hot else "sparse_categorical_crossentropy"

    @property
    def steps(self) -> int:
        """Steps of a whole run on all of MNIST's training digits."""
        mnist = round(60_000 * (1 - self.validation_share))
        digits = mnist if self.diet is None else self.diet.pictures(mnist)
        return self.epochs * -(-digits // self.batch_size)

    def network(self, convolution: LayerBuilder = layers.Conv2D) -> Any:
        """Build the network, with fresh weights from Keras's global seed.

        Args:
            convolution: Class of the convolutions, `keras.layers.Conv2D` or a faster equal.

        Returns:
            A network from float32 [N, 28, 28, 1] in 0..1 to probabilities [N, 10], or to logits [N, 11]
            where it is trained on uploads.
        """
        return self.build(self.name.replace("-", "_"), convolution)


def _textbook(name: str, convolution: LayerBuilder) -> Any:
    """The code of section 8.3."""
    return _chain(
        name,
        [
            convolution(16, (5, 5), padding="same", activation="relu", name="convolution_1"),
            layers.MaxPooling2D((2, 2), name="pool_1"),
            convolution(36, (5, 5), padding="same", activation="relu", name="convolution_2"),
            layers.MaxPooling2D((2, 2), name="pool_2"),
            layers.Dropout(0.25, name="dropout_1"),
            *_classifier(128),
        ],
    )


def _textbook_summary(name: str, convolution: LayerBuilder) -> Any:
    """The network whose summary section 8.3 prints: one convolution more."""
    return _chain(
        name,
        [
            convolution(16, (5, 5), padding="same", activation="relu", name="convolution_1"),
            layers.MaxPooling2D((2, 2), name="pool_1"),
            convolution(16, (5, 5), padding="same", activation="relu", name="convolution_2"),
            layers.MaxPooling2D((2, 2), name="pool_2"),
            convolution(36, (5, 5), padding="same", activation="relu", name="convolution_3"),
            layers.MaxPooling2D((2, 2), name="pool_3"),
            layers.Dropout(0.25, name="dropout_1"),
            *_classifier(128),
        ],
    )


def _mlp(name: str, _convolution: LayerBuilder) -> Any:
    """The perceptron that section 8.1 compares with.

    304 hidden units come nearest to the textbook's 242,062 parameters: 795 * 304 + 10 = 241,690.
    """
    return _chain(name, _classifier(304))


def _classifier(units: int) -> list[Any]:
    """Flatten, one hidden layer, dropout, ten probabilities."""
    return [
        layers.Flatten(name="flatten"),
        layers.Dense(units, activation="relu", name="hidden"),
        layers.Dropout(0.5, name="dropout_2"),
        layers.Dense(NUM_CLASSES, activation="softmax", name="output"),
    ]


def _default(name: str, _convolution: LayerBuilder) -> Any:
    """A 5x5 stem of stride 2, then 3x3 convolutions, batch-normalised; logits [N, 11].

    The stem quarters the pixels before there are many filters. Two convolutions add to their input. A
    filter as large as the last map weighs each of its places.
    """
    inputs = keras.Input(INPUT_SHAPE)
    maps = _convolved(inputs, 32, 5, strides=2)
    maps = _convolved(maps, 64, 3)
    maps = _convolved(maps, 96, 3, strides=2)
    maps = layers.Add()([maps, _convolved(maps, 96, 3)])
    maps = layers.Add()([maps, _convolved(maps, 96, 3)])
    features = layers.DepthwiseConv2D(7, use_bias=False, name="whole_map")(maps)
    features = layers.Flatten()(layers.BatchNormalization()(features))
    logits = layers.Dense(NUM_CLASSES + 1, name="logits")(layers.Dropout(0.1)(features))
    return keras.Model(inputs, logits, name=name)


def _convolved(maps: Any, filters: int, side: int, strides: int = 1) -> Any:
    """Convolve, normalise by the batch, rectify."""
    maps = layers.Conv2D(filters, side, strides=strides, padding="same", use_bias=False)(maps)
    return layers.ReLU()(layers.BatchNormalization()(maps))


def _chain(name: str, chain: list[Any]) -> Any:
    """Make a network of layers in a row."""
    return keras.Sequential([keras.Input(INPUT_SHAPE), *chain], name=name)


def _adamw(steps: int) -> Any:
    """AdamW, one cycle: the rate rises linearly for a twentieth of the steps, then falls as a cosine."""
    warm_up = max(1, steps // 20)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warm_up, warmup_target=3e-3, warmup_steps=warm_up, alpha=1e-3
    )
    return keras.optimizers.AdamW(rate, weight_decay=0.02)


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "textbook",
            "The chapter's code: two 5x5 convolutions of 16 and 36 filters.",
            _textbook,
        ),
        Recipe(
            "textbook-summary",
            "The network of the chapter's printed summary: three 5x5 convolutions.",
            _textbook_summary,
        ),
        Recipe("mlp", "One hidden layer with as many parameters as the textbook's network.", _mlp),
        Recipe(
            "default",
            "What `digits` serves: trained on MNIST and on rendered uploads, knows what is no digit.",
            _default,
            one_hot=False,
            optimizer=_adamw,
            batch_size=128,
            epochs=32,
            validation_share=1 / 12,
            diet=Diet(),
        ),
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
