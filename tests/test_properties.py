"""Whatever somebody brings to a door, it is taken or refused in words: no exception but manikin's own."""

import io
import tempfile
import warnings
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from strategies import EXPRESSIONS, SCHEMAS, WHERES, frames, tables, usual_frames

import manikin as mk
from manikin.errors import ManikinError
from manikin.rules.mining.propose import propose_rules
from manikin.rules.rule import Rule

FAMILIES = ("trees", "copula", "independent")
CALM = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.explicit, Phase.generate),
}


def check(property_, *strategies, examples):
    """Run a property on so many examples."""

    @settings(max_examples=examples, **CALM)
    @given(st.tuples(*strategies))
    def run(values):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            property_(*values)

    run()


def each(property_, *strategies, fast=100):
    """A test of a property: on 100 examples, and on 1,000 where there is time."""
    slow = pytest.param(1000, marks=pytest.mark.slow)

    @pytest.mark.parametrize("examples", [fast, slow])
    def test(examples):
        check(property_, *strategies, examples=examples)

    return test


def refused(call):
    """What a call gives; None where manikin refuses it in words."""
    try:
        return call()
    except ManikinError as error:
        if not str(error).strip():
            raise
        return None


def taken(text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "in.csv")
        path.write_text(text, encoding="utf-8", newline="")
        cohort = refused(lambda: mk.read(path))
        if cohort is None:
            return
        propose_rules(cohort)
        refused(lambda: mk.write(cohort, Path(folder, "out.csv")))
        if Path(folder, "out.csv").exists():
            again = refused(lambda: mk.read(Path(folder, "out.csv"), cohort.schema))
            assert again is None or len(again) == len(cohort)


def framed(frame):
    cohort = refused(lambda: mk.Cohort.from_pandas(frame))
    if cohort is not None:
        assert len(cohort.to_pandas()) == len(frame)
        refused(lambda: cohort.split(0.5, seed=0))


def declared(frame, schema):
    kinds = refused(lambda: mk.Schema.from_dict(schema))
    if kinds is not None:
        refused(lambda: mk.Cohort.from_pandas(frame, kinds))


def learned(frame, family, where, n):
    model = refused(lambda: mk.Synthesizer(family=family, seed=0).fit(frame, quiet=True))
    if model is None:
        return
    drawn = refused(lambda: model.sample(n))
    assert drawn is None or len(drawn) == n
    drawn = refused(lambda: model.sample(3, where=where))
    assert drawn is None or len(drawn) == 3
    refused(lambda: model.sample(condition=pd.DataFrame([where] * 2)))


def ruled(frame, expression, when):
    rule = refused(lambda: Rule("r", expression, "made up", when))
    cohort = refused(lambda: mk.Cohort.from_pandas(frame))
    if rule is None or cohort is None or refused(lambda: rule.holds(cohort)) is None:
        return
    model = refused(lambda: mk.Synthesizer(family="independent", seed=0).fit(cohort, quiet=True))
    if model is not None:
        refused(lambda: model.sample(4, rules=[rule]))


def strange(text, family):
    """A table of any cells, learned as it is read."""
    frame = refused_by_pandas(text)
    if frame is not None:
        model = refused(lambda: mk.Synthesizer(family=family, seed=0).fit(frame, quiet=True))
        if model is not None:
            refused(lambda: model.sample(5))


def refused_by_pandas(text):
    try:
        return pd.read_csv(io.StringIO(text))
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError, OverflowError):
        return None


def judged(frame, change, label):
    """The thirds of a frame as train, holdout and synthetic records, the last of them changed."""
    synthetic = frame.iloc[2::3].copy()
    name = synthetic.columns[-1]
    if change == "constant":
        synthetic[name] = synthetic[name].iloc[0]
    elif change == "gaps":
        synthetic[name] = synthetic[name].where(synthetic.index < 0)
    elif change == "copies":
        synthetic = frame.iloc[::3].copy()
    cohort = refused(lambda: mk.Cohort.from_pandas(frame))
    made = cohort and refused(lambda: mk.Cohort.from_pandas(synthetic, cohort.schema))
    if made:
        train, holdout = cohort.take(range(0, len(frame), 3)), cohort.take(range(1, len(frame), 3))
        synthetic = made
        card = refused(lambda: mk.evaluate(synthetic, train, holdout, label=label))
        if card is not None:
            with tempfile.TemporaryDirectory() as folder:
                card.to_html(Path(folder, "card.html"))


test_a_file_is_read_or_refused = each(taken, tables())
test_a_frame_is_read_or_refused = each(framed, frames())
test_a_schema_is_taken_or_refused = each(declared, usual_frames(), SCHEMAS)
test_a_table_is_learned_or_refused = each(
    learned, usual_frames(), st.sampled_from(FAMILIES), WHERES, st.integers(1, 9)
)
test_any_cells_are_learned_or_refused = each(strange, tables(), st.sampled_from(FAMILIES))
test_a_rule_is_met_or_refused = each(
    ruled, usual_frames(), EXPRESSIONS, st.one_of(st.just(""), EXPRESSIONS)
)
test_records_are_judged_or_refused = each(
    judged,
    usual_frames(smallest=36, largest=90),
    st.sampled_from(["none", "constant", "gaps", "copies"]),
    st.sampled_from([None, None, "sex", "age", "dead", "same"]),
)
