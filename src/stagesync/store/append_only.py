"""The database itself refuses to change or delete an entry of the log, but for blanking what tells of a person.

This stops mistakes, and programs that know no better. Whoever owns the database can take the triggers away:
what such a hand changed is found by the chain of hashes.
"""

from __future__ import annotations

from sqlalchemy import Connection

from stagesync.domain.chain import BLANKED

REFUSED = "the log is append-only"

_KEEPS = ("seq", "at", "run", "connection", "kept", "hash")
_IS_BLANKING = " AND ".join(
    (
        *(f"NEW.{column} = OLD.{column}" for column in _KEEPS),
        "OLD.part <> ''",
        f"NEW.part = '{BLANKED}'",
        "NEW.person = ''",
        "NEW.id = ''",
    )
)

_SQLITE = (
    f"""CREATE TRIGGER IF NOT EXISTS audit_keeps BEFORE UPDATE ON audit WHEN NOT ({_IS_BLANKING})
    BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END""",
    f"""CREATE TRIGGER IF NOT EXISTS audit_stays BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END""",
    # REPLACE deletes without asking the trigger above.
    """CREATE TRIGGER IF NOT EXISTS audit_grows BEFORE INSERT ON audit
    WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq)
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END""",
)

_POSTGRES = (
    f"""CREATE OR REPLACE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$""",
    f"""CREATE OR REPLACE TRIGGER audit_keeps BEFORE UPDATE ON audit FOR EACH ROW
    WHEN (NOT ({_IS_BLANKING})) EXECUTE FUNCTION audit_refuses()""",
    """CREATE OR REPLACE TRIGGER audit_stays BEFORE DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()""",
)


def keep_log(connection: Connection) -> None:
    """Put the guards on the table `audit`; those that are there already stay."""
    kinds = {"sqlite": _SQLITE, "postgresql": _POSTGRES}
    for each in kinds[connection.dialect.name]:
        connection.exec_driver_sql(each)
