"""The CDK app: settings -> stacks. Runs alone (``python app.py``) or under the cdk command; offline in both cases."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import App

from stacks.app import build
from stacks.settings import SettingsError, file_context, from_context

_CONTEXT = Path(__file__).with_name("cdk.json")
_OUTPUT = Path(__file__).with_name("cdk.out")


def synthesize(folder: str, overrides: Mapping[str, object] | None = None) -> None:
    """Write the cloud assembly into `folder`.

    The context is that of cdk.json in every case: the cdk command hands it over, and so does this to an app that runs
    without the command. What the command got by ``-c`` wins, and then `overrides`.

    Raises
    ------
    SettingsError
        When the settings contradict each other or a service limit.
    """
    app = App(context=file_context(_CONTEXT), post_cli_context=overrides, outdir=folder, analytics_reporting=False)
    build(app, from_context(app.node.get_all_context()))
    app.synth()


def main() -> int:
    """Synthesize into the cdk command's folder, or cdk.out; 2 when the settings are wrong."""
    try:
        synthesize(os.environ.get("CDK_OUTDIR", str(_OUTPUT)))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
