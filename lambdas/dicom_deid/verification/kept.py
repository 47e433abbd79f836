"""Which kinds of identifying values a profile keeps on purpose, so that finding them is no leak."""

from __future__ import annotations

from collections.abc import Collection

from dicom_deid.phi.identity import IdentityKind

_BY_OPTION = {
    "113110": frozenset({IdentityKind.UID}),
    "113109": frozenset({IdentityKind.DEVICE}),
    "113112": frozenset({IdentityKind.INSTITUTION, IdentityKind.ADDRESS}),
}


def kept_kinds(codes: Collection[str]) -> frozenset[IdentityKind]:
    """By the profile's codes of CID 7050: UIDs, devices and institutions under their options.

    Never a person.
    """
    kept: frozenset[IdentityKind] = frozenset()
    for code, kinds in _BY_OPTION.items():
        if code in codes:
            kept |= kinds
    return kept
