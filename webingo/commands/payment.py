"""webingo payment: what Facebook says of a payment, and bringing it to the player's wallet."""

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from webingo.commands.common import Config, Failure, Json, print_json, with_store

if TYPE_CHECKING:
    from webingo.config import Settings
    from webingo.platforms.facebook.payments import Settled
    from webingo.support.clock import Clock
    from webingo.transaction.store import Store

PaymentId = Annotated[str, typer.Argument(metavar="ID", help="The payment's id at Facebook: digits.")]


def payment(payment_id: PaymentId, config: Config = None, as_json: Json = False) -> None:
    """Ask Facebook what became of a payment, and settle it: what is missing in the player's wallet is posted, once.

    For a payment that Facebook has given up telling of, and for players who ask. To do it again changes nothing.
    """
    settled, balance = with_store(config, lambda store, settings: _settled(store, settings, payment_id))
    order = settled.order
    said: dict[str, Any] = {"payment": settled.payment_id, "status": settled.status}
    if order is not None:
        said |= {"uid": order.uid, "site": order.site, "product": order.product, "credits": order.credits, "balance": balance}
    if as_json:
        print_json(said)
    elif order is None:
        typer.echo(f"{settled.payment_id}: {settled.status}; it names no order that is kept here.")
    else:
        typer.echo(", ".join(f"{name} {value}" for name, value in said.items()))


async def _settled(store: "Store", settings: "Settings", payment_id: str) -> "tuple[Settled, int]":
    """What became of it, and the balance of the player's wallet now. Raises Failure, Refused(UNAVAILABLE)."""
    from webingo.platforms.facebook.graph import Graph
    from webingo.platforms.facebook.payment import StrangePayment
    from webingo.platforms.facebook.payments import Payments
    from webingo.rng import SystemRng
    from webingo.support.clock import SystemClock

    app_secret = settings.fb_app_secret.get_secret_value()
    if not app_secret:
        raise Failure("No Facebook application is configured: fb_app_id and fb_app_secret are empty.")
    if not (payment_id.isascii() and payment_id.isdigit()):
        raise Failure("The id of a payment is digits.")
    clock = SystemClock()
    graph = Graph(settings, clock, SystemRng())
    try:
        payments = Payments(_Means(store, clock), graph, settings.fb_app_id, app_secret, settings.fb_public_url)
        settled = await payments.look_up(payment_id)
        # What was posted before is answered with the funds of then.
        return settled, 0 if settled.order is None else (await store.funds(settled.order.wallet)).balance
    except StrangePayment as strange:
        raise Failure(f"The payment {payment_id} was not taken: {strange}.") from None
    finally:
        graph.close()


class _Means(NamedTuple):
    store: "Store"
    clock: "Clock"
