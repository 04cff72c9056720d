"""What the page serves and to whom, and what it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from gradio_client import Client
from serving import a_house, ask, serving, who

from aigc.errors import AigcError
from ui import page
from ui.house import House
from ui.shell.guard import LARGEST_FORM, LARGEST_UPLOAD, Buckets

# Gradio leaves an event loop of its own to the collector as it is imported.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
At = tuple[str, int]
WORK = "/work/tea-jar-0a1b2c3d"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, At]]:
    """One merchant's server, of a small page."""
    house = a_house(tmp_path_factory.mktemp("local"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "lay_out", lambda _language, house: who(house))
        with serving(house) as at:
            yield house, at


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, At]]:
    """A server for any browser, below a root."""
    house = a_house(tmp_path_factory.mktemp("visited"), guests="visitors", root="/shop")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "lay_out", lambda _language, house: who(house))
        with serving(house, site="/shop", local=False) as at:
            yield house, at


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, At]]:
    """A server of the real page that asks for names."""
    house = a_house(tmp_path_factory.mktemp("named"), guests="names")
    accounts = {"ann": "correct-horse", "李 雷": "密码:密码"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIGC_COPYWRITE_KEY", "sk-hidden-key")
        patch.setenv("OPENAI_API_KEY", "sk-hidden-key")
        with serving(house, accounts) as at:
            yield house, at


def logged_in(at: At, name: str, password: str) -> dict[str, str]:
    """The headers of a browser that logged in."""
    body = f"username={quote(name)}&password={quote(password)}".encode()
    came = ask(at, "/login", "POST", FORM, body)
    assert (came.status, json.loads(came.body)) == (200, {"success": True})
    assert "HttpOnly" in came.headers["set-cookie"]
    assert "SameSite=Lax" in came.headers["set-cookie"]
    return {"Cookie": "; ".join(f"{key}={value}" for key, value in came.cookies.items())}


def test_a_campaigns_files_are_served_whole_in_part_and_as_downloads(
    local: tuple[House, At],
) -> None:
    house, at = local
    address = house.url("tea-jar-0a1b2c3d", "typeset/a.jpg")
    whole = ask(at, address)
    assert (whole.status, whole.body) == (200, b"\xff\xd8picture")
    assert whole.headers["content-type"] == "image/jpeg"
    assert ask(at, address, "HEAD").body == b""
    part = ask(at, address, headers={"Range": "bytes=2-4"})
    assert (part.status, part.body) == (206, b"pic")
    saved = ask(at, address + "?download=1")
    assert saved.headers["content-disposition"] == 'attachment; filename="a.jpg"'
    assert ask(at, house.preview_url("job-1", "1.jpg")).body == b"\xff\xd8small"


def test_a_contact_sheet_runs_nothing(local: tuple[House, At]) -> None:
    sheet = ask(local[1], f"{WORK}/index.html")
    policy = sheet.headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert sheet.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        f"{WORK}/.undo/old.json",
        f"{WORK}/link.txt",
        f"{WORK}/../../secret.txt",
        f"{WORK}/..%2f..%2fsecret.txt",
        f"{WORK}/%2e%2e/%2e%2e/secret.txt",
        f"{WORK}/typeset/..\\..\\..\\..\\secret.txt",
        f"{WORK}//etc/passwd",
        f"{WORK}/%2fetc%2fpasswd",
        f"{WORK}/index.html%00.jpg",
        f"{WORK}/typeset",
        f"{WORK}/",
        "/work/.locks/x",
        "/work/linked/secret.txt",
        "/work/../secret.txt",
        "/work/%2e%2e/secret.txt",
        "/work//tea-jar-0a1b2c3d/index.html",
        "/preview/job-1/../../../secret.txt",
        "/preview/%2e%2e/1.jpg",
        "/preview/job-2/1.jpg",
        "/shell/../app.py",
        "/shell/%2e%2e/app.py",
        "/shell/frame.py",
        "/shell/fonts/..%2f..%2fapp.py",
        "/static/..%2f..%2f..%2froutes.py",
        "/gradio_api/openapi.json",
        "/gradio_api/proxy=https://example.org/",
        "/gradio_api/file=https://example.org/",
        "/zh/gradio_api/file=http://127.0.0.1/",
        "/monitoring",
    ],
)
def test_nothing_else_is_served(local: tuple[House, At], path: str) -> None:
    answer = ask(local[1], path)
    assert answer.status in (403, 404)
    assert b"secret" not in answer.body


