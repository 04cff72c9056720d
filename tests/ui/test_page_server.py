"""`aigc ui` as a process: it says where it is, ends when told, and leaves nothing."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from aigc import cli, cli_ui
from aigc.errors import AigcError
from ui.theme import theme

RUN = [sys.executable, "-m", "aigc", "ui"]


def test_it_says_where_it_is_asks_for_names_and_ends_cleanly(tmp_path: Path) -> None:
    told = {**os.environ, "TMPDIR": str(tmp_path), "AIGC_UI_AUTH": "ann:correct-horse"}
    command = [*RUN, "--port", "0", "-o", str(tmp_path / "outputs")]
    with subprocess.Popen(command, env=told, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr
        said = server.stderr.readline()
        address = re.fullmatch(r"aigc: the page is at (http://127\.0\.0\.1:\d+) .*\n", said)
        assert address, said + server.stderr.read()
        with urllib.request.urlopen(f"{address[1]}/shell/alive", timeout=60) as answer:
            assert answer.status == 200
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{address[1]}/config", timeout=60)
        with refused.value as answer:
            assert answer.code == 401
        listing = subprocess.run(
            ["ps", "-o", "args=", "-p", str(server.pid)], capture_output=True, text=True, check=True
        )
        assert "correct-horse" not in listing.stdout
        server.send_signal(signal.SIGTERM)
        since = time.monotonic()
        assert server.wait(30) == 0
        assert time.monotonic() - since < 10  # 2 s alone; tests share their cores
        assert server.stderr.read() == ""
    assert not list(tmp_path.glob("aigc-page-*"))


def test_a_port_that_is_taken_is_said_in_one_line_before_anything_loads() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AigcError, match=rf"cannot serve on 127\.0\.0\.1:{port} .*--port"):
            cli_ui._listening("127.0.0.1", port)
    with pytest.raises(AigcError, match=r"no machine is called 'no\.such\.invalid'"):
        cli_ui._listening("no.such.invalid", 0)
    with pytest.raises(AigcError, match=r"cannot serve on 192\.0\.2\.1:"):
        cli_ui._listening("192.0.2.1", 0)


def test_accounts_come_from_flags_a_file_and_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "people").write_text("li:密码:1\n\n ann:a \n")
    monkeypatch.setenv("AIGC_UI_AUTH", "bo:b\nann:a")
    assert cli_ui._accounts(("cy:c d",), str(tmp_path / "people")) == {
        "cy": "c d",
        "bo": "b",
        "ann": "a",
        "li": "密码:1",
    }


@pytest.mark.parametrize("wrong", ["ann", "ann:", ":secret", "ann:secret\nann:other"])
def test_a_wrong_account_is_refused_without_its_password(wrong: str) -> None:
    with pytest.raises(AigcError) as refused:
        cli_ui._accounts(tuple(wrong.split("\n")), None)
    assert "secret" not in str(refused.value)


def test_a_file_of_accounts_must_have_some(tmp_path: Path) -> None:
    (tmp_path / "none").write_text("\n")
    for file, why in (("none", "nobody"), ("gone", "cannot be read"), (".", "cannot be read")):
        with pytest.raises(AigcError, match=why):
            cli_ui._accounts((), str(tmp_path / file))


def test_a_root_is_a_path_or_an_address() -> None:
    assert cli_ui._site("/shop/") == "/shop"
    assert cli_ui._site("https://shop.example/aigc/") == "https://shop.example/aigc"
    assert cli_ui._site("/") == ""
    for wrong in ("shop", "ftp://a/b", "/a/../b", "/a?b", "https://", "/a b"):
        with pytest.raises(AigcError, match="--root-path"):
            cli_ui._site(wrong)


def test_a_wrong_recipe_is_said_before_the_page_is_made() -> None:
    result = CliRunner().invoke(cli.cli, ["ui", "--scene", "nope"])
    assert isinstance(result.exception, AigcError)
    assert "no backend 'nope'" in str(result.exception)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, as WCAG 2 defines it."""

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("mode", ["", "_dark"])
def test_text_and_controls_stand_out_in_light_and_dark(mode: str) -> None:
    made = theme()

    def colour(name: str) -> str:
        value = getattr(made, name + mode, None) or getattr(made, name)
        while value.startswith("*"):
            name = value[1:]
            value = getattr(made, name + mode, None) or getattr(made, name)
        assert re.fullmatch("#[0-9a-f]{6}", value), f"{name}: {value}"
        return str(value)

    grounds = ("body_background_fill", "background_fill_primary", "background_fill_secondary")
    for ground in grounds:
        for text in ("body_text_color", "body_text_color_subdued", "link_text_color"):
            assert contrast(colour(text), colour(ground)) >= 4.5, (text, ground)
    assert contrast(colour("input_placeholder_color"), colour("input_background_fill")) >= 4.5
    assert contrast(colour("input_border_color"), colour("background_fill_primary")) >= 3
    for state in ("", "_hover"):
        fill = colour(f"button_primary_background_fill{state}")
        assert contrast(colour("button_primary_text_color"), fill) >= 4.5
        fill = colour(f"button_secondary_background_fill{state}")
        assert contrast(colour("button_secondary_text_color"), fill) >= 4.5
    checked = colour("checkbox_background_color_selected")
    assert contrast(checked, colour("background_fill_primary")) >= 3


def test_the_sheets_own_colours_stand_out_too() -> None:
    sheet = (Path(__file__).parents[2] / "ui/styles/base.css").read_text("utf-8")
    light, dark = (
        dict(re.findall(r"(--[a-z-]+): (#[0-9a-f]{6})", line))
        for line in sheet.splitlines()
        if "--accent:" in line
    )
    for colours, grounds in ((light, ("#faf9f6", "#ffffff")), (dark, ("#17171a", "#202024"))):
        assert contrast(colours["--warn"], colours["--warn-fill"]) >= 4.5
        for ground in grounds:
            assert contrast(colours["--good"], ground) >= 4.5
            assert contrast(colours["--warn"], ground) >= 4.5
    assert contrast(dark["--color-accent"], "#17171a") >= 3
