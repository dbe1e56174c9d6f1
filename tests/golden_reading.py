"""Golden results of files: read, inspected, written, split, cleaned of identifiers, bound by rules."""

import json
from pathlib import Path

import golden_inputs as made
import pandas as pd
from golden_core import case, command, sha

import manikin as mk

TABLES = ("csv", "tsv", "csv.gz", "parquet", "feather", "arff", "jsonl")


def looked(found, path, **options):
    """What reading and inspecting a file says."""
    cohort = mk.read(path, **options)
    found.cohort("read", cohort, everywhere=True)
    found.exact("inspect", command("inspect", path, "-o", "looked"))
    found.files("looked", "looked")
    return cohort


@case()
def csv(found):
    Path("dirty.csv").write_text(made.dirty())
    cohort = looked(found, "dirty.csv")
    cohort.schema.write("schema.toml")
    found.same("toml", Path("schema.toml").read_text())
    found.same("rules", sha(Path("looked/rules.toml").read_text()))
    rules = mk.read_rules("looked/rules.toml")
    found.same("rules in words", [str(rule) for rule in rules])
    found.same("rules hold", [int(rule.holds(cohort).sum()) for rule in rules])
    found.exact("as json", command("inspect", "dirty.csv", "--json"))


@case()
def tables(found):
    Path("first.csv").write_text(made.frame().to_csv(index=False))
    first = mk.read("first.csv")
    for ending in TABLES:
        mk.write(first, f"x.{ending}")
        found.cohort(ending, mk.read(f"x.{ending}"), everywhere=True)
        found.files(
            f"written {ending}", f"x.{ending}", everywhere=ending in ("csv", "tsv", "arff", "jsonl")
        )
    Path("second.csv").write_text(made.dirty())
    second = mk.read("second.csv")
    mk.write(second, "back.csv")
    found.same("dirty again", sha(Path("back.csv").read_text()))
    made.frame().to_parquet("pandas.parquet")
    found.cohort("pandas", mk.read("pandas.parquet"), everywhere=True)


@case()
def splits(found):
    Path("dirty.csv").write_text(made.dirty())
    for name, cohort in (("table", made.table()), ("dirty", mk.read("dirty.csv"))):
        for seed in (0, 1):
            train, holdout = cohort.split(0.3, seed=seed)
            found.cohort(f"{name} {seed} train", train, everywhere=True)
            found.cohort(f"{name} {seed} holdout", holdout, everywhere=True)
    found.same("frame", sha(made.table().to_pandas().to_csv()))
    found.cohort("select", made.table().select("age", "sick").take([3, 1]), everywhere=True)


@case()
def rules(found):
    text = (
        '[a]\nexpression = "dbp < sbp"\nsource = "x"\n[b]\nwhen = \'sex == "F"\'\nexpression = "age > 40"\n'
    )
    Path("rules.toml").write_text(text + '[c]\nexpression = "missing(crp) or crp < 20"\nsource = "y"\n')
    for rule in mk.read_rules("rules.toml"):
        found.same(rule.name, [str(rule), rule.source, sha(repr(rule.holds(made.table()).tolist()))])


@case()
def histories_long(found):
    Path("events.csv").write_text(made.long())
    cohort = looked(found, "events.csv")
    kinds = {"meds.parquet": "meds.parquet", "fhir.ndjson": "fhir.ndjson", "back.csv": "back.csv"}
    for name, path in kinds.items():
        mk.write(cohort, path)
        found.files(name, path, everywhere=not name.endswith("parquet"))
        found.cohort(f"again {name}", mk.read(path), everywhere=True)
    shapes = mk.histories
    found.cohort("aggregated", shapes.aggregated(cohort, counts=True), everywhere=True)
    found.cohort("snapshot", shapes.snapshot(cohort, day=90), everywhere=True)
    found.cohort("series", shapes.series(cohort, step=60, length=6), everywhere=True)
    found.cohort("until", shapes.until(cohort, visits=2), everywhere=True)
    found.cohort("without", shapes.without(cohort, "ICD10//E11"), everywhere=True)


FHIR = {"gender": "female", "birthDate": "1960-05-01", "resourceType": "Patient", "id": "p1"}
MIMIC = {
    "PATIENTS": "row_id,subject_id,gender,dob,dod\n"
    "1,10,F,2094-03-05 00:00:00,\n2,11,M,2090-06-05 00:00:00,2126-08-28 00:00:00\n",
    "ADMISSIONS": "row_id,subject_id,hadm_id,admittime,dischtime,deathtime,admission_type,"
    "discharge_location\n1,10,100,2164-10-23 12:00:00,2164-10-26 12:00:00,,EMERGENCY,HOME\n"
    "2,10,101,2164-12-23 12:00:00,2164-12-24 12:00:00,,ELECTIVE,HOME\n"
    "3,11,102,2126-08-14 12:00:00,2126-08-28 18:59:00,2126-08-28 18:59:00,EMERGENCY,DEAD/EXPIRED\n",
    "DIAGNOSES_ICD": "row_id,subject_id,hadm_id,seq_num,icd9_code\n1,10,100,1,4280\n3,11,102,1,5849\n",
    "LABEVENTS": "row_id,subject_id,hadm_id,itemid,charttime,valuenum,valueuom\n"
    "1,10,100,50912,2164-10-23 18:00:00,1.2,mg/dL\n",
}
OMOP = {
    "PERSON": "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,race_concept_id,"
    "ethnicity_concept_id\n1,8507,1998,4,9,8527,38003564\n2,8532,1970,,,8516,38003564\n",
    "VISIT_OCCURRENCE": "visit_occurrence_id,person_id,visit_concept_id,visit_start_date\n"
    "21,1,9202,2000-12-27\n22,1,9201,2001-03-01\n23,2,9202,2001-03-01\n",
    "CONDITION_OCCURRENCE": "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,"
    "visit_occurrence_id\n1,1,372328,2000-12-27,21\n2,2,372328,2001-03-01,23\n",
    "MEASUREMENT": "measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number,"
    "visit_occurrence_id,unit_source_value\n1,1,3025315,2001-03-02,48.1,22,kg\n",
    "DEATH": "person_id,death_date\n2,2019-05-28\n",
}


