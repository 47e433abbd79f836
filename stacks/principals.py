"""Who is meant when a policy names somebody: roles by their grants, GuardDuty, the deployment."""

from __future__ import annotations

from stacks.function_table import FUNCTIONS, Grant
from stacks.names import Names
from stacks.settings import Settings


def holding(names: Names, *grants: Grant) -> list[str]:
    """The roles of the functions that hold any of `grants`, in the order of the table."""
    return [names.role_arn(spec.name) for spec in FUNCTIONS.values() if set(grants) & set(spec.grants)]


def scanner(names: Names, settings: Settings) -> list[str]:
    """GuardDuty's role in the raw bucket, where malware is scanned for."""
    return [names.role_arn("malware_scan")] if settings.malware_scan else []


def administrators(names: Names, settings: Settings) -> list[str]:
    """Who may change a policy or a guard: CloudFormation's role, the named deployers, and the root user to break glass.

    The root user's ARN in a condition is that one user; only as a principal does it stand for the whole account.
    """
    return [names.deploy_role_arn(), names.root_arn(), *settings.deployers]
