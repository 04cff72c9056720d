"""What every backend keeps to; a new file in a stage's folder is covered at once."""

import pickle
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import tiny
from pictures import mug

from aigc import channels, stage, styles
from aigc.campaign import Brief, Campaign, Caption, Copy, Photo, Scene, Size, Value
from aigc.caption import CaptionRequest
from aigc.copywrite import CopyRequest
from aigc.errors import BriefError
from aigc.rank import RankRequest
from aigc.scene import Painting, SceneRequest
from aigc.stage import STAGES
from aigc.typeset import PlanRequest, SetRequest

BACKENDS = [(name, each) for name in STAGES for each in stage.backends(name)]
every_backend = pytest.mark.parametrize(("name", "backend"), BACKENDS)

PHOTOS = [mug(200), mug(232, (190, 70, 60), "wood"), mug(180, (60, 70, 160))]
BRIEFS = [
    Brief(name="Green Mug", photo="a.png", features=("holds 400 ml",), price="$12"),
    Brief(name="红色马克杯", photo="b.png", language="zh-CN", tone="poetic", seed=4),
    Brief(name="Blue Mug", photo="c.png", tone="fun", seed=2**32 - 1),
]
LIMITS = channels.strictest(["iab-leaderboard"])


def photo(number: int) -> Photo:
    """Give a drawn photo."""
    return Photo(pixels=np.asarray(PHOTOS[number].convert("RGB")))


def caption(number: int) -> Caption:
    """Give what a captioner would say of it."""
    cutout = mug(160, backdrop="clear").crop((20, 20, 140, 140))
    return Caption(
        text="A mug.",
        tags=({"word": "mug", "probability": 0.9},),
        palette=({"hex": "#3a8c70", "name": "green", "share": 1.0},),
        background="white",
        subject=(0.1, 0.1, 0.8, 0.8),
        cutout=np.asarray(cutout),
    )


def copies(number: int) -> tuple[Copy, ...]:
    """Give candidate copies."""
    lines = ["A mug to keep", "Holds 400 ml", "Buy the best boat", "早安，杯子"][: number + 2]
    return tuple(
        Copy(id=f"c{i}", headline=line, body=line, cta="Shop", hashtags=(), source="test")
        for i, line in enumerate(lines)
    )


def plan(number: int) -> PlanRequest:
    """Give a poster to plan."""
    name = ("iab-leaderboard", "iab-rectangle", "iab-skyscraper")[number]
    return PlanRequest(
        channel=channels.channel(name),
        variant=0,
        style=list(styles.all_styles().values())[number],
        brief=BRIEFS[number],
        caption=caption(number),
        copies=copies(number),
        seed=number,
    )


def requests(name: str, backend: stage.Stage) -> tuple[Callable[..., list[Any]], list[Value]]:
    """Give a backend's batch method and three different requests."""
    if name == "caption":
        return backend.describe, [
            CaptionRequest(photo=photo(i), brief=BRIEFS[i], seed=i) for i in range(3)
        ]
    if name == "copywrite":
        return backend.write, [
            CopyRequest(brief=BRIEFS[i], caption=caption(i), limits=LIMITS, seed=i)
            for i in range(3)
        ]
    if name == "rank":
        return backend.score, [
            RankRequest(
                photo=photo(i),
                caption=caption(i),
                brief=BRIEFS[i],
                copies=copies(i),
                limits=LIMITS,
            )
            for i in range(3)
        ]
    plans = [plan(i) for i in range(3)]
    typesetter = backend if name == "typeset" else stage.configure("typeset", "builtin", {})
    slots = typesetter.plan(plans)
    if name == "scene":
        return backend.paint, [
            SceneRequest(
                size=each.channel.size,
                slots=places,
                style=each.style,
                brief=each.brief,
                caption=each.caption,
                background=("scene", "scene", "white")[each.seed],
                seed=each.seed,
            )
            for each, places in zip(plans, slots, strict=True)
        ]
    scenes = [
        Scene(
            id=each.channel.name,
            channel=each.channel.name,
            style=each.style.name,
            seed=each.seed,
            slots=places,
            image=backdrop(each.channel.size),
        )
        for each, places in zip(plans, slots, strict=True)
    ]
    return backend.set, [
        SetRequest(plan=each, scene=scene, poster_id=scene.id, metadata={"Title": "Mug"})
        for each, scene in zip(plans, scenes, strict=True)
    ]


def backdrop(size: Size) -> np.ndarray:
    """Give a graded backdrop."""
    across = np.linspace(120, 230, size[0])[None, :, None]
    return np.broadcast_to(across, (size[1], size[0], 3)).astype(np.uint8)


def same(a: Any, b: Any) -> bool:
    """Whether two results are equal, to the last bit."""
    if isinstance(a, np.ndarray):
        return bool(np.array_equal(a, b))
    if isinstance(a, Value):
        return all(same(getattr(a, field), getattr(b, field)) for field in type(a).model_fields)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


@every_backend
def test_options_are_described(name: str, backend: str) -> None:
    cls = stage.backend_class(name, backend)
    assert cls.stage == name
    assert stage.describe(name, backend)
    for field, schema in cls.model_json_schema().get("properties", {}).items():
        assert schema.get("description"), f"{name}.{backend}: {field} has no description"


@every_backend
def test_pickles_and_freezes(name: str, backend: str) -> None:
    made = stage.configure(name, backend, {})
    data = pickle.dumps(made)
    assert len(data) < 4000
    assert pickle.loads(data) == made
    assert made.backend == backend
    for field in type(made).model_fields:
        with pytest.raises(ValueError, match="frozen"):
            setattr(made, field, None)


