"""Who is whom in a table: by the names of columns, the form of values, and what a column does."""

import uuid

import numpy as np
import pandas as pd
import pytest

import manikin as mk
from manikin.cohort.summary import summarize_fields
from manikin.errors import SchemaError
from manikin.schema.inference import identifier_formats, integer_distribution, national_id_formats
from manikin.schema.inference.key_groups import group_by_key, is_nested
from manikin.schema.inference.roles import list_identity_fields
from manikin.schema.kinds import Category, Number, Schema, Text, Time

PERSONS = 120


def persons(rng, *, several=True):
    """The person of each row, and which of the rows of the person it is."""
    whose = np.repeat(np.arange(PERSONS), rng.integers(2, 5, PERSONS) if several else 1)
    return whose, pd.Series(whose).groupby(whose).cumcount().to_numpy() + 1


def exams(name, key, seed=0, *, several=True, constant=True, shuffled=False):
    """Exams of persons whose key is given, one row for each."""
    rng = np.random.default_rng(seed)
    whose, visit = persons(rng, several=several)
    columns = {} if key is None else {name: pd.Series(key).iloc[whose].reset_index(drop=True)}
    if constant:
        columns |= {"SEX": rng.integers(1, 3, PERSONS)[whose], "age0": rng.integers(30, 80, PERSONS)[whose]}
    n = len(whose)
    frame = pd.DataFrame({**columns, "visit": visit, "sbp": rng.normal(130, 20, n).round(1)})
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True) if shuffled else frame


def role(frame, name):
    return mk.Cohort.from_pandas(frame).schema[name].role


def random_keys(seed=1):
    return np.random.default_rng(seed).choice(9_999_999, PERSONS, replace=False)


# --- by name ---


@pytest.mark.parametrize(
    "name",
    [
        "USUBJID",
        "SUBJID",
        "eid",
        "SEQN",
        "person_id",
        "subject_id",
        "uniquepid",
        "NHI",
        "hospital_number",
        "MRN",
        "ID_PAT",
        "paciente",
        "Patientennummer",
        "numero_dossier",
        "paziente",
        "personnummer",
        "henkilotunnus",
        "participant",
        "patient_nbr",
        "record_id",
        "study_id",
        "hadm_id",
        "case_number",
        "CASENUM",
        "fallnummer",
        "stay_id",
    ],
)
def test_names_that_people_use_for_the_key_of_persons(name):
    frame = exams(name, random_keys(), constant=False, shuffled=True)
    assert role(frame, name) == "subject"
    assert role(exams(name, random_keys(), several=False, constant=False), name) == "identifier"


@pytest.mark.parametrize(
    "name", ["site_number", "zip", "drug_code", "age", "year", "provider_id", "n_patients"]
)
def test_names_of_places_codes_and_quantities_are_no_persons(name):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({name: rng.integers(10_000, 99_999, 200).repeat(3), "x": rng.normal(size=600)})
    assert role(frame, name) not in ("subject", "unclear")


def test_a_party_called_pid_is_no_person():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"PID": rng.integers(0, 7, 900), "age": rng.integers(18, 90, 900)})
    assert role(frame, "PID") is None


# --- by form ---


def test_national_numbers_by_their_check_digits():
    valid = {
        "an NHS number": "9434765919",
        "a Swedish personal number": "8112289874",
        "a Norwegian personal number": "01010750160",
        "a Danish personal number": "2110625629",
        "a Finnish personal number": "131052-308T",
        "a Dutch citizen number": "111222333",
        "a French insurance number": "255081416802538",
        "an Italian tax code": "RSSMRA85T10A562S",
        "a Spanish identity number": "12345678Z",
        "a German insurance number": "A123456780",
        "a New Zealand health number": "ZZZ0016",
        "an Australian Medicare number": "2123456701",
        "a Brazilian tax number": "52998224725",
        "a Polish personal number": "44051401359",
        "a Belgian national number": "85073003328",
        "a Swiss insurance number": "7569217076985",
        "a number with a check digit (Luhn)": "79927398713",
    }
    for what, number in valid.items():
        check = national_id_formats.NATIONAL_FORMATS[what][1]
        place = 8 if "Medicare" in what else len(number) - 1
        other = (
            "A"
            if number[place].isalpha() and number[place] != "A"
            else str((int(number[place], 36) + 1) % 10)
        )
        assert check(number), what
        assert not check(number[:place] + other + number[place + 1 :]), what
    assert national_id_formats.NATIONAL_FORMATS["a New Zealand health number"][1]("ZZZ00AX")
    assert national_id_formats.NATIONAL_FORMATS["a Spanish identity number"][1]("X1234567L")


