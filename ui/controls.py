"""A backend's options as controls, made of its JSON schema: a new backend needs no line here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import gradio as gr

from aigc.recipe import Recipe
from aigc.stage import STAGES, Stage, backend_class, backends, describe

Options = dict[str, dict[str, Any]]  # by stage: `backend`, and what was chosen of its options
_SLIDES = 100  # steps that a slider shows apart; a wider range is typed


def section(stage: str, backend: Any, fold: Any, state: Any) -> None:
    """Lay out, once `fold` opens, the options of the backend that a dropdown names."""

    def choose(name: str, chosen: Options) -> Options:
        return {**chosen, stage: {"backend": backend_name(stage, name)}}

    backend.input(
        choose,
        [backend, state],
        state,
        show_progress="hidden",
        api_visibility="private",
        queue=False,
    )

    def options(name: str, chosen: Options) -> None:
        if chosen[stage]["backend"] != name:
            chosen = {**chosen, stage: {"backend": backend_name(stage, name)}}
        controls(stage, chosen, state)

    gr.render(
        inputs=[backend, state], triggers=[fold.expand, backend.change], show_progress="hidden"
    )(options)


def backend_name(stage: str, name: object) -> str:
    """A stage's backend that exists; raises UnknownBackend for what a page cannot have offered."""
    return backend_class(stage, str(name)).__module__.rsplit(".", 1)[-1]


def controls(stage: str, chosen: Options, state: Any) -> list[Any]:
    """Lay out the options of a stage's backend, inside gr.render; each change goes to `state`."""
    backend = backend_class(stage, chosen[stage]["backend"])
    made = []
    for option, field in fields(backend).items():
        value = chosen[stage].get(option, field.get("default"))
        one = control(field, value, label=field.get("title", option), key=f"{stage}-{option}")
        event = one.change if isinstance(one, gr.File) else one.input
        event(
            partial(changed, stage, option),
            [state, one],
            state,
            show_progress="hidden",
            api_visibility="private",
            queue=False,
        )
        made.append(one)
    return made


def changed(stage: str, option: str, chosen: Options, value: Any) -> Options:
    """What is chosen after one option was changed."""
    return {**chosen, stage: {**chosen[stage], option: value}}


def fields(backend: type[Stage]) -> dict[str, dict[str, Any]]:
    """A backend's options by name, each one's JSON schema flattened; those of a server left out.

    Which environment variable holds a key is for who runs the page: told by a visitor, it would
    send any secret of the server's to an address of theirs.
    """
    schema = backend.model_json_schema()
    shared = schema.get("$defs", {})
    return {
        name: _flat(field, shared)
        for name, field in schema.get("properties", {}).items()
        if not name.endswith("_env")
    }


def control(field: Mapping[str, Any], value: Any, label: str, key: str = "") -> Any:
    """One option's control; what it holds goes through `read` before a backend takes it."""
    told = {"label": label, "info": field.get("description"), "elem_id": f"option-{key}"}
    kind = field.get("type")
    if "enum" in field:
        return gr.Dropdown([(str(each), each) for each in field["enum"]], value=value, **told)
    if kind == "boolean":
        return gr.Checkbox(bool(value), **told)
    if kind in ("integer", "number"):
        return _number(field, value, told)
    if field.get("format") == "file":
        told.pop("info")
        return gr.File(None, type="filepath", height=130, **told)
    if kind in ("array", "object"):
        return gr.Textbox("" if value is None else str(value), lines=2, **told)
    return gr.Textbox("" if value is None else str(value), max_length=500, **told)


def recipe(base: Recipe, chosen: Options | None) -> Recipe:
    """The recipe that was chosen on the page, over the server's own.

    Raises BriefError naming the first option that is out of range.
    """
    table: dict[str, dict[str, Any]] = base.table()
    for stage, options in (chosen or {}).items():
        if stage not in STAGES:
            continue
        name = options.get("backend", table[stage]["backend"])
        known = fields(backend_class(stage, name))
        own = table[stage] if table[stage]["backend"] == name else {"backend": name}
        asked = {key: read(known[key], value) for key, value in options.items() if key in known}
        if asked.get("base_url", own.get("base_url")) != own.get("base_url"):
            own = {key: value for key, value in own.items() if not key.endswith("_env")}
        table[stage] = {**own, **asked}
    return Recipe.of(table)


def first(base: Recipe) -> Options:
    """What is chosen before anything was touched: the server's backends."""
    return {
        stage: {"backend": backend.backend, **_values(backend)} for stage, backend in base.items()
    }


def choices(stage: str) -> list[tuple[str, str]]:
    """A stage's backends as a dropdown shows them: the name, and what it is."""
    return [(f"{name} · {describe(stage, name)}", name) for name in backends(stage)]


def read(field: Mapping[str, Any], value: Any) -> Any:
    """What a control holds as its option takes it: an emptied field is none, where that may be."""
    if value in ("", None):
        return None if field.get("nullable") else field.get("default")
    if field.get("type") == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _number(field: Mapping[str, Any], value: Any, told: dict[str, Any]) -> Any:
    low = field.get("minimum", field.get("exclusiveMinimum"))
    high = field.get("maximum", field.get("exclusiveMaximum"))
    whole = field.get("type") == "integer"
    open_end = "exclusiveMinimum" in field or "exclusiveMaximum" in field
    if low is None or high is None or field.get("nullable") or open_end:
        return gr.Number(value, minimum=low, maximum=high, precision=0 if whole else None, **told)
    if high - low > _SLIDES:
        return gr.Number(value, minimum=low, maximum=high, precision=0 if whole else None, **told)
    step = 1 if whole else 0.01 if high - low <= 2 else 0.1
    return gr.Slider(low, high, value, step=step, **told)


def _flat(field: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """One type out of what may be several: references followed, `none` noted, choices joined."""
    if "$ref" in field:
        name = str(field["$ref"]).rsplit("/", 1)[-1]
        return _flat({**shared[name], **{k: v for k, v in field.items() if k != "$ref"}}, shared)
    parts = [_flat(part, shared) for part in field.get("anyOf", ())]
    rest = {key: value for key, value in field.items() if key != "anyOf"}
    if "const" in rest:
        rest["enum"] = [rest.pop("const")]
    if not parts:
        return rest
    real = [part for part in parts if part.get("type") != "null"]
    nullable = {"nullable": True} if len(real) < len(parts) else {}
    if real and all("enum" in part for part in real):
        joined: dict[str, Any] = {"enum": [each for part in real for each in part["enum"]]}
    else:
        joined = dict(real[0]) if len(real) == 1 else {"type": "string"}
    return {**joined, **rest, **nullable}


def _values(backend: Stage) -> dict[str, Any]:
    """A configured backend's options that a page may show."""
    shown = fields(type(backend))
    return {key: value for key, value in backend.model_dump(mode="json").items() if key in shown}
