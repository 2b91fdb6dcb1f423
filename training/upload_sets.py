"""The rendered uploads that networks are trained and calibrated on: which digits, how many, what seed.

training or validation digits of a recipe -> training.corpus -> Corpus
"""

from training.corpus import Corpus, CorpusPlan, OnShard, load_corpus
from training.data import Split
from training.recipes import Diet

TRAINING_SEED = 1  # of the uploads that every run trains on, whatever its own seed
VALIDATION_SEED = 2  # of those that temperature and thresholds are fitted on
NUM_VALIDATION_DIGITS = 12_000
NUM_VALIDATION_OTHERS = 4_000


def training_uploads(diet: Diet, digits: Split, *, on_shard: OnShard | None = None) -> Corpus:
    """Render training digits as uploads, with what is no digit; the same for every run.

    Args:
        diet: How many.
        digits: Training digits of the recipe.
        on_shard: Told after every shard that had to be made.
    """
    plan = CorpusPlan(TRAINING_SEED, diet.corpus_digits, diet.corpus_others)
    return load_corpus(plan, digits, on_shard=on_shard)


def validation_uploads(digits: Split, *, on_shard: OnShard | None = None) -> Corpus:
    """Render validation digits as uploads, with what is no digit; the same for every run.

    Args:
        digits: Validation digits of the recipe.
        on_shard: Told after every shard that had to be made.
    """
    plan = CorpusPlan(VALIDATION_SEED, NUM_VALIDATION_DIGITS, NUM_VALIDATION_OTHERS)
    return load_corpus(plan, digits, on_shard=on_shard)
