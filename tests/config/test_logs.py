"""What must not stand in a log does not."""

import logging

import pytest

from config.logs import HideSecrets


@pytest.mark.parametrize(
    ("message", "args", "shown"),
    [
        ("GET %s", ("/join/s3cret-x/",), "GET /join/…/"),
        ("next=%2Fjoin%2Fs3cret", (), "next=%2Fjoin%2F…"),
        ("token %s refused", ("hf_AbC0123456789",), "token hf_… refused"),
        ("wrote shelf_life.parquet", (), "wrote shelf_life.parquet"),
    ],
)
def test_secrets_are_blanked_out(message, args, shown):
    record = logging.LogRecord("x", logging.INFO, __file__, 1, message, args, None)
    assert HideSecrets().filter(record)
    assert record.getMessage() == shown
