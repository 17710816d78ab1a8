"""``python -m firmware_py`` is ``hand-dance``."""

import sys

from firmware_py.cli import main

sys.exit(main())