def test_numbers_without_check_digits_are_no_national_numbers():
    rng = np.random.default_rng(0)
    for digits in (9, 10, 11):
        values = [str(v) for v in rng.integers(10 ** (digits - 1), 10**digits, 400)]
        assert national_id_formats.identify_national_number(values) is None


@pytest.mark.parametrize(
    "values",
    [
        [str(uuid.UUID(int=i << 64 | i)) for i in range(1, 40)],
        [f"{i * 2_654_435_761 % 2**32:08x}" for i in range(40, 200)],
        [f"{i * 2_654_435_761 % 2**32:08x}" * 8 for i in range(40, 200)],
    ],
)
def test_marks_by_their_form(values):
    assert identifier_formats.identify_format(values)
    assert identifier_formats.identify_format(["E11.9", "I10", "J44.1", "N18.3", "K21.0", "Z00.0"]) is None


def test_layouts_of_numbers_given_to_persons():
    assert identifier_formats.are_numbered_alike([f"P{i:04d}" for i in range(50)])
    assert identifier_formats.are_numbered_alike([f"S-{i // 10 + 100}-{i:03d}" for i in range(50)])
    assert not identifier_formats.are_numbered_alike(
        ["A10BA02", "C09AA05", "N02BE01", "B01AC06", "R03AC02", "J01CA04"]
    )
    assert not identifier_formats.are_numbered_alike(["250.00", "401.9", "428.0", "V27", "E909", "414.01"])
    assert not identifier_formats.are_numbered_alike(["Amsterdam", "Utrecht", "Leiden", "Delft", "Breda"])


# --- by what a column does ---


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize(
    "key",
    [
        random_keys(),
        random_keys().astype(float),
        np.random.default_rng(0).permutation(PERSONS) + 1,
        [f"ABC01-{100 + i // 20}-{1000 + i}" for i in range(PERSONS)],
        [f"{v:08d}" for v in random_keys()],
        pd.Categorical([f"{v:08d}" for v in random_keys()]),
        [f"{v * 2_654_435_761 % 2**32:08x}" for v in random_keys()],
        [uuid.UUID(int=int(v) << 64 | int(v)) for v in random_keys()],
        [uuid.UUID(int=int(v) << 64 | int(v)).bytes for v in random_keys()],
        [10**25 + int(v) for v in random_keys()],
        random_keys() + 2**60,
    ],
    ids=[
        "random",
        "float",
        "running",
        "prefixed",
        "zeros",
        "categorical",
        "hash",
        "uuid",
        "bytes",
        "huge",
        "large",
    ],
)
def test_a_key_without_any_hint_in_its_name_is_the_subject(key, shuffled):
    frame = exams("x", key, shuffled=shuffled)
    cohort = mk.Cohort.from_pandas(frame)
    assert list_identity_fields(cohort.schema) == ["x"]
    assert cohort.schema["x"].role == "subject"
    train, holdout = cohort.split(0.2, seed=0)
    assert not set(train["x"]) & set(holdout["x"])
    synthetic = mk.Synthesizer(seed=0, family="independent").fit(train, quiet=True).sample(60, seed=1)
    assert not set(map(str, synthetic["x"])) & set(map(str, cohort["x"]))
    assert any("the same within it" in note or "by its form" in note for note in cohort.notes)


