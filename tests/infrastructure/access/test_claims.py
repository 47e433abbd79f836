"""What the deployment claims of its access, each as a sentence, for every access mode."""

from __future__ import annotations

import pytest

from stacks.bucket_policies import CONFIGURE, DELETE, READ, WRITE
from tests.infrastructure.access.estate import MODES, VIEWS
from tests.infrastructure.access.knowledge import actions_on
from tests.infrastructure.access.matrix import guards, whole
from tests.infrastructure.access.questions import PLAIN

every_mode = pytest.mark.parametrize("mode", MODES)

_DECRYPT = ("kms:Decrypt", "kms:ReEncrypt*", "kms:CreateGrant", "kms:GenerateDataKey*")
_TABLE_READ = (
    "dynamodb:*GetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:PartiQLSelect",
    "dynamodb:ExportTable*",
)
RAW_ZONE = (
    *((subject, READ) for subject in ("raw/*", "work/*", "trail/*", "access-logs/*")),
    *((f"bucket {kind}", READ) for kind in ("raw", "work", "trail", "access-logs")),
    ("access point raw > *", READ),
    ("table catalog", _TABLE_READ),
    ("table access", _TABLE_READ),
    ("secret pseudonym-key", ("secretsmanager:GetSecretValue",)),
    ("key raw", _DECRYPT),
)
"""Everything that may hold a name of a patient, or opens it."""
OUTSIDERS = (
    *(f"researcher {view}" for view in VIEWS),
    f"researcher {VIEWS[0]} with s3:* and kms:*",
    "a role without policies",
    "a role with s3:* and kms:*",
    "a role with every right",
    "another account's administrator",
    "anonymous",
)


@every_mode
@pytest.mark.parametrize("actor", OUTSIDERS)
def test_outsiders_read_nothing_of_the_raw_zone_by_any_path(mode: str, actor: str) -> None:
    found = {subject for subject, actions in RAW_ZONE if actor in whole(mode).who(subject, actions)}
    if mode == "caller-rights":
        # Object Lambda acts for its caller: S3 lets it pass, the raw key does not.
        found -= {"access point raw > *"}
    assert not found


def test_with_caller_rights_only_object_lambda_passes_the_access_point_and_nobody_decrypts_there() -> None:
    table = whole("caller-rights")
    assert not table.who("access point raw > *", ["s3:*"], PLAIN)
    readers = table.who("access point raw > *", READ, "by object lambda")
    deciphering = table.who("key raw", ["kms:Decrypt"])
    assert {f"researcher {view}" for view in VIEWS} <= readers
    assert not deciphering & {actor for actor in readers if actor in OUTSIDERS}


@pytest.mark.parametrize("mode", ["object-lambda", "caller-rights"])
@pytest.mark.parametrize("view", VIEWS)
def test_a_researcher_may_get_and_list_the_own_view_and_nothing_else(mode: str, view: str) -> None:
    invoke = {(f"function redact-header{version}", "lambda:InvokeFunction") for version in ("", ":live")}
    read = {(f"view {view}", f"s3-object-lambda:{action}") for action in ("GetObject", "ListBucket")}
    by_lambda = {
        ("access point raw > raw/object", "s3:GetObject"),
        ("access point raw > bucket raw", "s3:ListBucket"),
    }
    table = whole(mode)
    assert table.of(f"researcher {view}") == invoke | read | (by_lambda if mode == "caller-rights" else set())
    for situation in (PLAIN, "by another service"):
        assert f"researcher {view}" not in table.who("function *", ["lambda:*"], situation)


@pytest.mark.parametrize("view", VIEWS)
def test_a_researcher_of_a_materialised_view_reads_its_copies_and_nothing_else(view: str) -> None:
    assert whole("materialised").of(f"researcher {view}") == {
        (f"access point {view} > deid/{view} copy", "s3:GetObject"),
        (f"access point {view} > bucket deid", "s3:ListBucket"),
        ("key deid", "kms:Decrypt"),
    }


