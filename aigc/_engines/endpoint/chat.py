"""Questions to chat completions, with pictures; answers in their order."""

from __future__ import annotations

import asyncio
import base64
import json
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import cv2

from aigc import events, photo
from aigc._engines.endpoint import beside
from aigc._engines.endpoint.address import find
from aigc._engines.endpoint.dialect import Dialect, dialect
from aigc._engines.endpoint.post import Failed, Refused, Session
from aigc._engines.endpoint.said import Reply
from aigc.campaign import Pixels
from aigc.chat import Answer, Question, json_in
from aigc.endpoint import Endpoint
from aigc.errors import AigcError, EndpointError

SIDE = 1024  # px of a picture's longer side: what models look at, and no more than they need
_PATH = "chat/completions"

T = TypeVar("T")
R = TypeVar("R")


def answer(options: Endpoint, questions: Sequence[Question]) -> list[Answer]:
    """Answer each question, or give the error of that one; answer i depends on question i alone.

    Raises EndpointError where no server is named.
    """
    sent = "photo and brief" if any(question.images for question in questions) else "the brief"
    return each(options, questions, _answer, sent)


def each(
    options: Endpoint,
    asked: Sequence[T],
    ask: Callable[[Session, T], Awaitable[R]],
    sent: str,
) -> list[R | AigcError]:
    """Ask for all, `parallel` at once; one result or error for each, in their order."""
    server = find(options)
    options.say(
        f"{sent} {'go' if ' and ' in sent else 'goes'} to {server.host}"
        + ("" if server.is_sealed else ", unencrypted")
    )
    done = 0

    async def work(tell: beside.Tell) -> list[R | AigcError]:
        session = Session(options, server, lambda remark: tell(lambda: options.say(remark)))
        few = asyncio.Semaphore(options.parallel)

        async def one(item: T) -> R | AigcError:
            nonlocal done
            async with few:
                try:
                    return await ask(session, item)
                except Refused as refused:
                    return refused.failed.error
                finally:
                    done += 1
                    tell(tick)

        try:
            return list(await asyncio.gather(*(one(item) for item in asked)))
        finally:
            await session.close()

    def tick() -> None:
        if done < len(asked):
            events.report(options.stage, done, len(asked), f"asking {server.host}")

    return beside.run(work, tick)


async def learning(
    session: Session,
    path: str,
    put: Callable[[Dialect, str], tuple[dict[str, Any], int]],
    read: Callable[[Reply, Dialect], R],
) -> R:
    """Send what `put` makes of the dialect, and again while refusals teach something."""
    model = await session.model()
    known = dialect(session.server.url, model, path)
    while True:
        before = known.state
        body, cost = put(known, model)
        try:
            return read(await session.post(path, body, cost), known)
        except CutOff as cut:
            remark, reason = known.learn_room() if known.state == before else "", cut.failed
        except Refused as refused:
            reason = refused.failed
            if reason.for_all or not reason.words:
                raise
            remark = known.learn(reason.words, body) if known.state == before else ""
        if known.state == before:  # neither this refusal nor one beside it taught anything
            raise Refused(reason)
        if remark:
            session.say(f"{session.server.host} ({model}) gets {remark}")


class CutOff(Exception):  # noqa: N818
    """An answer that ended where its room did."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(str(failed.error))
        self.failed = failed


async def _answer(session: Session, question: Question) -> str:
    pictures = [_picture(pixels) for pixels in question.images]

    def put(known: Dialect, model: str) -> tuple[dict[str, Any], int]:
        body = _body(question, pictures, known) | {"model": model}
        words = sum(len(str(each["content"]).encode()) for each in _messages(question, [], known))
        looked = sum(pixels.shape[0] * pixels.shape[1] for pixels in question.images)
        # Three bytes a token is on the safe side, in English as in Chinese; 28² px of a picture.
        guess = words / 3 + min(looked, len(pictures) * SIDE**2) / 28**2
        return body, math.ceil(guess) + body[known.room]

    return await learning(session, _PATH, put, lambda reply, _: _text(session, question, reply))


def _body(question: Question, pictures: list[dict[str, Any]], known: Dialect) -> dict[str, Any]:
    body: dict[str, Any] = {
        "messages": _messages(question, pictures, known),
        "temperature": question.temperature,
        "seed": question.seed & 0x7FFFFFFF,  # some servers hold it in 31 bits, or take -1 as none
        known.room: question.max_tokens * known.times,
    }
    if question.schema is not None:
        shape = {"name": "answer", "schema": question.schema}
        ways: list[dict[str, Any]] = [
            {"type": "json_schema", "json_schema": shape | {"strict": True}},
            {"type": "json_schema", "json_schema": shape},
            {"type": "json_object"},
        ]
        if known.format < len(ways):
            body["response_format"] = ways[known.format]
    return {name: value for name, value in body.items() if name not in known.without}


def _messages(
    question: Question, pictures: list[dict[str, Any]], known: Dialect
) -> list[dict[str, Any]]:
    system, user = question.system, question.user
    if question.schema is not None and known.format >= 2:  # it does not know the schema otherwise
        user += f"\n\nAnswer with one JSON object of this schema: {json.dumps(question.schema)}"
    if not known.system:
        system, user = "", f"{system}\n\n{user}"
    shown = [*pictures, {"type": "text", "text": user}] if pictures else user
    messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    messages.append({"role": "user", "content": shown})
    for said, wrong in question.so_far:
        messages.append({"role": "assistant", "content": said})
        messages.append({"role": "user", "content": wrong})
    return messages


def _picture(pixels: Pixels) -> dict[str, Any]:
    """A picture as servers take it: a small JPEG without metadata, in the request itself."""
    height, width = pixels.shape[:2]
    scale = SIDE / max(height, width)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    data = base64.b64encode(photo.encode_jpeg(pixels, quality=90)).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}}


def _text(session: Session, question: Question, reply: Reply) -> str:
    """What the model said, without its thoughts; raises Refused where it said nothing of use."""
    choices = reply.rows("choices")
    message = choices[0].get("message") if choices else None
    message = message if isinstance(message, dict) else {}
    content, ended = message.get("content"), choices[0].get("finish_reason") if choices else None
    if isinstance(content, list):  # in parts
        content = "".join(
            str(part.get("text") or "")
            for part in content
            if isinstance(part, dict) and part.get("type") in ("text", "output_text")
        )
    text = content.rsplit("</think>", 1)[-1].strip() if isinstance(content, str) else ""
    if ended == "length" and not (question.schema is not None and _holds_json(text)):
        raise CutOff(_useless(session, "the answer is cut off for want of room"))
    if message.get("refusal"):
        raise Refused(_useless(session, f"the model declines: {message['refusal']}"))
    if ended == "content_filter":
        raise Refused(_useless(session, "its filter holds the answer back"))
    if message.get("tool_calls") and not text:
        raise Refused(_useless(session, "the model calls a tool instead of answering"))
    if not text:
        raise Refused(_useless(session, "the model answers with nothing"))
    return text


def _holds_json(text: str) -> bool:
    """Whether the object that was asked for is whole, and only chatter behind it was cut off."""
    try:
        json_in(text)
    except ValueError:
        return False
    return True


def _useless(session: Session, why: str) -> Failed:
    flat = session.server.scrub(" ".join(why.split()))[:240]
    return Failed(EndpointError(f"{session.server.host}: {flat}", retryable=False, status=200))
