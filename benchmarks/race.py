"""The race of two trainings, run in an environment with TensorFlow: a line of JSON after every lap."""

import argparse
import json
import os
from dataclasses import asdict

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported, which reads it

from training.data import load_mnist
from training.recipes import find_recipe
from training.timing import race


def main() -> None:
    """Train until both are as right as was asked, or all epochs are over."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.race", description=__doc__)
    parser.add_argument("recipe")
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--share", type=float, required=True, help="of the digits, above 0 to 1")
    parser.add_argument("--until", type=float, required=True, help="validation accuracy, 0..1")
    options = parser.parse_args()
    recipe = find_recipe(options.recipe)
    for lap in race(recipe, load_mnist(), rounds=options.epochs, share=options.share):
        print(json.dumps(asdict(lap)), flush=True)
        if min(lap.plain_accuracy, lap.our_accuracy) >= options.until:
            break


if __name__ == "__main__":
    main()
