"""The stacks in the order of their deployment: what lasts first, what an account may lack last."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import App, Environment, Stack, Tags, Validations

from stacks.access import AccessStack
from stacks.acknowledgments import PACKS, acknowledge
from stacks.audit import AuditStack
from stacks.data import DataStack
from stacks.grants import KeyArns
from stacks.names import Names
from stacks.pipeline import PipelineStack
from stacks.review import ReviewStack
from stacks.settings import Settings


@dataclass(frozen=True, slots=True)
class Deployment:
    """The stacks of one deployment."""

    data: DataStack
    audit: AuditStack
    pipeline: PipelineStack
    review: ReviewStack
    access: AccessStack

    @property
    def stacks(self) -> tuple[Stack, ...]:
        """In the order of deployment."""
        return (self.data, self.audit, self.pipeline, self.review, self.access)


def build(app: App, settings: Settings, *, acknowledged: bool = True) -> Deployment:
    """Put the stacks into `app`. Not `acknowledged`: without the reasons for findings that stand, to see them all."""
    names = Names.of(settings)
    environment = Environment(account=settings.account, region=settings.region)
    data = DataStack(app, names, settings, env=environment, termination_protection=True)
    keys = KeyArns(
        raw=data.keys.raw.attr_arn,
        deid=data.keys.deid.attr_arn,
        audit=data.keys.audit.attr_arn,
        service=data.keys.service.attr_arn,
        signing=data.keys.signing.attr_arn,
        secret=data.secret.ref,
    )
    audit = AuditStack(app, names, settings, keys, env=environment, termination_protection=True)
    pipeline = PipelineStack(app, names, settings, keys, env=environment, termination_protection=True)
    review = ReviewStack(app, names, settings, keys, env=environment)
    access = AccessStack(app, names, settings, keys, env=environment)
    deployment = Deployment(data, audit, pipeline, review, access)
    for earlier, later in zip(deployment.stacks, deployment.stacks[1:], strict=False):
        later.add_stack_dependency(earlier)
    Tags.of(app).add("application", names.prefix)
    if acknowledged:
        acknowledge(app)
    if settings.nag:
        for pack in PACKS:
            Validations.of(app).add_plugins(pack(app))
    return deployment
