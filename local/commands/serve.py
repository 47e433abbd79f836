"""`dicom-deid serve`: what researchers reach, on this machine."""

from __future__ import annotations

import socket
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from dicom_deid.errors import ConfigurationError
from local.commands.run import quiet


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(
    output: Annotated[Path, typer.Argument(help="The output folder of a run.", exists=True, file_okay=False)],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 9000,
    key_file: Annotated[Path | None, typer.Option(help="File with the 64-digit key, mode 0600.")] = None,
) -> None:
    """Give every view of a run an S3 endpoint on this machine, until interrupted (Ctrl+C)."""
    from local.serving import serving
    from local.state import OutputFolder

    quiet()
    folder = OutputFolder(output.resolve())
    folder.check_is_of_a_run()
    if _is_taken(port):
        raise ConfigurationError(
            f"port {port} is in use on this machine: choose another with --port, or 0 for a free one"
        )
    with serving(folder, folder.key(key_file), port) as served:
        typer.echo(f"S3 endpoint: {served.endpoint} (this machine only; any access key will do)")
        for bucket, objects in served.objects.items():
            typer.echo(f"  bucket {bucket}: {objects} objects")
        first = next(iter(served.objects))
        typer.echo(f"Try: aws --endpoint-url {served.endpoint} s3api list-objects-v2 --bucket {first}")
        Event().wait()


def _is_taken(port: int) -> bool:
    with socket.socket() as trial:
        return port != 0 and trial.connect_ex(("127.0.0.1", port)) == 0
