"""The endpoints behind the page, asked by the real gradio_client of a real server."""

from __future__ import annotations

import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from browser_kit import Site, served
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

DOCS = Path(__file__).parents[2] / "docs" / "api.md"
CHANNELS = ["iab-rectangle", "iab-leaderboard"]


@pytest.fixture
def open_site(tmp_path: Path) -> Iterator[Site]:
    """A page that is open to others, and knows its visitors by their browsers."""
    with served(tmp_path, "--host", "0.0.0.0") as site:
        yield Site(site.url.replace("0.0.0.0", "127.0.0.1"), site.outputs)


@pytest.fixture(scope="module")
def client(plain_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """A program that asks."""
    folder = tmp_path_factory.mktemp("got")
    return Client(plain_site.url, verbose=False, download_files=folder, analytics_enabled=False)


def brief(**more: Any) -> dict[str, Any]:
    """A brief's fields, without the photo."""
    return {"name": "Green Jar", "channels": CHANNELS, "features": ["holds 400 ml"], **more}


def test_a_campaign_from_photo_to_zip(client: Client, photo: Path, plain_site: Site) -> None:
    job = client.submit(photo=handle_file(photo), brief=brief(), api_name="/campaign")
    made = job.result(timeout=60)
    states = [news["state"] for news in job.outputs()]
    assert states[0] in ("waiting", "running")
    assert states[-1] == "done"
    assert made["caption"].startswith("thing")
    assert [copy["score"] for copy in made["copies"]] == sorted(
        (copy["score"] for copy in made["copies"]), reverse=True
    )
    assert made["copies"][0]["parts"] == {"place": 1.0}
    assert [poster["channel"] for poster in made["posters"]] == CHANNELS
    with zipfile.ZipFile(made["zip"]) as packed:
        assert f"{CHANNELS[0]}/green-jar-{CHANNELS[0]}.jpg" in packed.namelist()
    picture = httpx.get(plain_site.url + made["posters"][0]["url"])
    assert picture.headers["content-type"] == "image/jpeg"

    name = made["campaign"]
    assert (plain_site.outputs / name / "campaign.json").exists()
    again = client.predict(name, api_name="/read")
    assert again["copies"] == made["copies"]
    listed = client.predict(query="jar green", api_name="/campaigns")
    assert name in {each["campaign"] for each in listed}
    assert client.predict(query="teapot", api_name="/campaigns") == []
    assert yaml.safe_load(client.predict(name, api_name="/brief"))["name"] == "Green Jar"
    with zipfile.ZipFile(client.predict(name, CHANNELS[1], api_name="/zip")) as packed:
        assert packed.namelist() == ["copy.txt", f"green-jar-{CHANNELS[1]}.jpg"]
    lined = client.predict(api_name="/jobs")
    assert lined[0]["campaign"] == name
    followed = client.predict(lined[0]["job"], api_name="/follow")
    assert followed["posters"] == made["posters"]


def test_corrections_and_undo(client: Client, photo: Path) -> None:
    made = client.predict(handle_file(photo), brief(name="Jar"), api_name="/campaign")
    name, second = made["campaign"], made["copies"][1]["id"]
    edits = {"lead": second, "texts": {second: {"headline": "Keeps it fresh"}}}
    revised = client.predict(name, edits, api_name="/revise")
    assert revised["edits"]["lead"] == second
    assert {poster["copy_id"] for poster in revised["posters"]} == {second}
    told = {copy["id"]: copy["headline"] for copy in revised["copies"]}
    assert told[second] == "Keeps it fresh"
    assert "Keeps it fresh" in client.predict(name, api_name="/brief")
    undone = client.predict(name, api_name="/undo")
    assert undone["edits"] == {}
    assert undone["posters"] == made["posters"]
    with pytest.raises(AppError, match="nothing to take back"):
        client.predict(name, api_name="/undo")


@pytest.mark.parametrize(
    ("fields", "options", "said"),
    [
        ({"channels": ["instagarm-story"]}, {}, "did you mean instagram-story"),
        ({"nmae": "x"}, {}, "nmae"),
        ({"photo": "/etc/passwd"}, {}, "the photo goes apart"),
        ({"brand": {"name": "x", "logo": "/etc/passwd"}}, {}, "brand.logo: send the file itself"),
        ({"brand": {"logo": {"path": "/etc/passwd"}}}, {}, "no such file"),
        ({"edits": {"matte": "/etc/passwd"}}, {}, "edits.matte: send the file itself"),
        ({}, {"scene": {"backend": "magic"}}, "no backend 'magic'"),
        ({}, {"scene": {"shade": 900}}, "shade"),
        ({}, {"scene": {"api_key_env": "HOME"}}, "scene has no 'api_key_env'"),
        (
            {},
            {"rank": {"backend": "builtin", "weights": "/etc/passwd"}},
            "rank.weights: send the file itself",
        ),
        ({}, {"paint": {}}, "no stage 'paint'"),
        ({}, {"scene": "builtin"}, "options: send them by stage"),
    ],
)
def test_a_wrong_brief_is_refused_in_words(
    client: Client, photo: Path, fields: dict[str, Any], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(AppError, match=re.escape(said)) as caught:
        client.predict(handle_file(photo), brief(**fields), options, api_name="/campaign")
    assert "/tmp" not in str(caught.value)


def test_what_is_no_photo_is_refused(client: Client, tmp_path: Path, plain_site: Site) -> None:
    fake = tmp_path / "fake.png"
    fake.write_text("<svg onload=alert(1)>")
    with pytest.raises(AppError, match=r"photo = 'fake.png': not a picture"):
        client.predict(handle_file(fake), brief(), api_name="/campaign")
    with pytest.raises(AppError, match="photo: send the file itself"):
        client.predict("/etc/passwd", brief(), api_name="/campaign")
    # What the client would not send, for it uploads every path.
    sent = {"path": str(plain_site.outputs / ".." / "jobs"), "meta": {"_type": "gradio.FileData"}}
    asked = httpx.post(
        f"{plain_site.url}/gradio_api/call/campaign", json={"data": [sent, brief(), {}]}
    )
    assert "event_id" not in asked.text or "error" in _answer(plain_site, asked.json()["event_id"])


def _answer(plain_site: Site, event: str) -> str:
    return httpx.get(f"{plain_site.url}/gradio_api/call/campaign/{event}", timeout=30).text


@pytest.mark.parametrize("name", ["../scratch", "", "no-such-thing", "a/b", ".locks", "x" * 999])
def test_only_ones_own_campaigns_are_read(client: Client, name: str) -> None:
    for asked in ("/read", "/brief", "/zip", "/undo"):
        with pytest.raises(AppError, match="there is none of yours"):
            client.predict(name, api_name=asked)
    with pytest.raises(AppError, match="there is none"):
        client.predict(name, api_name="/follow")


def test_a_job_can_be_stopped(client: Client, photo: Path) -> None:
    many = brief(name="Stopped Jar", channels=CHANNELS, variants=4, seed=5)
    job = client.submit(handle_file(photo), many, api_name="/campaign")
    while not job.outputs():
        time.sleep(0.02)
    client.predict(job.outputs()[0]["job"], api_name="/stop")
    assert job.result(timeout=30)["state"] in ("stopped", "done")  # it may have been quicker


def test_what_there_is_to_choose_from(client: Client) -> None:
    channels = {each["name"]: each for each in client.predict(api_name="/channels")}
    assert channels["iab-rectangle"]["size"] == [300, 250]
    options = client.predict(api_name="/options")
    assert options["scene"]["chosen"] == "plain"
    assert options["scene"]["backends"]["plain"]["options"]["shade"]["maximum"] == 255
    assert not [
        name for name in options["scene"]["backends"]["endpoint"]["options"] if "_env" in name
    ]


def test_both_languages_offer_the_same(client: Client, plain_site: Site) -> None:
    other = Client(f"{plain_site.url}/zh/", verbose=False, analytics_enabled=False)
    assert set(_names(other)) == set(_names(client))
    assert other.predict(api_name="/channels") == client.predict(api_name="/channels")


def _names(client: Client) -> dict[str, Any]:
    told: Any = client.view_api(return_format="dict", print_info=False)
    names: dict[str, Any] = told["named_endpoints"]
    return names


def test_the_docs_name_every_endpoint(client: Client) -> None:
    text = DOCS.read_text("utf-8")
    assert set(re.findall(r"^## `(/\w+)`", text, re.MULTILINE)) == set(_names(client))


def test_the_docs_example_runs(
    plain_site: Site, photo: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "teapot.jpg").write_bytes(photo.read_bytes())
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    code = blocks[0].replace("http://127.0.0.1:7860", plain_site.url)
    names: dict[str, Any] = {}
    exec(code, names)
    assert Path(names["made"]["zip"]).suffix == ".zip"


def test_visitors_see_their_own_work_only(open_site: Site, photo: Path) -> None:
    clients = []
    for _ in range(2):
        cookies = httpx.get(open_site.url).cookies
        header = "; ".join(f"{name}={value}" for name, value in cookies.items())
        told = {"cookie": header}
        clients.append(Client(open_site.url, headers=told, verbose=False, analytics_enabled=False))
    mine, theirs = clients
    made = mine.predict(handle_file(photo), brief(), api_name="/campaign")
    assert [each["campaign"] for each in mine.predict(api_name="/campaigns")] == [made["campaign"]]
    assert theirs.predict(api_name="/campaigns") == []
    assert theirs.predict(api_name="/jobs") == []
    for asked, given in (
        ("/read", made["campaign"]),
        ("/zip", made["campaign"]),
        ("/brief", made["campaign"]),
        ("/follow", made["job"]),
        ("/stop", made["job"]),
    ):
        with pytest.raises(AppError, match="there is none"):
            theirs.predict(given, api_name=asked)
    assert httpx.get(open_site.url + made["posters"][0]["url"]).status_code == 404
