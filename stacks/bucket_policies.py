"""What each bucket's policy says beyond transport and key: who reads, who writes, who deletes, who changes the bucket.

Every rule is a Deny for all but the named, so that no identity policy, however wide, opens a bucket.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stacks.function_table import Grant
from stacks.names import Names
from stacks.principals import administrators, holding, scanner
from stacks.settings import Settings
from stacks.statements import EVERYBODY, Statement, accounts, allow, deny, deny_all_but, service

READ = ("s3:GetObject*", "s3:ListBucket*", "s3:ListObject*")
"""Contents, and names: a raw object's key, tags and metadata may hold a name too."""

WRITE = (
    "s3:AbortMultipartUpload",
    "s3:InitiateReplication",
    "s3:ListMultipartUploadParts",
    "s3:ObjectOwnerOverrideToBucketOwner",
    "s3:PutObject*",
    "s3:Replicate*",
    "s3:RestoreObject",
    "s3:UpdateObjectEncryption",
)
"""Every way in: an upload, a part of one, another account's replication, new tags, another key for the same object."""

DELETE = ("s3:BypassGovernanceRetention", "s3:DeleteObject*")

CONFIGURE = (
    "s3:AllowVendedLogDeliveryForResource",
    "s3:CreateBucketMetadataTableConfiguration",
    "s3:DeleteBucket*",
    "s3:PauseReplication",
    "s3:Put*Configuration",
    "s3:PutBucket*",
    "s3:UpdateBucketMetadata*",
)
"""Every change of a bucket by which data would leave or a guard would fall: policy, encryption, replication,
inventory, metadata tables, lifecycle, logging, notification, lock, versioning."""


def raw_bucket(names: Names, settings: Settings) -> list[Statement]:
    """Uploaders write, the functions that open a source read, custodians may do both and delete."""
    objects, scan = names.objects_arn("raw"), scanner(names, settings)
    readers = [*holding(names, settings, Grant.RAW_READ, Grant.RAW_LIST), *scan, *settings.custodians]
    policy = [
        *_read_by(names, "raw", "OnlyTheRawZoneReads", readers, _through_the_views(names, settings)),
        deny_all_but("OnlyUploadersWrite", [*settings.uploaders, *scan], WRITE, objects),
        deny_all_but("NobodyReplacesOrDeletes", settings.custodians, DELETE, objects),
        _configured(names, settings, "raw", scan),
    ]
    if scan:
        # GuardDuty proves that it owns the scan by writing this one object; it tags what it has scanned, and a backfill
        # believes the tag: no uploader may write one.
        own = names.objects_arn("raw", "malware-protection-resource-validation-object")
        policy.append(_elsewhere("ScanWritesItsOwnObject", "s3:PutObject", own, scan))
        policy.append(
            deny_all_but("OnlyTheScanTags", scan, ("s3:PutObjectTagging", "s3:PutObjectVersionTagging"), objects)
        )
    if settings.caller_rights:
        policy.append(_delegated(names, "raw"))
    return policy


def work_bucket(names: Names, settings: Settings) -> list[Statement]:
    """The functions of the pipeline, the manifests' state machine, reviewers (who write decisions only), custodians."""
    working = holding(names, settings, Grant.WORK_READ, Grant.WORK_WRITE)
    writers = [*holding(names, settings, Grant.WORK_WRITE), *settings.custodians, *settings.reviewers]
    readers = [*working, names.role_arn("backfill"), *settings.custodians, *settings.reviewers]
    objects = names.objects_arn("work")
    policy = [
        *_read_by(names, "work", "OnlyTheRawZoneReads", readers),
        deny_all_but("OnlyTheRawZoneWrites", writers, WRITE, objects),
        deny_all_but("NobodyDeletes", settings.custodians, DELETE, objects),
        _configured(names, settings, "work"),
    ]
    if settings.reviewers:
        decisions = names.objects_arn("work", "*/decisions/*")
        policy.append(_elsewhere("ReviewersWriteDecisions", WRITE, decisions, settings.reviewers))
    return policy


