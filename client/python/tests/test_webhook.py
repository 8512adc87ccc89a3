# SPDX-License-Identifier: MIT
"""test_webhook.py - only what the service sent is taken for that"""

import time

import pytest

import cumae

# The example that the libraries of Standard Webhooks test.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SENT = 1614265330
BODY = b'{"test": 2432232314}'
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(SENT),
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


@pytest.fixture(autouse=True)
def then(monkeypatch):
    """It is the time at which the example was sent."""
    monkeypatch.setattr(time, "time", lambda: SENT + 10.0)


def test_what_was_signed_is_returned():
    assert cumae.verify_webhook(HEADERS, BODY, SECRET) == {"test": 2432232314}


def test_names_of_headers_are_taken_in_any_case():
    headers = {name.title(): value for name, value in HEADERS.items()}
    assert cumae.verify_webhook(headers, BODY, SECRET)


def test_one_of_several_signatures_is_enough():
    good = HEADERS["webhook-signature"]
    headers = {**HEADERS, "webhook-signature": f"v1,bm8= v2,x {good}"}
    assert cumae.verify_webhook(headers, BODY, SECRET)


@pytest.mark.parametrize("name, value", [
    ("webhook-id", "msg_other"),
    ("webhook-timestamp", str(SENT + 1)),
    ("webhook-timestamp", "yesterday"),
    ("webhook-signature", ""),
    ("webhook-signature", "v1,bm8="),
    ("webhook-signature", "v2" + HEADERS["webhook-signature"][2:]),
    ("webhook-signature", "v1,\u00e9"),
])
def test_a_changed_header_is_noticed(name, value):
    with pytest.raises(cumae.InvalidWebhook):
        cumae.verify_webhook({**HEADERS, name: value}, BODY, SECRET)


@pytest.mark.parametrize("name", HEADERS)
def test_a_missing_header_is_noticed(name):
    headers = {n: value for n, value in HEADERS.items() if n != name}
    with pytest.raises(cumae.InvalidWebhook, match="not signed"):
        cumae.verify_webhook(headers, BODY, SECRET)


def test_a_changed_body_is_noticed():
    with pytest.raises(cumae.InvalidWebhook, match="signature"):
        cumae.verify_webhook(HEADERS, BODY + b" ", SECRET)


def test_another_secret_is_noticed():
    with pytest.raises(cumae.InvalidWebhook, match="signature"):
        cumae.verify_webhook(HEADERS, BODY, "whsec_" + "A" * 32)


def test_what_is_old_is_refused(monkeypatch):
    monkeypatch.setattr(time, "time", lambda: SENT + 301.0)
    with pytest.raises(cumae.InvalidWebhook, match="301 s ago"):
        cumae.verify_webhook(HEADERS, BODY, SECRET)
    assert cumae.verify_webhook(HEADERS, BODY, SECRET, tolerance_s=400)


@pytest.mark.parametrize("secret", ["", "secret", "whsec_!", "cum_abc"])
def test_a_secret_of_another_form_is_an_error_of_the_receiver(secret):
    with pytest.raises(ValueError):
        cumae.verify_webhook(HEADERS, BODY, secret)
