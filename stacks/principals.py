"""Who is meant when a policy names somebody: roles by their grants, GuardDuty, the deployment."""

from __future__ import annotations

from stacks.function_table import FUNCTIONS, FunctionSpec, Grant
from stacks.names import Names
from stacks.settings import Settings


def holding(names: Names, settings: Settings, *grants: Grant) -> list[str]:
    """The roles of the deployed functions that hold any of `grants`, in the order of the table.

    Only roles that exist: a name that a policy lets in and nobody holds is there for the taking by ``iam:CreateRole``.
    """
    specs = [spec for spec in FUNCTIONS.values() if set(grants) & set(spec.grants)]
    return [names.role_arn(spec.name) for spec in specs if _is_deployed(spec, settings)]


def _is_deployed(spec: FunctionSpec, settings: Settings) -> bool:
    return settings.access == "object-lambda" or Grant.OBJECT_LAMBDA_RESPONSE not in spec.grants


def scanner(names: Names, settings: Settings) -> list[str]:
    """GuardDuty's role in the raw bucket, where malware is scanned for."""
    return [names.role_arn("malware_scan")] if settings.malware_scan else []


def administrators(names: Names, settings: Settings) -> list[str]:
    """Who may change a policy or a guard: CloudFormation's role, the named deployers, and the root user to break glass.

    The root user's ARN in a condition is that one user; only as a principal does it stand for the whole account.
    """
    return [names.deploy_role_arn(), names.root_arn(), *settings.deployers]
