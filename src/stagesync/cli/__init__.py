"""The command line. Commands import what is heavy when they run, so that `--help` answers at once."""

from __future__ import annotations

import click

from stagesync import __version__
from stagesync.cli.audit import audit
from stagesync.cli.backtest import backtest
from stagesync.cli.check import check
from stagesync.cli.demo import demo
from stagesync.cli.deploy import connectors, init, setup
from stagesync.cli.doctor import doctor
from stagesync.cli.evaluate import evaluate
from stagesync.cli.explain import explain
from stagesync.cli.forget import forget
from stagesync.cli.funnel import funnel
from stagesync.cli.group import Commands
from stagesync.cli.hands import hold, pause, release, resume, retry, undo
from stagesync.cli.look import status
from stagesync.cli.passes import run, sync
from stagesync.cli.people import people
from stagesync.cli.plans import approve, drop, plan
from stagesync.cli.sandbox import sandbox
from stagesync.cli.stores import backup, restore, store
from stagesync.cli.user import user
from stagesync.cli.vocabulary import vocabulary


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="stagesync")
def main() -> None:
    """One shared definition of lead, prospect and client, kept true in every CRM.

    \b
    Exit codes: 0 done, 1 unexpected error, 2 wrong definition, setting or argument,
    3 plan held, 4 a connection failed, 5 store trouble, 6 some records were refused.
    """


for command in (
    demo,
    init,
    check,
    doctor,
    setup,
    plan,
    approve,
    drop,
    sync,
    run,
    undo,
    hold,
    release,
    retry,
    pause,
    resume,
    status,
    explain,
    funnel,
    people,
    user,
    forget,
    audit,
    backup,
    restore,
    store,
    backtest,
    evaluate,
    vocabulary,
    connectors,
    sandbox,
):
    main.add_command(command)
