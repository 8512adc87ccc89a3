# SPDX-License-Identifier: MIT
"""retry.py - how long to wait before the next attempt

Exponential backoff with full jitter: a thousand jobs that lost the service at
the same instant come back spread over time. See M. Brooker, "Exponential
Backoff And Jitter", AWS Architecture Blog, 2015.
"""

from __future__ import annotations

import email.utils
import random
import time
from typing import Optional

FIRST_S = 0.2
LONGEST_S = 30.0

# Seeded by the system: jobs that call random.seed(0) must not march in step.
_random = random.SystemRandom()


class Backoff:
    """The waits of one logical call.

    patience_s  how long after the first attempt to go on trying; 0: never again
    """

    def __init__(self, patience_s: float) -> None:
        self._deadline = time.monotonic() + patience_s
        self._attempt = 0

    def next_s(self, retry_after_s: float = 0.0) -> Optional[float]:
        """Return how long to wait now, or None when patience has run out.

        retry_after_s  the least wait that the service asked for
        """
        ceiling = min(LONGEST_S, FIRST_S * 2.0 ** min(self._attempt, 20))
        self._attempt += 1
        wait_s = retry_after_s + _random.uniform(0.0, ceiling)
        left_s = self._deadline - time.monotonic()
        if left_s <= 0.0 or retry_after_s > left_s:
            return None
        return min(wait_s, left_s)


def retry_after_s(header: Optional[str]) -> float:
    """Return the seconds that a Retry-After header asks for; 0 if it does not.

    The header holds seconds or an HTTP date.
    """
    if not header:
        return 0.0
    if header.strip().isdigit():
        return float(header)
    try:
        date = email.utils.parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return 0.0
    return max(0.0, date.timestamp() - time.time())
