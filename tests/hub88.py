"""Keys, an operator of a few lines, and its signed answers, for tests of the adapter for Hub88's wallet API."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.secrets import secret
from webingo.adapters.adapter import Charge
from webingo.adapters.hub88 import Hub88Adapter
from webingo.adapters.kit.http import HttpServer, Reply, Request
from webingo.adapters.means import Means
from webingo.adapters.registry import build
from webingo.adapters.signature import Signer
from webingo.rng import SystemRng
from webingo.support.clock import SystemClock
from webingo.transaction.memory_store import MemoryStore

UNITS = {"USD": 100, "EUR": 100, "credit": 1}
TOKEN = secret("55b7518e-b89e-11e7-81be-58404eea6d16", "player's token")
BET, WIN, BACK = (
    "16d2dcfe-b89e-11e7-854a-58404eea6d16",
    "5a1f6a2e-0d4b-4a8e-9d51-0f4f6f0e9a01",
    "9b3c7a40-6f0c-4c0e-8a44-7f5f2b1f3d02",
)
ROUND = "07-3d0e6a55-9f0e-4f0c-9b7e-1f2c3d4e5f60"

# Made for these tests: ours signs requests, the operator's signs answers, and neither signs anything else.
OURS = secret(
    """-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCdWxUN1+6sYPZp
T9LW49lfoLmmWKOCmOI4G4aWYp5973xoA+Oa7NpvuuWbivZJKTuLw5M2cMrDEFnx
aFKLclcu6E8SGtccv3owOHzu9pcsk7a8Tv2In0sDPjNIL27cDogLTj3jxRvvKoux
xknDegTtvjsOdoSC2xNhgGmcWQWq0ZX/mG/dF5ht6kBWyVg6Zmk1GjpfUkPII0Yl
B6XOKK3LRsN+u9wX5XmEk3+UihMp8NBBBgSwM9YgPs5rh599/Kl7zaFr/c23JlI8
KHon+O+4QxJw/2Kl+f+XnNoqFl9rb1/Bp/HW/DNnTx0K0AVknO4DTdqQEBIKO8SF
4oPHYzvJAgMBAAECggEAHh9kR6blQfr62NymyivKfj+som839+Vv8tk0GcBNwmJw
0JGkBdGfHEHtN+oxbP53b3E0Unjjm9Vavnefy6GLFofysQ7RzKdMCwSZR/6NIIOz
eNdvOfLyf2+uDfzEjlw6x11GRD7EsvNUVCcXElResqtWr1VZVxp8mo7kSMGS7+jL
jyTFN6vK/qafl53AJHjRHHHnc8vs/5BDgHElSgv9vRhDMsqC2tFI12n6P735l/6W
qjTt5FnPWbYScQGe6m4HB1arjF0dREUEccwRWCqElkheM7lPEsbG2oO48H2uJfqX
q6tbXu1f5SegXrYdWMWMd8ByJGlg8Mtt6juv7CJHHQKBgQDcObio3ZXx2d8jbuev
YQUjDEvdCouBK+lm6lLdDI4vQ/MrzSYAe9KvctA6bXjjzifsuTUKmyYqdp61axBg
x4jXzXjnIPpDjr7h8trw1sbXNuEBMxGxrWlpINAOPVDsvrbgNh5JYX16bVnPI6iG
3QJc4s0P9Aic96UCnc7vaIZy7QKBgQC26t4KZeUfjBkllVcPtoDF6Bm9IpeOgrbN
XYj5cH3ioVfhw47li6JSet/PCXwsZTFlfwULTHHSIuqJymVCX9p5VXOZIOtgiyZY
rRMNR1e9BbErOzbfvkkA1L6YbX7rUq6zW+lBkc63DCjJUp00zCMdSPK8pRvr+In/
9f2moHOEzQKBgB//Ovc+CrUzBJqvWHZA0HBBLxyUlaRU7vqG/TckxdvUMZahne3g
D8JyGhMDKNdgcqiQWEaMOEVfKrwNLDoDg7xnHDPotLPwH4fQs0Le0dEfJh34f4+j
NHeTzubivclIBGYbNtdOlN6e2Leh5LCDl/5K7aRtvnqf+JeiuhhKxY4ZAoGBAKvE
ZfnRsZUsVDjswjKpKMevquvm3fcfXFYBLa0/K5dz9zi0ES4RL77QT/b1azutUvOC
kdQIVyIDU8dM3kW0CU7DJah4N1ATm1DORgPEKOoBvFtiYac94wP6w3gT6olEvXUE
LEg8iaduraZQA/webiMD652mVlACtmQ8NZMRPSlJAoGAfgtsJkMqO8SsWvoXqdjl
gutqX31T+HbypWL/L9xFnr+RRQW/pUzcS2Wh2IF0bNH8kQc0MuJHvDAL7aIQ9k5l
FJxw1wFGuxU4blwmQEXDiSmY6QehpdKjH37HNWcjNO4B5wINiAa+NZoDLyJ1iBm6
Ucc7ThSrLt/Q0deWm+UIZWI=
-----END PRIVATE KEY-----
""",
    "our private key",
)

OPERATORS = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA6hjz25iWfTfGoaqSRnbe
9AgNgmqnFnm2Wd1Zs9h1NbDj7iSjiJU0wr2q+VxlX0Zpg/Pzr1jjzWzjPh0k5VMN
LRxv3/bKmi9Acbw6DNaewK9D6LZS+7iMKVL+Ffv/JEj/elyTBxD10hXLj2AkwgxP
f/j4HeiyFGlzv5rwMwjqwI4T80xOU5wCkyca9dyFW1vdq4squCc9FhJmRosBePDO
ToczV82b0fm3IXfccwJXwV3CJqWRYU7sMy7nDNZ6iTkbptZZEOn0qEJz2VAV3b/6
3SS4HnAJCoE2NZG8f+rctTWTYe8gX0We2ELoap0hJlYik8acfOxoErkOdBozdcsl
5QIDAQAB
-----END PUBLIC KEY-----
"""