@every_backend
def test_unknown_option_is_refused(name: str, backend: str) -> None:
    with pytest.raises(BriefError, match=rf"{name}\.wrong: {backend} has no such option"):
        stage.configure(name, backend, {"wrong": 1})


@every_backend
def test_packages_are_installed(name: str, backend: str) -> None:
    from importlib.metadata import version

    for package in stage.configure(name, backend, {}).packages:
        assert version(package)


@every_backend
def test_no_requests_no_results(name: str, backend: str) -> None:
    run, _ = requests(name, tiny.configured(name, backend))
    assert run([]) == []


@cache
def results(name: str, backend: str) -> tuple[list[Value], list[Any]]:
    """Run the three requests as one batch; tests share what comes of it."""
    run, asked = requests(name, tiny.configured(name, backend))
    return asked, run(asked)


@every_backend
def test_a_batch_equals_batches_of_one_in_any_order(name: str, backend: str) -> None:
    run, _ = requests(name, tiny.configured(name, backend))
    asked, together = results(name, backend)
    assert len(together) == len(asked)
    for number in (2, 0):
        assert same(run([asked[number]])[0], together[number])
    assert not same(together[0], together[1])


@every_backend
def test_stage_keeps_its_promise(name: str, backend: str) -> None:
    for request, result in zip(*results(name, backend), strict=True):
        PROMISES[name](request, result)


def _caption(request: CaptionRequest, result: Caption) -> None:
    assert result.text
    left, top, right, bottom = result.subject
    assert 0 <= left < right <= 1
    assert 0 <= top < bottom <= 1
    assert result.cutout.dtype == np.uint8
    assert result.cutout.shape[2] == 4
    assert result.cutout[..., 3].max() == 255
    height, width = request.photo.pixels.shape[:2]
    assert result.cutout.shape[0] == pytest.approx((bottom - top) * height, abs=1.5)
    assert result.cutout.shape[1] == pytest.approx((right - left) * width, abs=1.5)
    assert sum(swatch.share for swatch in result.palette) <= 1.001


def _copywrite(request: CopyRequest, result: list[Copy]) -> None:
    assert len(result) >= 8
    assert len({each.id for each in result}) == len(result)
    assert len({(each.headline, each.body) for each in result}) == len(result)
    for each in result:
        assert each.headline.strip()
        assert each.cta.strip()
        for part, limit in request.limits.model_dump().items():
            assert channels.columns(getattr(each, part)) <= limit


def _rank(request: RankRequest, result: list[Any]) -> None:
    assert {each.candidate_id for each in result} == {copy.id for copy in request.copies}
    assert len(result) == len(request.copies)
    totals = [each.total for each in result]
    assert totals == sorted(totals, reverse=True)
    assert len({tuple(each.parts) for each in result}) == 1


def _scene(request: SceneRequest, result: Painting) -> None:
    assert result.pixels.dtype == np.uint8
    assert result.pixels.shape == (request.size[1], request.size[0], 3)
    if request.background == "white":
        assert (result.pixels[:4] == 255).all()


def _typeset(request: SetRequest, result: Any) -> None:
    import io

    from PIL import Image

    channel = request.plan.channel
    assert result.id == request.poster_id
    assert result.size == channel.size
    assert len(result.data) <= channel.max_bytes
    with Image.open(io.BytesIO(result.data)) as image:
        assert image.size == channel.size
        assert image.format == {"jpg": "JPEG", "png": "PNG"}[channel.format]
    assert result.file == f"typeset/{result.id}.{channel.format}"
    for box in result.boxes.values():
        assert 0 <= box[0] < box[2] <= 1
        assert 0 <= box[1] < box[3] <= 1
    assert all(ratio >= 4.5 for ratio in result.contrast.values())
    assert result.copy_id in {copy.id for copy in request.plan.copies}


@pytest.mark.parametrize("backend", stage.backends("copywrite"))
@pytest.mark.parametrize("language", ["en", "th"])
def test_texts_of_ones_own_are_candidates_in_any_language(backend: str, language: str) -> None:
    texts = ({"headline": "เดินทางเบาสบาย", "body": "ช่องเก็บของกว้าง", "cta": "ช้อปเลย"},)
    brief = Brief(name="Mug", photo="a.png", language=language, texts=texts)
    asked = CopyRequest(brief=brief, caption=caption(0), limits=LIMITS, seed=1)
    (copies,) = tiny.configured("copywrite", backend).write([asked])
    assert (copies[0].headline, copies[0].source) == (texts[0]["headline"], "own")
    assert len({each.id for each in copies}) == len(copies)


PROMISES: dict[str, Callable[[Any, Any], None]] = {
    "caption": _caption,
    "copywrite": _copywrite,
    "rank": _rank,
    "scene": _scene,
    "typeset": _typeset,
}


def test_seeds_depend_on_place_only() -> None:
    campaign = Campaign(id="a", brief=BRIEFS[0])
    other = Campaign(id="b", brief=BRIEFS[0].model_copy(update={"name": "Other"}))
    seeds = {(name, i): campaign.seed(name, i) for name in STAGES for i in range(9)}
    assert len(set(seeds.values())) == len(seeds)
    assert all(other.seed(name, i) == seed for (name, i), seed in seeds.items())
    assert campaign.model_copy(update={"brief": BRIEFS[1]}).seed("scene") != seeds["scene", 0]
