"""The report's tables as text, its sentences, and what it is made of."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from service.evaluation.scoring import Interval
from tests.training.report_material import answers, cnn, material, mlp

pytestmark = pytest.mark.tensorflow


class TestReportMaterial:
    """`ReportMaterial` finds the mistakes."""

    def test_predictions(self) -> None:
        """A prediction is the digit with the highest probability."""
        assert material(None).predictions[:6].tolist() == [0, 1, 2, 3, 9, 5]

    def test_most_confident_mistake_first(self) -> None:
        """The mistakes are ordered by how sure the network was."""
        run = material(None)
        run.probabilities[14] = answers(np.array([9]), 0.99)[0]

        assert run.mistakes() == [14, 4]

    def test_equals_keep_their_order(self) -> None:
        """Mistakes of the same confidence stay in the test set's order."""
        assert material(None).mistakes() == [4, 14]

    def test_at_most_25(self) -> None:
        """As in the chapter's grid, no more than 25 are shown."""
        wrong = answers((material(None).test_labels + 1) % 10)

        assert material(None, wrong).mistakes() == list(range(25))


class TestModelSummary:
    """`model_summary`, Keras's own table."""

    def test_layers_and_parameters(self) -> None:
        """It holds every layer's type and the number of all parameters."""
        from training.report.tables import model_summary

        text = model_summary(material(cnn()))

        assert text.count("(MaxPooling2D)") == 2
        assert "Total params: 2,918" in text

    def test_is_plain_text(self) -> None:
        """It carries no escape codes and no trailing blanks."""
        from training.report.tables import model_summary

        lines = model_summary(material(mlp())).splitlines()

        assert lines == [line.rstrip() for line in lines]
        assert not any("\x1b" in line for line in lines)


class TestHistoryCsv:
    """`history_csv`."""

    def test_lines(self) -> None:
        """One header, then one line per epoch, counted from 1."""
        from training.report.tables import history_csv

        assert history_csv(material(None)).splitlines() == [
            "epoch,accuracy,loss,val_accuracy,val_loss",
            "1,0.500000,1.500000,0.625000,1.250000",
            "2,0.750000,0.750000,0.800000,0.700000",
            "3,0.875000,0.500000,0.900000,0.400000",
        ]


class TestConfusionText:
    """`confusion_text` and `confusion_csv`."""

    def test_is_what_crosstab_prints(self) -> None:
        """The text equals the chapter's call of `pd.crosstab`, printed."""
        from training.report.tables import confusion_text

        run = material(None)
        table = pd.crosstab(
            run.test_labels, run.predictions, rownames=["label"], colnames=["predict"]
        )

        assert confusion_text(run.scores.confusion_matrix) == f"{table}\n"

    def test_chapters_matrix_as_printed(self) -> None:
        """The chapter's own matrix comes out as its section 8.7 shows it."""
        from training.report.tables import confusion_text
        from training.worked_examples import CHAPTER_CONFUSION_MATRIX

        lines = confusion_text(CHAPTER_CONFUSION_MATRIX).splitlines()

        assert lines[0].split() == ["predict", *"0123456789"]
        assert lines[1].strip() == "label"
        assert lines[10].split() == ["8", "7", "1", "2", "1", "0", "0", "0", "1", "959", "2"]

    def test_csv(self) -> None:
        """The CSV has the label first, then one column per prediction."""
        from training.report.tables import confusion_csv

        lines = confusion_csv(material(None).scores.confusion_matrix).splitlines()

        assert lines[0] == "label,0,1,2,3,4,5,6,7,8,9"
        assert lines[5] == "4,0,0,0,0,2,0,0,0,0,2"


class TestScoresJson:
    """`scores_json`."""

    def test_ours_and_the_chapters(self) -> None:
        """It holds the test scores and first predictions of both."""
        from training.report.tables import scores_json

        document = json.loads(scores_json(material(None)))

        assert document["test_accuracy"] == 0.95
        assert document["first_predictions"] == [0, 1, 2, 3, 9, 5, 6, 7, 8, 9]
        assert document["chapter"] == {
            "test_accuracy": 0.9912,
            "test_loss": 0.026,
            "first_predictions": [7, 2, 1, 0, 4, 1, 4, 9, 5, 9],
        }


class TestVerdict:
    """`verdict` compares one run with the chapter."""

    @pytest.mark.parametrize(
        ("accuracy", "low", "high", "expected"),
        [
            pytest.param(0.9915, 0.9895, 0.9931, "cannot be told apart", id="inside"),
            pytest.param(0.9950, 0.9934, 0.9962, "lies above the chapter", id="above"),
            pytest.param(0.9760, 0.9728, 0.9788, "lies below the chapter", id="below"),
        ],
    )
    def test_by_the_interval(self, accuracy: float, low: float, high: float, expected: str) -> None:
        """Only an interval without the chapter's 99.12 % makes a difference."""
        from training.report.findings import verdict

        run = material(None)
        scores = replace(run.scores, accuracy=accuracy, accuracy_interval=Interval(low, high))

        assert expected in verdict(replace(run, scores=scores))


class TestConclusion:
    """`conclusion` says what the numbers show."""

    def test_names_the_most_frequent_mistake(self) -> None:
        """Two fours were read as 9."""
        from training.report.findings import conclusion

        text = conclusion(material(None))

        assert text.startswith(
            "The network reads 38 of 40 test digits correctly; "
            "its most frequent mistake is a 4 read as 9 (2 times)."
        )

    def test_no_mistake_to_name(self) -> None:
        """A perfect run has none."""
        from training.report.findings import conclusion

        text = conclusion(material(None, answers(material(None).test_labels)))

        assert text.startswith("The network reads 40 of 40 test digits correctly. The chapter")
