"""The URL with which the database is entered."""

from __future__ import annotations

from sqlalchemy.engine import URL

from stagesync_sql.options import Options


def entry_url(options: Options) -> URL:
    """The connection's URL with its password; its `str` hides the password."""
    url = options.parsed_url
    return url.set(password=options.password.reveal()) if options.password else url
