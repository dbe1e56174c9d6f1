"""Columns of names, addresses and telephone numbers of persons, by their own names in many languages."""

import numpy as np
import pandas as pd
import pytest

import manikin as mk

FAMILY_NAMES = [
    start + end for start in ("Hub", "Grub", "Bau", "Mos", "Hof") for end in ("er", "mann", "egg")
]


def cohort(name, words, n=300):
    """Records with a column of words and a quantity."""
    rng = np.random.default_rng(0)
    return mk.Cohort.from_pandas(
        pd.DataFrame({name: rng.choice(words, n), "crp": rng.lognormal(1, 1, n).round(1)})
    )


NAMES = """Nachname,Vorname,PRENOM,Prénom,Apellidos,primer_apellido,cognome,achternaam,Efternamn,etternavn
nazwisko
姓名,患者氏名,ФИО
Фамилия,last_name,Mother's name,forename,Patientenname,patient_last_name,nom_de_naissance""".replace(
    "\n", ","
)


@pytest.mark.parametrize("name", NAMES.split(","))
@pytest.mark.parametrize("few", [True, False])
def test_names_of_persons_are_never_levels(name, few):
    found = cohort(name, FAMILY_NAMES[: 6 if few else None])
    assert found.schema[name].role in ("subject", "identifier")
    assert not any(word in line for word in FAMILY_NAMES for line in (*found.notes, str(found.schema)))


def test_no_name_of_a_person_comes_out():
    found = cohort("Nachname", FAMILY_NAMES[:6])
    synthetic = mk.Synthesizer().fit(found, quiet=True).sample(20).to_pandas()
    assert not set(synthetic["Nachname"]) & set(FAMILY_NAMES)


@pytest.mark.parametrize("name", ["nombre", "Nom", "Adresse", "dirección", "Telefon", "Hausarzt"])
def test_what_names_or_reaches_persons_is_hidden_where_its_words_are_many(name):
    assert cohort(name, FAMILY_NAMES).schema[name].role in ("subject", "identifier")


@pytest.mark.parametrize(
    "name",
    [
        "drug_name",
        "drug_full_name",
        "gene_family_name",
        "Nombre de visites",
        "nom_commercial",
        "test_name",
        "name",
        "nombre",
    ],
)
def test_names_of_few_things_are_levels(name):
    assert cohort(name, ["ASA", "metformin", "ramipril"]).schema[name].role is None


@pytest.mark.parametrize("name", ["Vorname", "Adresse", "cognome"])
def test_a_part_of_a_name_does_not_say_whose_rows_are_whose(name):
    assert cohort(name, FAMILY_NAMES).schema[name].role == "identifier"


@pytest.mark.parametrize("name", ["SV-Nr", "SVNR", "AHV-Nr.", "KV-Nummer"])
def test_numbers_of_insurers_by_their_names(name):
    numbers = np.random.default_rng(0).choice(9 * 10**9, 200, replace=False) + 10**9
    frame = pd.DataFrame({name: numbers, "crp": np.random.default_rng(1).normal(size=200)})
    assert mk.Cohort.from_pandas(frame).schema[name].role == "identifier"


STAFF = {
    "e-mail": ["a.huber@clinic.org", "b.moser@clinic.org", "c.wagner@clinic.at"],
    "titles": ["Dr. Huber", "Prof. Dr. Moser", "Mrs Wagner", "Dott.ssa Rossi", "Frau Bauer"],
}


@pytest.mark.parametrize("words", STAFF.values(), ids=STAFF)
def test_persons_are_hidden_however_often_they_repeat(words):
    found = cohort("treated by", words)
    assert found.schema["treated by"].role in ("subject", "identifier")
    assert not any(word in note for word in words for note in found.notes)


@pytest.mark.parametrize(
    "words",
    [
        ["Drug A", "Drug B"],
        ["PD", "PR", "SD"],
        ["MS", "Dr"],
        ["Mr. 2", "Dr. 1"],
        ["Misspelled", "Profound"],
    ],
)
def test_levels_that_begin_like_titles_are_levels(words):
    assert cohort("x", words).schema["x"].role is None
