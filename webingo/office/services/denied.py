"""What the API refuses, with the codes of the contract (backoffice/contract.py)."""


class Denied(Exception):  # noqa: N818 - expected, like errors.Refused
    """Nothing was changed. `status` is the HTTP status, `code` for programs, `message` for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")


def conflict(message: str) -> Denied:
    return Denied(409, "CONFLICT", message)
