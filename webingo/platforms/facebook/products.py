"""The page of a product, which Facebook reads its name and price from before it shows its Pay Dialog. Source: Facebook's
reference of the Open Graph object og:product."""

import re
from html import escape

from webingo.errors import Code, Refused
from webingo.platforms.facebook.order import product_path
from webingo.platforms.platform import Reply, Request
from webingo.resources.social import Product
from webingo.session.house import House

_PATH = re.compile(r"products/([a-z0-9_-]{1,64})/([a-z0-9_-]{1,64})")


async def product_page(request: Request, house: House, public_url: str = "") -> Reply | None:
    """/facebook/products/<site>/<product>?price=<amount><currency>. None where there is no such product at this price."""
    found = _PATH.fullmatch(request.path)
    if found is None or request.method != "GET":
        return None
    site_id, product_id = found.groups()
    try:
        site = await house.resources.site("facebook", site_id)
    except Refused as refusal:
        if refusal.code is Code.UNAVAILABLE:
            raise
        return None
    for product in house.resources.newest(site).products:
        price = f"{product.price.amount}{product.price.currency}"
        if product.id == product_id and request.query.get("price", price) == price:
            return Reply(_page(product, site_id, public_url or request.base).encode())
    return None


def _page(product: Product, site_id: str, base: str) -> str:
    image = base + product.image if product.image.startswith("/") else product.image
    properties = {
        "og:type": "og:product",
        "og:title": product.title,
        "og:description": product.description or product.title,
        "og:url": base + product_path(site_id, product),
        "og:image": image,
        "product:price:amount": product.price.amount,
        "product:price:currency": product.price.currency,
    }
    tags = [f'<meta property="{name}" content="{escape(value)}">' for name, value in properties.items() if value]
    lines = [
        "<!doctype html>",
        '<html lang="en" prefix="og: https://ogp.me/ns# product: https://ogp.me/ns/product#">',
        '<head><meta charset="utf-8">',
        f"<title>{escape(product.title)}</title>",
        *tags,
        "</head>",
        f"<body><h1>{escape(product.title)}</h1><p>{escape(product.description)}</p>",
        f"<p>{product.price.amount} {product.price.currency}</p></body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"
