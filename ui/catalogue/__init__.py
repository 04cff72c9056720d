"""A catalogue: a table and photos become a batch, which is watched, mended and taken away."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
from gradio.context import Context

from aigc import tables
from aigc.campaign import Brief
from aigc.channels import all_channels
from aigc.errors import AigcError, BriefError
from aigc.styles import all_styles

from .. import command, names
from ..board import board
from ..feedback.weights import with_weights
from ..house import Page
from ..words import LANGUAGES
from . import drafts, mending, packing, reading, runs, screens
from .screens import Note

_EVERY = 2.0  # seconds between looks at a batch
_COPY = {"en": "en", "zh": "zh-CN"}  # languages that copy is written in without a model
_CHOSEN = ("name", "photo", "price", "features")  # fields whose column can be chosen
_OWN = {"zh": "zh-CN"}  # what a page's merchants write in, where it does not go without saying


class Settings(NamedTuple):
    """What holds for all rows, as the controls give it."""

    channels: list[str]
    language: str
    style: str
    currency: str
    columns: tuple[str, ...]  # in the order of _CHOSEN; empty: found by its name


def lay_out(page: Page) -> None:
    """Lay out the new catalogue, and in its place the one that is watched."""
    say, tab = page.say, Context.block
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    draft, batch = gr.State(""), gr.State("")
    timer = gr.Timer(_EVERY, active=False)
    with gr.Column(elem_id="catalogue-new") as form:
        gr.HTML(screens.intro(page), apply_default_css=False)
        with gr.Row(elem_id="catalogue-files"):
            table = gr.File(
                label=say("catalogue.table"),
                file_types=[*tables.SUFFIXES, ".gz"],
                elem_id="catalogue-table",
                height=150,
            )
            photos = gr.File(
                label=say("catalogue.photos"),
                file_count="multiple",
                file_types=["image", ".zip"],
                elem_id="catalogue-photos",
                height=150,
            )
        understood = gr.HTML("", apply_default_css=False, elem_id="catalogue-found")
        controls, columns = _settings(page)
        name = gr.Textbox(
            value=say("catalogue.name_default", day=date.today().isoformat()),
            label=say("catalogue.name"),
            max_length=80,
            elem_id="catalogue-name",
        )
        with gr.Row(elem_id="catalogue-go"):
            measure = gr.Button(say("catalogue.estimate"), elem_id="catalogue-measure")
            start = gr.Button(say("catalogue.start"), variant="primary", elem_id="catalogue-start")
        estimate = gr.HTML("", apply_default_css=False)
        gr.Markdown(say("catalogue.shares"), elem_classes="tabs-soft")
        earlier = board()
    with gr.Column(visible=False, elem_id="catalogue-watched") as watched:
        watch = board()
        with gr.Accordion(say("catalogue.more_photos"), open=False) as adding:
            more = gr.File(
                label=say("catalogue.photos"),
                file_count="multiple",
                file_types=["image", ".zip"],
                height=130,
            )
    screen = [form, watched, watch, adding, timer, earlier, batch]
    settings = [*controls, *columns]

    def screened(shown: str, request: gr.Request, note: Note | None = None) -> tuple[Any, ...]:
        """All that depends on which batch is watched; none of them: a new catalogue."""
        home = page.house.home(request)
        path = _batch(page, shown, request)
        running = path is not None and runs.is_running(path)
        return (
            gr.Column(visible=path is None),
            gr.Column(visible=path is not None),
            screens.watch(page, path, note) if path else "",
            gr.Accordion(visible=path is not None and not running),
            gr.Timer(active=running),
            screens.earlier(page, home),
            path.name if path else "",
        )

    def bring(given: str | None, pictures: list[str] | None, *chosen: Any) -> tuple[Any, ...]:
        """Take what was uploaded into a new draft, and say how it is understood."""
        if not given:
            return "", "", *(gr.skip() for _ in columns)
        folder = drafts.new(page.house.scratch / "drafts")
        refused = drafts.put_photos(folder, [Path(each) for each in pictures or ()])
        try:
            path = drafts.put_table(folder, Path(given))
            found = tables.columns(path)
        except AigcError as error:
            return screens.understood(page, None, refused, str(error)), "", *_choices(page, ())
        html = _understood(page, folder, _chosen(chosen), refused)
        kept = [each if each in found else "" for each in chosen[-len(columns) :]]
        return html, str(folder), *_choices(page, found, kept)

    def again(folder: str, *chosen: Any) -> str:
        """Say how the same table is understood with other settings."""
        return _understood(page, Path(folder), _chosen(chosen), []) if folder else ""

    async def measured(folder: str, *chosen: Any) -> Any:
        """Say what it would take, once a few products were made for it."""
        if not folder:
            yield screens.understood(page, None, [], say("catalogue.no_table"))
            return
        yield f'<p class="notice" role="status">{say("catalogue.estimating")}</p>'
        try:
            await asyncio.to_thread(_understand, Path(folder), _chosen(chosen))
            yield screens.estimate(page, await _estimated(page, Path(folder)))
        except AigcError as error:
            yield screens.understood(page, None, [], str(error))

    def begin(folder: str, called: str, request: gr.Request, *chosen: Any) -> tuple[Any, ...]:
        """Start the batch, and watch it."""
        if not folder:
            wrong = screens.understood(page, None, [], say("catalogue.no_table"))
            return wrong, folder, *(gr.skip() for _ in screen)
        try:
            _understand(Path(folder), _chosen(chosen))
            home = page.house.home(request)
            recipe = with_weights(page.house.recipe, home)
            made = runs.begin(home, called.strip() or "catalogue", Path(folder), recipe)
        except AigcError as error:
            wrong = screens.understood(page, None, [], str(error))
            return wrong, folder, *(gr.skip() for _ in screen)
        return "", "", *screened(made.name, request)

    def act(shown: str, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        return screened(*answer(page, shown, event._data, request))

    def look(event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        said = event._data if isinstance(event._data, dict) else {}
        return screened(str(said.get("name", "")), request)

    def tick(shown: str, request: gr.Request) -> tuple[Any, ...]:
        path = _batch(page, shown, request)
        if path is None or not runs.is_running(path):
            return screened(shown, request)
        return (gr.skip(), gr.skip(), screens.watch(page, path), *(gr.skip() for _ in range(4)))

    def opened(shown: str, request: gr.Request) -> tuple[Any, ...]:
        return screened(shown or runs.running(page.house.home(request)), request)

    def add(shown: str, pictures: list[str] | None, request: gr.Request) -> tuple[Any, ...]:
        path = _batch(page, shown, request)
        if path is None or not pictures:
            return gr.skip(), *(gr.skip() for _ in screen)
        refused = drafts.put_photos(runs.desk(path), [Path(each) for each in pictures])
        says = [say("catalogue.added", count=max(0, len(pictures) - len(refused)))]
        says += [f"{each.file}: {each.why}" for each in refused[:5]]
        return None, *screened(shown, request, Note(" ".join(says), bad=bool(refused)))

    brought = [understood, draft, *columns]
    table.change(bring, [table, photos, *settings], brought, **private)
    photos.change(bring, [table, photos, *settings], brought, **private)
    for each in settings:
        each.input(again, [draft, *settings], understood, trigger_mode="always_last", **private)
    measure.click(measured, [draft, *settings], estimate, concurrency_limit=4, **private)
    start.click(begin, [draft, name, *settings], [understood, draft, *screen], **private)
    watch.act(act, batch, screen, **private)
    earlier.act(look, None, screen, **private)
    more.upload(add, [batch, more], [more, *screen], **private)
    timer.tick(tick, batch, screen, concurrency_limit=None, **private)
    if isinstance(tab, gr.Tab):
        tab.select(opened, batch, screen, **private)


def _settings(page: Page) -> tuple[list[Any], list[Any]]:
    """The controls for what holds for all rows, and those for columns that were misunderstood."""
    say = page.say
    languages = [(say("catalogue.language_table"), "")]
    languages += [(called, _COPY[code]) for code, called in LANGUAGES.items()]
    with gr.Accordion(say("catalogue.settings"), open=True, elem_id="catalogue-settings"):
        with gr.Row():
            channels = gr.Dropdown(
                [(names.channel(say, each), each) for each in all_channels()],
                value=list(Brief.model_fields["channels"].default),
                multiselect=True,
                label=say("catalogue.channels"),
            )
        with gr.Row():
            language = gr.Dropdown(
                languages, value=_OWN.get(page.language, ""), label=say("catalogue.language")
            )
            styles = [(names.style(say, each), each) for each in ("auto", *all_styles())]
            style = gr.Dropdown(styles, value="auto", label=say("catalogue.style"))
            currency = gr.Textbox(
                value="",
                label=say("catalogue.currency"),
                placeholder=say("catalogue.currency_hint"),
                max_length=12,
            )
    with (
        gr.Accordion(say("catalogue.columns"), open=False),
        gr.Row(),
    ):
        fields = [
            say(f"catalogue.f_{each}").partition("（")[0].partition(",")[0] for each in _CHOSEN
        ]
        columns = [
            gr.Dropdown(
                [(say("catalogue.column_auto"), "")],
                value="",
                label=say("catalogue.column_of", field=field),
            )
            for field in fields
        ]
    return [channels, language, style, currency], columns


def _choices(page: Page, found: tuple[str, ...], kept: list[str] | None = None) -> list[Any]:
    """The column choosers, with the columns of a table."""
    choices = [(page.say("catalogue.column_auto"), ""), *((each, each) for each in found)]
    return [gr.Dropdown(choices=choices, value=each) for each in kept or [""] * len(_CHOSEN)]


def _chosen(given: tuple[Any, ...]) -> Settings:
    channels, language, style, currency, *columns = given
    return Settings(
        channels=[str(each) for each in channels or ()],
        language=str(language or ""),
        style=str(style or ""),
        currency=str(currency or ""),
        columns=tuple(str(each or "") for each in columns),
    )


def _understand(folder: Path, settings: Settings) -> reading.Understood:
    table = next(
        (
            path
            for path in folder.iterdir()
            if tables.kind(path) in tables.SUFFIXES and path.name != reading.ROWS
        ),
        None,
    )
    if table is None:
        raise BriefError("the table is gone, for the server was started again; bring it again")
    defaults = {
        name: value
        for name in ("channels", "language", "style")
        if (value := getattr(settings, name))
    }
    columns = dict(zip(_CHOSEN, settings.columns, strict=True))
    return reading.understand(
        folder,
        table,
        defaults=defaults,
        columns={field: column for field, column in columns.items() if column},
        currency=settings.currency,
    )


def _understood(page: Page, folder: Path, settings: Settings, refused: list[drafts.Refused]) -> str:
    try:
        return screens.understood(page, _understand(folder, settings), refused)
    except (AigcError, OSError) as error:
        return screens.understood(page, None, refused, str(error))


async def _estimated(page: Page, folder: Path) -> dict[str, Any]:
    """What `aigc batch --dry-run` says; ended with the page that asked."""
    said = runs.estimate(folder, page.house.recipe)
    found: dict[str, Any] = json.loads(await command.output(said, folder))
    return found


def _batch(page: Page, shown: str, request: gr.Request) -> Path | None:
    """The batch of this name, if it is one of who asks that was made here."""
    found = {path.name: path for path in runs.batches(page.house.home(request))}
    return found.get(shown)


def answer(
    page: Page, shown: str, told: Any, request: gr.Request
) -> tuple[str, gr.Request, Note | None]:
    """Do what a button over a batch says; gives the batch to watch, and a line about it."""
    said = told if isinstance(told, dict) else {}
    path = _batch(page, shown, request)
    if path is None or said.get("do") == "new":
        return "", request, None
    try:
        match said.get("do"):
            case "stop":
                runs.stop(path)
                return shown, request, Note(page.say("catalogue.stopping"))
            case "resume":
                runs.resume(path)
            case "retry":
                runs.retry(path)
            case "zip":
                packing.pack(path)
            case "mend":
                fields = said.get("fields")
                number = str(said.get("number", ""))
                mending.mend(path, number, fields if isinstance(fields, dict) else {})
                return shown, request, Note(page.say("catalogue.kept"))
    except AigcError as error:
        return shown, request, Note(str(error), bad=True)
    return shown, request, None
