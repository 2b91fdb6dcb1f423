"""The corpus: uploads of every kind, rendered, and brought to canonical form by the service's own preprocessing.

MNIST training digits, drawn and printed digits, and what is no digit -> rendered -> preprocessed -> cached

Seeded: a corpus follows from its plan and its digits. It is made in shards by several processes and
kept in the cache, so a stop loses no finished shard. Nothing here imports TensorFlow or Keras, so that a
process that renders stays small.
"""

import concurrent.futures
import hashlib
import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

import service.preprocessing
import training.uploads
from service.errors import UploadError
from service.preprocessing import CanonicalDigit, canonicalise
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

Picture = npt.NDArray[np.uint8]

NOT_A_DIGIT = 10
SHARD = 1_000  # pictures
DRAWN_SHARE = 0.22  # of the digits are drawn from strokes, in styles that MNIST lacks
PRINTED_SHARE = 0.10  # are printed
SEVERAL = ("digits-side-by-side",)

OnShard = Callable[[int, int], None]
"""Called with the shards done and the shards in all."""


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


@dataclass(frozen=True)
class _Shard:
    """A file of rendered pictures.

    Attributes:
        path: Its place in the cache.
        is_of_digits: Whether they show digits; else what is none.
        seed: Words that everything random in it follows from.
        num_used: Number of its pictures that the corpus takes; the last shard may hold more.
    """

    path: Path
    is_of_digits: bool
    seed: tuple[int, ...]
    num_used: int


def load_corpus(plan: CorpusPlan, digits: Split, *, on_shard: OnShard | None = None) -> Corpus:
    """Read a corpus from the cache, making what is missing.

    Args:
        plan: What it is made of.
        digits: The digits to render; training digits only, for a corpus to train on.
        on_shard: Told after every shard that had to be made.

    Returns:
        First the digits, then what is none.
    """
    folder = cache_dir().parent / "corpus" / _fingerprint(digits)
    folder.mkdir(parents=True, exist_ok=True)
    shards = _shards(plan, folder)
    missing = [shard for shard in shards if not shard.path.exists()]
    done = len(shards) - len(missing)
    for number, _ in enumerate(_made(missing, digits), start=done + 1):
        if on_shard:
            on_shard(number, len(shards))
    return _joined(shards)


def _shards(plan: CorpusPlan, folder: Path) -> list[_Shard]:
    """List the shards that a plan takes."""
    return [
        _Shard(
            folder / f"{plan.seed}-{what}-{number}.npz",
            is_of_digits,
            (plan.seed, int(not is_of_digits), number),
            min(SHARD, count - number * SHARD),
        )
        for what, is_of_digits, count in (
            ("digits", True, plan.digits),
            ("others", False, plan.others),
        )
        for number in range(-(-count // SHARD))
    ]


def _made(shards: list[_Shard], digits: Split) -> Iterator[None]:
    """Make shards by several processes; yields after each. A stop waits for those in work alone."""
    if not shards:
        return
    context = multiprocessing.get_context("forkserver")  # a fork may inherit TensorFlow's locks
    pool = concurrent.futures.ProcessPoolExecutor(
        min(count_cores(), len(shards)), context, _start_worker
    )
    try:
        jobs = [pool.submit(_make_shard, shard, digits, SHARD) for shard in shards]
        for job in concurrent.futures.as_completed(jobs):
            yield job.result()
    finally:
        pool.shutdown(cancel_futures=True)


def count_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _start_worker() -> None:
    """Prepare a process that renders."""
    cv2.setNumThreads(1)  # every core has its own process
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is for the process that waits for this one
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when the one that it works for is killed, where it would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _make_shard(shard: _Shard, digits: Split, size: int) -> None:
    """Render and preprocess `size` pictures and write them in one step."""
    pictures = itertools.islice(_canonical_pictures(shard, digits), size)
    images, labels, kinds = zip(*pictures, strict=True)
    draft = shard.path.with_name(f".{shard.path.stem}.{os.getpid()}.npz")
    np.savez_compressed(
        draft,
        images=np.stack(images),
        labels=np.array(labels, np.uint8),
        kinds=np.array(kinds, np.uint8),
    )
    draft.replace(shard.path)


def _canonical_pictures(shard: _Shard, digits: Split) -> Iterator[tuple[Picture, int, int]]:
    """Give canonical pictures uint8 [28, 28] without end, with label and kind."""
    rng = np.random.default_rng(shard.seed)
    render = _render_digit if shard.is_of_digits else _render_other
    while True:
        kind, picture, label = render(digits, rng)
        try:
            seen = canonicalise(from_pixels(picture))
        except UploadError:
            continue  # refused with its reason: the network never sees it
        if label != NOT_A_DIGIT or not _shows_one_of_several(kind, seen):
            yield seen.image, label, kind


def _shows_one_of_several(kind: int, seen: CanonicalDigit) -> bool:
    """Tell whether one digit was cut out of several, which is a digit."""
    return OTHER_KINDS[kind] in SEVERAL and "parts-removed" in seen.steps


def _render_digit(digits: Split, rng: np.random.Generator) -> tuple[int, Picture, int]:
    """Render a digit as an upload: its kind, the picture uint8 [H, W], [H, W, 3] or [H, W, 4], its label."""
    kind = int(rng.integers(len(DIGIT_KINDS)))
    digit, label = _choose_digit(digits, rng)
    return kind, render_digit(DIGIT_KINDS[kind], digit, rng), label


def _choose_digit(digits: Split, rng: np.random.Generator) -> tuple[Picture, int]:
    """Take a digit of the set, or draw or print one."""
    index = int(rng.integers(len(digits.labels)))
    lot = rng.random()
    if lot < DRAWN_SHARE + PRINTED_SHARE:
        label = int(rng.integers(10))
        make = draw_digit if lot < DRAWN_SHARE else print_digit
        return make(label, rng), label
    return digits.images[index], int(digits.labels[index])


def _render_other(digits: Split, rng: np.random.Generator) -> tuple[int, Picture, int]:
    """Render what is no digit: its kind, the picture, and `NOT_A_DIGIT`."""
    kind = int(rng.integers(len(OTHER_KINDS)))
    return kind, render_other(OTHER_KINDS[kind], digits.images, rng), NOT_A_DIGIT


def _joined(shards: list[_Shard]) -> Corpus:
    """Read shards and put them together."""
    columns: dict[str, list[npt.NDArray[np.uint8]]] = {"images": [], "labels": [], "kinds": []}
    for shard in shards:
        with np.load(shard.path) as arrays:
            for name, parts in columns.items():
                parts.append(arrays[name][: shard.num_used])
    return Corpus(**{name: np.concatenate(parts) for name, parts in columns.items()})


def _fingerprint(digits: Split) -> str:
    """Hash the digits and the code that renders and preprocesses: a change of either makes a new corpus."""
    digest = hashlib.sha256(digits.images.tobytes() + digits.labels.tobytes())
    folders = (Path(str(training.uploads.__file__)), Path(str(service.preprocessing.__file__)))
    for folder in folders:
        for source in sorted(folder.parent.glob("*.py")):
            digest.update(source.read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()[:16]
