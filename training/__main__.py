"""Entry of `python -m training`."""

import os
import sys

# Before TensorFlow is imported: it reads this once. Else it complains of missing GPUs.
# What really fails comes as an exception. TensorFlow 2.21 writes some notes on CUDA and oneDNN all the same,
# while its libraries load and before it reads this (its issue 100442). Holding standard error back
# meanwhile would hide the one line that tells of a CPU that it cannot run on.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from training.commands import main

if __name__ == "__main__":
    sys.exit(main())
