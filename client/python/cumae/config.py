# SPDX-License-Identifier: MIT
"""config.py - where the service is, and the token for it

An argument wins over the environment (CUMAE_URL, CUMAE_TOKEN), which wins over
$XDG_CONFIG_HOME/cumae/config.ini (by default in ~/.config):

    [cumae]
    url = https://cumae.example.org
    token = cum_...
"""

from __future__ import annotations

import configparser
import os
from pathlib import Path
from typing import Mapping, Optional, Tuple

DEFAULT_URL = "http://127.0.0.1:8080"


def path() -> Path:
    """Return the path of the configuration file, which need not exist."""
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "cumae" / "config.ini"


def load(
    url: Optional[str] = None, token: Optional[str] = None
) -> Tuple[str, Optional[str]]:
    """Return the URL (without a slash at its end) and the token, if any."""
    stored = _read()
    stored_url = (stored.get("url") or DEFAULT_URL).rstrip("/")
    url = (url or os.environ.get("CUMAE_URL") or stored_url).rstrip("/")
    token = token or os.environ.get("CUMAE_TOKEN")
    # A stored token belongs to the stored service: no other one may see it.
    if not token and url == stored_url:
        token = stored.get("token")
    return url, token


def _read() -> Mapping[str, str]:
    # Without interpolation, for a % in a value is just a %.
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(path(), encoding="utf-8")
    return parser["cumae"] if parser.has_section("cumae") else {}
