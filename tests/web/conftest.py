# SPDX-License-Identifier: GPL-3.0-or-later
"""conftest.py - a browser, and pages that write down what goes wrong"""

import os

import pytest
from playwright.sync_api import expect, sync_playwright

CHROMIUM = os.environ.get("CUMAE_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 30000
# Runs before anything of the page; a violated policy raises this event.
WATCH = """
addEventListener('securitypolicyviolation', event => console.error(
  `policy: ${event.violatedDirective} ${event.blockedURI}`));
"""


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all tests."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS
        )
        yield one
        one.close()


@pytest.fixture
def open_page(browser):
    """A function that opens a blank page in a fresh profile.

    page.wrong collects errors of the console, exceptions, violations of the
    policy, and requests to anybody but the service.
    """
    contexts = []

    def start(**options):
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.wrong = []
        page.add_init_script(WATCH)
        page.on(
            "console",
            lambda message: message.type == "error"
            and page.wrong.append(message.text),
        )
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on(
            "request",
            lambda request: "//127.0.0.1:" in request.url
            or page.wrong.append(f"foreign: {request.url}"),
        )
        return page

    yield start
    for context in contexts:
        context.close()


@pytest.fixture
def site(instances, sqlite_database):
    """A ready service with an empty database."""
    return instances(sqlite_database)
