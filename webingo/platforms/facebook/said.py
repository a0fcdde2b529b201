"""What Facebook says, as far as it is read: strict in types, and more may be said than is known here."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints


def _text(value: Any) -> Any:
    """Ids are written as numbers in some places."""
    return str(value) if type(value) is int else value


Id = Annotated[str, BeforeValidator(_text), StringConstraints(pattern=r"^[0-9]{1,32}$")]
Seconds = Annotated[int, Field(ge=0, le=1 << 40)]
"""Since 1970."""


class Said(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class ErrorSaid(Said):
    """Its message may quote what is secret, so it is not read."""

    code: int
    error_subcode: int = 0


class Invalid(Said):
    """Why a token is not valid."""

    code: int = 0
    subcode: int = 0


class Debugged(Said):
    """An access token, as /debug_token describes it. `expires_at` 0: never. Of one that is not valid little may be known."""

    is_valid: bool
    app_id: Id = ""
    user_id: Id = ""
    type: Annotated[str, StringConstraints(max_length=64)] = ""
    expires_at: Seconds = 0
    error: Invalid = Invalid()


class TokenSaid(Said):
    data: Debugged


class PictureData(Said):
    url: Annotated[str, StringConstraints(max_length=2048)]


class Picture(Said):
    data: PictureData


class Me(Said):
    """A user's profile. What the user did not give is not there."""

    id: Id
    name: Annotated[str, StringConstraints(max_length=200)] = ""
    picture: Picture | None = None
    email: Annotated[str, StringConstraints(max_length=320)] = ""


class UserInfo(Said):
    """The same in the words of the player's client: for display, and worth no more than that."""

    id: Id | None = None
    name: Annotated[str, StringConstraints(max_length=200)] = ""
    picture: Picture | None = None
    email: Annotated[str, StringConstraints(max_length=320)] = ""