def test_what_is_constant_within_the_groups_of_a_key():
    rng = np.random.default_rng(0)
    key = np.repeat(np.arange(60), 3)
    columns = {
        "sex": rng.integers(0, 2, 60)[key],
        "arm": rng.integers(0, 3, 60)[key],
        "decade": key // 10,  # follows from the key as from a quantity
        "second": rng.permutation(60)[key],
        "free": rng.integers(0, 2, 180),
    }
    found = group_by_key(key, columns, frozenset({"sex", "free"}))
    assert (found.lasting, found.others, found.alias, found.broken) == (
        ("sex",),
        ("arm",),
        ("second",),
        ("free",),
    )
    assert (found.n_keys, found.n_rows, found.is_balanced) == (60, 180, True)


def test_a_column_nested_in_another_up_to_one_error_in_fifty():
    fine, coarse = np.repeat(np.arange(50), 4), np.repeat(np.arange(10), 20)
    assert is_nested(fine, coarse)
    assert not is_nested(coarse, fine)
    coarse[[2, 77]] = 9
    assert is_nested(fine, coarse)
    coarse[::7] = 9
    assert not is_nested(fine, coarse)


def test_rows_drawn_twice_make_no_subjects():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "sex": rng.choice(["F", "M"], 300),
            "ferritin": np.exp(rng.normal(5, 1, 300)).round().astype(int),
            "x": rng.integers(0, 10**6, 300),
        }
    )
    twice = frame.sample(900, replace=True, random_state=0).reset_index(drop=True)
    cohort = mk.Cohort.from_pandas(twice)
    assert cohort.schema.find_by_role("subject") is None
    assert cohort.schema["ferritin"].role is None


def test_a_quantity_that_decides_sex_is_no_key():
    rng = np.random.default_rng(0)
    sex = rng.integers(0, 2, 900)
    testosterone = np.where(sex == 1, rng.integers(300, 900, 900), rng.integers(10, 70, 900))
    frame = pd.DataFrame({"sex": np.where(sex == 1, "M", "F"), "x": testosterone})
    assert role(frame, "x") is None


def test_spreads_of_whole_numbers():
    rng = np.random.default_rng(0)
    key, income = np.sort(random_keys()), np.unique(np.exp(rng.normal(10, 1, 300)).round())
    assert integer_distribution.is_uniform(key)
    assert not integer_distribution.is_uniform(income)
    assert not integer_distribution.is_uniform(np.unique(rng.normal(5000, 900, 300).round()))
    assert integer_distribution.is_sparse(key)
    assert integer_distribution.is_repeated(key, np.full(PERSONS, 3))
    ages, counts = np.unique(rng.integers(20, 90, 500), return_counts=True)
    assert not integer_distribution.is_repeated(ages, counts)
    assert integer_distribution.are_dates(np.array([20200131, 19991201]))
    assert integer_distribution.are_dates(np.array([31012020, 1121999]))
    assert not integer_distribution.are_dates(key)


def test_columns_that_hardly_vary_are_no_evidence():
    rng = np.random.default_rng(0)
    n = 6000
    drugs = {f"x{i}": np.where(rng.random(n) < 0.001, "yes", "no") for i in range(8)}
    frame = pd.DataFrame({"procedures": rng.poisson(43, n), **drugs, "y": rng.normal(size=n)})
    assert list_identity_fields(mk.Cohort.from_pandas(frame).schema) == []


def test_names_of_patients_are_the_subject_where_nothing_else_is():
    frame = exams("patient_name", [f"Mary{i} Smith{i}" for i in range(PERSONS)], shuffled=True)
    assert role(frame, "patient_name") == "subject"
    whose = frame["patient_name"].str.extract(r"(\d+)$")[0].astype(int)
    frame["record_id"] = whose + 1
    schema = mk.Cohort.from_pandas(frame).schema
    assert (schema["record_id"].role, schema["patient_name"].role) == ("subject", "identifier")


def test_numbers_that_are_given_once_share_no_value():
    rng = np.random.default_rng(0)
    numbers = rng.permutation(np.arange(5000, 5900))[:400]
    assert role(pd.DataFrame({"x": numbers, "y": rng.normal(size=400)}), "x") == "identifier"
    assert role(pd.DataFrame({"x": rng.integers(5000, 5900, 400), "y": rng.normal(size=400)}), "x") is None


