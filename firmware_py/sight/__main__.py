"""``python -m firmware_py.sight`` is the sight process: a plan as JSON on standard input, events on standard output."""

import os
import sys

from firmware_py.sight.process import main

code = main()
sys.stdout.flush()
os._exit(code)  # a camera thread that hangs in its driver must not hold up the end
