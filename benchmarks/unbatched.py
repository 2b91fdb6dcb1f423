"""`digitserve` with dynamic batching off, so that its gain can be measured; no setting of the service does that."""

import sys

from service.cli import main
from service.engines.saved_model import SavedModelEngine

if __name__ == "__main__":
    SavedModelEngine.batch_sizes = (1,)  # each digit is then computed by itself, on the event loop
    sys.exit(main())
