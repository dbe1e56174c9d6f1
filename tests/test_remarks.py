"""Notes about one field know the field; a sentence that happens to begin with its name does not."""

import copy
from dataclasses import replace

import pandas as pd
import pytest

import manikin as mk
from manikin.cohort.summary import summarize_fields
from manikin.schema.inference.folder_meaning import HiddenNames
from manikin.schema.remark import Remark, assign_field, drop_remarks, list_remarks


def test_a_remark_is_its_text():
    remark = Remark("constant", "ward")
    assert remark == "ward: constant"
    assert "constant" in remark
    assert repr(remark) == "'ward: constant'"
    assert assign_field("constant", "ward") == remark


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy])
def test_a_copy_knows_its_field(again):
    remark = again(Remark("constant", "ward", "values"))
    assert (remark, remark.field, remark.text, remark.topic) == (
        "ward: constant",
        "ward",
        "constant",
        "values",
    )


def test_reading_says_which_field_is_meant():
    frame = pd.DataFrame({"ward": ["A"] * 12, "age": range(40, 52)})
    cohort = mk.Cohort.from_pandas(frame)
    (remark,) = list_remarks(cohort.notes, "ward")
    assert (remark.field, remark.text) == ("ward", "constant")
    assert drop_remarks(cohort.notes, ["ward"]) == tuple(note for note in cohort.notes if note != remark)
    more = replace(cohort, notes=("ward: a sentence of nobody's", *cohort.notes))
    assert summarize_fields(more)[0].notes == ("constant",)


def test_hidden_names_leave_remarks_with_their_field():
    hidden = HiddenNames({"Smith": "[subject 1]"})
    told, plain = hidden.mask_notes([Remark("Smith lies here", "image"), "left out Smith.png"])
    assert (told, told.field) == ("image: [subject 1] lies here", "image")
    assert plain == "left out [subject 1].png"
