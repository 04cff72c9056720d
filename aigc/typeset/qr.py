"""QR codes: a link in, the rows of modules out that a layout draws."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

import segno

from aigc.errors import BriefError

QUIET = 4  # modules of white around a code, by ISO/IEC 18004
LEAST_PRINTED = 0.4  # mm a module; GS1 asks for 0.396 of codes that a shop's scanner reads
LEAST = 3  # px a module: smaller ones are lost by a phone that looks at a screen
MOST = 49  # modules a side (version 8, 152 bytes): a larger code would crowd the poster
_SURE = 152  # bytes that fit such a code, whatever they are
_WEB = ("http", "https")
_APPS: tuple[str, ...] = (
    "tel",
    "mailto",
    "sms",
    "geo",
    "weixin",
    "alipays",
    "taobao",
    "tmall",
    "pinduoduo",
)
_APPS += ("openapp.jdmobile", "xhsdiscover", "snssdk1128", "whatsapp", "line", "tg", "intent")


def check(link: str) -> None:
    """Raise BriefError for a link that a phone could not open, or too long to be read."""
    _check_address(link)
    if len(link.encode()) > _SURE:  # drawing it takes longer than all else of a brief's checks
        rows(link)


@lru_cache(64)
def rows(link: str) -> tuple[str, ...]:
    """The modules of a link's code, a row a string of 0 (light) and 1 (dark), no quiet zone.

    Error correction is M, so that a scratch or a fold does no harm.
    """
    _check_address(link)
    try:
        code = segno.make(link, error="m", micro=False, boost_error=False)
        side = len(code.matrix)
    except segno.DataOverflowError:
        side = MOST + 1
    if side > MOST:
        raise BriefError(
            f"link = '{link}': {len(link.encode())} bytes, too many for a code that a phone reads "
            "off a poster; shorten it to 150"
        )
    return tuple("".join("1" if module else "0" for module in row) for row in code.matrix)


def _check_address(link: str) -> None:
    try:
        parts = urlsplit(link)
        said = parts.hostname if parts.scheme in _WEB else link.partition(":")[2].strip("/")
    except ValueError:  # https://[
        said = None
    if not said or parts.scheme not in _WEB + _APPS or any(map(str.isspace, link)):
        raise BriefError(
            f"link = '{link}': nothing that a phone opens; begin it with https://, tel:, mailto: "
            "or an app's own scheme such as weixin://"
        )
