"""What a product of a shop's export costs: the lowest of its variants' prices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from aigc.catalogue import cells, shops
from aigc.tables import Row, plain


class Offer(NamedTuple):
    """A price, the one before it if that was higher, and whether another variant's is higher."""

    amount: Decimal
    price: Any
    was: Any = None
    more: bool = False


class Offers:
    """Finds the prices of products, also where variants are rows of their own elsewhere."""

    def __init__(
        self, shop: shops.Shop, columns: Sequence[str], fields: Mapping[str, tuple[str, ...]]
    ) -> None:
        """`fields` say which columns hold `price` and `was`."""
        by_name = {plain(name): name for name in reversed(columns)}
        self._price, self._was = fields.get("price", ()), fields.get("was", ())
        self._variants = shop.variants
        self._at: dict[str, str] = {}
        if shop.variants is not None:
            said = shop.variants.model_dump(include={"type", "parent", "key", "id"})
            self._at = {part: by_name.get(plain(name), "") for part, name in said.items()}
        self._elsewhere: dict[str, Offer] | None = None
        self.columns = set(self._at.values())

    def learn(self, rows: Iterable[Row]) -> None:
        """Look for variants that are rows of their own; once, and only where the shop has such."""
        if self._variants is None or self._elsewhere is not None:
            return
        self._elsewhere = {}
        for row in rows:
            if row.wrong or self._said(row, "type") != self._variants.is_:
                continue
            parent = self._said(row, "parent")
            for offer in self._of(row):
                before = self._elsewhere.get(parent, offer)
                self._elsewhere[parent] = _least([before, offer])

    def cost(self, group: Sequence[Row], language: str, currency: str) -> dict[str, Any]:
        """The fields price and was, as they are printed; none where it costs nothing."""
        offers = [offer for row in group for offer in self._of(row)]
        if not offers and self._elsewhere:
            keys = (self._said(group[0], "key"), f"id:{self._said(group[0], 'id')}")
            offers = [self._elsewhere[key] for key in keys if key in self._elsewhere][:1]
        if not offers:
            return {}
        offer = _least(offers)
        price = cells.money(offer.price, currency)
        if offer.more:
            said = shops.starting_from(str(price), language)
            return {"price": said} if said else {}
        before = cells.number(offer.was)
        if before is not None and before > offer.amount:
            return {"price": price, "was": cells.money(offer.was, currency)}
        return {"price": price}

    def _of(self, row: Row) -> Iterator[Offer]:
        """What a row's first price says."""
        for column in self._price:
            price = cells.plain(row.values.get(column))
            amount = cells.number(price)
            if amount:
                was = next((cells.plain(row.values.get(name)) for name in self._was), None)
                yield Offer(amount, price, was)
                return

    def _said(self, row: Row, part: str) -> str:
        value = cells.plain(row.values.get(self._at.get(part, "")))
        return "" if value is None else str(value)


def _least(offers: Sequence[Offer]) -> Offer:
    least = min(offers, key=lambda offer: offer.amount)
    more = any(offer.more or offer.amount != least.amount for offer in offers)
    return least._replace(more=more)