def deid_bucket(names: Names, settings: Settings) -> list[Statement]:
    """SaveSanitized writes; when materialised, PublishViews writes copies, and a view's access point reads its own.

    What is quarantined or superseded is taken back: its copies, and nothing else, get a delete marker.
    """
    objects, savers = names.objects_arn("deid"), holding(names, settings, Grant.DEID_WRITE)
    copies = [names.objects_arn("deid", f"{view}/*") for view in settings.views]
    copiers = holding(names, settings, Grant.VIEW_COPY_WRITE) if settings.access == "materialised" else []
    removers = holding(names, settings, Grant.VIEW_COPY_DELETE) if settings.access == "materialised" else []
    readers = [*holding(names, settings, Grant.DEID_READ), *settings.custodians]
    policy = [
        *_read_by(names, "deid", "OnlyTheReleaseReads", readers, _through_the_copies(names, settings)),
        deny_all_but("OnlyTheReleaseWrites", [*savers, *copiers], WRITE, objects),
        deny_all_but("NobodyDeletes", [*settings.custodians, *removers], DELETE, objects),
        _configured(names, settings, "deid"),
    ]
    if copiers:
        policy += [
            deny_all_but("CopiesByTheirPublisherOnly", copiers, WRITE, copies),
            _elsewhere("CopiesUnderTheirViewOnly", WRITE, copies, copiers),
            _elsewhere("CopiesAloneAreTakenBack", DELETE, copies, removers),
            *(statement for view in settings.views for statement in _own_copies(names, view)),
            _delegated(names, "deid"),
        ]
    return policy


def evidence_bucket(names: Names, settings: Settings) -> list[Statement]:
    """One writes certificates, one withdrawals; nobody deletes, nor steps round the lock, nor after its end."""
    objects = names.objects_arn("evidence")
    recorders, withdrawers = (holding(names, settings, one) for one in (Grant.EVIDENCE_WRITE, Grant.WITHDRAWAL_WRITE))
    return [
        deny_all_but("OnlyRecordersWrite", [*recorders, *withdrawers], WRITE, objects),
        _elsewhere("CertificatesOnly", WRITE, names.objects_arn("evidence", "certificates/*"), recorders),
        _elsewhere("WithdrawalsOnly", WRITE, names.objects_arn("evidence", "withdrawals/*"), withdrawers),
        deny("NobodyDeletes", DELETE, objects, principal=EVERYBODY),
        _configured(names, settings, "evidence"),
    ]


def trail_bucket(names: Names, settings: Settings) -> list[Statement]:
    """CloudTrail writes, auditors read: events name raw objects."""
    trail = {"StringEquals": {"aws:SourceArn": names.arn("cloudtrail", f"trail/{names.prefix}")}}
    writer, objects = service("cloudtrail.amazonaws.com"), names.objects_arn("trail")
    own = names.objects_arn("trail", f"AWSLogs/{names.account}/*")
    return [
        allow("TrailChecks", "s3:GetBucketAcl", names.bucket_arn("trail"), principal=writer, when=trail),
        allow("TrailWrites", "s3:PutObject", own, principal=writer, when=trail),
        _only_service("OnlyTheTrailWrites", "cloudtrail.amazonaws.com", objects),
        *_read_by(names, "trail", "OnlyAuditorsRead", settings.auditors),
        deny("NobodyDeletes", DELETE, objects, principal=EVERYBODY),
        _configured(names, settings, "trail"),
    ]


def access_log_bucket(names: Names, settings: Settings) -> list[Statement]:
    """S3 delivers, auditors read: a line names a raw object, and no key of ours protects this bucket."""
    objects = names.objects_arn("access-logs")
    source = {
        "StringEquals": {"aws:SourceAccount": names.account},
        "ArnLike": {"aws:SourceArn": names.bucket_arn("*")},
    }
    delivery = service("logging.s3.amazonaws.com")
    return [
        allow("ServerAccessLogs", "s3:PutObject", objects, principal=delivery, when=source),
        _only_service("OnlyDeliveryWrites", "logging.s3.amazonaws.com", objects),
        *_read_by(names, "access-logs", "OnlyAuditorsRead", settings.auditors),
        deny("NobodyDeletes", DELETE, objects, principal=EVERYBODY),
        _configured(names, settings, "access-logs"),
    ]


