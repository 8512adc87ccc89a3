# SPDX-License-Identifier: MIT
"""plain.py - from what scientific code holds to what JSON can say"""

from __future__ import annotations

import json
import math
from typing import Any


def plain(thing: Any) -> Any:
    """Return `thing` for JSON: numpy becomes lists and numbers, NaN None.

    Raises TypeError for what has no JSON form.
    """
    if thing is None or isinstance(thing, (str, bool, int)):
        return thing
    if isinstance(thing, float):
        return float(thing) if math.isfinite(thing) else None
    if isinstance(thing, dict):
        return {str(key): plain(value) for key, value in thing.items()}
    if isinstance(thing, (list, tuple, set)):
        return [plain(value) for value in thing]
    if hasattr(thing, "tolist"):
        return plain(thing.tolist())
    raise TypeError(f"{type(thing).__name__} has no JSON form: {thing!r:.80}")


def encode(document: Any) -> bytes:
    """Return a document as JSON in UTF-8; NaN in it is a ValueError."""
    text = json.dumps(document, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8")
