"""The commands that start a deployment: `init`, `setup`, `connectors`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import print_json, print_rows
from stagesync.cli.online import connection_named, opened
from stagesync.errors import ArgumentError, CrmError

if TYPE_CHECKING:
    from stagesync.engine.deployment import Connected, Deployment

STARTER = """\
# yaml-language-server: $schema=mappings/schema/stagesync.json
# A deployment of stagesync. Secrets are named here, never written: {env: NAME} or {file: PATH}.
store: {url: sqlite:///stagesync.db}

connections:
  hubspot:
    connector: hubspot
    token: {env: HUBSPOT_TOKEN}
    # app_secret: {env: HUBSPOT_APP_SECRET}  # of your app, for its webhooks; see web below
    mode: observe            # plans, and writes nothing until its first plan is approved
    poll: 60s
    vendor_stage: off        # off | fill_empty | forward: the vendor's own stage fields
  salesforce:
    connector: salesforce
    auth:
      client_credentials:
        host: acme.my.salesforce.com
        id: {env: SALESFORCE_CLIENT_ID}
        secret: {env: SALESFORCE_CLIENT_SECRET}
    mode: observe
    poll: 60s
    vendor_stage: off

prefer: [salesforce, hubspot]  # whose value wins where both have one
log: {format: json}
# alerts: {webhooks: {team: {url: {env: SLACK_URL}}}}  # tells people when something is wrong
# web: {listen: 127.0.0.1:8080, public_url: https://stagesync.acme.example}  # takes webhooks
"""


@click.command(short_help="Write a commented starter deployment.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
@shared_options()
def init(*, folder: Path, config: Path | None) -> None:  # noqa: ARG001  every command takes --config
    """Writes stagesync.yaml and a copy of the shipped definitions into FOLDER, overwriting nothing.

    \b
    Example:
      stagesync init deployment
    """
    from stagesync.loading.definitions import shipped_mappings

    settings, mappings = folder / "stagesync.yaml", folder / "mappings"
    for each in (settings, mappings):
        if each.exists():
            raise ArgumentError(f"{each} exists already", hint="choose another folder, or move it")
    folder.mkdir(parents=True, exist_ok=True)
    settings.write_text(STARTER, encoding="utf-8")
    shutil.copytree(shipped_mappings(), mappings)
    click.echo(f"wrote {settings} and {mappings}/")
    click.echo("hint: set the secrets it names, then stagesync setup hubspot, stagesync plan")


@click.command(short_help="Create our own fields in a CRM.")
@click.argument("connection")
@click.option("--yes", is_flag=True, help="Do not ask.")
@shared_options()
def setup(*, connection: str, yes: bool, config: Path | None) -> None:
    """Shows which fields of ours are missing in CONNECTION, asks, and creates them.

    \b
    Example:
      stagesync setup hubspot --yes
    """
    with opened(config) as found:
        connected = connection_named(found, connection)
        try:
            _make_fields(found.deployment, connected, ask=not yes)
        except CrmError as error:
            error.connection = connection
            raise


def _make_fields(deployment: Deployment, connected: Connected, *, ask: bool) -> None:
    from stagesync.engine.setup import own_fields

    steps = connected.connector.setup(own_fields(deployment, connected))
    if not steps:
        click.echo(f"{connected.name} has every field that stagesync needs")
        return
    click.echo(f"{connected.name} lacks:")
    for step in steps:
        click.echo(f"  {step.what}")
    if ask:
        click.confirm("Create these?", abort=True)
    for step in steps:
        connected.connector.make(step)
        click.echo(f"made {step.what}")


@click.command(short_help="Installed connectors.")
@shared_options(json="One JSON document.")
def connectors(*, config: Path | None, as_json: bool) -> None:  # noqa: ARG001  every command takes --config
    """Lists the connectors that are installed, and where each comes from.

    \b
    Example:
      stagesync connectors
    """
    from importlib.metadata import entry_points

    from stagesync.app import CONNECTORS

    found = [
        {
            "connector": each.name,
            "package": each.value.partition(":")[0],
            "version": each.dist.version if each.dist else "",
        }
        for each in entry_points(group=CONNECTORS)
    ]
    if as_json:
        print_json(found)
        return
    rows = [(each["connector"], each["package"], each["version"]) for each in found]
    print_rows("connectors", ("connector", "package", "version"), rows)
