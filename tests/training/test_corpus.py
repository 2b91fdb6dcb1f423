"""Tests of the corpus of rendered uploads, in shards of twenty pictures."""

from pathlib import Path

import numpy as np
import pytest

from service.errors import BlankImageError
from service.preprocessing import CanonicalDigit, canonicalise
from service.preprocessing.decoding import Picture
from tests.training.uploads_material import SHARD, make_small
from training import corpus
from training.corpus import NOT_A_DIGIT, CorpusPlan, load_corpus, render_labelled
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


class TestRenderLabelled:
    """Of `render_labelled`."""

    def test_draws_and_prints_some_digits(self, source: Split) -> None:
        """About a third are not the set's; the label of the others is the set's."""
        one = Split(source.images[:1], np.array([99], np.uint8))

        labels = [
            render_labelled(one, "dark-on-white", np.random.default_rng(seed), 0)[1]
            for seed in range(200)
        ]

        assert 0.22 < np.mean([label < 10 for label in labels]) < 0.42
        assert set(labels) - set(range(10)) == {99}
