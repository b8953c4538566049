"""`stagesync sandbox`: a HubSpot and a Salesforce on this machine, and nothing else."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import print_json
from stagesync.errors import ArgumentError


@click.command(short_help="Only the simulated CRMs.")
@click.option("--contacts", type=click.IntRange(1, 200_000), default=500, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same world.")
@click.option("--hubspot-port", type=click.IntRange(0, 65535), default=0, help="0: a free one.")
@click.option("--salesforce-port", type=click.IntRange(0, 65535), default=0, help="0: a free one.")
@click.option("--faults", metavar="PROFILE", help="none, light or heavy.")
@shared_options(json="One JSON document; then it serves.")
def sandbox(
    *,
    contacts: int,
    seed: int,
    hubspot_port: int,
    salesforce_port: int,
    faults: str | None,
    config: Path | None,  # noqa: ARG001  every command takes --config
    as_json: bool,
) -> None:
    """Serves both simulators on loopback until Ctrl-C, and prints addresses and test credentials.

    \b
    Example:
      stagesync sandbox --contacts 2000 --hubspot-port 8081 --salesforce-port 8082
    """
    from stagesync.sandbox import start
    from stagesync.sandbox.server import PortInUse

    try:
        running = start(
            contacts=contacts,
            seed=seed,
            hubspot_port=hubspot_port,
            salesforce_port=salesforce_port,
            faults=faults,
        )
    except PortInUse as error:
        raise ArgumentError(
            f"port {error.port} is in use", hint="choose another one, or 0 for a free one"
        ) from None
    except ValueError as error:
        raise ArgumentError(f"--faults: {error}") from None
    with running:
        if as_json:
            print_json(running.credentials())
        else:
            for name, told in running.credentials().items():
                click.echo(name)
                for key, value in told.items():
                    click.echo(f"  {key}: {value}")
            click.echo("Ctrl-C stops both")
        stop = threading.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: stop.set())
        stop.wait()
