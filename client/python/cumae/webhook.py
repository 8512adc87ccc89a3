# SPDX-License-Identifier: MIT
"""webhook.py - is a delivery of a webhook what the service sent?

Deliveries are signed as Standard Webhooks has it, so its own library verifies
them, too: HMAC-SHA256 of "ID.TIMESTAMP.BODY" with the bytes of the secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from typing import Any, Dict, Mapping

from .errors import InvalidWebhook


def verify_webhook(
    headers: Mapping[str, str],
    body: bytes,
    secret: str,
    tolerance_s: float = 300,
) -> Dict[str, Any]:
    """Return the delivery in `body`, or raise InvalidWebhook.

    headers      of the request, names in any case
    body         the bytes as they came, before anything was parsed
    secret       what the service showed when the webhook was made
    tolerance_s  how old the delivery may be; a later repeat is signed anew

    A delivery may come more than once, with the same `webhook-id`; events come
    in the order of `seq`, so a receiver skips those up to the last one it saw.
    """
    known = {name.lower(): value for name, value in headers.items()}
    try:
        identifier = known["webhook-id"]
        sent = int(known["webhook-timestamp"])
        signatures = known["webhook-signature"].split()
    except (KeyError, ValueError):
        raise InvalidWebhook("it is not signed") from None
    message = f"{identifier}.{sent}.".encode() + body
    digest = hmac.new(_key(secret), message, hashlib.sha256).digest()
    wanted = b"v1," + base64.b64encode(digest)
    # All are compared, in a time that does not depend on what is in them.
    found = [hmac.compare_digest(wanted, s.encode()) for s in signatures]
    if not any(found):
        raise InvalidWebhook("the signature is another one")
    if abs(time.time() - sent) > tolerance_s:
        raise InvalidWebhook(f"it was sent {time.time() - sent:.0f} s ago")
    delivery: Dict[str, Any] = json.loads(body)
    return delivery


def _key(secret: str) -> bytes:
    prefix, _, text = secret.partition("_")
    try:
        if prefix == "whsec":
            return base64.b64decode(text, validate=True)
    except binascii.Error:
        pass
    raise ValueError("a secret is whsec_ and base64")
