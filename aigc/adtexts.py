"""Texts that an ad platform sets itself, in the table that it takes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from aigc.campaign import Campaign, Copy
from aigc.channels import channel, columns

GOOGLE = "google-ads.csv"
# Google Ads API, ResponsiveDisplayAdInfo: columns, in which a Chinese character counts two.
_HEADLINE, _LONG, _DESCRIPTION, _NAME = 30, 90, 90, 25
_MOST = 5  # headlines, and descriptions


def google(campaign: Campaign) -> bytes | None:
    """Give the texts of a responsive display ad as CSV; None where no channel is Google's.

    The best 1 to 5 headlines and descriptions that fit, a long headline, the business name.
    """
    if not any(channel(name).platform == "Google" for name in campaign.brief.channels):
        return None
    copies = campaign.led()
    headlines = _fitting((copy.headline for copy in copies), _HEADLINE)[:_MOST]
    descriptions = _fitting((copy.body for copy in copies), _DESCRIPTION)
    alone = [*(copy.body for copy in copies), *(copy.headline for copy in copies)]
    long = _fitting([*map(_joined, copies), *alone], _LONG)[:1]
    # What stands as the long headline is not said again below it.
    others = [text for text in descriptions if text not in long][:_MOST]
    columned = {
        **{f"Headline {n}": text for n, text in enumerate(headlines, 1)},
        "Long headline": next(iter(long), ""),
        **{f"Description {n}": text for n, text in enumerate(others or descriptions, 1)},
        "Business name": next(iter(_fitting([campaign.brief.brand.name], _NAME)), ""),
        "Final URL": campaign.brief.link,
    }
    row = {name: text for name, text in columned.items() if text}
    stream = io.StringIO(newline="")
    table = csv.DictWriter(stream, row)
    table.writeheader()
    table.writerow(row)
    return stream.getvalue().encode("utf-8-sig")  # so that a spreadsheet reads it as UTF-8


def _joined(copy: Copy) -> str:
    """Headline and body as one text."""
    ended = copy.headline[-1:] in ".!?。！？"
    glue = "" if columns(copy.headline) > len(copy.headline) else " "  # Chinese has no spaces
    stop = "" if ended else "." if glue else "。"
    return f"{copy.headline}{stop}{glue}{copy.body}"


def _fitting(texts: Iterable[str], limit: int) -> list[str]:
    return [text for text in dict.fromkeys(texts) if 0 < columns(text) <= limit]
