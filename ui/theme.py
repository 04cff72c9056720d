"""The page's colours and type: warm paper, ink and brass, as on the contact sheet."""

from __future__ import annotations

from typing import Any

PAPER = ("#faf9f6", "#f3f1ec", "#e3e1dc", "#cfccc5", "#a5a4a0", "#7d7c79", "#6a6a70")
INK = ("#4a4a50", "#34343a", "#202024", "#17171a")
BRASS = (
    *("#fbf7ec", "#f4ebd3", "#e7d7ad", "#d9c48d", "#c8b68a", "#a88a45"),
    *("#8a6d2b", "#735a22", "#5c481c", "#443515", "#2c220d"),
)
# Latin is served by the page itself; Chinese is the system's, and the page's where there is none.
FONTS = (
    *("Source Sans Pro", "PingFang SC", "Microsoft YaHei", "HarmonyOS Sans SC", "Noto Sans CJK SC"),
    *("Source Han Sans SC", "aigc CJK", "system-ui", "sans-serif"),
)


def theme() -> Any:
    """Make the Gradio theme; its fonts come from this machine, as shell/fonts.py says."""
    from gradio import themes

    return themes.Base(
        primary_hue=themes.Color(*BRASS, name="brass"),
        secondary_hue=themes.Color(*BRASS, name="brass"),
        neutral_hue=themes.Color(*PAPER, *INK, name="paper"),
        radius_size=themes.sizes.radius_lg,
        text_size=themes.sizes.text_lg,
        font=list(FONTS),
        font_mono=["ui-monospace", "monospace"],
    ).set(
        body_background_fill="#faf9f6",
        body_background_fill_dark="#17171a",
        body_text_color="#1d1d1f",
        body_text_color_dark="#f0efec",
        body_text_color_subdued="#6a6a70",
        body_text_color_subdued_dark="#a5a4a0",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#202024",
        background_fill_secondary="#f3f1ec",
        background_fill_secondary_dark="#1b1b1f",
        border_color_primary="#e3e1dc",
        border_color_primary_dark="#34343a",
        block_background_fill="*background_fill_primary",
        block_background_fill_dark="*background_fill_primary",
        block_label_text_color="*body_text_color_subdued",
        block_title_text_color="*body_text_color",
        block_title_text_weight="500",
        input_background_fill="#ffffff",
        input_background_fill_dark="#17171a",
        input_border_width="1px",
        input_border_color="#8f8c84",
        input_border_color_dark="#77757d",
        input_placeholder_color="#6a6a70",
        input_placeholder_color_dark="#a5a4a0",
        button_primary_background_fill="#1d1d1f",
        button_primary_background_fill_hover="#3a3a3f",
        button_primary_background_fill_dark="#d9c48d",
        button_primary_background_fill_hover_dark="#e7d7ad",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#1d1d1f",
        button_secondary_background_fill="#ece9e2",
        button_secondary_background_fill_hover="#e3e1dc",
        button_secondary_background_fill_dark="#2c2c31",
        button_secondary_background_fill_hover_dark="#38383f",
        button_secondary_text_color="#1d1d1f",
        button_secondary_text_color_dark="#f0efec",
        color_accent="#8a6d2b",
        link_text_color="#735a22",
        link_text_color_dark="#d9c48d",
        link_text_color_hover="#5c481c",
        link_text_color_hover_dark="#e7d7ad",
        link_text_color_visited="#735a22",
        link_text_color_visited_dark="#d9c48d",
        link_text_color_active="#5c481c",
        link_text_color_active_dark="#e7d7ad",
        button_large_text_weight="600",
        checkbox_background_color_selected="#8a6d2b",
        checkbox_background_color_selected_dark="#a88a45",
        checkbox_border_color_selected="#8a6d2b",
        checkbox_label_background_fill="transparent",
        checkbox_label_background_fill_dark="transparent",
    )