_OPERATORS_PRIVATE = secret(
    """-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDqGPPbmJZ9N8ah
qpJGdt70CA2CaqcWebZZ3Vmz2HU1sOPuJKOIlTTCvar5XGVfRmmD8/OvWOPNbOM+
HSTlUw0tHG/f9sqaL0BxvDoM1p7Ar0PotlL7uIwpUv4V+/8kSP96XJMHEPXSFcuP
YCTCDE9/+Pgd6LIUaXO/mvAzCOrAjhPzTE5TnAKTJxr13IVbW92riyq4Jz0WEmZG
iwF48M5OhzNXzZvR+bchd9xzAlfBXcImpZFhTuwzLucM1nqJORum1lkQ6fSoQnPZ
UBXdv/rdJLgecAkKgTY1kbx/6ty1NZNh7yBfRZ7YQuhqnSEmViKTxpx87GgSuQ50
GjN1yyXlAgMBAAECggEADCxgAftdWAWefqmwEZn83hPNIAsLxU9u/B1WnNOUxMX+
FFQzbNbVd4sFaRI0809mDUaSVXv53KTc7E33rTU0ajQgXTUoM/xhDYkMO76tYre6
gE964Twnjb6TF/GSwwBIyMQnoSZwogwgGcSWJMEfITiBLoz7NbSGIGCePQkpq/md
+RpUx3dkcc/N24Ef+xWxXF7TeO5wLE5GfBlO4VQ1UixZn1Fa/dA50flUm1WHSmf7
oHZHnVRCRxicRA6sXbBUJiGtQhRks5Oo3RRYmz0790/KTNKME1VDCLvBu7GQ40VS
81VKpsFcUkOwh79Wy341wa8SfpPSwsTHKHasfEkcAQKBgQD5DdPAN+tZQQWzsaDj
QQaOFgAi/I+MN3J5xa1Rawj/YwApVYoicJxBXN3hDwrwqDA0ikIKb+gg8ad/XSld
eGsqcuzU2aGlxA5KmVxkx5MUXwFTwJMmQ43RIUsl9TI8E4+ye9rkWhxqEBCuT0oc
DqI3sDQJhnmnnwXgWIQEgT0jcQKBgQDwoFcPxqTzJVeDQxuFiuIylYdvtqQ6R038
jOZ6X2a1M4O/0V0kHAPymRjjAKauA5lE3SWf6Uxh1vIenzrnQSC71bpje6paT76k
/Ns6IcFkWTLlONdo8h4vJTFesiKmRwpechRixvZ/BrFqhk0euGDk4zW3MhFMk5WW
4NuFRKkHtQKBgQDgados8PZLRXDK2zq6q0Qp0Z8r52G9mdS37yxeGdFQtjdWB3Lh
15CkwPZZLkHQWeyd2xro5q9GyBkChcKZK8F8zXOj07p5cLDj/U6orMBV8clzWyn8
p5BpKdPaDxfF1GZ+EGZLrvq9g15UgrOnlnQLM+Wf06FZLcyQu5GxsXaSsQKBgH0j
tgNjWHeHLQr7xH1f7CFIeIYVozUXziwQjvCHWt/TqaoBVQIpe7gX/MRZm1WWU4hn
xmBysSGU6pgYUUbhLQfisCt6re6H2GrvgYeq9GuepARn2kce26nDGvjXhYOaIH9b
rtRsCtenAG+Y5tSaKPIAY/ghFrQPcNVlnWSif5GdAoGAbUtB/NUjOXN53qqz2Eh0
yJaCW4EK6i3PfcN3uDWB0ub7oxp7ed5aGtPiutq2wWASXcmW3Dkj9tSRq0C/PLE0
4HOFl8nfb8iDc4SWA+JyczsPteTFqU/f5v2Vg/z6hnh/KHyCNcg6G0gKgaqRdZMY
JXgosZ9HvztSpLym+QWVl38=
-----END PRIVATE KEY-----
""",
    "operator's private key",
)


