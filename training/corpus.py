"""The corpus: uploads of every kind, rendered, and brought to canonical form by the service's own preprocessing.

MNIST training digits, drawn and printed digits, and what is no digit -> rendered -> preprocessed -> cached

Seeded: a corpus follows from its plan and its digits. It is made in shards by several processes and
kept in the cache, so a stop loses at most the shards in work.
"""

import concurrent.futures
import hashlib
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

import service.preprocessing
import training.uploads
from service.errors import UploadError
from service.preprocessing import canonicalise
from service.preprocessing.decoding import from_pixels
from training.data import Images, Labels, Split, cache_dir
from training.uploads import (
    DIGIT_KINDS,
    OTHER_KINDS,
    draw_digit,
    print_digit,
    render_digit,
    render_other,
)

NOT_A_DIGIT = 10
SHARD = 1_000  # pictures
DRAWN_SHARE = 0.22  # of the digits are drawn from strokes, in styles that MNIST lacks
PRINTED_SHARE = 0.10  # are printed
SEVERAL = ("digits-side-by-side",)


@dataclass(frozen=True)
class Corpus:
    """Canonical pictures of uploads.

    Attributes:
        images: uint8 [N, 28, 28]; 0 = paper, 255 = ink.
        labels: uint8 [N]; 0..9, or `NOT_A_DIGIT`.
        kinds: uint8 [N]; index into `DIGIT_KINDS`, or into `OTHER_KINDS` where it is no digit.
    """

    images: Images
    labels: Labels
    kinds: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class CorpusPlan:
    """What a corpus is made of.

    Attributes:
        seed: Seed of everything random.
        digits: Number of pictures of digits.
        others: Number of pictures of what is no digit.
    """

    seed: int
    digits: int
    others: int


def load_corpus(
    plan: CorpusPlan, digits: Split, *, on_shard: Callable[[int, int], None] | None = None
) -> Corpus:
    """Read a corpus from the cache, making what is missing.

    Args:
        plan: What it is made of.
        digits: The digits to render; training digits only, for a corpus to train on.
        on_shard: Told the shards done and the shards in all.
    """
    folder = cache_dir().parent / "corpus" / _fingerprint(digits)
    folder.mkdir(parents=True, exist_ok=True)
    names = [("digits", i) for i in range(-(-plan.digits // SHARD))]
    names += [("others", i) for i in range(-(-plan.others // SHARD))]
    paths = [folder / f"{plan.seed}-{what}-{i}.npz" for what, i in names]
    missing = [(path, name) for path, name in zip(paths, names, strict=True) if not path.exists()]
    context = multiprocessing.get_context("forkserver")
    workers = len(os.sched_getaffinity(0))
    if missing:
        with concurrent.futures.ProcessPoolExecutor(
            workers, context, initializer=_start_worker, initargs=(digits,)
        ) as pool:
            jobs = [
                pool.submit(_make_shard, path, what, plan.seed, i) for path, (what, i) in missing
            ]
            for done, job in enumerate(concurrent.futures.as_completed(jobs), start=1):
                job.result()
                if on_shard:
                    on_shard(len(paths) - len(jobs) + done, len(paths))
    return _joined(paths)


def render_labelled(
    digits: Split, kind: str, rng: np.random.Generator, index: int
) -> tuple[npt.NDArray[np.uint8], int]:
    """Render a digit of the set, or one that is drawn or printed, as an upload of a kind.

    Returns:
        The picture, uint8 [H, W], [H, W, 3] or [H, W, 4], and its label.
    """
    lot = rng.random()
    if lot < DRAWN_SHARE:
        label = int(rng.integers(10))
        return render_digit(kind, draw_digit(label, rng), rng), label
    if lot < DRAWN_SHARE + PRINTED_SHARE:
        label = int(rng.integers(10))
        return render_digit(kind, print_digit(label, rng), rng), label
    return render_digit(kind, digits.images[index], rng), int(digits.labels[index])


_digits: dict[str, Split] = {}  # of a process that renders


def _start_worker(digits: Split) -> None:
    """Keep the digits in the process that renders them."""
    cv2.setNumThreads(1)  # every core has its own process
    _digits["digits"] = digits


def _make_shard(path: Path, what: str, seed: int, shard: int) -> None:
    """Render and preprocess one shard and write it in one step."""
    rng = np.random.default_rng([seed, what == "others", shard])
    source = _digits["digits"]
    images: list[Images] = []
    labels: list[int] = []
    kinds: list[int] = []
    while len(images) < SHARD:
        if what == "digits":
            kind = int(rng.integers(len(DIGIT_KINDS)))
            index = int(rng.integers(len(source.labels)))
            picture, label = render_labelled(source, DIGIT_KINDS[kind], rng, index)
        else:
            kind = int(rng.integers(len(OTHER_KINDS)))
            picture, label = render_other(OTHER_KINDS[kind], source.images, rng), NOT_A_DIGIT
        try:
            seen = canonicalise(from_pixels(picture))
        except UploadError:
            continue  # refused with its reason: the network never sees it
        if what == "others" and OTHER_KINDS[kind] in SEVERAL and "parts-removed" in seen.steps:
            continue  # one digit of several is a digit
        images.append(seen.image)
        labels.append(label)
        kinds.append(kind)
    draft = path.with_name(f".{path.stem}.{os.getpid()}.npz")
    np.savez_compressed(
        draft,
        images=np.stack(images),
        labels=np.array(labels, np.uint8),
        kinds=np.array(kinds, np.uint8),
    )
    draft.replace(path)


def _joined(paths: list[Path]) -> Corpus:
    """Read shards and put them together."""
    shards = [np.load(path) for path in paths]
    return Corpus(
        *(
            np.concatenate([shard[name] for shard in shards])
            for name in ("images", "labels", "kinds")
        )
    )


def _fingerprint(digits: Split) -> str:
    """Hash the digits and the code that renders and preprocesses: a change of either makes a new corpus."""
    digest = hashlib.sha256(digits.images.tobytes())
    folders = (Path(str(training.uploads.__file__)), Path(str(service.preprocessing.__file__)))
    for folder in folders:
        for source in sorted(folder.parent.glob("*.py")):
            digest.update(source.read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()[:16]