def test_sparse_numbers_by_which_rows_are_sorted_are_unclear():
    rng = np.random.default_rng(0)
    close = np.sort(np.append(rng.choice(np.arange(100, 190), 60, replace=False), [40_000]))
    key = close[np.repeat(np.arange(61), rng.integers(1, 9, 61))]
    frame = pd.DataFrame({"x": key, "y": rng.normal(size=len(key))})
    assert role(frame, "x") == "unclear"
    assert role(frame.sample(frac=1, random_state=0), "y") is None


# --- several keys ---


def test_a_stay_within_a_patient_is_an_identifier():
    rng = np.random.default_rng(0)
    stay = np.repeat(np.arange(200), 3)
    patient = rng.permutation(80)[rng.integers(0, 80, 200)]
    for person in ("subject_id", "x"):
        frame = pd.DataFrame({"hadm_id": stay + 500_000, person: patient[stay] * 7919 + 10_000})
        frame["sex"] = rng.choice(["F", "M"], 80)[patient[stay]]
        frame["value"] = rng.normal(size=600)
        schema = mk.Cohort.from_pandas(frame).schema
        assert (schema[person].role, schema["hadm_id"].role) == ("subject", "identifier")


def test_a_national_number_beside_the_subject_is_an_identifier():
    frame = exams("USUBJID", [f"ABC01-{100 + i // 20}-{1000 + i}" for i in range(PERSONS)])
    whose = frame["USUBJID"].str[-4:].astype(int).to_numpy() - 1000
    frame["nhs_number"] = (random_keys() + 4_000_000_000)[whose]
    frame["pseudonym"] = np.array([f"k{v:07d}" for v in random_keys(2)])[whose]
    schema = mk.Cohort.from_pandas(frame).schema
    assert schema["USUBJID"].role == "subject"
    assert schema["nhs_number"].role == schema["pseudonym"].role == "identifier"
    synthetic = mk.Synthesizer(seed=0).fit(mk.Cohort.from_pandas(frame), quiet=True).sample(80, seed=0)
    pairs = set(zip(synthetic["USUBJID"], synthetic["nhs_number"], strict=True))
    assert len(pairs) == len(set(synthetic["USUBJID"])) == len(set(synthetic["nhs_number"]))


def test_visit_numbers_are_no_record_numbers():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"USUBJID": np.repeat(np.arange(60) + 1000, 20), "VISITNUM": np.tile(np.arange(20) + 1, 60)}
    )
    frame["sbp"] = rng.normal(size=1200)
    schema = mk.Cohort.from_pandas(frame).schema
    assert (schema["USUBJID"].role, schema["VISITNUM"].role) == ("subject", None)


# --- mixed evidence ---


@pytest.fixture
def mixed():
    """Random whole numbers on several rows each, and nothing that stays the same within them."""
    return exams("x", random_keys(), constant=False, shuffled=True)


def test_mixed_evidence_is_said_and_nothing_is_learned(mixed):
    cohort = mk.Cohort.from_pandas(mixed)
    assert cohort.schema["x"].role == "unclear"
    assert any(note.startswith("x: ") and "may tell persons apart" in note for note in cohort.notes)
    train, holdout = cohort.split(0.2, seed=0)
    assert not set(train["x"]) & set(holdout["x"])
    for records in (cohort, train, cohort.take(np.arange(200)), cohort.select("sbp", "x")):
        with pytest.raises(SchemaError, match="field 'x'") as caught:
            mk.Synthesizer(seed=0).fit(records, quiet=True)
        assert '[x]\nkind = "number"\nrole = "subject"' in str(caught.value)
        assert '[x]\nkind = "number"\n\n' in str(caught.value)
    mk.Synthesizer(["visit", "sbp"], seed=0).fit(cohort, quiet=True)  # it is not asked for


