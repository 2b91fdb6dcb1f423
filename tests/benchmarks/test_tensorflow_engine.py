"""The table of the TensorFlow engine, and how it is started."""

from benchmarks.tensorflow_engine import BATCHED, UNBATCHED, EngineRun, render


def test_both_kinds_have_the_same_arguments() -> None:
    """Only the module differs: the product, and the product without batching."""
    assert BATCHED.command[:3] == ("python", "-m", "service")
    assert UNBATCHED.command[:3] == ("python", "-m", "benchmarks.unbatched")
    assert BATCHED.command[3:] == UNBATCHED.command[3:]


def test_ratios_are_to_no_batching() -> None:
    """Of the same round and number of connections."""
    figures = {(1, False): 200.0, (1, True): 150.0, (64, False): 250.0, (64, True): 1500.0}

    page = render(
        [
            EngineRun(0, is_batched, connections, rate, 1000 / rate, 2000 / rate, 1e6 / rate)
            for (connections, is_batched), rate in figures.items()
        ]
    )

    assert "| 1 | yes | 150 | 0.75 | 6.67 | 1.33 | 13.3 | 1.33 | 6.67 | 1.33 |" in page
    assert "| 64 | yes | 1,500 | 6.00 | 0.67 | 0.17 | 1.33 | 0.17 | 0.67 | 0.17 |" in page