def _read_by(
    names: Names, kind: str, sid: str, arns: Sequence[str], unless: Sequence[dict[str, dict[str, object]]] = ({},)
) -> list[Statement]:
    """`unless`: conditions of which a request that is not from `arns` must meet none to be denied, a Deny for each."""
    both = (names.bucket_arn(kind), names.objects_arn(kind))
    sids = [sid, *(f"{sid}{index}" for index in range(2, len(unless) + 1))]
    return [deny_all_but(name, arns, READ, both, when=when) for name, when in zip(sids, unless, strict=True)]


def _through_the_views(names: Names, settings: Settings) -> list[dict[str, dict[str, object]]]:
    """With `caller_rights`, Object Lambda may act for the researcher, and only by the supporting access point."""
    if not settings.caller_rights:
        return [{}]
    supporting = names.access_point_arn(names.supporting_access_point())
    return [
        {"StringNotEquals": {"s3:DataAccessPointArn": supporting}},
        {"StringNotEquals": {"aws:CalledViaLast": "s3-object-lambda.amazonaws.com"}},
        {"StringNotEquals": {"aws:PrincipalAccount": names.account}},
    ]


def _through_the_copies(names: Names, settings: Settings) -> list[dict[str, dict[str, object]]]:
    if settings.access != "materialised":
        return [{}]
    points = [names.access_point_arn(names.access_point(view)) for view in settings.views]
    return [
        {"StringNotEquals": {"s3:DataAccessPointArn": points}},
        {"StringNotEquals": {"aws:PrincipalAccount": names.account}},
    ]


def _own_copies(names: Names, view: str) -> list[Statement]:
    """Through a view's access point, nothing but that view's copies is read or listed, and nothing else is done."""
    point = {"s3:DataAccessPointArn": names.access_point_arn(names.access_point(view))}
    bucket, own = names.bucket_arn("deid"), names.objects_arn("deid", f"{view}/*")
    sid = "Through" + "".join(part.capitalize() for part in view.split("-"))
    listing = {"StringEquals": point, "StringNotLike": {"s3:prefix": f"{view}/*"}}
    elsewhere = {"StringEquals": point}
    return [
        deny(f"{sid}ItsOwn", "s3:*", (own, bucket), principal=EVERYBODY, when=elsewhere, elsewhere=True),
        deny(f"{sid}ListsItsOwn", "s3:ListBucket*", bucket, principal=EVERYBODY, when=listing),
    ]


def _delegated(names: Names, kind: str) -> Statement:
    return allow(
        "DelegatedToItsAccessPoints",
        ("s3:GetObject", "s3:ListBucket"),
        (names.bucket_arn(kind), names.objects_arn(kind)),
        principal=accounts(names.root_arn()),
        when={"StringEquals": {"s3:DataAccessPointAccount": names.account}},
    )


def _elsewhere(sid: str, actions: str | Iterable[str], here: str | Iterable[str], arns: Iterable[str]) -> Statement:
    """`arns` do `actions` here and nowhere else in this bucket."""
    when = {"ArnEquals": {"aws:PrincipalArn": list(arns)}}
    return deny(sid, actions, here, principal=EVERYBODY, when=when, elsewhere=True)


def _only_service(sid: str, name: str, objects: str) -> Statement:
    return deny(sid, WRITE, objects, principal=EVERYBODY, when={"StringNotEquals": {"aws:PrincipalServiceName": name}})


def _configured(names: Names, settings: Settings, kind: str, also: Sequence[str] = ()) -> Statement:
    allowed = [*administrators(names, settings), *also]
    return deny_all_but("OnlyTheDeploymentConfigures", allowed, CONFIGURE, names.bucket_arn(kind))
