"""Strips: what is drawn of signals."""

import pytest

from manikin.evaluation.report import signal_charts


def test_a_value_without_neighbours_is_seen():
    field = {"channels": ["HR"], "time": [0.0, 4.0, "h"]}
    group = {"group": "", "traces": [[[80.0, None, 90.0, None, None]]]}
    drawn = str(signal_charts.draw_signals(field, group, 0))
    lines = [part.split('"')[0] for part in drawn.split(' d="M')[1:]]
    assert len(lines) == 2
    for line in lines:
        start, end = (float(point.split()[0].split(",")[0]) for point in line.split("L"))
        assert end - start == pytest.approx(2 * signal_charts.DASH_HALF_LENGTH)
