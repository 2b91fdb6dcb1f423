"""Tests of the corpus of rendered uploads, in shards of twenty pictures."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from service.errors import BlankImageError
from service.preprocessing import CanonicalDigit, canonicalise
from service.preprocessing.decoding import Picture
from tests.training.conftest import ROOT
from tests.training.uploads_material import SHARD, make_small
from training import corpus
from training.corpus import NOT_A_DIGIT, CorpusPlan, load_corpus
from training.data import Mnist, Split
from training.uploads import DIGIT_KINDS, OTHER_KINDS

pytestmark = pytest.mark.tensorflow  # which the module of the digits imports

PLAN = CorpusPlan(seed=1, digits=2 * SHARD, others=SHARD)


@pytest.fixture(autouse=True)
def small_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty cache and small shards."""
    make_small(monkeypatch, tmp_path)


@pytest.fixture
def source(few_digits: Mnist) -> Split:
    """150 digits to render."""
    return Split(few_digits.train_images, few_digits.train_labels)


def _shards(folder: Path) -> dict[str, int]:
    """Return the time of writing of every shard, by name."""
    return {path.name: path.stat().st_mtime_ns for path in folder.rglob("*.npz")}


class TestLoadCorpus:
    """Of `load_corpus`."""

    def test_labels_and_kinds(self, source: Split) -> None:
        """Digits first, then what is none, with kinds that there are."""
        made = load_corpus(PLAN, source)

        digits, others = made.labels[: 2 * SHARD], made.labels[2 * SHARD :]
        assert made.images.shape == (3 * SHARD, 28, 28)
        assert made.images.dtype == np.dtype("uint8")
        assert digits.max() < 10
        assert (others == NOT_A_DIGIT).all()
        assert made.kinds[: 2 * SHARD].max() < len(DIGIT_KINDS)
        assert made.kinds[2 * SHARD :].max() < len(OTHER_KINDS)

    def test_follows_from_its_plan(
        self, source: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Made again in another cache it is the same, of another seed it is another."""
        one = load_corpus(PLAN, source)
        monkeypatch.setenv("DIGITSERVE_CACHE", str(tmp_path / "other"))
        again = load_corpus(PLAN, source)
        other = load_corpus(CorpusPlan(2, PLAN.digits, PLAN.others), source)

        assert np.array_equal(one.images, again.images)
        assert np.array_equal(one.labels, again.labels)
        assert not np.array_equal(one.images, other.images)

    def test_makes_only_what_is_missing(self, source: Split, tmp_path: Path) -> None:
        """After a stop the shards that there are stay, and the missing one is made as it was."""
        whole, before = load_corpus(PLAN, source), _shards(tmp_path)
        next(tmp_path.rglob("1-digits-1.npz")).unlink()
        told: list[tuple[int, int]] = []

        again = load_corpus(PLAN, source, on_shard=lambda *counts: told.append(counts))

        after = _shards(tmp_path)
        assert told == [(3, 3)]
        assert np.array_equal(whole.images, again.images)
        assert {name for name in before if after[name] != before[name]} == {"1-digits-1.npz"}

    def test_other_digits_make_another_corpus(self, source: Split, tmp_path: Path) -> None:
        """In a folder of its own."""
        plan = CorpusPlan(1, SHARD, 0)

        load_corpus(plan, source)
        load_corpus(plan, Split(source.images[:100], source.labels[:100]))

        assert len(list((tmp_path / "corpus").iterdir())) == 2

    def test_leaves_out_what_is_refused(
        self, source: Split, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The network never sees an upload without ink, and the shard is full all the same."""
        pictures: list[Picture] = []

        def refuse_every_other(picture: Picture) -> CanonicalDigit:
            pictures.append(picture)
            if len(pictures) % 2:
                raise BlankImageError("no ink")
            return canonicalise(picture)

        monkeypatch.setattr(corpus, "canonicalise", refuse_every_other)

        made = load_corpus(CorpusPlan(1, SHARD, 0), source)

        assert len(pictures) == 2 * SHARD
        assert len(made.labels) == SHARD

    def test_takes_no_more_than_the_plan_says(self, source: Split) -> None:
        """Of a shard that holds more, the first pictures."""
        whole = load_corpus(PLAN, source)

        part = load_corpus(CorpusPlan(PLAN.seed, SHARD + 3, 2), source)

        taken = [*range(SHARD + 3), 2 * SHARD, 2 * SHARD + 1]
        assert np.array_equal(part.images, whole.images[taken])
        assert np.array_equal(part.labels, whole.labels[taken])

    def test_other_labels_make_another_corpus(self, source: Split) -> None:
        """The same digits, all called 3, are not read as they were called before."""
        plan = CorpusPlan(1, SHARD, 0)
        threes = Split(source.images, np.full_like(source.labels, 3))

        before, after = (load_corpus(plan, digits).labels for digits in (source, threes))

        assert np.mean(before == 3) < 0.5 < np.mean(after == 3)

    def test_draws_and_prints_some_digits(self, source: Split) -> None:
        """About a third are not the set's; the label of the others is the set's."""
        strange = Split(source.images, np.full_like(source.labels, 99))

        labels = load_corpus(CorpusPlan(1, 7 * SHARD, 0), strange).labels

        assert 0.2 < np.mean(labels < 10) < 0.44
        assert set(labels[labels >= 10].tolist()) == {99}

    def test_a_stop_begins_no_shard_more(self, source: Split, tmp_path: Path) -> None:
        """What is in work is finished and kept."""

        def stop(_done: int, _of: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            load_corpus(CorpusPlan(1, 50 * SHARD, 0), source, on_shard=stop)

        assert 1 <= len(_shards(tmp_path)) < 50

    def test_processes_make_what_one_makes(
        self, source: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The pictures do not depend on who renders them."""
        plan = CorpusPlan(1, 2 * SHARD, 0)
        alone = load_corpus(plan, source)
        monkeypatch.undo()
        monkeypatch.setenv("DIGITSERVE_CACHE", str(tmp_path / "other"))
        monkeypatch.setattr("training.corpus.SHARD", SHARD)

        together = load_corpus(plan, source)

        assert np.array_equal(alone.images, together.images)
        assert np.array_equal(alone.kinds, together.kinds)


def test_a_process_that_renders_does_without_tensorflow() -> None:
    """It would cost ten times the memory, in every process."""
    program = (
        "import sys, training.corpus; sys.exit(bool({'keras', 'tensorflow'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
