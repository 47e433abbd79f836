"""The command `dicom-deid`."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import Annotated, Final

import typer

from dicom_deid import __version__
from dicom_deid.errors import ConfigurationError, place_of

_COMMANDS: Final = ("run", "decide", "demo", "header", "serve", "doctor", "review")
_INTERRUPTED: Final = 130
"""What typer makes of Ctrl-C."""

app = typer.Typer(
    name="dicom-deid",
    help="Remove patient identity from DICOM files: headers by PS3.15, burned-in text by OCR. Doubt is never released.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"dicom-deid {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    del version


def main() -> None:
    """Entry point; exits 0 all released, 1 internal, 2 usage, 3 something waits or was refused, 130 interrupted."""
    # Handlers log for CloudWatch; on a terminal the summary says what matters.
    os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "CRITICAL")
    for name in _COMMANDS:
        module = f"local.commands.{name}"
        if importlib.util.find_spec(module):
            importlib.import_module(module).register(app)
    try:
        app()
    except ConfigurationError as error:
        typer.echo(f"dicom-deid: {error}", err=True)
        sys.exit(2)
    except OSError as error:
        # The system's own words for its number; the error's text would hold a path.
        told = os.strerror(error.errno) if error.errno else type(error).__name__
        typer.echo(f"dicom-deid: {told}, at {place_of(error)}; what is written so far is whole", err=True)
        sys.exit(1)
    except Exception as error:
        # A library's message may quote a file: the type and the place are enough to report it.
        typer.echo(f"dicom-deid: internal error, {type(error).__name__} at {place_of(error)}", err=True)
        sys.exit(1)
    except SystemExit as ended:
        if ended.code == _INTERRUPTED:
            typer.echo("dicom-deid: interrupted; nothing is half written", err=True)
        raise