@every_mode
def test_only_save_sanitized_writes_de_identified_objects(mode: str) -> None:
    """PublishViews writes the copies of materialised views, and those only."""
    copies = {"publish-views"} if mode == "materialised" else {"save-sanitized"}
    for table in (whole(mode), guards("materialised" if mode == "materialised" else "object-lambda")):
        assert table.who("deid/object", WRITE) == {"save-sanitized"}
        for view in VIEWS:
            assert table.who(f"deid/{view} copy", WRITE) == copies


@every_mode
def test_nobody_deletes_audit_logs_or_certificates(mode: str) -> None:
    for kind in ("evidence", "trail", "access-logs"):
        for table in (whole(mode), guards("object-lambda")):
            assert not table.who(f"{kind}/*", DELETE)
        assert whole(mode).who(f"bucket {kind}", ["s3:DeleteBucket"]) <= {"deployer", "cloudformation"}


@every_mode
def test_nobody_but_the_uploader_writes_raw(mode: str) -> None:
    """GuardDuty's validation object aside, and its tags."""
    tags = {("raw/object", "s3:PutObjectTagging"), ("raw/object", "s3:PutObjectVersionTagging")}
    for table in (whole(mode), guards("object-lambda")):
        assert table.who("raw/object", ["s3:PutObject"]) == {"uploader"}
        assert table.who("raw/validation object", ["s3:PutObject"]) == {"uploader", "malware-scan"}
        assert table.who("raw/object", WRITE) == {"uploader", "malware-scan"}
    tagged = ["s3:PutObjectTagging", "s3:PutObjectVersionTagging"]
    assert whole(mode).who("raw/object", tagged) == {"malware-scan"}, "a backfill believes the scan's tag"
    written = {("raw/object", action) for action in actions_on("s3", "object") if action.startswith("s3:Put")}
    assert whole(mode).of("malware-scan") & written == tags


@every_mode
def test_an_uploader_reads_and_deletes_nothing(mode: str) -> None:
    subjects = {subject for subject, _ in whole(mode).of("uploader")}
    assert subjects == {"raw/object", "raw/validation object", "key raw"}
    for subject in ("raw/*", "bucket raw"):
        assert "uploader" not in whole(mode).who(subject, (*READ, *DELETE))
        assert "uploader" not in guards("object-lambda").who(subject, (*READ, *DELETE))


@every_mode
def test_certificates_and_withdrawals_are_written_each_by_its_one_role_and_signed_by_both(mode: str) -> None:
    for table in (whole(mode), guards("object-lambda")):
        assert table.who("evidence/certificate", WRITE) == {"record-audit"}
        assert table.who("evidence/withdrawal", WRITE) == {"quarantine"}
        assert table.who("evidence/other", WRITE) == set()
        assert table.who("key signing", ["kms:Sign"]) == {"record-audit", "quarantine"}
    assert not whole(mode).who("key signing", ["kms:Sign"], "raw message")


@every_mode
def test_the_trail_and_the_access_logs_are_written_by_their_service_for_our_resources_only(mode: str) -> None:
    assert whole(mode).who("trail/*", WRITE) == {"cloudtrail, our trail"}
    assert whole(mode).who("access-logs/*", WRITE) == {"log delivery, our bucket"}


@every_mode
def test_only_the_deployment_changes_a_guard(mode: str) -> None:
    deployment = {"deployer", "cloudformation"}
    table = whole(mode)
    for kind in ("work", "deid", "evidence", "trail", "access-logs"):
        assert table.who(f"bucket {kind}", CONFIGURE) == deployment
    # GuardDuty subscribes to the raw bucket's notifications.
    assert table.who("bucket raw", CONFIGURE) == {*deployment, "malware-scan"}
    assert {action for subject, action in table.of("malware-scan") if "Put" in action and subject == "bucket raw"} == {
        "s3:PutBucketNotification"
    }
    destroying = (
        "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion",
        "kms:DisableKey*",
        "kms:ReplicateKey",
        "kms:RevokeGrant",
    )
    for key in ("raw", "deid", "audit", "service", "signing"):
        assert table.who(f"key {key}", destroying) <= deployment
    for name in ("catalog", "access"):
        assert table.who(f"table {name}", ["dynamodb:PutResourcePolicy", "dynamodb:DeleteTable"]) == deployment
    assert table.who("queue *dlq", ["sqs:SetQueueAttributes"]) == deployment


