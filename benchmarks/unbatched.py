"""`digitserve` with dynamic batching off, so that its gain can be measured; no setting of the service does that."""

import sys

from service.cli import main
from service.engines.saved_model import SavedModelEngine

if __name__ == "__main__":
    # Each digit is then computed by itself, on the event loop, as with an engine that gains nothing.
    SavedModelEngine.gains_from_batches = False
    sys.exit(main())
