# SPDX-License-Identifier: MIT
"""test_expiry.py - a token that ends soon is spoken of, once"""

import logging

END = "2026-11-30T12:00:00.000Z"
SOON = (200, {"version": "1"}, {"Cumae-Token-Expires": END})


def warnings(caplog):
    return [r.getMessage() for r in caplog.records
            if r.name == "cumae" and r.levelno == logging.WARNING]


def test_a_token_that_ends_soon_is_a_warning_once(scripted, caplog):
    client, _ = scripted(SOON, SOON, SOON)
    client.info()
    client.info()
    client.spare(1.0).info()
    (warning,) = warnings(caplog)
    assert END in warning and "http://service" in warning
    assert "cum_x" not in warning


def test_a_token_that_lasts_is_not_spoken_of(scripted, caplog):
    client, _ = scripted((200, {"version": "1"}))
    client.info()
    assert warnings(caplog) == []