def bet(amount: int = 500, **changes: Any) -> Charge:
    """Of $5.00."""
    charge = Charge(BET, "john12345", TOKEN, "USD", ROUND, "joker-bingo", "club", amount, 1_700_000_000_000)
    return charge._replace(**changes)


def win(amount: int = 1250) -> Charge:
    return bet(amount, id=WIN, refers=BET, closes=True)


def back(amount: int = 500) -> Charge:
    return bet(amount, id=BACK, refers=BET, closes=True)


class Operator:
    """Answers every call with `says(fields of the request)`, signed; `seen` are the requests as they came."""

    def __init__(self, says: Callable[[dict[str, Any]], Mapping[str, Any]] | None = None) -> None:
        self.says = says or (lambda fields: said(fields))
        self.seen: list[Request] = []
        self._signer = Signer(_OPERATORS_PRIVATE.encode())
        self._server = HttpServer(self.answer)

    async def __aenter__(self) -> "Operator":
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    async def answer(self, request: Request) -> Reply:
        self.seen.append(request)
        return self.signed(json.dumps(self.says(json.loads(request.body))).encode())

    def signed(self, body: bytes) -> Reply:
        return Reply(body, headers={"X-Hub88-Signature": self._signer.sign(body)})


def said(fields: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A right answer to a request, with $10.00 left; what is changed to None is left out."""
    right = {
        "user": "john12345",
        "status": "RS_OK",
        "request_uuid": fields["request_uuid"],
        "currency": "USD",
        "balance": 1_000_000,
    }
    return {name: value for name, value in {**right, **changes}.items() if value is not None}


async def adapter(base: str, folder: Path, **options: Any) -> Hub88Adapter:
    """Started; whoever asks for it closes it."""
    (folder / "ours.pem").write_text(OURS)
    (folder / "operator.pem").write_text(OPERATORS)
    files = {"private_key_file": f"{folder}/ours.pem", "operator_public_key_file": f"{folder}/operator.pem"}
    means = Means(SystemClock(), SystemRng(), MemoryStore(), UNITS)
    made = build(Hub88Adapter, "acme", {"base": base, "timeout_s": 2.0, **files, **options}, means)
    assert isinstance(made, Hub88Adapter)
    await made.start()
    return made
