"""What a player has asked to buy: kept under the request id that the payment comes back with."""

from fractions import Fraction

from pydantic import BaseModel, ConfigDict

from webingo.platforms.facebook.payment import Action, Payment
from webingo.resources.social import Product
from webingo.transaction.transaction import Seat, WalletId
from webingo.user import User


class Order(BaseModel):
    """The product as it was when it was asked for, whatever has become of the site since. `path` is its page on this server."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    platform: str
    uid: str
    site: str
    denom: str
    product: str
    credits: int
    amount: str
    currency: str
    path: str
    at_ms: int

    @classmethod
    def of(cls, seat: Seat, denom: str, product: Product, at_ms: int) -> "Order":
        return cls(
            platform=seat.user.platform,
            uid=seat.user.uid,
            site=seat.site,
            denom=denom,
            product=product.id,
            credits=product.credits,
            amount=product.price.amount,
            currency=product.price.currency,
            path=product_path(seat.site, product),
            at_ms=at_ms,
        )

    @property
    def user(self) -> User:
        return User(self.platform, self.uid)

    @property
    def wallet(self) -> WalletId:
        return WalletId(self.user, self.denom)

    def paid_by(self, charge: Action, payment: Payment, public_url: str) -> bool:
        """Whether the charge is this product's price. Facebook converts a price into the player's currency: then its page,
        which has the price, must be what was bought."""
        if charge.currency == self.currency:
            return charge.money == Fraction(self.amount)
        if not public_url or len(payment.items) != 1:
            return False
        item = payment.items[0]
        return item.quantity == "1" and item.product == public_url + self.path


def product_path(site_id: str, product: Product) -> str:
    """The page that Facebook reads the product from. It carries the price: what Facebook remembers of an older one is the page
    of another product."""
    return f"/facebook/products/{site_id}/{product.id}?price={product.price.amount}{product.price.currency}"
