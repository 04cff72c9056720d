"""Copy by grammar: patterns of prompts/copywrite/<language>.toml, filled with what is known."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from aigc import prompts
from aigc.brandkit import avoided
from aigc.campaign import Brief
from aigc.channels import columns
from aigc.copywrite import CopyRequest, own, words
from aigc.copywrite.faithful import unsupported

Slots = dict[str, str]
_METALS = {"copper", "gold", "silver", "bronze"}


class Known(NamedTuple):
    """What a request gives the grammar."""

    tongue: str
    noun: words.Noun
    slots: Slots
    facts: tuple[str, ...]


class Text(NamedTuple):
    """Headline, body, call to action and hashtags of one candidate."""

    headline: str
    body: str
    cta: str
    hashtags: tuple[str, ...]


def know(request: CopyRequest) -> Known:
    """Gather noun, slots and usable facts; raises BriefError for an unknown language."""
    brief, tongue = request.brief, words.language(request.brief.language)
    noun = words.find_noun(brief, request.caption, tongue)
    slots = _slots(request, noun, tongue)
    facts = (re.sub(r"[\s.;,。；，]+$", "", " ".join(one.split())) for one in brief.features)
    room = request.limits.body - 2
    return Known(tongue, noun, slots, tuple(f for f in facts if f and columns(f) <= room))


def write(request: CopyRequest, known: Known, count: int, begun: Sequence[Text] = ()) -> list[Text]:
    """Fill up to `count` candidates, no two with the same headline or body, by the request's seed.

    Those `begun` count, and come first.
    """
    rng = random.Random(f"{request.seed}/{known.tongue}/{request.brief.voice}")
    table = prompts.table(f"copywrite/{known.tongue}.toml")
    tone = request.brief.voice

    def sound(text: str) -> bool:
        return not unsupported(text, request.brief, request.caption)

    limits = request.limits
    heads = (h for h in headlines(known, tone, rng) if columns(h) <= limits.headline and sound(h))
    calls = [_capital(c) for c in table["cta"][tone] if columns(c) <= limits.cta and sound(c)]
    rng.shuffle(calls)
    made = list(begun)
    seen = {text.body for text in made}
    headed = {text.headline for text in made}
    for index, headline in enumerate((h for h in heads if h not in headed), len(made)):
        if len(made) == count or not calls:
            break
        options = bodies(known, request.brief, index, rng)
        body = next(
            (b for b in options if columns(b) <= limits.body and b not in seen and sound(b)), None
        )
        if body is None:
            continue
        seen.add(body)
        tags = hashtags(known, request.brief)
        made.append(Text(headline, body, calls[index % len(calls)], tags))
    return made


def with_scene(request: CopyRequest, known: Known, scene: str) -> str:
    """Put a fact after a scene of its own, where both fit; empty if not even the scene does."""
    rng = random.Random(f"{request.seed}/{scene}")
    table = prompts.table(f"copywrite/{known.tongue}.toml")["proof"]
    told = [f"{scene} {proof}" for proof in _proofs(table, known, request.brief.voice, 1, rng)]
    for body in (*told, scene):
        fits = columns(body) <= request.limits.body
        if fits and not unsupported(body, request.brief, request.caption):
            return body
    return ""


def headlines(known: Known, tone: str, rng: random.Random) -> list[str]:
    """Every headline that can be filled, in random order, the category's own well mixed in."""
    table = prompts.table(f"copywrite/{known.tongue}.toml")["headlines"][tone]
    general = _filled(table["any"], known.slots)
    own = _filled(table[known.noun.category], known.slots)
    spare = _filled(table["generic"], known.slots) if known.noun.category != "generic" else []
    for group in (general, own, spare):
        rng.shuffle(group)
    # Two general ones name the product, then one of the category's own; the spare ones come last.
    mixed = chain.from_iterable(
        (*general[2 * k : 2 * k + 2], *own[k : k + 1])
        for k in range(max(len(own), (len(general) + 1) // 2))
    )
    return list(dict.fromkeys((*mixed, *spare)))


def bodies(known: Known, brief: Brief, index: int, rng: random.Random) -> Iterator[str]:
    """Bodies for candidate `index`, the preferred first: fact, scene, price and audience."""
    table, tone = prompts.table(f"copywrite/{known.tongue}.toml"), brief.voice
    scenes = table["scenes"][tone]
    bare = known.noun.category == "generic" or not known.facts
    own = [*scenes.get(known.noun.category, ()), *scenes.get("any", ())]
    own = _shuffled([*own, *(scenes.get("generic", ()) if bare else ())], rng)
    lead_in = _shuffled([*own, *scenes.get("facts", ())], rng)
    codas = _shuffled(table["codas"][tone], rng)
    extra = _extras(table, known, tone, index, rng)
    glue = "" if known.tongue == "zh-CN" else " "
    proofs = list(_proofs(table["proof"], known, tone, index, rng))

    def joined(*parts: str) -> str:
        return glue.join(part for part in parts if part)

    for proof in proofs:
        for scene, coda in zip(lead_in, codas, strict=False):
            if extra:
                yield joined(proof, extra)
            yield from (
                (joined(proof, coda), joined(scene, proof))
                if (index + len(proof)) % 3 == 0
                else (joined(scene, proof), joined(proof, coda))
            )
        yield proof
    for scene in own:
        for coda in codas:
            yield joined(scene, extra or coda)
            yield joined(scene, coda)


def hashtags(known: Known, brief: Brief) -> tuple[str, ...]:
    """Three to five tags from the noun, the category, the name and the brand; no spaces."""
    table = prompts.table("copywrite/categories.toml")["tags"][known.tongue][known.noun.category]
    names = [known.noun.word, brief.name, *table, brief.brand.name]
    tags = own.hashtags(names)
    return tuple(tag for tag in tags if not avoided(tag[1:], brief.brand.avoid))


def _slots(request: CopyRequest, noun: words.Noun, tongue: str) -> Slots:
    brief, slots = request.brief, {}
    name = re.split(r"[,|(（，–—]", brief.name)[0].strip() or brief.name
    if words.is_plain(name, tongue):
        slots["name"] = noun.word if name.casefold() == noun.word else name
        owned = re.match(r"(?:the|an?|my|our|your)\s", name, re.IGNORECASE)
        slots["the_name"] = slots["name"] if owned else f"the {slots['name']}"
    if noun.word:
        plural = noun.number == "plural"
        slots["noun"] = noun.word
        slots["a_noun"] = words.with_article(noun.word) if noun.number == "singular" else noun.word
        slots["A_noun"] = _capital(slots["a_noun"])
        slots["this"], slots["is"] = ("these", "are") if plural else ("this", "is")
        slots["it"] = "them" if plural else "it"
        slots["It_is"] = "They’re" if plural else "It’s"
        slots |= {"sg": ""} if noun.number == "singular" or tongue == "zh-CN" else {}
    # A plant's largest colour is often its pot's.
    if noun.category != "plants" and (colour := _colour(request, tongue)):
        slots["colour"] = colour
    audience = re.sub(r"^for\s+", "", brief.audience.strip(" .。"), flags=re.IGNORECASE)
    if (
        audience
        and words.is_plain(audience, tongue)
        and words.is_chinese(audience) == (tongue == "zh-CN")
    ):
        slots["audience"], slots["Audience"] = audience, _capital(audience)
    if price := brief.price.strip():
        slots["price"] = price
    return slots


def _colour(request: CopyRequest, tongue: str) -> str:
    """The product's one main colour, where the photo is clear and the brief names no other."""
    brief, palette = request.brief, request.caption.colours
    if not palette or palette[0].share < 0.4 or palette[0].name in _METALS:
        return ""
    told = " ".join((brief.name, brief.product, *brief.features)).casefold()
    claims = prompts.table("copywrite/claims.toml")
    named = [*claims["en"]["colour"], *(c.removesuffix("色") for c in claims["zh-CN"]["colour"])]
    if any(re.search(rf"\b{c}\b" if c.isascii() else c, told) for c in named):
        return ""
    name = palette[0].name.lower()
    return name if tongue == "en" else words.colour_names().get(name, "")


def _extras(table: dict[str, Any], known: Known, tone: str, index: int, rng: random.Random) -> str:
    """A line on the price for every third candidate, on the audience for every fourth."""
    if index % 3 == 1 and "price" in known.slots:
        return rng.choice(_filled(table["price"][tone], known.slots))
    if index % 4 == 2 and "audience" in known.slots:
        return rng.choice(_filled(table["audience"]["lines"], known.slots))
    return ""


def _proofs(
    table: dict[str, list[str]], known: Known, tone: str, index: int, rng: random.Random
) -> Iterator[str]:
    """Sentences on one or two facts, those of candidate `index` first."""
    facts = known.facts
    order = [facts[(index + k) % len(facts)] for k in range(len(facts))]
    forms = [words.form(fact, known.tongue) for fact in order]
    if len(order) > 1 and index % 2 == 0:
        pair = "pair" if forms[0] == forms[1] else "mixed"
        if "sentence" not in forms[:2]:
            both = table["foreign"][1:] if "foreign" in forms[:2] else table[pair]
            yield from _shuffled(_stated(both, known, order[0], order[1]), rng)
    for fact, kind in zip(order, forms, strict=True):
        # English sets a fact by its form, Chinese by the tone.
        patterns = table["foreign"][:1] if kind == "foreign" else table.get(kind) or table[tone]
        yield from _shuffled(_stated(patterns, known, fact), rng)


def _stated(patterns: list[str], known: Known, first: str, second: str = "") -> list[str]:
    first, second = (_lowered(fact, known.tongue) for fact in (first, second))
    slots = {
        "f": first,
        "F": _capital(first),
        "an_f": words.with_article(first),
    }
    if not first.lower().startswith("no "):
        slots["the_f"] = f"the {words.without_article(first)}"
    if second:
        # A fact with a comma of its own cannot stand in a list made with commas.
        if re.search(r"[,，]", first + second):
            patterns = [one for one in patterns if not re.search(r"}[,，;；]", one)]
        slots |= {"g": second, "G": _capital(second)}
    return _filled(patterns, known.slots | slots)


def _filled(patterns: list[str], slots: Slots) -> list[str]:
    """Fill the patterns whose every slot is known."""
    return [
        _capital(pattern.format_map(slots))
        for pattern in patterns
        if set(re.findall(r"{(\w+)}", pattern)) <= slots.keys()
    ]


def _shuffled(items: list[str], rng: random.Random) -> list[str]:
    return rng.sample(items, len(items))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lowered(fact: str, tongue: str) -> str:
    """Begin a fact in lower case, unless it begins with a proper name or an acronym."""
    first = re.match(r"[\w’'-]*", fact)
    proper = prompts.table("copywrite/claims.toml")["en"]["origin"]
    if tongue == "zh-CN" or first is None or first[0].lower() in proper:
        return fact
    return fact[:1].lower() + fact[1:] if first[0][1:].islower() or first[0] == "A" else fact
