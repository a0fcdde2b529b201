"""The operator's side of Hub88's wallet API (docs.hub88.io; read as facts)."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from webingo.adapters.kit.books import Booked, No, Reason
from webingo.adapters.kit.fake import Call, HttpFake
from webingo.adapters.kit.http import Reply, Request
from webingo.adapters.kit.troubles import Trouble
from webingo.adapters.signature import Signer, Verifier

_FACTOR = 1000  # of their hundred thousandths of a dollar in one cent
_HEADER = "x-hub88-signature"

_STATUS = {
    Reason.TOKEN: "RS_ERROR_INVALID_TOKEN",
    Reason.EXPIRED: "RS_ERROR_TOKEN_EXPIRED",
    Reason.PLAYER: "RS_ERROR_INVALID_TOKEN",
    Reason.BLOCKED: "RS_ERROR_USER_DISABLED",
    Reason.CURRENCY: "RS_ERROR_WRONG_CURRENCY",
    Reason.FUNDS: "RS_ERROR_NOT_ENOUGH_MONEY",
    Reason.LIMIT: "RS_ERROR_LIMIT_REACHED",
    Reason.DUPLICATE: "RS_ERROR_DUPLICATE_TRANSACTION",
    Reason.UNKNOWN: "RS_ERROR_TRANSACTION_DOES_NOT_EXIST",
}

_OPS = {
    "/user/info": "player",
    "/user/balance": "player",
    "/transaction/bet": "escrow",
    "/transaction/win": "result",
    "/transaction/rollback": "cancel",
}
_TEXTS = {"user", "request_uuid", "transaction_uuid", "supplier_transaction_id", "token", "round", "currency"}
_NEEDED = {
    "/user/info": {"user", "request_uuid"},
    "/user/balance": {"token", "request_uuid", "game_code"},
    "/transaction/bet": _TEXTS | {"game_code", "amount", "round_closed"},
    "/transaction/win": _TEXTS | {"game_code", "amount", "round_closed"},
    "/transaction/rollback": _TEXTS - {"currency"} | {"game_code", "reference_transaction_uuid", "round_closed"},
}
_MAY = {"/user/balance": {"user"}, "/transaction/win": {"reference_transaction_uuid"}}


@cache
def keys() -> tuple[bytes, bytes, bytes, bytes]:
    """Ours private and public, the operator's private and public; made up once in each process."""
    pems = []
    for key in (generate_private_key(65537, 2048), generate_private_key(65537, 2048)):
        pems.append(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        pems.append(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return pems[0], pems[1], pems[2], pems[3]


class Hub88Fake(HttpFake):
    """Takes nothing that the API does not describe. `answered` holds what each request_uuid was answered."""

    carried: ClassVar = frozenset({"refers", "round", "game", "closes"})

    def __init__(self, folder: Path, seed: int = 0) -> None:
        super().__init__(folder, seed)
        self.answered: dict[str, dict[str, Any]] = {}
        ours, ours_public, theirs, theirs_public = keys()
        self._theirs, self._stranger, self._ours = Signer(theirs), Signer(ours), Verifier(ours_public)
        (folder / "ours.pem").write_bytes(ours)
        (folder / "operator.pem").write_bytes(theirs_public)

    def options(self) -> dict[str, Any]:
        return {
            "base": self.url,
            "private_key_file": str(self.folder / "ours.pem"),
            "operator_public_key_file": str(self.folder / "operator.pem"),
            "timeout_s": self.timeout_s,
        }

    def understand(self, request: Request) -> Call | Reply:
        if request.path not in _OPS or request.method != "POST":
            return Reply(b"", 404, kind="text/plain")
        if not self._ours.signed(request.body, request.headers.get(_HEADER, "")):
            return self._reply({"status": "RS_ERROR_INVALID_SIGNATURE"}, None)
        try:
            fields = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            fields = None
        if not isinstance(fields, dict):
            return self._reply({"status": "RS_ERROR_WRONG_SYNTAX"}, None)
        if wrong := _wrong(request.path, fields):
            return self._reply({"status": wrong, "request_uuid": fields.get("request_uuid")}, None)
        op = _OPS[request.path]
        name: str = fields.get("transaction_uuid") or fields["request_uuid"]
        return Call(op, name, self._answers(request.path, fields))

    def _answers(self, path: str, fields: dict[str, Any]) -> Callable[[], dict[str, Any]]:
        def do() -> dict[str, Any]:
            said = {"user": fields.get("user"), "request_uuid": fields["request_uuid"]}
            try:
                said |= {"status": "RS_OK", **self._done(path, fields)}
            except No as no:
                said["status"] = _STATUS[no.reason]
                if no.reason == Reason.FUNDS:
                    said |= self._money(fields["user"])
            return self.answered.setdefault(fields["request_uuid"], said)

        return do

    def _done(self, path: str, fields: dict[str, Any]) -> dict[str, Any]:
        books, uid = self.books, fields.get("user", "")
        if path == "/user/info":
            return {"user": books.known(uid).uid, "country": "XX"}
        if path == "/user/balance":
            uid = books.account(uid, fields["token"]).uid
            return {"user": uid, **self._money(uid)}
        if path == "/transaction/rollback":
            books.give_back(fields["transaction_uuid"], uid, fields["reference_transaction_uuid"])
            return self._money(uid)
        kind, amount = _OPS[path], fields["amount"] // _FACTOR
        entry = Booked(
            fields["transaction_uuid"],
            kind,
            uid,
            fields["currency"],
            amount,
            fields.get("reference_transaction_uuid", ""),
            fields["round"],
            fields["game_code"],
            fields["round_closed"],
        )
        books.book(entry, fields["token"])
        return self._money(uid)

    def _money(self, uid: str) -> dict[str, Any]:
        [(denom, balance)] = self.books.people[uid].balances.items()
        return {"currency": denom, "balance": balance * _FACTOR}

    def written(self, request: Request, outcome: Any, lie: Trouble | None) -> Reply:
        said = dict(outcome)
        match lie:
            case Trouble.FALSE_BALANCE:
                said["balance"] = said.get("balance", 0) + 7 * _FACTOR
            case Trouble.ODD_BALANCE:
                said["balance"] = f"{said.get('balance')}"
            case Trouble.OTHER_PLAYER:
                said["user"] = "somebody-else"
            case Trouble.OTHER_CURRENCY:
                said["currency"] = "BTC"
            case Trouble.OTHER_REQUEST:
                said["request_uuid"] = "583c985f-fee6-4c0e-bbf5-308aad6265af"
            case Trouble.ODD_STATUS:
                said["status"] = "RS_MAYBE"
        return self._reply(said, lie)

    def _reply(self, said: dict[str, Any], lie: Trouble | None) -> Reply:
        body = orjson.dumps(said)
        signer = self._stranger if lie == Trouble.WRONG_SIGNATURE else self._theirs
        return Reply(body, headers={} if lie == Trouble.NO_SIGNATURE else {"X-Hub88-Signature": signer.sign(body)})


def _wrong(path: str, fields: dict[str, Any]) -> str:
    """The status for a request that is not as the API describes it, "" for one that is. Here are no parts of a cent."""
    if not _NEEDED[path] <= set(fields) <= _NEEDED[path] | _MAY.get(path, set()):
        return "RS_ERROR_WRONG_SYNTAX"
    texts = all(isinstance(fields[name], str) and fields[name] for name in _TEXTS & set(fields))
    amount = fields.get("amount", 0)
    closed = fields.get("round_closed", False)
    if not texts or type(amount) is not int or amount < 0 or amount % _FACTOR or not isinstance(closed, bool):
        return "RS_ERROR_WRONG_TYPES"
    return ""