def test_gradios_own_files_are_the_uploads_alone(local: tuple[House, At]) -> None:
    house, at = local
    (house.scratch / "uploads" / "mine.txt").write_text("mine")
    served = ask(at, f"/gradio_api/file={house.scratch}/uploads/mine.txt")
    assert served.body == b"mine"
    (house.scratch / "uploads" / "link.txt").symlink_to(house.outputs.parent / "secret.txt")
    for path in (
        house.outputs / "tea-jar-0a1b2c3d/index.html",
        house.scratch / "jobs/job-1/1.jpg",
        f"{house.scratch}/uploads/../jobs/job-1/1.jpg",
        f"{house.scratch}/uploads/%2e%2e/jobs/job-1/1.jpg",
        f"{house.scratch}/uploads/link.txt",
        Path(__file__).resolve(),
        "/etc/passwd",
        "//etc/passwd",
        "../secret.txt",
        "%2e%2e/secret.txt",
        "~/.bashrc",
        "file:///etc/passwd",
    ):
        for at_ in ("/gradio_api/file=", "/zh/gradio_api/file=", "/gradio_api/file/"):
            assert ask(at, f"{at_}{path}").status in (403, 404), path


def test_a_campaign_of_another_name_is_refused_in_words(tmp_path: Path) -> None:
    house = a_house(tmp_path)
    assert house.folder(None, "tea-jar-0a1b2c3d").name == "tea-jar-0a1b2c3d"
    for name in ("", ".", "..", ".locks", "linked", "a/b", "tea-jar-0a1b2c3d/..", "gone", "a\0"):
        with pytest.raises(AigcError, match="there is none of yours"):
            house.folder(None, name)


def test_only_the_machines_own_names_are_answered(local: tuple[House, At]) -> None:
    _, at = local
    for name in (f"127.0.0.1:{at[1]}", "localhost", "[::1]:80"):
        assert ask(at, "/shell/alive", headers={"Host": name}).status == 200
    for name in ("evil.example", "127.0.0.1.evil.example", "localhost@evil.example:80", ""):
        answer = ask(at, "/config", headers={"Host": name})
        assert answer.status in (400, 421), name
        assert b"components" not in answer.body


def test_another_sites_page_cannot_post(local: tuple[House, At]) -> None:
    _, at = local
    path, ours = "/gradio_api/upload", {"Origin": f"http://127.0.0.1:{at[1]}"}
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        assert ask(at, path, "POST", headers).status == 403, headers
        assert ask(at, path, "OPTIONS", headers).status == 403, headers
    assert ask(at, path, "POST", ours).status == 400  # let in; not a form


def test_too_much_at_once_is_refused_before_it_is_read(local: tuple[House, At]) -> None:
    _, at = local
    for path, limit in (("/gradio_api/upload", LARGEST_UPLOAD), ("/login", LARGEST_FORM)):
        headers = {"Content-Length": str(limit + 1)}
        answer = ask(at, path, "POST", headers)
        assert answer.status == 413
        assert "MB" in json.loads(answer.body)["detail"]
    chunked = ask(at, "/gradio_api/upload", "POST", {"Content-Length": "x"})
    assert chunked.status in (400, 411)


def test_a_file_over_64_mb_is_refused_in_words(local: tuple[House, At]) -> None:
    edge = b"--edge\r\nContent-Disposition: form-data; name=files; filename=a.png\r\n\r\n"
    body = edge + bytes(64 * 2**20 + 1) + b"\r\n--edge--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=edge"}
    answer = ask(local[1], "/gradio_api/upload", "POST", kind, body)
    assert (answer.status, b"maximum allowed size" in answer.body) == (413, True)


