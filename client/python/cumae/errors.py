# SPDX-License-Identifier: MIT
"""errors.py - what can go wrong

Everything this package raises on purpose is a CumaeError, except Pruned, which
user code raises to end a trial early.
"""

from __future__ import annotations

from typing import Any, Dict, Optional, Type


class CumaeError(Exception):
    """The base of all errors of this package."""


class ServiceUnreachable(CumaeError):
    """No usable answer came before the patience of the call ran out."""


class InvalidWebhook(CumaeError):
    """A request is no delivery of the webhook that has this secret."""


class StudyEnded(CumaeError):
    """The study hands out no further trials, or none now.

    reason  why: budget, exhausted, finished, draining, converged, walltime ...
    detail  the same for people: which limit, and the count that reached it
    retry_after_s  when to ask again; 0: there will be none
    """

    def __init__(
        self, reason: str, detail: str = "", retry_after_s: float = 0.0
    ) -> None:
        text = f"{reason}: {detail}" if detail else reason
        super().__init__(f"no further trials: {text}")
        self.reason = reason
        self.detail = detail
        self.retry_after_s = retry_after_s

    # The default would call __init__ with the message.
    def __reduce__(self) -> Any:
        return (type(self), (self.reason, self.detail, self.retry_after_s))


class ServiceError(CumaeError):
    """The service refused a request.

    status      the HTTP status
    code        the short machine-readable name of the error
    detail      a sentence that names the field, the value and the limit
    request_id  to quote when asking the operator of the service; may be None
    """

    def __init__(
        self,
        status: int,
        code: str = "",
        detail: str = "",
        request_id: Optional[str] = None,
    ) -> None:
        label = f"{status} {code}".strip()
        shown = f" [request {request_id}]" if request_id else ""
        super().__init__(f"{label}: {detail}{shown}")
        self.status = status
        self.code = code
        self.detail = detail
        self.request_id = request_id

    # The default would call __init__ with the message alone, so that an error
    # could not come back from a worker process.
    def __reduce__(self) -> Any:
        told = (self.status, self.code, self.detail, self.request_id)
        return (type(self), told)


class BadRequest(ServiceError):
    """400: malformed, or with a field that the service does not know."""


class Unauthorized(ServiceError):
    """401: no token, or one that is unknown, revoked or has expired."""


class Forbidden(ServiceError):
    """403: the token does not allow this."""


class NotFound(ServiceError):
    """404: not there, or not yours to see."""


class Conflict(ServiceError):
    """409: something else is stored: another definition or another value."""


class Unprocessable(ServiceError):
    """422: well-formed but impossible, such as low > high."""


class Pruned(Exception):
    """Raise this inside `with trial:` to end a trial that is not promising."""


_BY_STATUS: Dict[int, Type[ServiceError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    422: Unprocessable,
}


def from_problem(status: int, problem: Any, text: str = "") -> ServiceError:
    """Return the error of an answer.

    problem  the parsed body, if it was a problem document (RFC 9457)
    text     the start of any other body: that of a proxy, say
    """
    if not isinstance(problem, dict):
        problem = {"detail": text[:200]}
    return _BY_STATUS.get(status, ServiceError)(
        status,
        str(problem.get("code") or ""),
        str(problem.get("detail") or problem.get("title") or ""),
        problem.get("request_id"),
    )
