"""Identifying formats, rule by rule: what each finds and what it leaves."""

from __future__ import annotations

import pytest

from dicom_deid.phi.formats import find_formats, is_healthcare_identifier, is_luhn, is_nhs_number, with_digits

FOUND = [
    ("date", "010CT2020"),
    ("date", "5 N0VEMBER 2020"),
    ("date", "13/01/1965F 49Y"),
    ("healthcare-identifier", "8003 6081 6669 0503"),
    ("healthcare-identifier", "8003608166690503"),
    ("healthcare-identifier", "IHI:8003 6081 6669 0503"),
    ("healthcare-identifier", "8OO3 6O81 6669 O5O3"),
    ("medicare", "2123 45670 1"),
    ("medicare", "2123456701"),
    ("medicare", "2123 45670 1/1"),
    ("medicare", "2I23 4567O 1"),
    ("nhs-number", "943 476 5919"),
    ("nhs-number", "943-476-5919"),
    ("dva", "NX901234"),
    ("dva", "QSM12345"),
    ("social-security", "123-45-6789"),
    ("e-mail", "jan.citizen@example.org"),
    ("url", "www.example.org/x"),
    ("phone", "07 5550 1234"),
    ("phone", "(07) 5550 1234"),
    ("phone", "0412 345 678"),
    ("phone", "+61 7 5550 1234"),
    ("phone", "+44 20 7946 0958"),
    ("phone", "(336) 045-0533"),
    ("phone", "(336)045-0533"),
    ("date", "12/03/1956"),
    ("date", "3/12/56"),
    ("date", "12.03.1956"),
    ("date", "12-MAR-1956"),
    ("date", "12 March 1956"),
    ("date", "12MAR1956"),
    ("date", "12th Mar 56"),
    ("date", "Mar 12, 1956"),
    ("date", "1956-03-12"),
    ("date", "1956/Mar/12"),
    ("date", "1956-03-1240M"),
    ("date", "19560312"),
    ("date", "March 1956"),
    ("date", "07, 1976"),
    ("date", "03/1956"),
    ("date", "12/O3/1956"),
    ("date", "I2/03/1956"),
    ("date", "12 / 03 / 1956"),
    ("date", "09/06/1618:14"),
    ("date", "12 MAR 201618:14"),
    ("date", "07 March"),
    ("date", "Oct07,"),
    ("age-and-sex", "81yM"),
    ("age-and-sex", "12.03.2016 9F"),
    ("postal-address", "Flat 50i"),
    ("postal-address", "Studio90"),
    ("age", "045Y"),
    ("age", "45Y"),
    ("date", "2008 12:53:24"),
    ("date", "13/01/1965F"),
    ("age", "45 yrs"),
    ("age", "45 Y/O M"),
    ("age", "8 years"),
    ("age-and-sex", "67F"),
    ("age-and-sex", "F/67"),
    ("age-and-sex", "M 45Y"),
    ("weight", "82 kg"),
    ("postal-address", "12 Wirrabee St"),
    ("postal-address", "4A Old Mill Road"),
    ("postal-address", "431, Garde Circle"),
    ("postal-address", "Level 3 15 Coolabah"),
    ("state-and-postcode", "QLD 4000"),
    ("long-number", "4471902"),
    ("long-number", "MRN447190"),
    ("long-number", "A1234567"),
    ("long-number", "123-45-678"),
    ("long-number", "2070-24419"),
    ("device-name", "CT075"),
    ("device-name", "XR12"),
]
LEFT = [
    "9F",
    "MAR 45",
    "LEVEL 3 NODE",
    "Level 3",
    "Flat panel 5",
    "120/80/65",
    "W 400 L 40",
    "TR 4000",
    "TR4000",
    "TE 90",
    "Frame 12/60",
    "3.42 cm",
    "256x256",
    "512 x 512",
    "12.5",
    "MI 1.1",
    "10:15:32",
    "SEPTUM 2010",
    "MARKER 12",
    "b1000",
    "C5-1",
    "0.9375/0.9375",
    "FA 15",
    "L4/5",
]


@pytest.mark.parametrize(("rule", "text"), FOUND)
def test_a_rule_finds_its_format(rule: str, text: str) -> None:
    matches = [match for match in find_formats(text) if match.rule == rule]
    assert matches
    assert all(0.8 <= match.score <= 1.0 for match in matches)


@pytest.mark.parametrize("text", LEFT)
def test_no_rule_takes_measurements_and_settings(text: str) -> None:
    assert list(find_formats(text)) == []


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("medicare", "2123 45671 1"),
        ("medicare", "9123 45670 1"),
        ("healthcare-identifier", "8003 6081 6669 0504"),
        ("nhs-number", "943 476 5918"),
        ("date", "45/67/1956"),
    ],
)
def test_a_check_that_fails_is_no_finding(rule: str, text: str) -> None:
    assert rule not in {match.rule for match in find_formats(text)}


def test_the_checks_are_those_of_the_issuers() -> None:
    assert is_luhn("79927398713")
    assert not is_luhn("79927398710")
    assert is_nhs_number("9434765919")
    assert not is_healthcare_identifier("8003658166690503")


@pytest.mark.parametrize(
    ("read", "digits"),
    [
        ("I2/O3/1956", "12/03/1956"),
        ("SOLO", "SOLO"),
        ("44719O2", "4471902"),
        ("LOBE 12", "LOBE 12"),
        ("Gain|3995.9", "Gain|3995.9"),
        ("|2/03/1956", "12/03/1956"),
    ],
)
def test_look_alike_letters_become_digits_in_numbers_only(read: str, digits: str) -> None:
    assert with_digits(read) == digits
