"""aigc: one product photo and a few words become a campaign.

>>> import aigc
>>> campaign = aigc.run({"name": "Celadon teapot", "photo": "teapot.jpg", "price": "¥199"})
>>> campaign.folder
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from aigc.batches import Result as BatchResult
    from aigc.batches.run import batch
    from aigc.brief import load as load_brief
    from aigc.campaign import Brand, Brief, Campaign, Caption, Copy, OwnCopy, Poster, Scene, Score
    from aigc.errors import AigcError
    from aigc.export import load as load_campaign
    from aigc.export import pack
    from aigc.feedback.store import import_logs as import_feedback
    from aigc.pipeline import redo, run
    from aigc.rank.clicks.learned import learn as learn_copy
    from aigc.rank.clicks.learned import load as load_weights
    from aigc.rank.clicks.log import read as read_clicks
    from aigc.rank.posters import rank_posters
    from aigc.recipe import Recipe

# Everything public, imported when first used: `aigc --help` must not wait for numpy.
_WHERE = {
    "AigcError": "aigc.errors:AigcError",
    "BatchResult": "aigc.batches:Result",
    "Brand": "aigc.campaign:Brand",
    "Brief": "aigc.campaign:Brief",
    "Campaign": "aigc.campaign:Campaign",
    "Caption": "aigc.campaign:Caption",
    "Copy": "aigc.campaign:Copy",
    "OwnCopy": "aigc.campaign:OwnCopy",
    "Poster": "aigc.campaign:Poster",
    "Recipe": "aigc.recipe:Recipe",
    "Scene": "aigc.campaign:Scene",
    "Score": "aigc.campaign:Score",
    "batch": "aigc.batches.run:batch",
    "import_feedback": "aigc.feedback.store:import_logs",
    "learn_copy": "aigc.rank.clicks.learned:learn",
    "load_brief": "aigc.brief:load",
    "load_campaign": "aigc.export:load",
    "load_weights": "aigc.rank.clicks.learned:load",
    "pack": "aigc.export:pack",
    "rank_posters": "aigc.rank.posters:rank_posters",
    "read_clicks": "aigc.rank.clicks.log:read",
    "redo": "aigc.pipeline:redo",
    "run": "aigc.pipeline:run",
}

__all__ = [
    "AigcError",
    "BatchResult",
    "Brand",
    "Brief",
    "Campaign",
    "Caption",
    "Copy",
    "OwnCopy",
    "Poster",
    "Recipe",
    "Scene",
    "Score",
    "__version__",
    "batch",
    "import_feedback",
    "learn_copy",
    "load_brief",
    "load_campaign",
    "load_weights",
    "pack",
    "rank_posters",
    "read_clicks",
    "redo",
    "run",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'aigc' has no attribute '{name}'")
    module, attribute = _WHERE[name].split(":")
    return getattr(importlib.import_module(module), attribute)
