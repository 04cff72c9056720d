"""Learning the order of captions: pairs from tables, held-out gains, files, and what is refused."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from aigc import events
from aigc.campaign import Brief, Photo
from aigc.caption import CaptionRequest, learned, references, sentences, tune
from aigc.caption import matte as mattes
from aigc.caption.builtin import Backend, Seen
from aigc.caption.facts import Facts
from aigc.caption.product import Product
from aigc.caption.references import Pair
from aigc.cli_learn import learn
from aigc.errors import BriefError, ModelError
from aigc.rank import mert
from aigc.rank.clicks import weights as files

NOUNS = ("mug", "lamp", "sofa", "tent", "kettle", "desk", "vase", "rug", "stool", "clock", "bowl")
COLOURS = ("red", "blue", "green", "grey")


def written(style, count=22):
    """N-best lists of plain templates, judged against references of one style."""
    lines, features, statistics, wanted = [], [], [], []
    for number in range(count):
        noun, colour = NOUNS[number % len(NOUNS)], COLOURS[number % 4]
        known = Facts("en", f"Nova {noun} {number}", noun, (colour,), "white", True)
        reference = style.format(name=known.name, noun=noun, colour=colour)
        own = sorted(sentences.templates(known))
        lines.append(own)
        wanted.append(reference)
        rows = [sentences.features(line, known, -len(line) / 20) for line in own]
        features.append([list(row.values()) for row in rows])
        statistics.append(tune.counted(own, reference, "chrf"))
    return tune.Judged(lines, mert.lists(features, statistics)), wanted


def test_captions_become_like_the_references_on_photos_it_has_not_seen():
    data, wanted = written("{name}: a {noun}.")
    found = tune.fit(data)
    assert found.chosen["tuned"] == wanted
    assert found.chosen["shipped"] != wanted
    assert found.scores["tuned"] == pytest.approx(100)
    assert found.scores["oracle"] == pytest.approx(100)
    for margin in found.margins.values():
        assert 0 < margin.low <= margin.value <= margin.high
    assert found.scores["shipped"] + found.margins["shipped"].value == pytest.approx(100)


def test_other_references_give_other_captions():
    short, _ = written("A {noun}.")
    full, _ = written("A {colour} {noun} on a white background.")
    assert tune.fit(short).chosen["tuned"][0] == "A mug."
    assert tune.fit(full).chosen["tuned"][0] == "A red mug on a white background."


def test_references_that_say_nothing_promise_nothing():
    data, _ = written("Zzz!")
    found = tune.fit(data)
    assert found.margins["shipped"] == (0, 0, 0)
    assert found.chosen["tuned"] == found.chosen["shipped"]


def test_pairs_of_one_group_are_held_out_together():
    data, wanted = written("{name}.", count=20)
    same = tune._folds([str(number // 5) for number in range(20)], 0)
    assert all(len(set(same[first : first + 5])) == 1 for first in range(0, 20, 5))
    assert len(set(same)) == 4
    assert sorted(np.bincount(tune._folds([str(n) for n in range(25)], 3))) == [2] * 5 + [3] * 5
    assert tune.fit(data, groups=wanted, seed=2).weights == tune.fit(data, seed=2).weights


def test_the_bootstrap_is_paired():
    ours = np.random.default_rng(0).integers(1, 50, (40, 18)).astype(float)
    ours[:, 2::3] = 0.5 * ours[:, 0::3]
    score = tune.metric("chrf")
    assert tune.margin(ours, ours, score) == (0, 0, 0)
    better = ours.copy()
    better[:, 2::3] *= 1.1
    found = tune.margin(better, ours, score)
    assert 0 < found.low < found.value < found.high
    assert tune.margin(better, ours, score, seed=0) == found


def test_the_first_sentence_of_a_reference_counts():
    line = ["A grey bag."]
    one = tune.counted(line, "A grey bag. It has two pockets, and a zip.", "chrf")
    assert tune.metric("chrf")(one[0]) == pytest.approx(100)
    chinese = tune.counted(["灰色背包。"], "灰色背包。可装电脑。", "bleu", chinese=True)
    assert tune.metric("bleu")(chinese[0]) == pytest.approx(100)


KINDS = ("马克杯", "台灯", "沙发", "帐篷", "水壶", "书桌", "花瓶", "地毯", "凳子", "时钟")


@pytest.fixture
def shop(tmp_path):
    """A table of twelve products, of which the first two cannot be used."""
    rows = [
        {"Title": "No words", "Picture": "0.png", "About": None},
        {"Title": "No photo", "Picture": "gone.png", "About": "A photo that is not there."},
    ]
    for number, kind in enumerate(KINDS):
        Image.new("RGB", (64, 64), (200, number, 40)).save(tmp_path / f"{number}.png")
        rows.append({"Title": kind, "Picture": f"{number}.png", "About": f"{kind}。可送人。"})
    table = tmp_path / "shop.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return table


MAPPED = {"photo": "Picture", "reference": "About", "name": "Title"}


def test_rows_that_cannot_be_used_are_named_and_skipped(shop):
    said = []
    with events.listening(said.append):
        pairs = references.read(shop, MAPPED)
    assert len(pairs) == 10
    assert pairs[0] == Pair(str(shop.parent / "0.png"), "马克杯。可送人。", "马克杯")
    assert [event.message for event in said] == [
        "shop.jsonl, line 1: no reference; skipped",
        "shop.jsonl, line 2: photo = 'gone.png': no such file; skipped",
    ]


def test_of_many_skipped_rows_the_number_is_said(shop):
    shop.write_text(shop.read_text("utf-8") + '{"Title": "", "Picture": "", "About": ""}\n' * 9)
    said = []
    with events.listening(said.append):
        assert len(references.read(shop, MAPPED)) == 10
    assert len(said) == 6
    assert said[-1].message == "shop.jsonl: 11 rows skipped in all"


def test_a_column_that_is_not_there_is_named_with_those_that_are(shop):
    with pytest.raises(BriefError, match="Title, Picture, About"):
        references.read(shop, {"photo": "Picture"})
    shop.write_text("".join(shop.read_text("utf-8").splitlines(keepends=True)[:8]), "utf-8")
    with pytest.raises(BriefError, match="6 usable pairs; at least 10"):
        references.read(shop, MAPPED)


def test_the_digest_is_that_of_photos_and_words(shop):
    pairs = references.read(shop, MAPPED)
    before = references.digest(pairs)
    assert references.digest([pairs[0]._replace(reference="Else."), *pairs[1:]]) != before
    Image.new("RGB", (64, 64), "blue").save(pairs[0].photo)
    assert references.digest(pairs) != before


@pytest.fixture
def seen(monkeypatch):
    """Looking at photos, with what is in them taken from the brief; Chinese needs no model."""

    def look(self, requests):
        bare = Photo(pixels=np.full((64, 64, 3), 255, np.uint8))
        matte = mattes.Matte(
            np.full((64, 64), 255, np.uint8), bare.pixels, (0.0, 0.0, 1.0, 1.0), 1.0, "white"
        )
        product = Product(matte, matte, (), "", (0.0, 0.0, 1.0, 1.0))
        return [
            Seen(product, (), Facts("zh-CN", brief.name, brief.name, ("红色",), "white", True))
            for brief in (request.brief for request in requests)
        ]

    monkeypatch.setattr(Backend, "look", look)


def test_the_command_learns_and_captions_use_its_file(shop, seen, monkeypatch):
    monkeypatch.chdir(shop.parent)
    flags = [f"--{field}={column}" for field, column in MAPPED.items()]
    asked = ["caption", str(shop), "-o", "w.json", "--language=zh-CN", "--json", *flags]
    ran = CliRunner().invoke(learn, asked, catch_exceptions=False)
    found = json.loads(ran.stdout)
    assert found["pairs"] == 10
    assert found["scores"]["tuned"] > found["scores"]["shipped"]
    assert found["margins"]["shipped"]["low"] > 0
    head = json.loads((shop.parent / "w.json").read_text("utf-8"))
    assert head["evidence"] == {"pairs": 10, "candidates": found["candidates"]}
    assert head["score"]["low"] == found["margins"]["shipped"]["low"]
    assert (head["kind"], head["files"]) == ("caption", ["shop.jsonl"])
    ran = CliRunner().invoke(learn, [each for each in asked if each != "--json"])
    assert "chrF of 10 photos held out" in ran.stdout
    assert "  tuned     帐篷。" in ran.stdout
    assert found["examples"][3] == {"shipped": "白色背景上的红色帐篷。", "tuned": "帐篷。"}

    photo = Photo(pixels=np.zeros((8, 8, 3), np.uint8))
    brief = Brief(name="帐篷", photo="3.png", language="zh-CN")
    request = CaptionRequest(photo=photo, brief=brief, seed=1)
    assert Backend().describe([request])[0].text == "白色背景上的红色帐篷。"
    backend = Backend(weights="w.json")
    backend.ready()
    assert backend.describe([request])[0].text == "帐篷。"
    assert backend.materials == {"weights": learned.digest("w.json")}
    assert Backend().materials == {}


def test_one_reference_for_all_is_nothing_to_learn_from(shop, seen):
    text = shop.read_text("utf-8")
    for kind in KINDS:
        text = text.replace(f'"About": {json.dumps(kind + "。可送人。")}', '"About": "A shop."')
    shop.write_text(text, "utf-8")
    with pytest.raises(BriefError, match="all references are the same"):
        tune.learn(shop, shop.parent / "w.json", columns=MAPPED, language="zh-CN")
    assert not (shop.parent / "w.json").exists()


def saved(path, **changes):
    names = tuple(sentences.shipped())
    fields = {"kind": "caption", "made": "2026-01-02", "data": "0", "evidence": {"pairs": 10}}
    arrays = {"weights": np.arange(len(names), dtype=float)}
    head = files.Head.model_validate(fields | {"features": names} | changes)
    files.save(path, head, arrays)


def test_an_incompatible_file_is_refused_with_the_reason(tmp_path):
    path = tmp_path / "w.json"
    saved(path)
    assert learned.load(path) == dict(zip(sentences.shipped(), range(7), strict=True))
    saved(path, features=("fluency", "charm"))
    with pytest.raises(ModelError, match=r"fluency, charm; this aigc has .*learn them again"):
        Backend(weights=str(path)).ready()
    saved(path, features=[*list(sentences.shipped())[:-1], "charm"])
    with pytest.raises(ModelError, match="charm"):
        learned.load(path)
    saved(path, kind="copy")
    with pytest.raises(ModelError, match="copy"):
        Backend(weights=str(path)).ready()
    with pytest.raises(ModelError, match="cannot be read"):
        Backend(weights=str(tmp_path / "none.json")).ready()
    path.write_text("[weights]\n", "utf-8")
    with pytest.raises(ModelError, match="no file of weights"):
        learned.load(path)