@every_mode
def test_nobody_uses_the_raw_or_the_release_key_but_through_a_service(mode: str) -> None:
    for key in ("raw", "deid"):
        people_and_roles = whole(mode).who(f"key {key}", _DECRYPT, PLAIN) - {
            "events, upload rule",
            "events, redrive rule",
        }
        assert not people_and_roles


@every_mode
def test_the_roles_that_touch_both_zones_are_the_named_three(mode: str) -> None:
    table = whole(mode)
    raw = table.who("key raw", ["kms:Decrypt"])
    released = table.who("deid/*", (*READ, *WRITE)) & table.who("key deid", ["kms:Decrypt"])
    named = {"publish-views", "redact-header", "save-sanitized"}
    # Materialised, nothing is redacted on the way out.
    assert raw & released - {"custodian"} == (named - {"redact-header"} if mode == "materialised" else named)


@every_mode
def test_strangers_and_other_accounts_may_do_nothing(mode: str) -> None:
    for actor in ("a role without policies", "another account's administrator", "anonymous"):
        assert not whole(mode).of(actor)


@every_mode
def test_a_service_acting_for_somebody_else_gets_nothing(mode: str) -> None:
    """A trail of another account cannot name our role: that takes iam:PassRole in this account."""
    for actor in ("log delivery, another's bucket", "events, another's rule", "cloudwatch, another's alarm"):
        assert not whole(mode).of(actor)
    for actor in ("states, another account's", "guardduty, another account's", "vended logs, another's"):
        assert not whole(mode).of(actor)
    assert whole(mode).of("cloudtrail, another's trail") == {("trust trail", "sts:AssumeRole")}


@every_mode
def test_a_role_is_assumed_by_its_service_only(mode: str) -> None:
    service = {"trail": "cloudtrail", "malware-scan": "guardduty", "state-machine": "states", "backfill": "states"}
    table = whole(mode)
    for role in {subject.removeprefix("trust ") for subject, _ in table.of("lambda")} | set(service):
        expected = {service.get(role, "lambda")}
        if role == "trail":
            expected = {"cloudtrail, our trail", "cloudtrail, another's trail"}
        assert table.who(f"trust {role}", ["sts:AssumeRole"]) == expected


def test_what_an_object_lambda_access_point_does_not_transform_nobody_passes() -> None:
    transformed = {"s3-object-lambda:GetObject", "s3-object-lambda:ListBucket"}
    answering = "s3-object-lambda:WriteGetObjectResponse"
    table = guards("object-lambda")
    for view in VIEWS:
        assert table.who(f"view {view}", [answering]) == {"redact-header"}
        for action in actions_on("s3-object-lambda", "objectlambdaaccesspoint"):
            if action not in transformed | {answering}:
                assert not table.who(f"view {view}", [action]), action


@every_mode
def test_nothing_passes_without_tls_or_with_a_wrong_key(mode: str) -> None:
    for situation in ("plain http", "tls 1.1"):
        for kind in ("raw", "work", "deid", "evidence", "trail", "access-logs"):
            assert not guards("object-lambda").who(f"{kind}/*", ["s3:*"], situation)
            assert not guards("object-lambda").who(f"bucket {kind}", ["s3:*"], situation)
    for situation in ("wrong key", "sse-s3", "sse-c"):
        for kind in ("raw", "work", "deid", "evidence", "trail"):
            assert not whole(mode).who(f"{kind}/*", ["s3:PutObject"], situation)
    assert whole(mode).who("raw/object", ["s3:PutObject"], PLAIN) == {"uploader"}
