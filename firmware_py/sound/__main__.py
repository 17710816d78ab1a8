"""``python -m firmware_py.sound`` is the sound process: a plan as JSON comes as argument or on standard input."""

import sys

from firmware_py.sound.process import main

sys.exit(main(sys.argv[1:]))