def _bundle():
    about = {"subject": {"reference": "urn:uuid:p1"}, "encounter": {"reference": "Encounter/e1"}}
    period = {"start": "2010-05-01T08:00:00+02:00", "end": "2010-05-04T06:00:00Z"}
    visit = {"class": {"code": "IMP"}, "subject": {"reference": "Patient/p1"}, "period": period}
    sick = {"coding": [{"system": "http://snomed.info/sct", "code": "44054006", "display": "Diabetes"}]}
    high = {"coding": [{"system": "http://loinc.org", "code": "8480-6", "display": "Systolic"}]}
    value = {"valueQuantity": {"value": 140, "unit": "mm[Hg]"}, "effectiveDateTime": "2010-05-02T06:00:00Z"}
    listed = [
        FHIR,
        {"resourceType": "Encounter", "id": "e1", **visit},
        {"resourceType": "Condition", "id": "c1", **about, "code": sick, "onsetDateTime": "2010-05-01"},
        {"resourceType": "Observation", "id": "o1", **about, "code": high, **value},
        {"resourceType": "Claim", "id": "x1"},
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in listed]}


@case()
def histories_folders(found):
    Path("fhir.json").write_text(json.dumps(_bundle()))
    for name, files in (("mimic", MIMIC), ("omop", OMOP)):
        Path(name).mkdir()
        for part, text in files.items():
            Path(name, f"{part}.csv").write_text(text)
    Path("long.csv").write_text(made.long(20))
    Path("meds/data").mkdir(parents=True)
    mk.write(mk.read("long.csv"), "meds/data/0.parquet")
    for name in ("fhir.json", "mimic", "omop", "meds"):
        cohort = mk.read(name)
        found.cohort(name, cohort, everywhere=True)
        mk.write(cohort, f"again-{name}")
        found.files(f"written {name}", f"again-{name}", everywhere=name != "meds")
    found.exact("inspect", command("inspect", "mimic", "-o", "looked"))


@case()
def texts(found):
    frame = made.notes(12)
    for i, (pain, note) in enumerate(zip(frame["pain"], frame["note"], strict=True)):
        Path(f"notes/{pain}").mkdir(parents=True, exist_ok=True)
        Path(f"notes/{pain}/n{i}.txt").write_text(note)
    made.notes().to_csv("notes.csv", index=False)
    for name in ("notes", "notes.csv"):
        cohort = mk.read(name)
        found.cohort(name, cohort, everywhere=True)
        mk.write(cohort, f"again-{name}")
        found.files(f"written {name}", f"again-{name}", everywhere=True)
    found.exact("inspect", command("inspect", "notes.csv", "-o", "looked"))


@case()
def identifiers(found):
    frame = pd.DataFrame(
        {
            "patient": ["p1", "p1", "p2"],
            "name": ["Umbrosi, Ravel", "Umbrosi, Ravel", "Doe, Jane"],
            "mrn": ["5512345", "5512345", "7712999"],
            "age": [95, 95, 40],
            "seen": pd.to_datetime(["2021-03-04", "2021-03-09", "2020-01-01"]),
            "note": [
                "Mr. Ravel Umbrosi was seen on 03/04/2021. MRN: 5512345. Tel. 030 1234567.",
                "No fever in umbrosi at all. Lives at 12 High Street, Boston.",
                "Dr. Smith saw Jane Doe, aged 91, on January 1, 2020; mail jane@doe.org.",
            ],
        }
    )
    frame.to_csv("notes.csv", index=False)
    schema = mk.Schema(patient=mk.Text(role="subject"), note=mk.Text(role="note"))
    for seed in (0, 7):
        clean = mk.deidentify(mk.Cohort.from_pandas(frame, schema), seed=seed)
        found.cohort(f"seed {seed}", clean, everywhere=True)
        found.same(f"texts {seed}", clean["note"].tolist())
    Path("dirty.csv").write_text(made.dirty())
    found.cohort("table", mk.deidentify(mk.read("dirty.csv"), seed=1), everywhere=True)
    found.exact("command", command("deidentify", "notes.csv", "-o", "clean.csv"))
    found.files("cleaned", "clean.csv")


@case()
def entities(found):
    plain = [f"{'Has' if i % 2 else 'No'} {['fever', 'cough'][i % 4 // 2]}." for i in range(20)]
    spans = [
        [(text.index(" ") + 1, len(text) - 1, "present" if text[0] == "H" else "absent")] for text in plain
    ]
    bare = mk.Cohort.from_pandas(pd.DataFrame({"note": plain}), mk.Schema(note=mk.Text(role="note")))
    marked = mk.tagged(bare, "note", spans)
    found.same("tagged", marked["note"].tolist()[:4])
    back, known = mk.untagged(marked, "note")
    found.same("untagged", [back["note"].tolist()[:4], [[list(span) for span in each] for each in known]])
