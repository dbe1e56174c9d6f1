"""Plug-ins: found by name, and Ctrl-C while they are imported."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from manikin.core import registry
from manikin.errors import UsageError


def test_an_interrupt_waits_until_the_import_has_ended():
    done = []

    def imported():
        with registry.defer_interrupts():
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt:  # what a library would lose
                done.append("lost")
            done.append("imported")

    with pytest.raises(KeyboardInterrupt):
        imported()
    assert done == ["imported"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_who_ignores_interrupts_still_does():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with registry.defer_interrupts():
            os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_import_too():
    found = []
    thread = threading.Thread(target=lambda: found.append(registry.find("families", "trees").__name__))
    thread.start()
    thread.join()
    assert found == ["Trees"]


def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(UsageError, match=r"there are: .*trees"):
        registry.find("families", "tree")
