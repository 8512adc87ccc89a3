# SPDX-License-Identifier: MIT
"""heartbeat.py - keep the lease of a running trial

The service gives a trial to another worker when it hears nothing for the length
of a lease. A daemon thread per trial calls at a third of that, so two calls may
get lost. It holds the trial weakly: a trial that the program forgot is not kept
alive.
"""

from __future__ import annotations

import logging
import threading
import weakref
from typing import Any, Callable, Optional

from .errors import ServiceError, ServiceUnreachable

log = logging.getLogger("cumae")


class Heartbeat:
    """Calls beat(owner), a method of owner, every interval_s seconds until
    stop(), until it returns False, or until the owner is gone."""

    def __init__(
        self, owner: Any, beat: Callable[[Any], bool], interval_s: float
    ) -> None:
        self._owner = weakref.ref(owner)
        self._beat = beat
        self._interval_s = interval_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="cumae-heartbeat", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop calling; does not wait for a call that is on its way."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(self._interval_s):
            if not self._once(self._owner()):
                return

    def _once(self, owner: Optional[Any]) -> bool:
        if owner is None:
            return False
        try:
            return self._beat(owner)
        except ServiceUnreachable as error:
            log.warning("heartbeat: %s", error)
            return True
        except ServiceError as error:
            log.warning("heartbeat stopped: %s", error)
            return False
