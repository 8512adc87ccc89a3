# SPDX-License-Identifier: MIT
"""test_config.py - where URL and token come from"""

import pytest

from cumae import Client, config


@pytest.fixture
def stored():
    """A configuration file."""
    config.path().parent.mkdir(parents=True)
    config.path().write_text(
        "[cumae]\nurl = https://stored.example/\ntoken = cum_stored%1\n"
    )


def test_without_configuration_the_service_is_on_this_machine():
    assert config.load() == ("http://127.0.0.1:8080", None)


def test_the_file_is_read(stored):
    assert config.load() == ("https://stored.example", "cum_stored%1")


def test_the_environment_wins_over_the_file(stored, monkeypatch):
    monkeypatch.setenv("CUMAE_URL", "https://other.example/")
    monkeypatch.setenv("CUMAE_TOKEN", "cum_env")
    assert config.load() == ("https://other.example", "cum_env")


def test_an_argument_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("CUMAE_URL", "https://other.example")
    monkeypatch.setenv("CUMAE_TOKEN", "cum_env")
    assert config.load("http://x", "cum_arg") == ("http://x", "cum_arg")


def test_a_stored_token_is_never_sent_to_another_service(stored, monkeypatch):
    monkeypatch.setenv("CUMAE_URL", "https://other.example")
    assert config.load() == ("https://other.example", None)
    assert config.load("https://third.example") == (
        "https://third.example", None,
    )


def test_the_token_is_not_in_the_representation():
    assert "cum_secret" not in repr(Client("http://x", "cum_secret"))
