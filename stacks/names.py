"""Every physical name and ARN, in one place.

Names are fixed by stage, account and region, so that a policy can name a principal or resource of a stack that is
deployed later: no cycles between stacks, and a policy reads the same in the template as in the account.
"""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Aws

from stacks.settings import Settings


@dataclass(frozen=True, slots=True)
class Names:
    """Names and ARNs of one deployment. `account` and `region` may be CloudFormation pseudo parameters."""

    stage: str
    account: str
    region: str
    partition: str = Aws.PARTITION

    @staticmethod
    def of(settings: Settings) -> Names:
        """The names that these settings give."""
        return Names(settings.stage, settings.account or Aws.ACCOUNT_ID, settings.region)

    @property
    def prefix(self) -> str:
        """What every name begins with."""
        return f"dicom-deid-{self.stage}"

    def arn(self, service: str, resource: str) -> str:
        """A regional ARN of this account."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def bucket(self, kind: str) -> str:
        """raw, work, deid, evidence, trail, access-logs."""
        return f"{self.prefix}-{kind}-{self.account}-{self.region}"

    def bucket_arn(self, kind: str) -> str:
        """ARN of a bucket."""
        return f"arn:{self.partition}:s3:::{self.bucket(kind)}"

    def objects_arn(self, kind: str, keys: str = "*") -> str:
        """ARN of the objects of a bucket."""
        return f"{self.bucket_arn(kind)}/{keys}"

    def table(self, kind: str) -> str:
        """The catalog or the access table."""
        return f"{self.prefix}-{kind}"

    def table_arn(self, kind: str) -> str:
        """ARN of a table."""
        return self.arn("dynamodb", f"table/{self.table(kind)}")

    def function(self, name: str) -> str:
        """The Lambda of handlers.<name>."""
        return f"{self.prefix}-{name.replace('_', '-')}"

    def function_arn(self, name: str) -> str:
        """ARN of a Lambda."""
        return self.arn("lambda", f"function:{self.function(name)}")

    def log_group(self, name: str) -> str:
        """The log group of a Lambda."""
        return f"/aws/lambda/{self.function(name)}"

    def role(self, name: str) -> str:
        """The execution role of a Lambda, or another role of ours."""
        return f"{self.function(name)}-{self.region}"

    def role_arn(self, name: str) -> str:
        """ARN of a role."""
        return f"arn:{self.partition}:iam::{self.account}:role/{self.role(name)}"

    def root_arn(self) -> str:
        """The account, as principal."""
        return f"arn:{self.partition}:iam::{self.account}:root"

    def state_machine(self, name: str) -> str:
        """The state machine `deidentify` or `backfill`."""
        return f"{self.prefix}-{name}"

    def state_machine_arn(self, name: str) -> str:
        """ARN of a state machine."""
        return self.arn("states", f"stateMachine:{self.state_machine(name)}")

    def queue(self, name: str) -> str:
        """The queue `uploads`, `uploads-dlq` or `schedule-dlq`."""
        return f"{self.prefix}-{name}"

    def queue_arn(self, name: str) -> str:
        """ARN of a queue."""
        return self.arn("sqs", self.queue(name))

    def topic_arn(self) -> str:
        """The topic of the alarms."""
        return self.arn("sns", f"{self.prefix}-alarms")

    def supporting_access_point(self) -> str:
        """The access point on the raw bucket that the Object Lambda access points stand on."""
        return f"{self.prefix}-raw"

    def access_point(self, view: str) -> str:
        """The plain access point of a materialised view (3 to 50 of a-z, 0-9, -)."""
        return f"{self.prefix}-{view}"

    def access_point_arn(self, name: str) -> str:
        """ARN of a plain access point."""
        return self.arn("s3", f"accesspoint/{name}")

    def object_lambda_arn(self, view: str) -> str:
        """ARN of a view's Object Lambda access point, built from its name: GetAtt would make a cycle."""
        return self.arn("s3-object-lambda", f"accesspoint/{self.access_point(view)}")

    def deploy_role_arn(self) -> str:
        """The role with which the CDK's bootstrap lets CloudFormation deploy."""
        return f"arn:{self.partition}:iam::{self.account}:role/cdk-hnb659fds-cfn-exec-role-{self.account}-{self.region}"
