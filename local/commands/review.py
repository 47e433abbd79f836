"""`dicom-deid review`: what waits for a person in a deployment, as a page; and the answers that the page saved."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from dicom_deid.errors import ConfigurationError, DeidError

if TYPE_CHECKING:
    from local.review.decisions import Answer
    from local.review.deployed import Deployed


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("review")(review)


def review(
    folder: Annotated[Path, typer.Argument(help="A folder of your own for the page, which shows patient data.")],
    decisions: Annotated[
        Path | None, typer.Option(help="Send these answers, which the page saved; then fetch anew.", dir_okay=False)
    ] = None,
    settings: Annotated[Path, typer.Option(help="The deployment's settings.", exists=True, dir_okay=False)] = Path(
        "cdk.json"
    ),
    stage: Annotated[str | None, typer.Option(help="Instead of the settings' own.")] = None,
    region: Annotated[str | None, typer.Option(help="Instead of the settings' own.")] = None,
) -> None:
    """Fetch what waits for a person in AWS into FOLDER/review.html, and send answers.

    It needs credentials of a role among the setting `reviewers`. Reviews of a run on this machine are on the page in
    its custodian/ folder: `decide` answers them.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from local.deployment_settings import deployment_settings
    from local.environment import applied
    from local.preflight.run import open_account
    from local.review.decisions import read_answers
    from local.review.deployed import Deployed
    from services import clients

    chosen = deployment_settings(settings, stage=stage, region=region)
    account = open_account(chosen)
    answers = read_answers(decisions) if decisions is not None else ()
    with applied({"AWS_DEFAULT_REGION": account.region}):
        clients.forget()
        deployed = Deployed.of(chosen.stage, account.number, account.region)
        try:
            if answers:
                identity = str(account.client("sts").get_caller_identity()["UserId"])
                _send(deployed, answers, identity.partition(":")[0])
            _fetch(deployed, folder)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise ConfigurationError(f"AWS refused ({code}): is your role among the setting reviewers?") from None
        except (BotoCoreError, DeidError) as error:
            raise ConfigurationError(f"AWS did not answer ({type(error).__name__}): try again") from None


def _send(deployed: Deployed, answers: tuple[Answer, ...], reviewer_ref: str) -> None:
    """Everything is checked before anything is sent. The reference is the role's id: the trail has the person."""
    for answer in answers:
        deployed.check(answer)
    going = sum(deployed.answer(answer, reviewer_ref) for answer in answers)
    typer.echo(f"{going} of {len(answers)} decisions sent")
    if going < len(answers):
        typer.echo("the others are stored, and hold when the instance is started again", err=True)


def _fetch(deployed: Deployed, folder: Path) -> None:
    from local.review.page import MOST, page
    from local.state import make_closed, write_if_changed

    references = deployed.references()
    if not folder.is_dir():
        make_closed(folder)
    if folder.stat().st_mode & 0o077:
        raise ConfigurationError("others can open the folder: it must be yours alone (chmod 700)")
    path = folder / "review.html"
    found = list(deployed.shown(references[:MOST]))
    command = f".venv/bin/dicom-deid review {quote(str(folder))} --decisions decisions.json"
    write_if_changed(path, page(found, command, len(references)))
    typer.echo(f"{len(references)} wait: {path}" if references else "nothing waits")
