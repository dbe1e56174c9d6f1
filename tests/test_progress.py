"""What steps that take long show: bars on a terminal, plain lines on the command line, else nothing."""

import io
import threading
import time

import pytest
from rich.console import Console

from manikin.core import progress_display
from manikin.core.progress_display import report_on, show_step, track
from manikin.datasets.demo import load_demo
from manikin.evaluation.evaluate import evaluate
from manikin.io import read
from manikin.io.write import write
from manikin.publication.pipeline import synthesize
from manikin.synthesis.synthesizer import Synthesizer


def console(*, terminal):
    return Console(file=io.StringIO(), force_terminal=terminal, width=100)


def test_a_terminal_sees_each_step_and_how_far_it_got():
    where = console(terminal=True)
    with report_on(where), show_step("judging", 4) as step:
        step.advance(3)
        time.sleep(0.3)
    assert "judging" in where.file.getvalue()
    assert "75%" in where.file.getvalue()


def test_steps_within_steps_are_shown_together_and_from_any_thread():
    where = console(terminal=True)
    with report_on(where), show_step("outer"), show_step("inner", 8) as step:
        workers = [threading.Thread(target=step.advance) for _ in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        time.sleep(0.3)
    assert step.done == 8
    assert all(word in where.file.getvalue() for word in ("outer", "inner", "100%"))


def test_where_there_is_no_terminal_only_long_steps_say_a_line(monkeypatch):
    monkeypatch.setattr(progress_display, "FIRST_LINE_SECONDS", 0.05)
    where = console(terminal=False)
    with report_on(where):
        with show_step("short"):
            pass
        with show_step("long", 2) as step, show_step("within"):
            step.advance()
            time.sleep(0.3)
    assert where.file.getvalue() == "long: 50 %, 0:00 so far\n"


@pytest.mark.parametrize("quiet", ["asked", "nowhere", "library"])
def test_silence(quiet, capsys):
    if quiet == "asked":
        with report_on(console(terminal=True)) as _, show_step("judging", quiet=True):
            pass
    elif quiet == "nowhere":
        with report_on(None), show_step("judging"):
            pass
    else:
        assert list(track("ab", "reading")) == ["a", "b"]
    assert capsys.readouterr() == ("", "")


def test_an_error_ends_its_step():
    where = console(terminal=True)
    with report_on(where):
        with pytest.raises(ValueError, match="broken"), show_step("reading"):
            raise ValueError("broken")
        with show_step("writing"):
            time.sleep(0.2)
    assert "writing" in where.file.getvalue()


def test_reading_sampling_judging_and_writing_are_steps(tmp_path):
    where = console(terminal=True)
    cohort = load_demo().select("mean radius", "mean texture")
    with report_on(where):
        write(cohort, tmp_path / "all.csv")
        train, holdout = read(tmp_path / "all.csv").split(0.3, seed=0)
        model = Synthesizer(family="independent").fit(train)
        evaluate(model.sample(60), train, holdout)
    said = where.file.getvalue()
    for title in ("reading records", "writing", "learning 2 fields", "sampling 60 records", "judging"):
        assert title in said


def test_a_job_without_a_listener_shows_nothing(tmp_path):
    where = console(terminal=True)
    with report_on(where):
        synthesize(load_demo().select("mean radius", "diagnosis"), tmp_path / "out", family="independent")
    assert where.file.getvalue() == ""
