# SPDX-License-Identifier: MIT
"""delivery.py - tells that survive the service, the network and the process

A tell is written to the spool, sent, and removed when it was answered. When the
service is away for longer than patience lasts, the result stays in the spool and
the program goes on: it cannot do better than the next trial. What lies in the
spool is delivered by whoever comes next: by this client after its next call that
gets through, by another one after its first, at the exit of either, or by
`python -m cumae spool deliver`.

An equal tell may be repeated, so two deliveries of one result are harmless.
"""

from __future__ import annotations

import atexit
import hashlib
import logging
import math
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Optional,
    Set,
    Tuple,
)

from .errors import ServiceError, ServiceUnreachable
from .plain import encode
from .spool import Result, Spool, stamp

if TYPE_CHECKING:
    from .client import Client

log = logging.getLogger("cumae")

Item = Tuple[Path, Result]

BATCH_TELLS = 1000  # the service takes so many in one call
BATCH_BYTES = 3 << 20  # and bodies of 4 MiB
ROUND_PATIENCE_S = 30.0  # of one call in the background
EXIT_S = 5.0  # a program that wants to end waits no longer
AGAIN_S = 30.0  # between two rounds of one client that did not get through
# The service understood, and would not answer otherwise tomorrow. What 401 and
# 403 refuse is the token, and that changes.
FINAL = (400, 404, 409, 413, 422)
SPOILS_A_CALL = (400, 413, 422)  # of which one result may be the cause


@dataclass
class Outcome:
    """What a delivery did: numbers of results."""

    delivered: int = 0
    refused: int = 0
    left: int = 0