@pytest.mark.parametrize("kind", [Number(role="subject"), Number(role="identifier"), Number(step=1)])
def test_a_declared_field_is_never_doubted(mixed, kind):
    cohort = mk.Cohort.from_pandas(mixed, Schema(x=kind))
    assert cohort.schema["x"].role == kind.role
    mk.Synthesizer(seed=0, family="independent").fit(cohort, quiet=True)


def test_the_lines_that_are_shown_settle_it(mixed, tmp_path):
    with pytest.raises(SchemaError) as caught:
        mk.Synthesizer(seed=0).fit(mixed, quiet=True)
    blocks = [part for part in str(caught.value).split("\n\n") if part.startswith("[x]")]
    assert len(blocks) == 2
    mixed.to_csv(tmp_path / "exams.csv", index=False)
    for block, role_ in zip(blocks, ("subject", None), strict=True):
        (tmp_path / "schema.toml").write_text(block)
        assert mk.read(tmp_path / "exams.csv").schema["x"].role == role_


def test_what_inspect_writes_does_not_settle_it(mixed, tmp_path):
    mixed.to_csv(tmp_path / "exams.csv", index=False)
    mk.read(tmp_path / "exams.csv").schema.write(tmp_path / "schema.toml")
    assert mk.read(tmp_path / "exams.csv").schema["x"].role == "unclear"


def test_random_numbers_one_in_each_row_are_unclear():
    frame = exams("x", random_keys(), several=False)
    assert role(frame, "x") == "unclear"
    with pytest.raises(SchemaError, match='role = "identifier"'):
        mk.Synthesizer(seed=0).fit(frame, quiet=True)


def test_no_number_of_a_person_is_shown(mixed):
    for frame, name in ((mixed, "x"), (exams("USUBJID", random_keys()), "USUBJID")):
        cohort = mk.Cohort.from_pandas(frame)
        shown = str(summarize_fields(cohort)) + str(cohort.notes) + str(cohort.schema)
        assert not [value for value in set(frame[name]) if str(value) in shown]
        assert "seen" not in summarize_fields(cohort)[0].detail


def test_no_level_of_an_unclear_text_is_kept():
    frame = exams("x", [f"ab{v:07d}" for v in random_keys()], constant=False, shuffled=True)
    kind = mk.Cohort.from_pandas(frame).schema["x"]
    assert kind == Text(role="unclear")


# --- tables without a key ---


