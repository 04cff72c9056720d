"""Captions, copy, ranking and scenes by a server: what is sent, and what comes of bad answers."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import loopback
import mischief
import numpy as np
import pytest
import test_contract as contract
from loopback import Loopback, Seen
from PIL import Image

from aigc import events, stage
from aigc._engines.endpoint import dialect, images, post
from aigc.errors import AigcError, BriefError, EndpointError, ModelError, PartlyFailed

STAGES = ("caption", "copywrite", "rank", "scene")


@pytest.fixture(autouse=True)
def swift(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for milliseconds; learn anew; paint few pixels."""
    monkeypatch.setattr(post, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(images, "_AREA", 256 * 256)
    for name in ("AIGC_BASE_URL", "AIGC_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    dialect.forget()


@pytest.fixture
def server() -> Iterator[Loopback]:
    """Give a server."""
    with Loopback() as one:
        yield one


def backend(name: str, server: Loopback, **options: Any) -> Any:
    """Give a backend that asks a server; captions without the slow cut-out."""
    own = {"matte": "grabcut"} if name == "caption" else {}
    where = {"base_url": server.url, "model": loopback.MODEL, "retries": 1}
    return stage.configure(name, "endpoint", where | own | options)


def asked(name: str, made: Any) -> tuple[Any, list[Any]]:
    """Give the batch method, and requests as the contract has them."""
    return contract.requests(name, made)


def pictures(seen: Seen) -> list[np.ndarray]:
    """The pictures in a question."""
    parts = next(each["content"] for each in seen.body["messages"] if each["role"] == "user")
    urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    data = [base64.b64decode(url.split(",", 1)[1]) for url in urls]
    return [np.asarray(Image.open(io.BytesIO(each))) for each in data]


def about(name: str) -> Any:
    """A rule: requests that speak of `name` fail."""
    return lambda seen: (
        mischief.status(400, "not that one") if name in json.dumps(seen.body) else None
    )


@pytest.mark.parametrize("name", STAGES)
def test_without_a_server_each_refuses_with_an_example(name: str) -> None:
    run, requests = asked(name, stage.configure(name, "endpoint", {}))
    assert run([]) == []
    with pytest.raises(AigcError, match=rf"{name}\.base_url is not set.*http://localhost"):
        run(requests[1:2])


@pytest.mark.parametrize("name", STAGES)
def test_a_server_that_answers_well_is_asked_well(name: str, server: Loopback) -> None:
    heard: list[events.Event] = []
    made = backend(name, server)
    run, requests = asked(name, made)
    with events.listening(heard.append):
        results = run(requests)
    assert len(results) == len(requests)
    assert server.wrong == []
    remarks = [event.message for event in heard if event.total == 0]
    what = {"caption": "photo and brief go", "scene": "the prompt goes"}.get(name, "the brief goes")
    assert f"{what} to {server.url[7:-3]}" in remarks
    assert sum(" request" in each for each in remarks) == 1
    assert len(server.asked) == made.spent.requests


def test_the_photo_goes_only_where_it_is_looked_at(server: Loopback) -> None:
    for name, options, expected in (
        ("caption", {}, True),
        ("copywrite", {}, False),
        ("rank", {}, False),
        ("rank", {"look": True}, True),
        ("scene", {}, False),
    ):
        server.seen.clear()
        run, requests = asked(name, backend(name, server, **options))
        run(requests[:1])
        sent = json.dumps([each.body for each in server.asked])
        assert ("data:image" in sent) == expected, name
    assert server.wrong == []


def test_what_the_model_sees_is_the_photo(server: Loopback) -> None:
    run, requests = asked("caption", backend("caption", server))
    run(requests[:1])
    shown = pictures(server.asked[0])[0]
    assert shown.shape == requests[0].photo.pixels.shape
    assert abs(shown.astype(int) - requests[0].photo.pixels).mean() < 6


@pytest.mark.parametrize("name", ["copywrite", "rank"])
def test_one_product_that_fails_stops_no_other(name: str, server: Loopback) -> None:
    server.rule = about("Blue Mug")
    run, requests = asked(name, backend(name, server))
    with pytest.raises(PartlyFailed) as caught:
        run(requests)
    first, second, third = caught.value.results
    assert first
    assert second
    assert isinstance(third, EndpointError)
    assert "not that one" in str(third)
    server.rule = None
    assert run(requests)[0] == first  # as if the other had not failed


def test_one_scene_that_fails_stops_no_other(server: Loopback) -> None:
    run, requests = asked("scene", backend("scene", server, parallel=1))
    server.plan = [mischief.status(400, "rejected by the safety system")]
    with pytest.raises(PartlyFailed) as caught:
        run(requests)
    first, second, third = caught.value.results
    assert "rejected by the safety system" in str(first)
    assert second.pixels.shape[2] == third.pixels.shape[2] == 3


def test_white_grounds_need_no_server() -> None:
    run, requests = asked("scene", stage.configure("scene", "endpoint", {}))
    (painting,) = run([requests[2]])
    assert (painting.pixels[:3] == 255).all()
    assert painting.prompt == ""


def test_a_scene_tells_how_it_came_about(server: Loopback) -> None:
    run, requests = asked("scene", backend("scene", server))
    (painting,) = run(requests[:1])
    sent = server.asked[0].body
    assert (painting.prompt, painting.negative) == (sent["prompt"], sent["negative_prompt"])
    assert painting.seed == requests[0].seed
    assert painting.repainted == 0
    assert requests[0].brief.name not in painting.prompt  # models letter what is named


def test_a_scene_that_cannot_be_used_is_painted_again(server: Loopback) -> None:
    black = base64.b64encode(_flat(0)).decode()
    server.plan = [mischief.replaced(data=[{"b64_json": black}])]
    run, requests = asked("scene", backend("scene", server))
    (painting,) = run(requests[:1])
    assert painting.repainted == 1
    assert painting.seed == requests[0].seed + 1
    assert [each.body["seed"] for each in server.asked] == [painting.seed - 1, painting.seed]
    server.rule = lambda _: mischief.replaced(data=[{"b64_json": black}])
    with pytest.raises(ModelError, match=r"black in 3 tries, the last with seed 2;"):
        run(requests[:1])


def _flat(level: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((256, 256, 3), level, np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def test_sizes_are_checked() -> None:
    assert stage.configure("scene", "endpoint", {"sizes": "1024x1024, 1536x1024"})
    with pytest.raises(BriefError, match=r"scene\.sizes: 'large' is no size"):
        stage.configure("scene", "endpoint", {"sizes": "1024x1024,large"})


def test_an_answer_that_cannot_be_used_is_asked_for_once_more(server: Loopback) -> None:
    made = backend("rank", server, parallel=1)
    run, requests = asked("rank", made)
    expected = run(requests[:1])
    server.seen.clear()
    server.plan = [mischief.changed(content="I would rather not.")]
    (ranking,) = run(requests[:1])
    assert {each.candidate_id for each in ranking} == {each.candidate_id for each in expected[0]}
    repeated = [each for each in server.asked if len(each.body["messages"]) == 4]
    assert len(repeated) == 1
    assert repeated[0].body["messages"][2]["content"] == "I would rather not."
    server.say = lambda _: "Never."
    with pytest.raises(ModelError, match=r"Green Mug: .*twice over.*'Never\.'"):
        run(requests[:1])


@pytest.mark.parametrize("name", ["copywrite", "rank", "scene"])
def test_what_a_run_may_spend_holds_for_all_its_batches(name: str, server: Loopback) -> None:
    made = backend(name, server, max_requests=1, parallel=1)
    run, requests = asked(name, made)
    errors = []
    for request in requests[:2]:
        try:
            run([request])
        except AigcError as error:
            errors.append(str(error))
    assert len(server.asked) == 1
    assert f"{name}.max_requests = 1: all are made; raise it" in errors[-1]


def test_a_judge_cannot_open_the_gate(server: Loopback) -> None:
    run, requests = asked("rank", backend("rank", server))
    server.say = _best_marks
    scores = {each.candidate_id: each for each in run([requests[1]])[0]}
    kept, invented, doubtful = (scores[each.id] for each in requests[1].copies)
    assert kept.parts["compliance"] == 1
    assert invented.parts["compliance"] == 0  # 400 ml, which this brief does not say
    assert doubtful.reason.startswith("Marked down: 'the best'")
    assert invented.total < doubtful.total < kept.total


def _best_marks(body: dict[str, Any]) -> str:
    schema = body["response_format"]["json_schema"]["schema"]

    def best(part: dict[str, Any]) -> Any:
        if part["type"] == "object":
            return {name: best(own) for name, own in part["properties"].items()}
        return part.get("maximum", "Splendid.")

    return json.dumps(best(schema))
