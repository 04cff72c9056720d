"""Runs beside the page: events in order, errors and results handed over, stops that release."""

import threading
import time
from collections.abc import Callable
from contextlib import contextmanager

import pytest

from aigc.campaign import Brief, Campaign
from aigc.errors import ModelError
from aigc.events import Event, Listener
from ui.follow import Stopped, Tick, follow

CAMPAIGN = Campaign(id="a", brief=Brief(name="A", photo="a.png"))


def test_events_come_in_order_and_the_campaign_last() -> None:
    def work(tell: Listener) -> Campaign:
        for number in range(5):
            tell(Event("scene", number, 5))
        return CAMPAIGN

    *events, last = follow(work, threading.Event())
    assert [event.done for event in events if isinstance(event, Event)] == [0, 1, 2, 3, 4]
    assert last is CAMPAIGN


def test_quiet_work_ticks() -> None:
    def work(tell: Listener) -> Campaign:
        time.sleep(0.3)
        return CAMPAIGN

    assert list(follow(work, threading.Event(), tick=0.05)).count(Tick(0)) >= 3


def test_an_error_of_the_work_is_raised_after_its_events() -> None:
    def work(tell: Listener) -> Campaign:
        tell(Event("caption", 0, 1))
        raise ModelError("no weights")

    following = follow(work, threading.Event())
    assert next(following) == Tick(0)
    assert next(following) == Event("caption", 0, 1)
    with pytest.raises(ModelError, match="no weights"):
        next(following)


def test_stop_ends_the_work_at_its_next_report_and_releases_what_it_holds() -> None:
    stop, released, reported = threading.Event(), threading.Event(), []

    @contextmanager
    def held():
        try:
            yield
        finally:
            released.set()

    def work(tell: Listener) -> Campaign:
        with held():
            for number in range(1000):
                tell(Event("scene", number, 1000))
                reported.append(number)
                time.sleep(0.01)
        return CAMPAIGN

    following = follow(work, stop)
    next(following)
    stop.set()
    with pytest.raises(Stopped):
        list(following)
    assert released.is_set()
    assert len(reported) < 100


def test_runs_wait_for_their_turn_and_know_their_place() -> None:
    go, order = threading.Event(), []

    def work(name: str) -> Callable[[Listener], Campaign]:
        def run(tell: Listener) -> Campaign:
            go.wait(5)
            order.append(name)
            return CAMPAIGN

        return run

    runs = {name: follow(work(name), threading.Event(), tick=0.02) for name in "abc"}
    assert [next(run) for run in runs.values()] == [Tick(0), Tick(1), Tick(2)]
    gave_up = follow(work("d"), stop := threading.Event(), tick=0.02)
    assert next(gave_up) == Tick(3)
    stop.set()
    with pytest.raises(Stopped):
        list(gave_up)
    go.set()
    assert [list(run)[-1] for run in runs.values()] == [CAMPAIGN] * 3
    assert order == ["a", "b", "c"]


def test_a_page_that_goes_away_leaves_the_work_to_finish() -> None:
    seen, leave, finished = threading.Event(), threading.Event(), threading.Event()

    def work(tell: Listener) -> Campaign:
        tell(Event("caption", 0, 1))
        seen.set()
        leave.wait(5)
        tell(Event("caption", 1, 1))
        finished.set()
        return CAMPAIGN

    following = follow(work, threading.Event())
    next(following)
    assert seen.wait(5)
    following.close()
    leave.set()
    assert finished.wait(5)
