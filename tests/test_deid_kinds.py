"""Identifiers of eight countries by kind, and sentences of medicine that look like them."""

from __future__ import annotations

import pytest

from manikin.core.check_digits import is_bsn, is_finnish, is_french, is_iban, is_luhn, is_nhs, is_spanish
from manikin.text.deid import date_shift
from manikin.text.deid.deidentify import detect_identifiers

FOUND = {  # a sentence, and the parts of it that identify
    "Frau Dr. Quorlbach klagt über Schmerzen.": "Quorlbach",
    "M. Zelmont se plaint de toux, adressé par le Dr Yvernaud.": "Zelmont Yvernaud",
    "La Sra. Quintelar Obrezo acude.": "Quintelar Obrezo",
    "Dhr. van der Zwelm werd gezien.": "Zwelm",
    "Discussed with J. Smith, cardiology.": "Smith",
    "QUORL, Zelda - discharge summary": "QUORL Zelda",
    "The patient, Zelda O'Quorl, agrees.": "Zelda Quorl",
    "Spoke to mr zelkamp about this.": "zelkamp",
    "wohnhaft Quorlstraße 12, 37073 Zelstadt": "Quorl 12 37073 Zelstadt",
    "habite 12 bis rue de la Quorle": "12 Quorle",
    "Domicilio: Calle Quorla, 12, 3º B": "Quorla 12",
    "Residente in Via Quorli 12.": "Quorli 12",
    "Woonadres: Quorlstraat 12": "Quorl 12",
    "Bor på Quorlgatan 12.": "Quorl 12",
    "Lives at Flat 3, 12 Quorl Gardens, M1 1AE.": "3 12 Quorl 1AE",
    "Tel. 030/1234567 oder +49 171 1234567": "030 1234567 171",
    "Joindre au 0033 6 12 34 56 78": "12 34 56",
    "ph 555 0132": "555 0132",
    "Mobile 07700 900123": "07700 900123",
    "write to zelda (at) mail (dot) com": "zelda mail",
    "logged in from 10.0.0.1": "10.0.0.1",
    "Insurance group 00412-B, Rx 5512-8834": "00412 5512 8834",
    "Fallnummer: 12345678, Patientennummer 7654321": "12345678 7654321",
    "N° de dossier : 123456789": "123456789",
    "Nº historia clínica: 123456": "123456",
    "Driving licence MORGA657054SM9IJ": "MORGA657054SM9IJ",
    "Kennzeichen M-AB 1234": "1234",
    "NHS number 943 476 5919": "943 5919",
    "his number 9434765919 is on the letter": "9434765919",
    "NIR 2 55 08 14 168 025 38": "168 025",
    "con DNI 12345678Z": "12345678Z",
    "pat. 811218-9876, kontroll": "811218 9876",
    "HETU 131052-308T": "131052 308T",
    "AHV-Nr. 756.9217.0769.85": "9217 0769",
    "IBAN GB82 WEST 1234 5698 7654 32": "1234 5698 7654",
    "Fell on the third of March and mid-March 2021.": "third March 2021",
    "Seen March 4th, Xmas 2020, 4.3.21 and 2021-03.": "4th Xmas 2020 4.3.21 2021-03",
    "seen 03/04, née le 3 mars 1940, am 4. März": "03/04 mars März",
    "el 3 de mayo de 2019, den 4 maj 2020, 24.12.1999": "mayo 2019 maj 2020 24.12",
    "Die 95-jährige Patientin; mujer de 96 años; ninety-seven year old": "95 96 ninety seven",
}
LEFT = (
    "The licence to practise in 2 states was discussed; license renewed yearly; licence conditions apply.",
    "Platelets 6033391. Signal 1607635102.00 -0.96. Viral load 1200000 copies/ml. Ferritin 12345678 ng/mL.",
    "Version 2.10.0.4 of the software; firmware 4.12.3.1; dose 1.2.3.4 mg; cyst 1.2.3 not seen.",
    "Wilson disease, Foley catheter, May-Thurner, Will start ACE. Morbus Crohn, maladie de Crohn.",
    "EF 55-60 %, L4-L5 disc, T10, stage IIB, pT2 N1 M0, Gleason 3+4, NYHA III, PHQ-9 was 12, MMSE 28/30.",
    "BRCA1, HLA-B27, JAK2 V617F, rs1801133, NM_000546.5, NCT01234567, ICD code E11.9, CPT 99213.",
    "Took 1/2 tablet and 3/4 cup; grade 3/6 murmur; vision 20/40; titer 1/160; pain 03/10; at 10:30.",
    "Ramipril 5 mg 1-0-0, Metformin 1000 mg; Am 2. Tag; Diabetes mellitus Typ 2; RR 130/80 mmHg.",
    "Discussed with Cardiology; Radiology reviewed; contact precautions; Physical Therapy will follow.",
    "Dear parents were informed. The record shows stable disease; serial exams.",
)


@pytest.mark.parametrize("text", FOUND)
def test_identifiers_of_eight_countries_are_found(text: str) -> None:
    hidden = list(text)
    for start, end, _ in detect_identifiers(text):
        hidden[start:end] = "#" * (end - start)
    assert not [part for part in FOUND[text].split() if part in "".join(hidden)], "".join(hidden)


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_alike_is_left(text: str) -> None:
    assert [text[start:end] for start, end, _ in detect_identifiers(text)] == []


@pytest.mark.parametrize(
    ("check", "number"),
    [
        (is_nhs, "9434765919"),
        (is_luhn, "4111111111111111"),
        (is_spanish, "12345678Z"),
        (is_french, "255081416802538"),
        (is_bsn, "111222333"),
        (is_finnish, "131052-308T"),
        (is_iban, "GB82WEST12345698765432"),
    ],
)
def test_one_wrong_digit_is_no_number(check, number: str) -> None:
    assert check(number)
    at = next(i for i, char in enumerate(number) if char.isdigit() and char != "0")
    assert not check(f"{number[:at]}{(int(number[at]) + 1) % 10}{number[at + 1 :]}")


@pytest.mark.parametrize(
    ("said", "moved"),
    [
        ("March 4th", "March 18th"),
        ("the third of March", "the seventeenth of March"),
        ("4. März 2021", "18. März 2021"),
        ("3 de mayo de 2019", "17 de mayo de 2019"),
        ("24.12.", "07.01."),
        ("31/12/2020", "14/01/2021"),
        ("04-MAR-2021", "18-MAR-2021"),
        ("October 2007", "November 2007"),
        ("Xmas 2020", "January 8, 2021"),
        ("99/99/2020", None),
    ],
)
def test_dates_keep_their_layout(said: str, moved: str | None) -> None:
    assert date_shift.shift_date(said, 14) == moved


@pytest.mark.parametrize(
    "text", ["Mr. ﬁshß <b>&#39;", "Dr ßxxxx ½ İ", "{\\rtf1 Mr. Smith", "a" * 5_000, "1-" * 2_500]
)
def test_odd_letters_and_long_words_end_and_keep_their_places(text: str) -> None:
    for said in (text, text.upper(), text.lower()):
        assert all(
            0 <= start < end <= len(said)
            for start, end, _ in detect_identifiers(said, ["Will Green", "A-123456"])
        )


def test_the_order_of_ambiguous_dates_is_that_of_the_notes() -> None:
    assert date_shift.shift_date("03/04/2021", 14, day_first=True) == "17/04/2021"
    assert date_shift.shift_date("03/04/2021", 14) == "03/18/2021"
