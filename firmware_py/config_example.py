"""Prints every setting there is, with its default, as comments: the config.toml that a new box begins with.

``python -m firmware_py.config_example``. Made from the settings themselves (``config``), so that it cannot differ.
"""

import dataclasses
import json
from typing import Final

from firmware_py.config import SECTIONS, allowed_values

_HEAD: Final = """\
# Settings of Hand Dance. Every line below shows a default: take the '# ' in front of one away and change it.
# The same words in hand-dance.toml on the boot partition count for more than those here.
# After a change: systemctl restart hand-dance
"""


def example() -> str:
    """Return the text of a config.toml that changes nothing."""
    parts = [_HEAD]
    for name, kind in SECTIONS.items():
        says = (kind.__doc__ or "").strip()
        parts.append(f"\n[{name}]  # {says[0].lower()}{says[1:].rstrip('.')}\n")
        for declared in dataclasses.fields(kind):
            parts.append(f"\n## {declared.metadata['says']}; {allowed_values(name, declared.name)}\n")
            parts.append(f"# {declared.name} = {json.dumps(declared.default, ensure_ascii=False)}\n")
    return "".join(parts)


if __name__ == "__main__":
    print(example(), end="")
