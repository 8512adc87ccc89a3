# SPDX-License-Identifier: GPL-3.0-or-later
"""test_schemathesis.py - the service does what its OpenAPI document says

Requests are made from the document, so an endpoint is tested by being in it.
"""

import json
import re

import fuzz_http
import pytest


@pytest.fixture
def plain(instances, sqlite_database):
    """A service on SQLite."""
    return instances(sqlite_database)


# A whole definition has so many members that each of these takes as long as
# all others; `make fuzz-http` takes the time.
LONG = ("createStudy", "findAndAsk", "cloneStudy", "changeStudy")


def check(service, *arguments):
    """Fail with what schemathesis found, or when it left something out."""
    status, text = fuzz_http.run(service, *arguments)
    assert status == 0, text
    selected, tested = re.search(
        r"Selected: (\d+)/\d+\s+Tested: (\d+)", text
    ).groups()
    assert int(selected) == int(tested) > 20, text


def test_requests_at_the_limits_of_the_document_are_answered_as_it_says(plain):
    excluded = [f"--exclude-operation-id={name}" for name in LONG]
    check(plain, "--phases", "coverage", *excluded)


def test_random_requests_and_chains_are_answered_as_the_document_says(plain):
    check(
        plain, "--phases", "examples,fuzzing,stateful", "--max-examples", "6"
    )


def test_an_answer_that_disobeys_the_document_is_found(plain, tmp_path):
    document = json.loads(fuzz_http.DOCUMENT.read_text())
    info = document["components"]["schemas"]["Info"]
    info["required"].append("motto")
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(document))
    status, text = fuzz_http.run(
        plain, "--include-operation-id", "info", "--phases", "fuzzing",
        "--max-examples", "1", document=wrong,
    )
    assert status == 1
    assert '"motto" is a required property' in text
