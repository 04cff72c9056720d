"""rank/clip: relevance from a dual encoder, everything else from builtin."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tiny_clip
from click.testing import CliRunner
from pictures import mug

from aigc import events
from aigc._engines.clip import Encoder
from aigc.campaign import Brief, Caption, Copy, Photo
from aigc.channels import TextLimits
from aigc.cli import cli
from aigc.errors import BriefError, ModelError
from aigc.rank import RankRequest
from aigc.rank import builtin as by_builtin
from aigc.rank.clip import Backend
from aigc.rank.contrast import View, log_odds, relevance, squared

LIMITS = TextLimits(headline=30, body=90, cta=16)


def backend(folder: Path) -> Backend:
    """Give the backend with a tiny model."""
    return Backend(model=str(folder), device="cpu")


def photo() -> Photo:
    """Give a photo of a mug."""
    return Photo(pixels=np.asarray(mug(160).convert("RGB")))


def caption() -> Caption:
    """Give what a captioner would cut out of it."""
    return Caption(
        text="A mug.",
        tags=(),
        palette=(),
        background="white",
        subject=(0.1, 0.1, 0.8, 0.8),
        cutout=np.asarray(mug(160, backdrop="clear").crop((16, 16, 128, 128))),
    )


def request(*texts: str, **fields: object) -> RankRequest:
    """Ask for these headlines."""
    copies = tuple(
        Copy(id=str(i), headline=text, body="", cta="Shop", hashtags=(), source="test")
        for i, text in enumerate(texts)
    )
    brief = Brief.model_validate({"name": "Green Mug", "photo": "x.png"} | fields)
    return RankRequest(photo=photo(), caption=caption(), brief=brief, copies=copies, limits=LIMITS)


ENGLISH = ("A green mug to keep", "Airy running shoes. Run lighter today.", "The 1st mug, the best")


@pytest.mark.parametrize("make", [tiny_clip.clip, tiny_clip.siglip])
def test_only_relevance_differs_from_builtin(make: object) -> None:
    asked = request(*ENGLISH, features=("holds 400 ml",))
    (ours,) = backend(make()).score([asked])  # type: ignore[operator]
    (theirs,) = by_builtin.Backend().score([asked])
    assert [score.total for score in ours] == sorted((s.total for s in ours), reverse=True)
    plain = {score.candidate_id: score.parts for score in theirs}
    for score in ours:
        other = plain[score.candidate_id]
        assert list(score.parts) == list(other)
        assert {k: v for k, v in score.parts.items() if k != "relevance"} == {
            k: v for k, v in other.items() if k != "relevance"
        }
    assert any(s.parts["relevance"] != plain[s.candidate_id]["relevance"] for s in ours)
    assert len({score.parts["relevance"] for score in ours}) == 3


def test_relevance_decides_where_it_alone_counts(tmp_path: Path) -> None:
    names = ("relevance", "coverage", "fluency", "length", "tone", "distinctness")
    lines = [f"{name} = {int(name == 'relevance')}" for name in names]
    weights = tmp_path / "weights.toml"
    weights.write_text("\n".join(["[weights.en]", *lines]))
    made = backend(tiny_clip.siglip()).model_copy(update={"weights": str(weights)})
    (found,) = made.score([request(*ENGLISH[:2])])
    assert [score.total for score in found] == [score.parts["relevance"] for score in found]
    assert found[0].total > found[1].total
    with pytest.raises(BriefError, match=r"rank\.weights"):
        Backend(weights=str(tmp_path / "none.toml")).score([])


def test_parts_of_what_cannot_be_read() -> None:
    thai = request("แก้วกาแฟสีเขียว", "ดื่มกาแฟทุกเช้า", language="th")
    said: list[events.Event] = []
    with events.listening(said.append):
        (unread,) = backend(tiny_clip.clip()).score([thai])
    assert all("relevance" not in score.parts for score in unread)
    (remark,) = [each.message for each in said if each.total == 0]
    assert "cannot read the texts of 1 of 1 photos: no relevance" in remark
    mixed = request("A green mug to keep", "แก้วกาแฟสีเขียว")
    (found,) = backend(tiny_clip.clip()).score([mixed])
    by_id = {score.candidate_id: score.parts for score in found}
    assert by_id["1"]["relevance"] == 0.5 != by_id["0"]["relevance"]


def test_chinese_goes_straight_into_a_model_that_reads_it() -> None:
    lines = ("红色马克杯，陪你喝咖啡", "清晨的光，慢慢来")
    view = [View(photo(), None)]
    ((first, second),) = relevance(tiny_clip.encoder(tiny_clip.siglip()), view, [lines])
    assert first != second
    ((named, nothing),) = relevance(tiny_clip.encoder(tiny_clip.clip()), view, [lines])
    ((goods,),) = relevance(tiny_clip.encoder(tiny_clip.clip()), view, [("mug, coffee",)])
    assert (named, nothing) == (pytest.approx(goods), 0.5)
    assert first != pytest.approx(named)


def test_pictures_and_texts_are_encoded_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = tiny_clip.encoder(tiny_clip.siglip())
    relevance(encoder, [View(photo(), None)], [ENGLISH])  # the goods are known from now on
    asked: dict[str, list[int]] = {"texts": [], "images": []}
    texts, images = Encoder.texts, Encoder.images
    monkeypatch.setattr(
        Encoder, "texts", lambda self, t: asked["texts"].append(len(t)) or texts(self, t)
    )
    monkeypatch.setattr(
        Encoder, "images", lambda self, p: asked["images"].append(len(p)) or images(self, p)
    )
    views = [View(photo(), caption()), View(photo(), None)]
    both = relevance(encoder, views, [ENGLISH, ENGLISH])
    # Three texts, of which one has two sentences; two looks at the first product, one at the other.
    assert asked == {"texts": [5], "images": [3]}
    assert both[0] != both[1]


def test_a_text_like_the_photo_is_likelier_than_any_good() -> None:
    rng = np.random.default_rng(0)
    goods = rng.normal(size=(50, 8)).astype(np.float32)
    goods /= np.linalg.norm(goods, axis=1, keepdims=True)
    looks = np.eye(8, dtype=np.float32)[:1]
    steps = [np.eye(8)[0] * c + np.eye(8)[1] * (1 - c**2) ** 0.5 for c in (0.0, 0.3, 0.6, 0.9, 1.0)]
    odds = log_odds(looks, np.array(steps, np.float32), goods, 20.0).tolist()
    assert odds == sorted(odds)
    assert odds[0] < 0 < odds[-1]


def test_a_text_that_is_one_of_the_goods_has_even_chances_with_itself() -> None:
    text = np.eye(4, dtype=np.float32)[:1]
    goods = np.repeat(text, 7, axis=0)
    looks = np.full((2, 4), 0.5, np.float32)
    assert log_odds(looks, text, goods, 100.0) == pytest.approx(0, abs=1e-9)
    # A seventh of the goods like it, the rest unlike: seven times as likely as any.
    rest = np.concatenate([goods[:1], -goods[:6]])
    assert log_odds(looks, text, rest, 100.0) == pytest.approx(np.log(7), abs=1e-6)


def test_the_cut_out_is_seen_on_white(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[np.ndarray] = []
    images = Encoder.images
    monkeypatch.setattr(Encoder, "images", lambda self, p: seen.extend(p) or images(self, p))
    relevance(tiny_clip.encoder(tiny_clip.siglip()), [View(photo(), caption())], [ENGLISH])
    whole, alone = seen
    assert np.array_equal(whole, photo().pixels)
    assert alone.shape[0] == alone.shape[1]
    assert (alone[[0, 0, -1, -1], [0, -1, 0, -1]] == 255).all()
    colours = {tuple(each) for each in alone.reshape(-1, 3).tolist()}
    product = caption().cutout[caption().cutout[..., 3] == 255][:, :3]
    assert {tuple(each) for each in product.tolist()} <= colours


def test_the_whole_cut_out_is_seen() -> None:
    tall = np.zeros((90, 10, 3), np.uint8)
    framed = squared(tall, 255, 0.05)
    assert framed.shape == (99, 99, 3)
    assert (framed == 0).all(2).sum() == 900
    assert squared(tall, 127).shape == (90, 90, 3)


def test_any_texts_against_any_photo(tmp_path: Path) -> None:
    lines = ["A green mug to keep", "红色马克杯，陪你喝咖啡", "แก้ว"]
    found = backend(tiny_clip.siglip()).rank_texts(photo(), lines)
    assert sorted(score.candidate_id for score in found) == ["0", "1", "2"]
    assert set(found[0].parts) == {"relevance", "fluency", "distinctness", "compliance"}
    (tmp_path / "texts.txt").write_text("\n".join(lines), "utf-8")
    mug(160).save(tmp_path / "mug.png")
    arguments = ["rank", "--photo", str(tmp_path / "mug.png"), "--texts", f"{tmp_path}/texts.txt"]
    chosen = ["--rank", "clip", "--set", "rank.device=cpu", "--set"]
    shown = [
        CliRunner().invoke(cli, [*arguments, *more, "--json"], catch_exceptions=False).stdout
        for more in ([*chosen, f"rank.model={tiny_clip.siglip()}"], [])
    ]
    by_clip, by_classifier = (
        {row["text"]: row["parts"]["relevance"] for row in json.loads(out)} for out in shown
    )
    assert by_clip.keys() == by_classifier.keys() == set(lines)
    assert by_clip[lines[0]] != by_classifier[lines[0]]


def test_provenance_names_the_model_and_its_version() -> None:
    made = backend(tiny_clip.siglip())
    (version,) = made.materials.values()
    assert list(made.materials) == [made.model]
    assert len(version) == 64


def test_a_wrong_model_or_device_is_said_in_one_line() -> None:
    with pytest.raises(ModelError, match="LlamaModel does not put") as caught:
        backend(tiny_clip.language_model()).score([request("A mug")])
    assert "\n" not in str(caught.value)
    with pytest.raises(ModelError, match=r"rank\.device = 'auto'.*use --rank builtin"):
        Backend().score([request("A mug")])
