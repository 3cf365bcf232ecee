"""``python -m monitor`` is ``skewwatch``."""

import sys

from monitor.cli import main

sys.exit(main())