@pytest.mark.parametrize("n", [30, 100, 400, 3000])
@pytest.mark.parametrize("seed", range(3))
def test_a_table_without_key_has_none(n, seed):
    rng = np.random.default_rng([n, seed])
    person = np.sort(rng.integers(0, n // 3, n))
    frame = pd.DataFrame(
        {
            "sex": rng.choice(["F", "M"], n // 3)[person],
            "born": rng.integers(1930, 2000, n // 3)[person],
            "zip": rng.integers(10_000, 99_999, n),
            "site": rng.integers(1, 12, n),
            "icd": rng.choice([f"{c}{i}.{d}" for c in "EIJ" for i in range(10, 40) for d in range(4)], n),
            "drug": rng.choice(rng.integers(10**7, 10**8, 15), n),
            "platelets": np.exp(rng.normal(12.4, 0.3, n)).astype(int),
            "ferritin": np.exp(rng.normal(4.5, 1, n)).round().astype(int),
            "ck": np.exp(rng.normal(5, 1.2, n)).round().astype(int),
            "totchol": rng.normal(220, 40, n).round().astype(int),
            "glucose": rng.normal(110, 25, n),
            "income": np.exp(rng.normal(10.4, 0.7, n)).round().astype(int),
            "days": rng.integers(0, 8000, n),
        }
    )
    found = mk.Cohort.from_pandas(frame).schema
    assert [name for name in list_identity_fields(found) if name != "icd"] == []
    assert found["icd"].role in (None, "identifier")  # nearly all distinct in a small table


def test_whole_numbers_of_any_law_are_rarely_doubted():
    rng = np.random.default_rng(0)
    found = []
    for n in (40, 60, 200, 500):
        laws = {
            "bell": rng.normal(250_000, 60_000, n),
            "skewed": np.exp(rng.normal(9, 0.5, n)),
            "heavy": np.exp(rng.normal(8, 1.4, n)),
            "waiting": rng.exponential(9000, n),
            "two": np.where(rng.random(n) < 0.5, rng.normal(20_000, 4000, n), rng.normal(60_000, 8000, n)),
            "level": rng.integers(0, 20_000, n),
        }
        frame = pd.DataFrame({name: values.round().astype(int) for name, values in laws.items()})
        found += list_identity_fields(mk.Cohort.from_pandas(frame).schema)
    assert found == []


# --- frames ---


def test_a_named_index_is_a_column():
    frame = exams("patient", random_keys()).set_index("patient")
    cohort = mk.Cohort.from_pandas(frame)
    assert next(iter(cohort.schema)) == "patient"
    assert cohort.schema["patient"].role == "subject"
    assert next(iter(cohort.to_pandas())) == "patient"
    both = exams("patient", random_keys()).set_index(["patient", "visit"])
    assert list(mk.Cohort.from_pandas(both).schema)[:2] == ["patient", "visit"]


def test_positions_are_no_column_and_words_are():
    frame = pd.DataFrame({"a": [1.5, 2.5, 3.5] * 9})
    assert list(mk.Cohort.from_pandas(frame.sample(frac=1, random_state=0)).schema) == ["a"]
    frame.index = [f"w{i}" for i in range(27)]
    assert list(mk.Cohort.from_pandas(frame).schema) == ["index", "a"]
    frame.index.name = "a"
    with pytest.raises(SchemaError, match="both called a"):
        mk.Cohort.from_pandas(frame)


def test_numbers_beyond_what_floats_hold():
    rng = np.random.default_rng(0)
    for values in (
        rng.integers(2**54, 2**62, 240),
        [10**25 + i for i in range(240)],
        [2**64 - 1 - i for i in range(240)],
    ):
        cohort = mk.Cohort.from_pandas(pd.DataFrame({"v": values, "a": rng.normal(size=240)}))
        assert cohort.schema["v"] == Text(role="identifier")
        synthetic = mk.Synthesizer(family="independent").fit(cohort, quiet=True).sample(20, seed=0)
        assert not set(map(str, synthetic["v"])) & set(map(str, values))
    codes = mk.Cohort.from_pandas(pd.DataFrame({"v": [2**60, 2**61] * 120}))
    assert codes.schema["v"] == Category((2**60, 2**61))


def test_a_categorical_without_values_is_reported():
    frame = pd.DataFrame({"a": range(50), "v": pd.Categorical([None] * 50, categories=["x", "y"])})
    assert "v: no value at all" in mk.Cohort.from_pandas(frame).notes


@pytest.mark.parametrize("name", ["exams.parquet", "exams.feather"])
def test_keys_of_typed_files(tmp_path, name):
    frame = exams("x", [uuid.UUID(int=int(v) << 64 | int(v)).bytes for v in random_keys()])
    write = frame.to_parquet if name.endswith("parquet") else frame.to_feather
    write(tmp_path / name)
    assert mk.read(tmp_path / name).schema["x"].role == "subject"


# --- dates ---


def test_days_written_without_marks():
    days = pd.date_range("2024-01-01", periods=200, freq="D")
    for layout in ("%d%m%Y", "%Y%m%d", "%m%d%Y"):
        frame = pd.DataFrame({"seen": days.strftime(layout)})
        kind = mk.Cohort.from_pandas(frame).schema["seen"]
        assert (type(kind), kind.format) == (Time, layout)


@pytest.mark.parametrize("name", ["id_no", "IDNR", "ID number", "lfd_nr", "obs"])
def test_a_number_of_rows_by_its_name_is_no_quantity(name):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({name: 1000 + 7 * np.arange(200), "age": rng.integers(18, 90, 200)})
    assert mk.Cohort.from_pandas(frame).schema[name].role == "identifier"