def test_who_asks_too_often_waits() -> None:
    bucket = Buckets(3, 0.5)
    assert [bucket.take("a") for _ in range(3)] == [0, 0, 0]
    assert bucket.take("a") == pytest.approx(2, abs=0.2)
    assert bucket.take("b") == 0


def test_passwords_cannot_be_tried_at_will(visited: tuple[House, At]) -> None:
    tries = [ask(visited[1], "/shop/login", "POST", FORM).status for _ in range(14)]
    assert tries[-1] == 429
    assert tries.count(429) <= 3


def test_every_answer_has_its_headers(local: tuple[House, At]) -> None:
    for path in ("/", "/zh/", "/config", "/work/none/a", "/shell/fonts.css"):
        headers = ask(local[1], path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["cross-origin-resource-policy"] == "same-origin"
    first, second = (ask(local[1], "/").headers["content-security-policy"] for _ in range(2))
    assert "'unsafe-inline'" not in first.split("script-src")[1].split(";")[0]
    assert first != second  # the scripts' nonce is new each time


def test_a_page_is_in_its_own_language_and_names_no_other_site(local: tuple[House, At]) -> None:
    for path, tag in (("/", "en"), ("/zh/", "zh-CN")):
        html = ask(local[1], path).body.decode()
        assert f'lang="{tag}"' in html.split(">")[1]
        assert "<title>aigc</title>" in html
        assert "/shell/icon.svg" in html
        assert 'class="shell-skip"' in html
        head = html.split("window.gradio_config")[0]
        assert not re.findall(r'(?:src|href|content)="(?:https?:)?//', head)
        assert html.count("<script") == html.count('<script nonce="')


def test_a_newcomer_is_sent_to_their_language_until_they_choose(local: tuple[House, At]) -> None:
    _, at = local
    wants = {"Accept": "text/html", "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}
    assert ask(at, "/", headers=wants).headers["location"] == "/zh/"
    assert ask(at, "/", headers={**wants, "Accept-Language": "fr,en;q=0.8,zh;q=0.2"}).status == 200
    assert ask(at, "/", headers={**wants, "Accept": "application/json"}).status == 200
    assert ask(at, "/zh").headers["location"] == "/zh/"
    chose = ask(at, "/language/en")
    assert (chose.status, chose.headers["location"]) == (303, "/")
    stays = {**wants, "Cookie": f"aigc-language={chose.cookies['aigc-language']}"}
    assert ask(at, "/", headers=stays).status == 200
    assert ask(at, "/language/%2e%2e").status == 404


def test_a_root_stands_before_every_address(visited: tuple[House, At]) -> None:
    _, at = visited
    wants = {"Accept": "text/html", "Accept-Language": "zh"}
    for path in ("/shop/", "/"):  # a proxy passes it on, or has cut it off
        assert ask(at, path, headers=wants).headers["location"] == "/shop/zh/"
        html = ask(at, path).body.decode()
        assert 'href="/shop/shell/icon.svg"' in html
        root = re.search(r'"root":\s*"([^"]*)"', html)
        assert root
        assert root[1].endswith("/shop")
    assert ask(at, "/shop/zh/config").status == 200
    assert ask(at, "/shopping").status == 404


def test_each_browser_is_a_merchant_of_its_own(visited: tuple[House, At]) -> None:
    house, at = visited
    first, second = (ask(at, "/shop/").cookies for _ in range(2))
    (token,), (other,) = first.values(), second.values()
    assert token != other
    assert ask(at, "/shop/", headers={"Cookie": cookies(first)}).cookies == {}
    assert ask(at, WORK + "/index.html", headers={"Cookie": cookies(first)}).status == 404
    seen = [Client(f"http://127.0.0.1:{at[1]}/shop/", verbose=False) for _ in range(2)]
    mine, theirs = (each.predict(api_name="/who") for each in seen)
    assert mine != theirs
    assert mine == seen[0].predict(api_name="/who")  # a client keeps its cookie
    owner, home = mine.split()
    assert home == f"visitors/{owner}"
    campaign = house.outputs / home / "jar-1"
    campaign.mkdir(parents=True)
    (campaign / "a.txt").write_text("mine")
    for client, status in zip(seen, (200, 404), strict=True):
        sent = {"Cookie": cookies(client.cookies)}
        assert ask(at, "/shop/work/jar-1/a.txt", headers=sent).status == status
        assert ask(at, f"/shop/work/visitors/{owner}/jar-1/a.txt", headers=sent).status == 404


def test_without_a_name_nothing_is_shown(named: tuple[House, At]) -> None:
    _, at = named
    for path in ("/", "/config", f"{WORK}/index.html", "/gradio_api/info", "/assets/x.js"):
        assert ask(at, path).status == 401, path
    for path in ("/gradio_api/upload", "/gradio_api/queue/join", "/zh/gradio_api/queue/join"):
        assert ask(at, path, "POST").status == 401, path
    sent = ask(at, "/zh/", headers={"Accept": "text/html"})
    assert (sent.status, sent.headers["location"]) == (303, "/zh/login")
    form = ask(at, "/zh/login").body.decode()
    assert "用户名" in form
    assert 'lang="zh-CN"' in form
    assert ask(at, "/shell/door.css").status == 200


def test_a_wrong_password_is_said_and_a_right_one_opens(named: tuple[House, At]) -> None:
    house, at = named
    for name, password in (("ann", "wrong"), ("bob", ""), ("", ""), ("ann", "密码:密码")):
        body = f"username={quote(name)}&password={quote(password)}".encode()
        refused = ask(at, "/login", "POST", {**FORM, "Accept": "text/html"}, body)
        assert refused.status == 401
        assert b'role="alert"' in refused.body
        assert not refused.cookies
    ann, li = logged_in(at, "ann", "correct-horse"), logged_in(at, "李 雷", "密码:密码")
    for folder in ("ann", house._named("李 雷").name):
        (house.outputs / folder / "jar-1").mkdir(parents=True)
        (house.outputs / folder / "jar-1" / "a.txt").write_text(folder)
    hers = ask(at, "/work/jar-1/a.txt", headers=ann).body
    his = ask(at, "/work/jar-1/a.txt", headers=li).body
    assert hers == b"ann"
    assert his != hers
    assert ask(at, f"{WORK}/index.html", headers=ann).status == 404
    out = ask(at, "/logout", "POST", ann)
    assert out.headers["location"] == "/login"
    assert ask(at, "/config", headers=ann).status == 401


def test_names_that_look_alike_have_folders_apart(tmp_path: Path) -> None:
    house = a_house(tmp_path, guests="names")
    names = ["ann", "Ann", "a nn", "a-nn", "ann ", "李雷", "李蕾", "visitors", "..", "/", "ann/"]
    folders = {house._named(name) for name in names}
    assert len(folders) == len(names)
    assert all(folder.parent == house.outputs for folder in folders)
    assert house.outputs / "visitors" not in folders


def test_no_secret_is_told(named: tuple[House, At]) -> None:
    house, at = named
    ann = logged_in(at, "ann", "correct-horse")
    for path in ("/config", "/zh/config", "/gradio_api/info?all_endpoints=true", "/", "/zh/"):
        answer = ask(at, path, headers=ann)
        assert answer.status == 200
        text = answer.body.decode()
        secrets = ("correct-horse", "密码:密码", "sk-hidden-key", str(house.outputs))
        for secret in (*secrets, str(Path(__file__).parents[2]), f"{Path.home()}/"):
            assert secret not in text, f"{path}: {secret}"
        for scratch in re.findall(re.escape(str(house.scratch)) + r"[^\"\\]*", text):
            assert scratch.startswith(f"{house.scratch}/uploads/")  # Gradio's address of a file


def cookies(given: dict[str, str]) -> str:
    """As a browser sends them."""
    return "; ".join(f"{key}={value}" for key, value in given.items())