class Delivery:
    """Tells of one client; `spool` is None where there is none.

    raise_when_away  whether tell() raises ServiceUnreachable although the
                     result is safe in the spool
    """

    def __init__(
        self, client: "Client", spool: Optional[Spool], raise_when_away: bool
    ) -> None:
        self.spool = spool
        self.raise_when_away = raise_when_away
        self._client = weakref.ref(client)
        self._due = spool is not None
        self._not_before = 0.0
        self._thread: Optional[threading.Thread] = None
        _alive.add(self)

    def tell(
        self, study_id: str, number: int, told: Dict[str, Any], patience_s: float
    ) -> str:
        """Tell one result; return the state that was stored, or `spooled`.

        told        the body of the tell
        patience_s  how long to try before the result is left in the spool

        Raises ServiceError when the service refuses the result, which then
        lies among the refused ones, and ServiceUnreachable where no spool
        holds it.
        """
        client = self._use()
        path = self._keep(client, study_id, number, told)
        call = f"/studies/{study_id}/trials/{number}/tell"
        try:
            answer = client.request("POST", call, told, patience_s=patience_s)
        except ServiceUnreachable as error:
            if path is None:
                raise
            self._owe(client)
            text = f"trial {number}: {error}; the result waits in {path}"
            if self.raise_when_away:
                raise ServiceUnreachable(text) from error
            log.warning("%s", text)
            return "spooled"
        except ServiceError as error:
            if path is not None:
                self._keep_refused(path, error)
            raise
        state = str(answer["state"])
        if path is not None:
            self._forget(path)
        return state

    def awake(self) -> None:
        """Deliver in the background what waits, if that is due.

        To be called whenever the service has answered.
        """
        if not self._due or time.monotonic() < self._not_before:
            return
        self._due = False
        self._thread = threading.Thread(
            target=self._round, name="cumae-delivery", daemon=True
        )
        self._thread.start()

    def finish(self) -> None:
        """Deliver what waits, for a few seconds: the program ends."""
        client = self._client()
        if self.spool is None or client is None:
            return
        if self._thread is not None:
            self._thread.join(EXIT_S)
        try:
            self._deliver(client, EXIT_S, 0.0, time.monotonic() + EXIT_S)
        except Exception as error:  # nothing may keep a program from ending
            folder = self.spool.folder
            log.warning("delivery: %s; results wait in %s", error, folder)

    def deliver(self, patience_s: float = ROUND_PATIENCE_S) -> Outcome:
        """Deliver what waits for this service, claimed or not.

        Raises ServiceUnreachable when the service is away for longer than
        patience_s, Unauthorized or Forbidden where the token may not tell.
        """
        return self._send_all(self._use(), patience_s, lambda: True)

    def _use(self) -> "Client":
        client = self._client()
        assert client is not None, "a Delivery belongs to a Client"
        return client

    def _keep(
        self, client: "Client", study_id: str, number: int, told: Dict[str, Any]
    ) -> Optional[Path]:
        """Write a result to the spool; a spool that fails is only a warning."""
        if self.spool is None:
            return None
        result = Result(
            url=client.base_url, study_id=study_id, number=number, told=told,
            token_id=client.token_id, written=stamp(),
        )
        try:
            return _uninterrupted(self.spool, result)
        except OSError as error:
            log.warning(
                "the spool in %s does not work: %s; the result of trial %d"
                " is lost if it does not get through",
                self.spool.folder, error, number,
            )
            return None

    def _owe(self, client: "Client") -> None:
        """Remember that this process left a result behind."""
        self._due = True
        _owing.add(client)

    def _keep_refused(self, path: Path, error: ServiceError) -> None:
        if not _is_final(error.status, error.code):
            self._owe(self._use())
            log.warning("%s; the result waits in %s", error, path)
            return
        problem = {"status": error.status, "code": error.code,
                   "detail": error.detail, "request_id": error.request_id}
        self._refuse(path, problem)

    def _refuse(self, path: Path, problem: Dict[str, Any]) -> None:
        assert self.spool is not None
        why = f"{problem['status']} {problem['code']}: {problem['detail']}"
        try:
            kept = self.spool.refuse(path, problem)
        except OSError as error:
            log.warning("spool: %s was refused, %s; and %s", path, why, error)
            return
        log.warning("refused, %s; the result lies in %s", why, kept)

    def _forget(self, path: Path) -> None:
        assert self.spool is not None
        try:
            self.spool.remove(path)
        except OSError as error:
            # Delivered twice is as good as once.
            log.warning("spool: %s was told, but stays: %s", path, error)

    def _ours(self, client: "Client") -> Iterator[Item]:
        """Yield what waits for the service of the client."""
        assert self.spool is not None
        for path, result in self.spool.waiting():
            if result.url == client.base_url:
                yield path, result

    def _round(self) -> None:
        """Deliver in the background; what goes wrong can wait."""
        client = self._client()
        if client is None:
            return
        try:
            self._deliver(
                client, client.timeout_s, ROUND_PATIENCE_S, math.inf
            )
        except ServiceUnreachable as error:
            log.info("delivery: %s", error)
            self._not_before = time.monotonic() + AGAIN_S
            self._due = True
        except Exception as error:  # it is nobody's call that fails here
            log.warning("delivery: %s", error)

    def _deliver(
        self,
        client: "Client",
        timeout_s: float,
        patience_s: float,
        deadline_s: float,
    ) -> None:
        """Deliver what waits, unless another process is at it, over
        connections that nobody closes meanwhile.

        timeout_s, patience_s  of each call
        deadline_s  begin no call after that, of time.monotonic()
        """
        assert self.spool is not None
        if not any(self._ours(client)):
            return
        self.spool.sweep()
        purpose = hashlib.sha256(client.base_url.encode()).hexdigest()[:12]
        claim = self.spool.claim(purpose)
        if claim is None:
            return

        def goes_on() -> bool:
            claim.renew()
            return time.monotonic() < deadline_s

        try:
            with client.spare(timeout_s) as spare:
                outcome = self._send_all(spare, patience_s, goes_on)
        finally:
            claim.release()
        log.info("delivery: %s", outcome)

    def _send_all(
        self, client: "Client", patience_s: float, goes_on: Callable[[], bool]
    ) -> Outcome:
        outcome = Outcome()
        if self.spool is not None:
            for batch in _batches(self._ours(client)):
                if not goes_on():
                    break
                self._send(client, batch, patience_s, outcome)
        return outcome

    def _send(
        self,
        client: "Client",
        batch: List[Item],
        patience_s: float,
        outcome: Outcome,
    ) -> None:
        tells = [
            {"study_id": one.study_id, "number": one.number, **one.told}
            for _, one in batch
        ]
        try:
            answer = client.request(
                "POST", "/tell", {"tells": tells}, patience_s=patience_s
            )
        except ServiceError as error:
            final = _is_final(error.status, error.code)
            if not final or error.status not in SPOILS_A_CALL:
                raise
            # One of them spoils the call: each for itself, then.
            if len(batch) > 1:
                for item in batch:
                    self._send(client, [item], patience_s, outcome)
                return
            answer = {"results": [{
                "status": error.status, "code": error.code,
                "detail": error.detail,
            }]}
        for (path, result), said in zip(batch, answer["results"]):
            mine = result.token_id == client.token_id
            self._settle(path, said, mine, outcome)

    def _settle(
        self, path: Path, said: Dict[str, Any], mine: bool, outcome: Outcome
    ) -> None:
        """Do what the service said about one result.

        mine  whether the token is that of the tell: to another one, a study
              that it may not see is not there
        """
        status = said["status"]
        if status == 200:
            self._forget(path)
            outcome.delivered += 1
        elif _is_final(status, said["code"]) and (mine or status != 404):
            self._refuse(path, said)
            outcome.refused += 1
        else:
            log.warning("%s %s; the result waits in %s", status,
                        said["detail"], path)
            outcome.left += 1


def token_id(token: Optional[str]) -> str:
    """Return what tells a token from others. A token has 178 random bits, so
    nothing about it can be learnt from these 48 of its hash."""
    return hashlib.sha256((token or "").encode()).hexdigest()[:12]


def _is_final(status: int, code: str) -> bool:
    """Return whether a refusal is the service's (a proxy has no code) and will
    stay."""
    return status in FINAL and code not in ("", "not_json")


def _uninterrupted(spool: Spool, result: Result) -> Path:
    """Write a result in a thread, where no signal can cut it short."""
    try:
        pool = ThreadPoolExecutor(1, "cumae-spool")
        writing = pool.submit(spool.put, result)
    except RuntimeError:  # the interpreter ends, and starts no threads
        return spool.put(result)
    with pool:
        return writing.result()


def _batches(items: Iterator[Item]) -> Iterator[List[Item]]:
    """Yield lists of results, each of which fits into one call."""
    batch: List[Item] = []
    size = 0
    for path, result in items:
        more = len(encode(result.told)) + 200
        if batch and (len(batch) == BATCH_TELLS or size + more > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((path, result))
        size += more
    if batch:
        yield batch


# Those whose clients still live, for the exit of the program, and the clients
# that must live until then.
_alive: "weakref.WeakSet[Delivery]" = weakref.WeakSet()
_owing: "Set[Client]" = set()


@atexit.register
def _finish_all() -> None:
    for delivery in list(_alive):
        delivery.finish()
    _owing.clear()
