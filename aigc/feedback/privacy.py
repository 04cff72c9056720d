"""Personal identifiers, which are never stored: columns by their names, values by their look.

A column whose name says that it identifies a person is refused, even where nobody asked for it to
be read, unless every value in it is a digest: who exports such a column should know. What is to be
stored is looked at value by value as well.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from aigc.errors import BriefError
from aigc.feedback import cells
from aigc.tables import plain

_WHOSE = (
    "user|customer|client|member|buyer|shopper|subscriber|lead|contact|visitor|recipient|billing|"
    "shipping|primary|work|home|personal|person|account|your|hashed|hash|sha256|sha1|md5|raw|"
    "用户|客户|会员|买家|收货人|收件人|联系人|顾客|访客|粉丝|线索"
)
_ALONE = (  # identify by themselves
    "email|mail|phone|mobile|telephone|tel|msisdn|whatsapp|wechat|weixin|qq|"
    "firstname|lastname|fullname|surname|givenname|familyname|realname|nickname|username|"
    "ssn|socialsecurity|passport|nationalid|idcard|identitycard|driverslicen[cs]e|"
    "dateofbirth|birthdate|birthday|dob|streetaddress|postaladdress|homeaddress|"
    "ip|ipv4|ipv6|cookie|useragent|idfa|idfv|gaid|aaid|oaid|imei|imsi|meid|mac|caid|"
    "uid|uuid|guid|openid|unionid|userpseudo|fbp|fbc|fbclid|gclid|wbraid|gbraid|dclid|msclkid|"
    "ttclid|twclid|lifatid|clickid|latitude|longitude|creditcard|cardnumber|iban|"
    "邮箱|电子邮箱|电子邮件|邮件|手机|手机号|手机号码|电话|电话号码|联系电话|联系方式|座机|"
    "姓名|真实姓名|昵称|微信|微信号|抖音号|小红书号|旺旺|身份证|身份证号|身份证号码|证件号|证件号码|"
    "护照|护照号|生日|出生日期|住址|详细地址|收货地址|银行卡|银行卡号|车牌|车牌号|经度|纬度"
)
_WITH_ID = (  # identify with "id" behind them
    "user|customer|client|member|buyer|shopper|subscriber|lead|contact|visitor|person|people|"
    "device|session|cookie|android|advertising|facebook|psid|ga|amplitude|mixpanel|"
    "distinct|anonymous|crm|external|login|openid|unionid|wechat|weixin|browser|"
    "用户|客户|会员|买家|访客|粉丝|设备|顾客|微信|线索"
)
_KIND = "address|addr|number|num|no|value|hash|hashed|sha256|sha1|md5|地址|号|号码|编号"
_PERSONAL = re.compile(
    rf"(?:{_WHOSE})*(?:(?:{_ALONE})+(?:id)?|(?:{_WITH_ID})(?:id|identifier|uuid|guid|key|名|名称|姓名))"
    rf"(?:{_KIND})*s?|(?:user|customer|client|member|buyer|contact|recipient)(?:full)?name"
    "|user|buyer|recipient|address|地址|收货人|收件人|联系人"
)
_CONTACT = re.compile("emails?|phones?|mobile|tel|whatsapp|wechat|qq|手机|邮件|电话|微信")
_COUNTED = re.compile(r"\d{1,5}(\.\d+)?%?")  # how many wrote or called
_ACCOUNT = re.compile(r"\d{3}-\d{3}-\d{4}")  # of the advertiser: Google Ads' "Customer ID"
_DIGESTS = frozenset((16, 20, 28, 32, 48, 64))  # bytes: MD5, SHA-1, SHA-224 to SHA-512

_MAIL = re.compile(r"[^\s@|,;/=]+@[^\s@|,;/=]+\.[a-z]{2,}", re.IGNORECASE)
_CARD = re.compile(r"(?<![0-9a-z])\d{17}[\dx](?![0-9a-z])", re.IGNORECASE)
_PHONE = re.compile(
    r"(?<![\w.])(?:(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}"  # China
    r"|\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}"  # North America
    r"|\+\d[\d ().-]{7,}\d)(?![\w.])"
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ADDRESS = re.compile(r"[0-9a-f.:]{7,}", re.IGNORECASE)

_FEW, _ROWS_EACH, MANY = 30, 3, 1000  # values of a segment: when they single out people


def personal(names: Iterable[str]) -> tuple[str, ...]:
    """Say which columns identify people, by their names."""
    return tuple(name for name in names if _PERSONAL.fullmatch(plain(name)))


class Watch:
    """Looks at the columns that identify people, row by row, and refuses what is not hashed."""

    def __init__(self, columns: Collection[str], where: str) -> None:
        self.columns = tuple(columns)
        self.where = where
        self.sizes: dict[str, int] = {}

    def look(self, line: int, values: Mapping[str, Any]) -> None:
        """Raises BriefError, without the value, at the first that is no digest."""
        for name in self.columns:
            value = values.get(name)
            if cells.blank(value):
                continue
            if _harmless(plain(name), str(value).strip()):
                continue
            size = digest(value)
            if not size or self.sizes.setdefault(name, size) != size:
                raise BriefError(
                    f"{self.where}: column '{name}' identifies people (line {line}), so nothing "
                    f"was imported; remove it, hash it with SHA-256, or leave it unread with "
                    f"--ignore '{name}'"
                )


def _harmless(name: str, value: str) -> bool:
    if name == "customerid":
        return bool(_ACCOUNT.fullmatch(value))
    return bool(_CONTACT.fullmatch(name) and _COUNTED.fullmatch(value))


def digest(value: Any) -> int:
    """How many bytes the digest has that a value is, in hexadecimal or Base64; 0: it is none."""
    if isinstance(value, bytes | bytearray):
        return len(value) if len(value) in _DIGESTS else 0
    text = str(value).strip()
    if re.fullmatch(r"[0-9a-fA-F]+", text):
        return len(text) // 2 if len(text) % 2 == 0 and len(text) // 2 in _DIGESTS else 0
    try:
        size = len(base64.b64decode(text.translate(_URL_SAFE), validate=True))
    except (binascii.Error, ValueError):
        return 0
    return size if size in _DIGESTS else 0


_URL_SAFE = str.maketrans("-_", "+/")


@lru_cache(1 << 16)
def looks_like(text: str, *, number: bool = False) -> str:
    """Say what personal identifier a text holds, or nothing.

    number: it may be a bare number or a UUID, for an ad platform's ids are.
    """
    if "@" in text and _MAIL.search(text):
        return "an e-mail address"
    if any(_is_card(found) for found in _CARD.findall(text)):
        return "an identity card's number"
    if any(_is_address(found) for found in _ADDRESS.findall(text)):
        return "an IP address"
    if number and (text.isdigit() or _UUID.fullmatch(text)):
        return ""
    if _UUID.search(text):
        return "a device's id"
    return "a phone number" if _PHONE.search(text) else ""


def too_many(values: int, rows: int) -> bool:
    """Whether a segment has so many values that they single out people."""
    return values > MANY or (values >= _FEW and values * _ROWS_EACH > rows)


def _is_card(number: str) -> bool:
    """A resident's identity number of China: a birthday inside, a check digit at the end."""
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17].upper()


def _is_address(text: str) -> bool:
    if text.count(".") < 3 and text.count(":") < 2:
        return False
    try:
        ipaddress.ip_address(text.strip(".") if ":" not in text else text)
    except ValueError:
        return False
    return True
