"""What a run shows, in sentences made from its numbers; HTML text."""

import numpy as np
import numpy.typing as npt

from training.report.material import ReportMaterial
from training.worked_examples import CHAPTER_TEST_ACCURACY


def verdict(material: ReportMaterial) -> str:
    """Section 8.5: whether one run can tell this network from the chapter's."""
    interval = material.scores.accuracy_interval
    if interval.low <= CHAPTER_TEST_ACCURACY <= interval.high:
        return (
            "The chapter&rsquo;s accuracy lies inside this run&rsquo;s 95&nbsp;% interval: "
            "the two cannot be told apart."
        )
    side = "above" if material.scores.accuracy > CHAPTER_TEST_ACCURACY else "below"
    return f"This run lies {side} the chapter, further than the chance of 10,000 digits explains."


def conclusion(material: ReportMaterial) -> str:
    """Section 8.8: what the run shows, from its numbers."""
    confusions = material.scores.confusion_matrix
    right = int(confusions.trace())
    text = f"The network reads {right:,} of {material.scores.n:,} test digits correctly"
    label, predicted, count = _most_frequent_mistake(confusions)
    if count:
        text += f"; its most frequent mistake is a {label} read as {predicted} ({count:,} times)"
    return f"{text}. The chapter reads {percent(CHAPTER_TEST_ACCURACY)} and concludes: near 99 %."


def _most_frequent_mistake(confusions: npt.NDArray[np.int64]) -> tuple[int, int, int]:
    """Label, prediction and count of the largest cell off the diagonal."""
    mistakes = confusions - np.diag(np.diag(confusions))
    label, predicted = np.unravel_index(mistakes.argmax(), mistakes.shape)
    return int(label), int(predicted), int(mistakes[label, predicted])


def num_mistakes(material: ReportMaterial) -> int:
    """How many answers are wrong."""
    return int((material.predictions != material.test_labels).sum())


def percent(share: float) -> str:
    """Write a share with two decimals, as the chapter does."""
    return f"{share:.2%}".replace("%", "&nbsp;%")
