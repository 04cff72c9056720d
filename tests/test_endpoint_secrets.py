"""A key goes to the server it belongs to, and is written down nowhere."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import httpx2
import loopback
import mischief
import pytest
from loopback import Loopback

from aigc import events, pipeline, stage
from aigc._engines.endpoint import address, dialect, door, post
from aigc.chat import Question
from aigc.endpoint import Endpoint
from aigc.errors import AigcError, BriefError, EndpointError
from aigc.recipe import Recipe

KEY = "sk-loop-3f9aa1c27be84d55"
ASKED = [Question("s", "u")]


class Asker(Endpoint):
    """A backend's options, without a backend."""

    stage: ClassVar[str] = "caption"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without servers and keys."""
    monkeypatch.setattr(post, "FIRST_WAIT", 0.01)
    for name in ("AIGC_BASE_URL", "AIGC_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    dialect.forget()


@pytest.fixture
def server() -> Iterator[Loopback]:
    """Give a server that wants the key."""
    with Loopback(key=KEY) as one:
        yield one


def sent(server: Loopback) -> list[str | None]:
    """The keys that arrived."""
    return [each.headers.get("authorization") for each in server.seen]


def test_a_named_key_is_sent(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", f"{KEY}\n")
    (said,) = Asker(base_url=server.url, api_key_env="SOME_API_KEY").answer(ASKED)
    assert isinstance(said, str)
    assert set(sent(server)) == {f"Bearer {KEY}"}


@pytest.mark.parametrize("own", ["AIGC", "OPENAI"])
def test_server_and_key_come_from_the_environment(
    server: Loopback, monkeypatch: pytest.MonkeyPatch, own: str
) -> None:
    monkeypatch.setenv(f"{own}_BASE_URL", server.url + "/")
    monkeypatch.setenv(f"{own}_API_KEY", KEY)
    assert isinstance(Asker().answer(ASKED)[0], str)


def test_an_option_outweighs_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("AIGC_BASE_URL", "http://127.0.0.1:2/v1")
    assert address.find(Asker()).host == "127.0.0.1:2"
    assert address.find(Asker(base_url="http://127.0.0.1:3/v1")).host == "127.0.0.1:3"


def test_no_key_goes_to_a_server_it_is_not_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("AIGC_API_KEY", KEY)
    monkeypatch.setenv("AIGC_BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Gate: {KEY}")
    with Loopback() as stranger:
        assert isinstance(Asker(base_url=stranger.url).answer(ASKED)[0], str)
        assert stranger.wrong == []  # strict about headers, and about keys that nobody asked for
        assert KEY not in str(stranger.seen)
        assert "org-secret" not in str(stranger.seen)
    assert address.find(Asker(base_url="https://api.openai.com/v1")).key == KEY
    for other in ("http://api.openai.com/v1", "https://api.openai.com.evil.example/v1"):
        assert address.find(Asker(base_url=other)).key == ""


def test_no_server_is_asked_that_nobody_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(EndpointError, match=r"caption\.base_url is not set.*localhost:8000/v1"):
        Asker().answer(ASKED)


@pytest.mark.parametrize("value", [KEY, "AWS_SECRET_ACCESS_KEY", "HOME", "/etc/passwd"])
def test_only_the_name_of_a_key_is_an_option(value: str) -> None:
    with pytest.raises(BriefError) as caught:
        stage.configure("rank", "endpoint", {"api_key_env": value})
    assert "rank.api_key_env: give the name of an environment variable" in str(caught.value)
    assert value not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "url",
    [
        f"https://user:{KEY}@host.example/v1",
        f"https://{KEY}@host.example/v1",
        f"https://host.example/v1?api_key={KEY}",
        f"https://host.example/v1#{KEY}",
        f"ftp://{KEY}/v1",
        f"{KEY}",
        f"http://[{KEY}/v1",
        f"http://host.example:{KEY}/v1",
    ],
)
def test_an_address_with_a_secret_is_refused_unread(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BriefError) as caught:
        stage.configure("scene", "endpoint", {"base_url": url})
    assert KEY not in "".join(traceback.format_exception(caught.value))
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    with pytest.raises(BriefError, match="OPENAI_BASE_URL") as caught:
        Asker().answer(ASKED)
    assert KEY not in str(caught.value)


def test_a_missing_or_mangled_key_is_told_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asker(base_url="http://127.0.0.1:1/v1", api_key_env="SOME_API_KEY")
    with pytest.raises(EndpointError, match="export SOME_API_KEY"):
        asked.answer(ASKED)
    monkeypatch.setenv("SOME_API_KEY", f"{KEY} – copied badly")
    with pytest.raises(EndpointError, match="SOME_API_KEY: holds characters") as caught:
        asked.answer(ASKED)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "trick",
    [
        mischief.echo(),
        mischief.echo(401),
        mischief.echo(503),
        mischief.changed(content=None, refusal=f"not with {KEY}"),
        mischief.moved(f"https://elsewhere.example/{KEY}?key={KEY}"),
        mischief.raw(f"<html>{KEY}</html>".encode()),
        mischief.raw(f"no json: {KEY}".encode()),
    ],
)
def test_errors_and_logs_hold_no_key(
    server: Loopback,
    trick: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("SOME_API_KEY", KEY)
    server.rule = lambda _: trick
    asked = Asker(base_url=server.url, model="loop-1", api_key_env="SOME_API_KEY", retries=1)
    heard: list[events.Event] = []
    with events.listening(heard.append):
        (error,) = asked.answer(ASKED)
    assert isinstance(error, EndpointError)
    try:
        raise error
    except EndpointError as raised:
        shown = "".join(traceback.format_exception(raised))
    told = [shown, repr(error), repr(vars(error)), str(heard), repr(asked)]
    server_repr = repr(address.find(asked))
    logs = " ".join(f"{record.getMessage()} {record.args}" for record in caplog.records)
    assert "openai" in str(caplog.record_tuples)
    for text in (*told, server_repr, logs):
        assert KEY not in text
        assert KEY[-6:] not in text  # nor half of it


def test_options_pickles_and_schema_hold_no_key(
    server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    made = stage.configure("rank", "endpoint", {})
    assert isinstance(made.answer(ASKED)[0], str)  # type: ignore[attr-defined]
    told = [repr(made), str(made.model_dump()), made.model_dump_json(), str(made.materials)]
    for text in (*told, json.dumps(type(made).model_json_schema()), str(vars(made))):
        assert KEY not in text
    assert KEY.encode() not in pickle.dumps(made)


def test_a_campaign_holds_no_key_and_does_a_stage_again(
    server: Loopback,
    monkeypatch: pytest.MonkeyPatch,
    plain_recipe: Recipe,
    fields: dict[str, Any],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    by = {name: each.backend for name, each in plain_recipe.items()}
    recipe = Recipe.load(backends=by | {"copywrite": "endpoint", "rank": "endpoint"})
    heard: list[events.Event] = []
    made = pipeline.run(fields, recipe, outputs=tmp_path, listener=heard.append)
    again = pipeline.redo(made.folder, "rank")
    assert again.ranking == made.ranking
    assert made.steps[1].versions["model"] == loopback.MODEL
    assert server.wrong == []
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 8
    for path in written:
        assert KEY.encode() not in path.read_bytes(), path.name
    assert KEY not in str([event.message for event in heard])


def test_a_picture_elsewhere_is_fetched_without_the_key(
    server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aigc._engines.endpoint import images

    monkeypatch.setenv("SOME_API_KEY", KEY)
    options = Asker(base_url=server.url, model="loop-1", api_key_env="SOME_API_KEY", retries=0)
    order = images.Order((64, 64), "a wall", "text", 1)
    with Loopback() as other:
        other.pictures["/a.png"] = loopback.painting(64, 64, "a")
        there = other.url.removesuffix("/v1") + "/a.png"
        server.rule = lambda _: mischief.replaced(data=[{"url": f"{there}?sig={KEY}"}])
        (refused,) = images.paint(options, [order])
        assert isinstance(refused, AigcError)
        assert "neither its own address nor https" in str(refused)
        assert KEY not in str(refused)
        assert other.seen == []
        # What would be sent if it were https: the door decides by the address.
        home = address.find(options)
        for url, key in ((there, None), (f"{server.url}/x", f"Bearer {KEY}")):
            request = httpx2.Request("GET", url, headers={"authorization": "x"})
            asyncio.run(door.outgoing(home, request))
            assert request.headers.get("authorization") == key


def test_proxies_are_for_the_world_not_for_this_machine(
    server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", KEY)
    with Loopback() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        asked = Asker(base_url=server.url, model="loop-1", api_key_env="SOME_API_KEY")
        assert isinstance(asked.answer(ASKED)[0], str)
        assert proxy.seen == []
        away = Asker(base_url="http://gpu.invalid/v1", model="loop-1", retries=0)
        away.answer(ASKED)
        assert [each.path for each in proxy.seen] == ["http://gpu.invalid/v1/chat/completions"]


def test_what_is_not_sealed_is_said(server: Loopback) -> None:
    heard: list[str] = []
    with events.listening(lambda event: heard.append(event.message)):
        Asker(base_url="http://gpu.invalid/v1", model="m", retries=0).answer(ASKED)
        Asker(base_url=server.url, model="m", retries=0).answer(ASKED)
    assert "the brief goes to gpu.invalid, unencrypted" in heard
    assert f"the brief goes to {server.url[7:-3]}" in heard
