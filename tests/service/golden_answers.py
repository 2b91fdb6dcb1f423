"""Golden answers: what the embedded network says of a few uploads of every kind, on record.

validation digits, seed -> files of every kind -> preprocessing -> network -> golden_answers.jsonl

`python -m tests.service.golden_answers` writes the record anew: after a change that is to change answers, and no other.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from service.bundle import Bundle
from service.preprocessing import PREPROCESSING_VERSION
from service.settings import Settings
from training.upload_benchmark import recogniser, rendered_uploads

RECORD = Path(__file__).with_suffix(".jsonl")
SEED = 11  # of no other test, no training and no published figure
PER_KIND = 2
DIGITS = 5  # behind the point; answers are to agree to 1e-4


@dataclass(frozen=True)
class GoldenAnswer:
    """The answer to one upload.

    Attributes:
        kind: Kind of upload.
        file: Start of the SHA-256 of its bytes.
        status: `ok`, `uncertain`, `not_a_digit` or `refused`.
        digit: The class, 0..9.
        probabilities: Of each class, rounded.
    """

    kind: str
    file: str
    status: str
    digit: int
    probabilities: list[float]


def answer_all() -> Iterator[GoldenAnswer]:
    """Render the uploads, and have each answered."""
    path = Settings().models_dir / "digits/1"
    bundle = Bundle.read(path, preprocessing_version=PREPROCESSING_VERSION)
    recognise = recogniser(bundle)
    for upload in rendered_uploads(bundle.validation_set(), PER_KIND, SEED):
        probabilities, status = recognise(upload.data)
        yield GoldenAnswer(
            kind=upload.kind,
            file=hashlib.sha256(upload.data).hexdigest()[:16],
            status=status,
            digit=int(probabilities.argmax()),
            probabilities=[round(float(each), DIGITS) for each in probabilities],
        )


def read() -> list[GoldenAnswer]:
    """Read the record."""
    lines = RECORD.read_text(encoding="utf-8").splitlines()
    return [GoldenAnswer(**json.loads(line)) for line in lines]


def write() -> None:
    """Write the record."""
    lines = [json.dumps(asdict(answer)) for answer in answer_all()]
    RECORD.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
