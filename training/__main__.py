"""Entry of `python -m training`."""

import os
import sys

# Before TensorFlow is imported: it reads this once. Else it complains of missing GPUs.
# What really fails comes as an exception.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from training.commands import main

if __name__ == "__main__":
    sys.exit(main())
