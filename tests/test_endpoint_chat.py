"""Questions to a server that answers well, and to one that misbehaves in every way it can."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any, ClassVar

import loopback
import mischief
import numpy as np
import pytest
from loopback import Loopback
from mischief import changed, status

from aigc import events
from aigc._engines.endpoint import dialect, door, post
from aigc.chat import Question
from aigc.endpoint import Endpoint
from aigc.errors import AigcError, EndpointError


class Asker(Endpoint):
    """A backend's options, without a backend."""

    stage: ClassVar[str] = "caption"


SHAPE = {"type": "object", "properties": {"colour": {"type": "string"}}, "required": ["colour"]}
PIXELS = np.full((1500, 900, 3), 140, np.uint8)


@pytest.fixture(autouse=True)
def swift(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Wait for milliseconds, not seconds; learn what servers take anew."""
    monkeypatch.setattr(post, "FIRST_WAIT", 0.01)
    for name in ("AIGC_BASE_URL", "AIGC_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    dialect.forget()
    yield
    dialect.forget()


@pytest.fixture
def server() -> Iterator[Loopback]:
    """Give a server."""
    with Loopback() as one:
        yield one


def asker(server: Loopback | str, **options: Any) -> Asker:
    """Give options for a server."""
    url = server if isinstance(server, str) else server.url
    return Asker(**{"base_url": url, "model": loopback.MODEL} | options)


def question(number: int = 0, **fields: Any) -> Question:
    """Give a question."""
    return Question("You look at mugs.", f"What is number {number}?", seed=number)._replace(
        **fields
    )


def failure(server: Loopback | str, **options: Any) -> EndpointError:
    """Ask one question that fails; give the error."""
    (error,) = asker(server, **options).answer([question()])
    assert isinstance(error, EndpointError)
    assert "\n" not in str(error)
    return error


# Asked well


def test_answers_keep_their_order_whatever_order_they_come_in(server: Loopback) -> None:
    def later_first(seen: loopback.Seen) -> mischief.Trick:
        number = int(seen.body["messages"][1]["content"].split()[-1].rstrip("?"))
        return mischief.late(0.2 - 0.03 * number)

    asked = [question(number) for number in range(6)]
    singles = [asker(server).answer([each])[0] for each in asked]
    server.rule = later_first
    assert list(asker(server, parallel=6).answer(asked)) == singles
    assert len(set(singles)) == 6
    assert server.wrong == []


def test_a_question_arrives_as_it_was_meant(server: Loopback) -> None:
    asked = question(
        7, images=(PIXELS,), schema=SHAPE, max_tokens=90, temperature=0.5, seed=2**32 - 1,
        so_far=(("red", "no JSON"),),
    )  # fmt: skip
    (said,) = asker(server).answer([asked])
    assert set(json.loads(said)) == {"colour"}
    assert server.wrong == []
    body = server.seen[0].body
    system, user, before, again = body["messages"]
    assert (system["content"], user["content"][1]["text"]) == (asked.system, asked.user)
    assert user["content"][0]["type"] == "image_url"
    assert before["content"] == "red"
    assert again["content"] == "no JSON"
    assert body["seed"] == 2**31 - 1
    assert (body["max_tokens"], body["temperature"]) == (90, 0.5)
    assert body["response_format"]["json_schema"]["schema"] == SHAPE


def test_pictures_are_reduced_and_carry_nothing_else(server: Loopback) -> None:
    asker(server).answer([question(images=(PIXELS, PIXELS[:40, :30]))])
    assert server.wrong == []  # which checks JPEG, size and metadata
    sent = server.seen[0].body["messages"][1]["content"]
    assert [part["type"] for part in sent] == ["image_url", "image_url", "text"]


def test_no_more_than_so_many_at_once(server: Loopback) -> None:
    busy, most, lock = 0, 0, threading.Lock()

    def slowly(body: dict[str, Any]) -> str:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.05)
        with lock:
            busy -= 1
        return "x"

    server.say = slowly
    asker(server, parallel=3).answer([question(number) for number in range(9)])
    assert most == 3


def test_the_only_model_is_found_and_of_several_one_must_be_chosen(server: Loopback) -> None:
    asked = asker(server, model="")
    assert isinstance(asked.answer([question(), question(1)])[0], str)
    assert asked.materials == {"endpoint": server.url[7:-3], "model": loopback.MODEL}
    server.models = ("a", "b")
    error = failure(server, model="")
    assert "has: a, b; choose one with caption.model" in str(error)


def test_nothing_asked_needs_no_server() -> None:
    assert list(Asker().answer([])) == []


@pytest.mark.parametrize(
    ("message", "meant"),
    [
        ({"content": "<think>Red? No: blue.</think>\n\nBlue."}, "Blue."),
        ({"content": "so red it is</think>Red."}, "Red."),
        ({"content": [{"type": "text", "text": "Re"}, {"type": "text", "text": "d."}]}, "Red."),
        ({"content": "红色马克杯 ☕ émail"}, "红色马克杯 ☕ émail"),
        ({"content": 'So:\n```json\n{"a": 1}\n```'}, 'So:\n```json\n{"a": 1}\n```'),
        ({"content": "Red.", "reasoning_content": "Hm."}, "Red."),
    ],
)  # fmt: skip
def test_what_the_model_means_to_say(server: Loopback, message: Any, meant: str) -> None:
    server.plan = [changed(**message)]
    assert list(asker(server).answer([question()])) == [meant]


def test_json_of_any_declared_type_is_read(server: Loopback) -> None:
    body = json.dumps({"choices": [{"message": {"content": "Red."}}]}).encode()
    server.plan = [mischief.raw(body, kind="text/plain")]
    assert list(asker(server).answer([question()])) == ["Red."]


# Servers differ


def test_a_server_without_schemas_is_asked_in_another_way_from_then_on() -> None:
    heard: list[str] = []
    for formats, most in ((("json_object",), 3), ((), 4)):
        dialect.forget()
        with Loopback(formats=formats) as server:
            server.say = lambda _: '{"colour": "red"}'
            asked = asker(server, parallel=1)
            with events.listening(lambda event: heard.append(event.message)):
                both = asked.answer([question(number, schema=SHAPE) for number in (1, 2)])
            assert list(both) == ['{"colour": "red"}'] * 2
            assert len(server.asked) == most + 1  # the second question is put right at once
            assert '"colour"' in server.asked[-1].body["messages"][-1]["content"]
            server.seen.clear()
            asker(server).answer([question(3, schema=SHAPE)])
            assert len(server.asked) == 1
    assert any("gets json_object" in line for line in heard)
    assert any("gets plain words" in line for line in heard)


@pytest.mark.parametrize(
    ("server_is", "gone"),
    [
        ({"refuses": ("seed", "temperature")}, {"seed", "temperature"}),
        ({"room": "max_completion_tokens"}, {"max_tokens"}),
    ],
)
def test_fields_that_a_server_refuses_are_left_out(server_is: Any, gone: set[str]) -> None:
    with Loopback(**server_is) as server:
        (said,) = asker(server).answer([question()])
        assert isinstance(said, str)
        assert not gone & set(server.asked[-1].body)


def test_a_model_without_a_system_role_hears_its_words_all_the_same() -> None:
    with Loopback(system=False) as server:
        (said,) = asker(server).answer([question()])
        assert isinstance(said, str)
        (only,) = server.asked[-1].body["messages"]
        assert only["content"].startswith("You look at mugs.")


def test_a_refusal_that_teaches_nothing_is_not_asked_again(server: Loopback) -> None:
    server.plan = [status(400, "the prompt is longer than my context")]
    error = failure(server)
    assert "longer than my context" in str(error)
    assert (error.status, error.retryable, len(server.asked)) == (400, False, 1)


def test_an_answer_that_was_cut_off_gets_more_room_once(server: Loopback) -> None:
    server.plan = [changed(finish_reason="length"), None]
    (said,) = asker(server).answer([question(max_tokens=50)])
    assert isinstance(said, str)
    assert [each.body["max_tokens"] for each in server.asked] == [50, 200]
    server.plan = [changed(finish_reason="length")]
    assert "cut off" in str(failure(server))


def test_chatter_behind_the_json_may_be_cut_off(server: Loopback) -> None:
    server.plan = [changed(finish_reason="length", content='{"colour": "red"} And furthermore')]
    (said,) = asker(server).answer([question(schema=SHAPE)])
    assert said == '{"colour": "red"} And furthermore'
    assert len(server.asked) == 1


# Busy, broken, gone


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 529])
def test_a_busy_server_is_asked_again(server: Loopback, code: int) -> None:
    server.plan = [status(code), status(code)]
    assert isinstance(asker(server).answer([question()])[0], str)
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    "trick",
    [
        mischief.raw(b"{'not': json"),
        mischief.raw(b""),
        mischief.raw(b"[1, 2]"),
        mischief.truncated(),
        mischief.reset(),
        mischief.dropped(),
        mischief.raw(b"<html><body>Bad gateway</body></html>", 502, "text/html"),
        mischief.replaced(error={"message": "overloaded", "code": 503}),
    ],
)
def test_what_broke_on_the_way_is_asked_for_again(server: Loopback, trick: Any) -> None:
    server.plan = [trick]
    first, second = asker(server, parallel=1).answer([question(1), question(2)])
    assert isinstance(first, str)
    assert isinstance(second, str)


def test_retries_end(server: Loopback) -> None:
    server.rule = lambda _: status(503, "model is loading")
    error = failure(server, retries=2)
    assert "503: model is loading" in str(error)
    assert (error.status, error.retryable, len(server.asked)) == (503, True, 3)


def test_retry_after_is_heeded_as_seconds_and_as_a_date(server: Loopback) -> None:
    for told, least in ((lambda: "1", 0.95), (lambda: _date(2), 0.7)):
        server.plan = [status(429, retry_after=told())]
        started = time.monotonic()
        assert isinstance(asker(server).answer([question()])[0], str)
        assert least < time.monotonic() - started


def _date(ahead: float) -> str:
    return formatdate(time.time() + ahead, usegmt=True)


def test_nonsense_after_retry_after_is_no_reason_to_wait(server: Loopback) -> None:
    for told in ("soon", "-5", "nan", "Wed, 99 Foo"):
        server.plan = [status(429, retry_after=told)]
        assert isinstance(asker(server).answer([question()])[0], str)


def test_a_wait_of_an_hour_is_not_waited(server: Loopback) -> None:
    server.plan = [status(429, "slow down", retry_after="3600")]
    started = time.monotonic()
    error = failure(server)
    assert time.monotonic() - started < 2
    assert error.retryable
    assert "slow down" in str(error)
    assert "3600 s" in str(error)


def test_all_wait_where_one_is_told_to(server: Loopback) -> None:
    server.plan = [status(429, retry_after="1")]
    started = time.monotonic()
    asker(server, parallel=1).answer([question(1), question(2)])
    times = len(server.asked)
    assert time.monotonic() - started > 0.95
    assert times == 3


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (401, "no key was sent: name its environment variable with caption.api_key_env"),
        (402, "402"),
        (403, "403"),
        (404, "check caption.model"),
    ],
)
def test_what_nobody_may_is_not_asked_by_all(server: Loopback, code: int, words: str) -> None:
    server.rule = lambda _: status(code, "not for you")
    found = asker(server, parallel=2).answer([question(number) for number in range(20)])
    assert all(isinstance(each, EndpointError) for each in found)
    assert words in str(found[0])
    assert "not for you" in str(found[-1])
    assert len(server.asked) <= 2


def test_one_that_fails_stops_no_other(server: Loopback) -> None:
    server.rule = lambda seen: status(400, "no such mug") if "number 1" in str(seen.body) else None
    first, second, third = asker(server).answer([question(number) for number in range(3)])
    assert isinstance(first, str)
    assert isinstance(third, str)
    assert "no such mug" in str(second)


@pytest.mark.parametrize(
    ("trick", "words"),
    [
        (changed(content=None), "answers with nothing"),
        (changed(content="<think>Hm."), "<think>Hm."),
        (changed(content="", refusal="I cannot help with that."), "I cannot help with that."),
        (changed(content=None, finish_reason="content_filter"), "filter"),
        (changed(content=None, tool_calls=[{"function": {"name": "look"}}]), "calls a tool"),
        (mischief.replaced(choices=[]), "answers with nothing"),
        (mischief.replaced(choices=None), "answers with nothing"),
        (mischief.replaced(choices=[7]), "answers with nothing"),
        (mischief.raw(b"<!doctype html><title>Nice page</title>", kind="text/html"), "Nice page"),
        (mischief.moved("https://elsewhere.example/v1/chat?sig=abc"), "elsewhere.example/v1/chat"),
        (status(413, "too large a picture"), "413: too large a picture"),
        (status(422, "nope"), "422: nope"),
        (status(429, "no credit left", code="insufficient_quota"), "no credit left"),
        (mischief.raw(b'{"detail": [{"loc": ["body"], "msg": "bad"}]}', 422), '"msg": "bad"'),
        (mischief.raw(b"", 404), "404: no reason given"),
        (mischief.raw(b"{}" * 9, headers={"content-encoding": "gzip"}), "packed"),
    ],
)
def test_errors_say_what_the_server_said(server: Loopback, trick: Any, words: str) -> None:
    server.rule = lambda _: trick
    found = asker(server).answer([question()])[0]
    assert words in str(found)
    assert len(str(found)) < 500
    assert "sig=abc" not in str(found)
    if words == "<think>Hm.":
        return  # thoughts that never end are all there is
    assert isinstance(found, EndpointError)
    assert len(server.asked) == 1


def test_redirects_are_not_followed(server: Loopback) -> None:
    with Loopback() as other:
        server.rule = lambda _: mischief.moved(f"{other.url}/chat/completions")
        error = failure(server)
        assert other.seen == []
    assert f"moved to {other.url}/chat/completions" in str(error)
    assert error.status == 307


def test_patience_ends(server: Loopback) -> None:
    for trick, words in (
        (mischief.hang(), "silent for 0.2 s (caption.read_timeout)"),
        (mischief.dripping("body"), "no whole answer within 0.5 s (caption.timeout)"),
        (mischief.dripping("headers"), "no whole answer within 0.5 s (caption.timeout)"),
    ):
        server.rule = lambda _, trick=trick: trick
        started = time.monotonic()
        error = failure(server, read_timeout=0.2, timeout=0.5, retries=1)
        assert words in str(error)
        assert error.retryable
        assert time.monotonic() - started < 3


def test_nobody_there(server: Loopback) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    found = asker(nobody, retries=1, parallel=1).answer([question(n) for n in range(50)])
    assert all("cannot be reached" in str(each) for each in found)
    assert "is the server running" in str(found[0])
    with mischief.deaf() as url:
        assert "cannot be reached" in str(failure(url, connect_timeout=0.2, retries=0))


def test_a_name_that_no_network_has() -> None:
    error = failure("http://no-such-host.invalid/v1", retries=0)
    assert "cannot be reached" in str(error)
    assert "no-such-host.invalid" in str(error)
    for name in (f"{'a' * 70}.invalid", "a..invalid", "xn--a.invalid"):
        assert "cannot be" in str(failure(f"http://{name}/v1", retries=0))
    for name in ("ü" * 60, "[::1", "a b"):
        with pytest.raises(AigcError, match=r"caption\.base_url"):
            failure(f"http://{name}/v1")


def test_too_long_an_answer_is_not_kept(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "LARGEST", 2 * 2**20)
    server.rule = lambda _: mischief.huge(4)
    error = failure(server)
    assert "more than 2 MiB" in str(error)
    assert len(server.asked) == 1


# Stopping and spending


class Enough(Exception):
    """What a listener raises to end a run."""


def test_whoever_has_enough_is_not_kept_waiting(server: Loopback) -> None:
    server.rule = lambda _: mischief.hang()

    def stop(event: events.Event) -> None:
        if event.total:
            raise Enough

    started = time.monotonic()
    with events.listening(stop), pytest.raises(Enough):
        asker(server).answer([question(number) for number in range(8)])
    assert time.monotonic() - started < 3
    assert not [each for each in threading.enumerate() if each.name == "endpoint"]


def test_it_works_beside_a_running_loop(server: Loopback) -> None:
    import asyncio

    async def notebook() -> Any:
        return asker(server).answer([question()])[0]

    assert isinstance(asyncio.run(notebook()), str)


def test_requests_are_capped_repeated_ones_too(server: Loopback) -> None:
    server.plan = [status(500), None]
    one = asker(server, max_requests=3, parallel=1)
    found = one.answer([question(number) for number in range(4)])
    assert [isinstance(each, str) for each in found] == [True, True, False, False]
    assert "caption.max_requests = 3: all are made; raise it" in str(found[2])
    assert not found[3].retryable  # type: ignore[union-attr]
    assert len(server.asked) == 3
    assert not isinstance(one.answer([question()])[0], str)  # the run's, not the call's
    assert isinstance(asker(server, max_requests=3).answer([question()])[0], str)


def test_tokens_are_capped_before_they_are_spent(server: Loopback) -> None:
    one = asker(server, max_total_tokens=150, parallel=3)
    found = one.answer([question(number, max_tokens=80) for number in range(6)])
    answered = [isinstance(each, str) for each in found]
    assert any(answered)
    assert not all(answered)
    assert "caption.max_total_tokens = 150" in str(found[answered.index(False)])
    assert one.spent.tokens_in + one.spent.tokens_out <= 150
    assert one.spent.reserved == 0


def test_what_was_used_is_said_in_one_remark(server: Loopback) -> None:
    server.plan = [status(500)]
    heard: list[str] = []
    with events.listening(lambda event: heard.append(event.message)):
        one = asker(server)
        with one.asking() as answer:
            answer([question(1)])
            answer([question(2)])
    host = server.url[7:-3]
    assert [line for line in heard if "requests" in line] == [
        f"{host}: 3 requests (1 of them again), 40 tokens in and 10 out"
    ]
    assert heard.count(f"the brief goes to {host}") == 1
