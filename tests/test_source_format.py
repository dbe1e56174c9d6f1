"""What formats remember is read by named fields and saved as plain tables of names."""

import json

import pytest

import manikin as mk
from manikin.cohort.sample_evidence import SampleEvidence
from manikin.cohort.source_format import SourceFormat
from manikin.ehr.code_names import VocabularyOptions
from manikin.imaging.analysis.burned_in_text import BurnedInOptions, BurnedInText
from manikin.imaging.files.folder_options import ImageFolderOptions
from manikin.imaging.header import GeometryOptions, ImageGeometry
from manikin.io.npz_layout import ArchiveLayout, ArchiveOptions
from manikin.signals.files.recording import RecorderGrid, SignalOptions
from manikin.tables import CodeColumns, EventColumns, SeriesColumns
from manikin.tables.delimited import DelimitedOptions
from manikin.tables.layout_options import EventLayout, EventOptions, LongLayout, SeriesOptions, WideLayout

OPTIONS = {
    "geometry": (
        GeometryOptions({"CT": ImageGeometry([[1.0, 0.0]], "LPS", [])}),
        {"facts": {"CT": {"affine": [[1.0, 0.0]], "axes": "LPS", "heights": []}}},
    ),
    "burned in": (
        BurnedInOptions({"image": BurnedInText("flagged", 2, 9, ["2 say so"])}),
        {"burned_in": {"image": {"state": "flagged", "records": 2, "of": 9, "why": ["2 say so"]}}},
    ),
    "archive": (
        ArchiveOptions(ArchiveLayout({"image": "plane"}, {"fs": 100}, parted=True)),
        {"archive": {"forms": {"image": "plane"}, "constants": {"fs": 100}, "parted": True}},
    ),
    "pictures": (
        ImageFolderOptions("list.csv", {"image": ".png"}, {}, classes=False),
        {"manifest": "list.csv", "suffixes": {"image": ".png"}, "columns": {}, "classes": False},
    ),
    "delimited": (DelimitedOptions(";", decimal=","), {"delimiter": ";", "decimal": ","}),
    "nothing": (DelimitedOptions(), {}),
    "names": (VocabularyOptions(names={"I10": "Hypertension"}), {"names": {"I10": "Hypertension"}}),
    "events": (
        EventOptions(EventLayout(EventColumns(value=""), "date", CodeColumns(unit="uom"), ["mm"])),
        {
            "events": {
                "subject": "subject_id",
                "time": "time",
                "code": "code",
                "value": "",
                "visit": "visit_id",
                "spelling": "date",
                "beside": {"system": "", "unit": "uom", "answer": "", "name": ""},
                "units": ["mm"],
            }
        },
    ),
    "long": (
        SeriesOptions(LongLayout(SeriesColumns("id", "t", "item", "value"), "h", {"HR": 1})),
        {
            "series": {
                "form": "long",
                "columns": ["id", "t", "item", "value", ""],
                "spelling": "h",
                "decimals": {"HR": 1},
            }
        },
    ),
    "wide": (
        SeriesOptions(WideLayout(None, "s", "who")),
        {"series": {"form": "wide", "time": None, "spelling": "s", "subject": "who"}},
    ),
    "signals": (
        SignalOptions({"ecg": RecorderGrid([[200.0, 0.0]], "beat")}),
        {"signals": {"ecg": {"grid": [[200.0, 0.0]], "way": "beat"}}},
    ),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options_are_saved_as_plain_tables_and_come_back(name):
    options, plain = OPTIONS[name]
    source = SourceFormat("csv").add_options(options)
    assert source.options == plain
    saved = json.loads(json.dumps(source.options))
    assert json.dumps(saved) == json.dumps(plain)
    again = SourceFormat("csv", saved).find_options(type(options))
    assert SourceFormat("csv").add_options(again).options == plain


def test_options_of_several_families_stand_side_by_side():
    source = SourceFormat("csv", {"mine": 1}).add_options(DelimitedOptions(","), DelimitedOptions("\t"))
    assert source.options == {"mine": 1, "delimiter": "\t"}
    assert source.find_options(VocabularyOptions) == VocabularyOptions()


def test_options_of_a_family_are_replaced_as_a_whole():
    source = SourceFormat("csv", {"mine": 1}).add_options(SampleEvidence(["too few"], ["pooled"]))
    assert source.replace_options(SampleEvidence(pooled=["more"])).options == {
        "mine": 1,
        "pooled": ["more"],
    }


def test_a_file_of_eight_bits_is_known_by_its_encoding(tmp_path):
    (tmp_path / "a.csv").write_bytes("ort;größe\nKöln;1,5\nUlm;2,5\n".encode("latin-1"))
    cohort = mk.read(tmp_path / "a.csv")
    assert cohort.origin.find_options(DelimitedOptions) == DelimitedOptions(";", "utf-8-sig", ",")
