"""The conformance statement of a profile (PS3.15 E.1.3), generated from the tables that the engine obeys."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from dicom_deid import __version__
from dicom_deid.header import dates
from dicom_deid.header.presets import DESCRIPTIONS, NOT_SAFE_HARBOR
from dicom_deid.header.profiles import MEANINGS, Action, Option, Profile, basic_action
from dicom_deid.header.tables import EDITION, attribute_rules, concept_rules, safe_private_elements

_BEYOND_SAFE_HARBOR: Final = frozenset(
    {
        Option.RETAIN_LONGITUDINAL_FULL_DATES,
        Option.RETAIN_LONGITUDINAL_MODIFIED_DATES,
        Option.RETAIN_PATIENT_CHARACTERISTICS,
        Option.RETAIN_DEVICE_IDENTITY,
        Option.RETAIN_INSTITUTION_IDENTITY,
        Option.RETAIN_UIDS,
    }
)

DEVIATIONS: Final[tuple[str, ...]] = (
    "Combined codes: X/Z gives zero length, every combination with D a dummy value of the right VR; empty stays empty, "
    "absent stays absent.",
    "Between options, C is stronger than K.",
    "Modified Dates: whole days by a keyed number per subject, never 0; times of day and offsets from UTC stay.",
    "Dates of calibration, installation, manufacture, expiry, approval and contribution take the Basic action under "
    "Modified Dates: a shared or published date would reveal the number of days.",
    "Patient's Birth Date is emptied under every option. Ages over 89 become 090Y.",
    "Patient's Name and ID, Accession Number and Study ID get keyed pseudonyms where they had a value.",
    "Study, Series and SOP Instance UID are added where an object lacks them.",
    "A value that repeats a name or a number by which the object's own header calls its patient, staff, visit or order "
    "goes wherever it stands, under every option that would keep it; a UID that holds such a number is remapped.",
    "UIDs in the place of SOP classes and transfer syntaxes stay where they have the form of one, private ones too; "
    "any other UID there is remapped. Private SOP classes and transfer syntaxes of the object itself are refused.",
    "Text outside table E.1-1 stays only as far as a reviewed list allows; unknown elements, icons, curves and "
    "overlays go; elements after the pixel data go; Burned In Annotation NO stays only where it was verified.",
    "Retain Device Identity also keeps manufacturer, model and software versions, which table E.1-1 does not list.",
    "Retain Safe Private: values of OB, OW, UN, LT, ST and UT go although the table lists them; LO and SH stay where "
    "the vocabulary knows every word.",
    "Clean Recognizable Visual Features is not performed: what may show a face goes to a person.",
    "Pixel data of which nothing tells the size is refused.",
    "Encapsulated documents and media directories are refused; structured reports are refused without 113104.",
)
"""Every reading of the standard that is the project's own, and everything done beyond it or left out."""


def statement(profile: Profile) -> dict[str, Any]:
    """The statement as JSON content: profile, options, what happens to each attribute, declared deviations."""
    return {
        "schema": 1,
        "tool": f"dicom-deid {__version__}",
        "edition": EDITION,
        "profile": {
            "name": profile.name,
            "digest": profile.digest,
            "codes": [{"value": code, "scheme": "DCM", "meaning": MEANINGS[code]} for code in profile.codes],
            "date_shift_days": list(profile.date_shift)
            if profile.has(Option.RETAIN_LONGITUDINAL_MODIFIED_DATES)
            else None,
            "overrides": {_tag(f"{tag:08X}"): action.value for tag, action in sorted(profile.overrides.items())},
            "beyond_safe_harbor": bool(profile.options & _BEYOND_SAFE_HARBOR or profile.overrides),
        },
        "attributes": [
            {"tag": _tag(tag), "basic": rule.basic, "action": _action(profile, tag)}
            for tag, rule in sorted(attribute_rules().items())
        ],
        "tables": {
            "E.1-1": len(attribute_rules()),
            "E.3.4-1": len(concept_rules()),
            "E.3.10-1": len(safe_private_elements()),
        },
        "deviations": list(DEVIATIONS),
    }


def markdown(profile: Profile) -> str:
    """The statement for people."""
    content = statement(profile)
    described = content["profile"]
    counts = Counter(row["action"] for row in content["attributes"])
    lines = [
        f"# Conformance statement: profile `{profile.name}`",
        "",
        f"{content['tool']}, {content['edition']}, profile digest `{profile.digest[:16]}`.",
        DESCRIPTIONS.get(profile.name, "A profile of the custodian's own."),
        NOT_SAFE_HARBOR if described["beyond_safe_harbor"] and profile.name not in DESCRIPTIONS else "",
        "## Profile and options (CID 7050)",
        *(f"- {code['value']} {code['meaning']}" for code in described["codes"]),
        "",
        "## Attributes by action",
        "| action | attributes |",
        "|---|---|",
        *(f"| {action} | {count} |" for action, count in sorted(counts.items())),
        "",
        "## Declared readings and deviations",
        *(f"- {deviation}" for deviation in content["deviations"]),
        "",
    ]
    return "\n".join(lines)


def _action(profile: Profile, tag: str) -> str:
    if tag.isalnum() and "x" not in tag and tag != "private":
        number = int(tag, 16)
        action = profile.action_of(number) or profile.actions[tag]
        if action is Action.CLEAN_DATE and number in dates.NOT_OF_THE_PATIENT:
            return basic_action(number).value
        return action.value
    return Action.REMOVE.value if tag != "private" else profile.actions[tag].value


def _tag(tag: str) -> str:
    return tag if len(tag) != 8 or tag == "private" else f"({tag[:4]},{tag[4:]})"
