"""`python -m overlaycodec.cli` is `overlaycodec`."""

import sys

from overlaycodec.cli import main

sys.exit(main())
