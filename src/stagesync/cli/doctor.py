"""The command that looks at the CRMs live: `doctor`."""

from __future__ import annotations

from pathlib import Path

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import print_json
from stagesync.cli.online import opened, speech
from stagesync.errors import ArgumentError

FAILED = 4


@click.command(short_help="What is wrong with each connection, and its fix.")
@click.option(
    "--alert-test", is_flag=True, help="Send a message to each channel of alerts, and do no more."
)
@shared_options(json="One JSON document.")
@click.pass_context
def doctor(ctx: click.Context, *, alert_test: bool, config: Path | None, as_json: bool) -> None:
    """Asks each CRM, and says what is wrong and how to put it right. Writes nothing to a CRM.

    \b
    Example:
      stagesync doctor

    Exit code: 4 when a finding is an error.
    """
    if alert_test:
        _test_alerts(ctx, config, as_json=as_json)
        return
    from stagesync.engine.doctor import Severity, examine

    with opened(config) as found:
        names = list(found.deployment.connections)
        findings = examine(found.deployment)
    is_well = all(each.severity is not Severity.ERROR for each in findings)
    if as_json:
        told = [
            {
                "connection": each.connection,
                "severity": str(each.severity),
                "what": each.what,
                "fix": each.fix,
            }
            for each in findings
        ]
        print_json({"ok": is_well, "findings": told})
        ctx.exit(0 if is_well else FAILED)
    for each in findings:
        place = f"{each.connection}: " if each.connection else ""
        click.echo(f"{each.severity}: {place}{each.what}")
        click.echo(f"fix: {each.fix}")
    for name in names:
        if not any(each.connection == name for each in findings):
            click.echo(f"{name}: well")
    ctx.exit(0 if is_well else FAILED)


def _test_alerts(ctx: click.Context, config: Path | None, *, as_json: bool) -> None:
    from stagesync.engine.telling import try_channels

    with opened(config) as found:
        if not found.deployment.channels:
            hint = "name a webhook or a mail server under `alerts:` in stagesync.yaml"
            raise ArgumentError("no channel of alerts is configured", hint=hint)
        failed = try_channels(found.deployment, speech(found))
    if as_json:
        told = [{"channel": name, "trouble": words or None} for name, words in failed.items()]
        print_json({"ok": not any(failed.values()), "channels": told})
    else:
        for name, words in failed.items():
            click.echo(f"{name}: {words or 'told'}")
    ctx.exit(FAILED if any(failed.values()) else 0)
