"""MediaPipe's own hands, asked through a pipe, in an environment of its own: it imports nothing of this package.

For each picture a line of JSON comes in, ``{"stream", "model", "still", "width", "height"}``, and its RGB bytes; a line
goes out, ``{"hands": [[[x, y, z] × 21], …], "ms", "cpu_ms"}`` in pixels. A new stream begins anew. The first line out
says the version. Not here: what is asked and what is made of the answers (``sight_peers``).
"""

import importlib
import json
import os
import sys
import time
from typing import Any


def main() -> None:
    """Answer until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever the libraries greet with goes elsewhere
    numpy: Any = importlib.import_module("numpy")
    mediapipe: Any = importlib.import_module("mediapipe")
    print(json.dumps({"version": mediapipe.__version__}), file=answers)
    running: dict[tuple[int, bool], tuple[str, Any]] = {}
    while line := sys.stdin.buffer.readline():
        asked = json.loads(line)
        width, height = asked["width"], asked["height"]
        content = sys.stdin.buffer.read(width * height * 3)
        picture = numpy.frombuffer(content, numpy.uint8).reshape(height, width, 3)
        kind = (int(asked["model"]), bool(asked["still"]))
        stream, hands = running.get(kind, ("", None))
        if hands is None or stream != asked["stream"]:
            if hands is not None:
                hands.close()
            hands = mediapipe.solutions.hands.Hands(
                static_image_mode=kind[1], max_num_hands=2, model_complexity=kind[0], min_detection_confidence=0.5
            )
            running[kind] = (asked["stream"], hands)
            hands.process(numpy.zeros_like(picture))  # the first picture pays for the loading
        began, cpu_began = time.perf_counter(), time.process_time()
        found = hands.process(picture)
        ms, cpu_ms = (time.perf_counter() - began) * 1e3, (time.process_time() - cpu_began) * 1e3
        points = [
            [(p.x * width, p.y * height, p.z * width) for p in hand.landmark]
            for hand in found.multi_hand_landmarks or ()
        ]
        print(json.dumps({"hands": points, "ms": ms, "cpu_ms": cpu_ms}), file=answers)


if __name__ == "__main__":
    main()
