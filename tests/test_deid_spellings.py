"""De-identification: identifiers in many spellings, in both cases and in one, and words that look alike."""

from __future__ import annotations

import pandas as pd
import pytest

import manikin as mk
from manikin.text.deid.deidentify import detect_identifiers
from manikin.text.deid.truecase import strip_accents, truecase

SPELLED = {
    "Patient name: Tanaka, José": "Tanaka José",
    "PCP: Priyanka Ziegler": "Priyanka Ziegler",
    "Deepak Vandersteen is a 54-year-old male.": "Deepak Vandersteen",
    "Osei, William was seen in clinic.": "Osei William",
    "Surgeon: Thaddeus H. Takahashi, MD": "Thaddeus Takahashi",
    "Mrs. Kamara-Donnelly was discharged.": "Kamara Donnelly",
    "Mr. Graves has no fever.": "Graves",
    "Ms. O’Brien was seen.": "Brien",
    "Sincerely, Zoë Müller, RN": "Zoë Müller",
    "Home: 12 Willowbrook Lane, Framingham, Ohio 22765-6898": "12 Willowbrook Framingham 22765",
    "PO Box 7732, Chattanooga TX 15734": "7732 Chattanooga 15734",
    "Works at a factory in Tallahassee.": "Tallahassee",
    "City: El Paso": "Paso",
    "Framingham County jail inmate.": "Framingham",
    "Seen at St. Aloysius Hospital, Elmira.": "Aloysius Elmira",
    "Date: 10-Jul-2003": "10 Jul 2003",
    "Recorded at 2006-02-23T09:15:00Z.": "2006 23",
    "Study dated 20110427": "20110427",
    "3/4/2021-3/9/2021: inpatient": "2021",
    "MI in July 2023.": "July 2023",
    "Colonoscopy May. 20, 2011 normal": "20 2011",
    "ninety-four year old man": "ninety four",
    "97F presents with fall": "97",
    "AGE/SEX: 92/F": "92",
    "ext. 9614": "9614",
    "The phone number is 843-9426": "9426",
    "SSN ending in 5367": "5367",
    "Social Security Number: 105 36 4631": "105 4631",
    "Medical Record Number - 967-81-22": "967",
    "MR# 734795": "734795",
    "Unit No: 813-33-41": "813",
    "NHS number 943 476 5919": "943 5919",
    "Medicare ID: 1EG4-TE5-MK73": "1EG4 MK73",
    "Member ID SXL191755215": "SXL191755215",
    "Group # 143279": "143279",
    "Medicaid # NP91711A": "NP91711A",
    "Acct. No. 373-5721": "5721",
    "credit card 7149 6733 4197 6594": "7149 6594",
    "License plate number: VVK-9958": "VVK 9958",
    "plate no. EER 9563": "EER 9563",
    "VIN 1HGCM82633A779615": "1HGCM82633A779615",
    "implant model/serial: CP3568B773": "CP3568B773",
    "facebook.com/xiomara.whitfield": "xiomara whitfield",
    "logged from 2001:0db8:85a3:0000:0000:8a2e:0370:1382": "85a3 1382",
    "MAC 00:1B:44:11:3A:B7": "1B B7",
    "Fingerprint ID: FP-293493": "FP 293493",
    "see photograph Ziegler_face_629.png": "Ziegler_face_629",
    "specimen S26-43878": "43878",
    "badge # 19373": "19373",
    "on twitter @Kowalczyk19": "Kowalczyk19",
    "xiomara.o'brien@mail.example.org": "xiomara brien",
}
ALIKE = (
    "Parkinson's disease is stable. Graves disease. Foley in place. Crohn disease and Wilson disease.",
    "Jackson-Pratt drain, Swan-Ganz catheter, Hickman line, Thomas test negative. Ross procedure.",
    "Mother had Huntington disease, father Charcot-Marie-Tooth disease. Patient denies Adderall use.",
    "She may need surgery; it may 5 times improve. March fracture of the foot. He will march on.",
    "Strength 5/5, vision 20/20, murmur 2/6, BP 120/80, pain 8/10, half (1/2) a tablet, 3/4 of visits.",
    "Temperature 99F. Weight 93 kg. Platelets 250,000. 95 mg/dL. Dose 1000000 U. B12, C3-C4.",
    "Brown sputum, black stools, green discharge, frank blood, gray matter. Mark the site. Grace period.",
    "Started on Lisinopril and Lasix. Glasgow coma scale 15. Denver shunt. COVID-19. HbA1c 7.2.",
    "Surgeon: None. PCP: None. Contact: Unknown. Plan: Start Lasix. Impression: Normal. Room 312.",
    "Seen in the renal clinic and the emergency department. The patient complains of chest pain.",
    "Doctor: Um, okay. Patient: Yeah. Guest: Oh, she does. Doctor: Hmm, any fever?",
)
CASES = (str, str.lower, str.upper)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("text", SPELLED)
def test_what_identifies_is_found_in_whatever_case(text: str, case: type[str]) -> None:
    said = f"No fever. {text} Lungs are clear."
    whole, left = case(said), list(case(said))
    for span in detect_identifiers(whole):
        left[span.start : span.end] = "#" * (span.end - span.start)
    remaining = "".join(left)
    assert not [part for part in case(SPELLED[text]).split() if part in remaining], remaining


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("text", ALIKE)
def test_words_and_numbers_of_medicine_are_left(text: str, case: type[str]) -> None:
    whole = case(text)
    assert [whole[span.start : span.end] for span in detect_identifiers(whole)] == []


def test_a_text_in_one_case_keeps_its_length() -> None:
    for text in (*SPELLED, *ALIKE, "ZOË’S STRASSE İ", "ﬁne"):
        for case in CASES:
            assert len(truecase(case(text))) == len(strip_accents(case(text))) == len(case(text))


def test_a_patient_is_one_person_in_every_spelling() -> None:
    frame = pd.DataFrame(
        {
            "patient_id": ["p1", "p1", "p1", "p2"],
            "chart": ["A44719", "A44719", "A44719", "B5521"],
            "note": [
                "Mr. Ravel Umbrosi was seen on 03/04/2021 at Wexley General Hospital. Chart A44719.",
                "UMBROSI RETURNED ON 03/14/2021 TO WEXLEY GENERAL HOSPITAL.",
                "mr. umbrosi came on april 3, 2021, and 20210413. ravel is fine; a44719",
                "Ms. Ravel Quill, seen 2021-03-04 and March 14, 2021. B5521 noted.",
            ],
        }
    )
    kinds = {"patient_id": mk.Text(role="subject"), "chart": mk.Text(role="identifier")}
    cohort = mk.Cohort.from_pandas(frame, mk.Schema({**kinds, "note": mk.Text(role="note")}))
    notes = mk.deidentify(cohort, seed=1)["note"]
    whole = " ".join(notes).lower()
    assert not [word for word in ("umbrosi", "quill", "wexley", "44719", "5521") if word in whole]
    first, last = notes[0].split()[1:3]
    assert notes[1].startswith(last.upper())
    assert notes[2].startswith(f"mr. {last.lower()}")
    assert f"{first.lower()} is fine" in notes[2]
    assert notes[0].split(" at ")[1].split(" Hospital")[0].upper() in notes[1]
    dates = [pd.Timestamp(notes[0].split(" on ")[1][:10]), pd.Timestamp(notes[1].split(" ON ")[1][:10])]
    words = notes[2].split(" on ")[1].split(", and ")
    dates += [pd.Timestamp(words[0]), pd.Timestamp(words[1][:8])]
    assert [(date - dates[0]).days for date in dates] == [0, 10, 30, 40]
