"""The pages of selling: products as Facebook reads them, and the door at which it tells of payments."""

from webingo.platforms.facebook.payments import Payments
from webingo.platforms.facebook.products import product_page
from webingo.platforms.facebook.webhook import payments_page
from webingo.platforms.platform import Reply, Request
from webingo.session.house import House


class Sales:
    def __init__(self, house: House, payments: Payments, app_secret: str, verify_token: str) -> None:
        self._house = house
        self._payments = payments
        self._secret = app_secret
        self._token = verify_token

    async def answer(self, request: Request) -> Reply | None:
        """None for what is none of these pages. Raises Refused(UNAVAILABLE)."""
        if request.path == "payments":
            return await payments_page(request, self._payments, self._secret, self._token)
        if request.path.startswith("products/"):
            return await product_page(request, self._house, self._payments.public_url)
        return None
