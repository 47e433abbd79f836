"""Which kinds of identifying values a profile keeps on purpose, so that finding them is no leak."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicom_deid.phi.identity import IdentityKind

if TYPE_CHECKING:
    from dicom_deid.header.profiles import Profile

_BY_OPTION = {
    "113109": frozenset({IdentityKind.DEVICE}),
    "113112": frozenset({IdentityKind.INSTITUTION, IdentityKind.ADDRESS}),
}


def kept_kinds(profile: Profile) -> frozenset[IdentityKind]:
    """Devices under Retain Device Identity, institutions under Retain Institution Identity; never a person."""
    kept: frozenset[IdentityKind] = frozenset()
    for code, kinds in _BY_OPTION.items():
        if code in profile.codes:
            kept |= kinds
    return kept
