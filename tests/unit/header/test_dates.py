from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicom_deid.header import dates

DAYS = st.dates(min_value=date(1890, 1, 1), max_value=date(2100, 1, 1))
SHIFTS = st.integers(-3650, -1)


@given(DAYS, DAYS, SHIFTS)
def test_intervals_are_kept(first: date, second: date, days: int) -> None:
    moved = [dates.moved(f"{day:%Y%m%d}", "DA", days) for day in (first, second)]
    found = [date.fromisoformat(value) for value in moved if value]
    assert found[1] - found[0] == second - first
    assert found[0] == first + timedelta(days=days)


@given(DAYS, SHIFTS, st.sampled_from(["", "10", "1011", "101112", "235960.123456", "000000.5+1000"]))
def test_a_datetime_keeps_its_time_of_day_and_offset(day: date, days: int, clock: str) -> None:
    moved = dates.moved(f"{day:%Y%m%d}{clock}", "DT", days)
    assert moved == f"{day + timedelta(days=days):%Y%m%d}{clock}"


@pytest.mark.parametrize(
    ("value", "vr", "days", "expected"),
    [
        ("20240229", "DA", -366, "20230228"),
        ("20240301", "DA", -1, "20240229"),
        ("2024.03.01", "DA", -1, "20240229"),
        ("20240101-20240131", "DA", -1, "20231231-20240130"),
        ("20240101-", "DA", -1, "20231231-"),
        ("20240101", "DT", -1, "20231231"),
        ("202401", "DT", -1, "202312"),
        ("2024", "DT", -366, "2022"),
        ("", "DA", -1, ""),
        ("101112.123456", "TM", -1, "101112.123456"),
        ("10:11:12", "TM", -1, "10:11:12"),
        ("10-1130", "TM", -1, "10-1130"),
        ("+1000", "SH", -1, "+1000"),
    ],
)
def test_moved(value: str, vr: str, days: int, expected: str) -> None:
    assert dates.moved(value, vr, days) == expected


@pytest.mark.parametrize(
    ("value", "vr"),
    [
        ("20230229", "DA"),
        ("SMITH", "DA"),
        ("2024010", "DA"),
        ("20240101-20240102-20240103", "DA"),
        ("998877", "TM"),
        ("2561", "TM"),
        ("251010", "TM"),
        ("241010", "TM"),
        ("10.5", "TM"),
        ("20241301", "DT"),
        ("20240101256199", "DT"),
        ("20240101+9900", "DT"),
        ("20240110SMITH", "DT"),
        ("Sydney", "SH"),
        ("00010101", "DA"),
    ],
)
def test_what_is_no_date_is_not_kept(value: str, vr: str) -> None:
    assert dates.moved(value, vr, -400) is None


@pytest.mark.parametrize("value", ["20240101-20240231", "SMITH-20240101", "20240101-2024"])
def test_a_range_with_an_end_that_is_no_date_is_none(value: str) -> None:
    assert dates.moved(value, "DA", -400) is None
