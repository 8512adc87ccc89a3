# SPDX-License-Identifier: MIT
"""client.py - one connection to the service, with patience

Every call of this package repeats safely: asks carry an idempotency key, and
the rest says what shall be, not what shall change. So lost answers, restarts of
the service and overloaded proxies are met by trying again.
"""

from __future__ import annotations

import gzip
import logging
import os
import threading
import time
from typing import Any, Dict, Iterator, Mapping, Optional, Union

import httpx

from . import config, errors
from .delivery import Delivery, token_id
from .plain import encode
from .retry import Backoff, retry_after_s
from .spool import open_spool

log = logging.getLogger("cumae")

RETRIED = (429, 502, 503, 504)
PACKED_BYTES = 8192  # longer bodies, as those of toys, are sent as gzip
Query = Mapping[str, Union[str, int, float]]


class Client:
    """A client of the service at `base_url`, with `token`.

    Both default to the environment and the configuration file (config.py).
    timeout_s     for one attempt
    patience_s    how long a call is tried again before ServiceUnreachable
    tell_patience_s  the same for tells: they carry hours of work
    spool         the folder where results wait that did not get through
                  (spool.py); False: none; default: that of the environment
    raise_when_away  whether a tell whose patience ran out is an error although
                  the spool holds the result; default: the program goes on
    verify        False or an ssl.SSLContext; default: the system's authorities
    transport     an httpx transport, for tests

    A Client may be shared by threads. After a fork the child opens connections
    of its own. It cannot be pickled: make one in each process.
    """

    def __init__(
        self,
        base_url: Optional[str] = None,
        token: Optional[str] = None,
        *,
        timeout_s: float = 30.0,
        patience_s: float = 60.0,
        tell_patience_s: float = 600.0,
        spool: Union[None, bool, str, "os.PathLike[str]"] = None,
        raise_when_away: bool = False,
        verify: Any = True,
        transport: Optional[httpx.BaseTransport] = None,
    ) -> None:
        self.base_url, self._token = config.load(base_url, token)
        self.timeout_s = timeout_s
        self.patience_s = patience_s
        self.tell_patience_s = tell_patience_s
        self.token_id = token_id(self._token)
        self.delivery = Delivery(self, open_spool(spool), raise_when_away)
        self._verify = verify
        self._transport = transport
        self._warned = False
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._http = self._connection()

    def __repr__(self) -> str:
        return f"Client({self.base_url!r})"

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Deliver what lies in the spool, for a few seconds, and close the
        connections; the client cannot be used any more."""
        self.delivery.finish()
        self._http.close()

    def spare(self, timeout_s: float) -> "Client":
        """Return another client of the service with connections of its own and
        no spool, for when those of this one may be in use or locked."""
        other = Client(
            self.base_url, self._token, timeout_s=timeout_s, patience_s=0.0,
            spool=False, verify=self._verify, transport=self._transport,
        )
        other._warned = True
        return other

    def info(self) -> Dict[str, Any]:
        """Return the service's version, samplers and pruners."""
        answer: Dict[str, Any] = self.request("GET", "/info")
        return answer

    def studies(
        self,
        *,
        q: Optional[str] = None,
        state: Optional[str] = None,
        tag: Optional[str] = None,
        owner: Optional[str] = None,
        role: Optional[str] = None,
        shared: Optional[str] = None,
    ) -> Iterator[Dict[str, Any]]:
        """Yield the studies that the token may see, as JSON documents.

        q      only those whose name contains this, in any case
        state  only those in this state: running, paused, draining, finished
        tag    only those with this tag
        owner  those of this user; administrators see all of them
        role   only those where your role is at least this one
        shared  only "mine", those of others shared "with_me", or "public" ones
        """
        wanted = {"q": q, "state": state, "tag": tag, "owner": owner,
                  "role": role, "shared": shared}
        query: Dict[str, Union[str, int]] = {"limit": 1000}
        query.update({k: v for k, v in wanted.items() if v is not None})
        return self.pages("/studies", "studies", query)

    def pages(
        self, path: str, field: str, query: Query
    ) -> Iterator[Dict[str, Any]]:
        """Yield the items of a list that comes in pages.

        field  the name of the list in the answers
        """
        asked = dict(query)
        while True:
            answer = self.request("GET", path, query=asked)
            yield from answer[field]
            if not answer.get("next"):
                return
            asked["cursor"] = answer["next"]

    def request(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        query: Optional[Query] = None,
        key: Optional[str] = None,
        patience_s: Optional[float] = None,
    ) -> Any:
        """Send a request below /api/v1 until it is answered; return the JSON.

        key         an Idempotency-Key, the same for all attempts
        patience_s  instead of that of the client

        Raises a ServiceError when the service refuses, ServiceUnreachable when
        patience runs out.
        """
        return _result(
            self._answered(method, path, json, query, key, patience_s)
        )

    def download(self, path: str, query: Query) -> Iterator[bytes]:
        """Yield the pages of a file, which joined are the file."""
        asked = dict(query)
        while True:
            reply = self._answered("GET", path, None, asked, None, None)
            yield reply.content
            following = reply.links.get("next")
            if following is None:
                return
            asked.update(httpx.URL(following["url"]).params)

    def _answered(
        self,
        method: str,
        path: str,
        json: Any,
        query: Optional[Query],
        key: Optional[str],
        patience_s: Optional[float],
    ) -> httpx.Response:
        """Send a request until it is answered; return a successful reply."""
        backoff = Backoff(self.patience_s if patience_s is None else patience_s)
        while True:
            try:
                reply = self._send(method, path, json, query, key)
            except httpx.TransportError as error:
                reason, least_s = f"{type(error).__name__}: {error}", 0.0
            else:
                self._warn(reply)
                if reply.status_code not in RETRIED:
                    if not reply.is_success:
                        raise _failure(reply)
                    self.delivery.awake()
                    return reply
                reason = str(_failure(reply))
                least_s = retry_after_s(reply.headers.get("Retry-After"))
            wait_s = backoff.next_s(least_s)
            if wait_s is None:
                raise errors.ServiceUnreachable(
                    f"{method} {self.base_url}/api/v1{path}: {reason}"
                )
            log.info("%s %s: %s; again in %.1f s", method, path, reason, wait_s)
            time.sleep(wait_s)

    def _warn(self, reply: httpx.Response) -> None:
        """Say once that the token will soon end, if the service says so."""
        end = reply.headers.get("Cumae-Token-Expires")
        if end is None or self._warned:
            return
        self._warned = True
        log.warning(
            "the token of %s ends at %s: rotate it, or make another one",
            self.base_url, end,
        )

    def _send(
        self,
        method: str,
        path: str,
        json: Any,
        query: Optional[Query],
        key: Optional[str],
    ) -> httpx.Response:
        headers = {}
        content = None
        if json is not None:
            content = encode(json)
            headers["Content-Type"] = "application/json"
            if len(content) > PACKED_BYTES:
                headers["Content-Encoding"] = "gzip"
                content = gzip.compress(content, compresslevel=1)
        if key is not None:
            headers["Idempotency-Key"] = key
        return self._connected().request(
            method,
            self.base_url + "/api/v1" + path,
            params=dict(query) if query else None,
            content=content,
            headers=headers,
        )

    def _connected(self) -> httpx.Client:
        """Return the connections of this process, not of its parent."""
        with self._lock:
            if self._pid != os.getpid():
                self._http = self._connection()
                self._pid = os.getpid()
            return self._http

    def _connection(self) -> httpx.Client:
        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return httpx.Client(
            headers=headers,
            timeout=httpx.Timeout(self.timeout_s, connect=10.0),
            verify=self._verify,
            transport=self._transport,
        )


def studies(
    *, client: Optional[Client] = None, **filters: str
) -> Iterator[Dict[str, Any]]:
    """Yield the studies that the token may see, as JSON documents.

    filters  q, state, tag, owner, role and shared, as for Client.studies
    """
    return (client or Client()).studies(**filters)


def _result(reply: httpx.Response) -> Any:
    if not reply.content:
        return None
    try:
        return reply.json()
    except ValueError:
        # A captive portal or a wrong URL: a page where JSON should be.
        raise errors.ServiceError(
            reply.status_code, "not_json", f"{reply.url} is no Cumae service"
        ) from None


def _failure(reply: httpx.Response) -> errors.ServiceError:
    try:
        problem = reply.json()
    except ValueError:
        problem = None
    return errors.from_problem(reply.status_code, problem, reply.text)
