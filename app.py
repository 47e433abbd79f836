"""The CDK app: settings -> stacks. Runs alone (``python app.py``) or under the cdk command; offline in both cases."""

from __future__ import annotations

import sys
from pathlib import Path

from aws_cdk import App

from stacks.app import build
from stacks.settings import SettingsError, file_context, from_context

_CONTEXT = Path(__file__).with_name("cdk.json")


def main() -> int:
    """Synthesize into the cdk command's folder, or cdk.out."""
    context = file_context(_CONTEXT)
    app = App(context=context, outdir=None, analytics_reporting=False)
    # The cdk command's own -c values are in the app and win over the file's.
    known = {key: app.node.try_get_context(key) for key in {*context, *_given(app)}}
    try:
        build(app, from_context(known))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    app.synth()
    return 0


def _given(app: App) -> set[str]:
    found = app.node.get_all_context()
    return set(found) if found else set()


if __name__ == "__main__":
    sys.exit(main())
