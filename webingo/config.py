"""The server's settings: config.json, then WEBINGO_* variables over it, then the command line's flags over both.

The keys `debug`, `http_port`, `backoffice_url`, `cert`, `certkey`, `fb_app_id`, `fb_app_secret` and `rgs_base` are those of the
original session-server document. docs/configuration.md explains every key.
"""

import os
import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from webingo.addresses import origin, unsafe
from webingo.errors import BadResource
from webingo.kept import KEPT_RGS_KEY, SECRET_LENGTH, kept_secret
from webingo.problems import Problem, invalid, read_object, unknown

ENVIRONMENT = "environment"
FLAGS = "command line"
PREFIX = "WEBINGO_"


def _address(value: str) -> str:
    ip_address(value)
    return value


_Url = Annotated[str, Field(pattern=r"^(https?://[^\s/]\S*)?$")]
_Folder = Annotated[Path, Field(strict=False)]
_OPERATOR = r"^[a-z0-9][a-z0-9_-]{0,31}$"
_REDIS = r"^(embedded:.+|memory:|(unix|redis|rediss|redis\+cluster|redis\+sentinel)://.+)$"


class OperatorSettings(BaseModel):
    """An operator, who keeps its players' money itself. `options` is for its adapter to read, and may hold secrets."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    adapter: str = Field(min_length=1, description="The adapter that its backend is reached by.")
    refresh_s: float = Field(30, ge=1, le=86400, description="How often the balance of who is playing is asked for.")
    options: dict[str, Any] = Field({}, repr=False, description="What the adapter needs to know.")


class Settings(BaseSettings):
    """Everything that can be set, checked and frozen. Built directly it reads nothing: `load` does.

    Times are in seconds unless the name says otherwise; folders and files are relative to where the program was started.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", strict=True, env_prefix=PREFIX)

    debug: bool = Field(
        False, description="Development: logins without a token, origins '*', the client at /. Never in production."
    )
    http_port: int = Field(8080, ge=0, le=65535, description="The TCP port; 0 takes a free one.")
    http_address: str = Field("", description="The address to listen on; empty for all interfaces.")
    trusted_proxies: list[Annotated[str, AfterValidator(_address)]] = Field(
        [], description="IP addresses of the proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."
    )
    cert: str = Field(
        "", description="File with the TLS certificate chain (PEM); with certkey it makes the server speak HTTPS."
    )
    certkey: str = Field("", description="File with the private key of cert (PEM).")
    redis_url: str = Field(
        "embedded:var/redis",
        pattern=_REDIS,
        repr=False,  # may carry a password
        description="The database: embedded:FOLDER, memory:, redis://, rediss://, redis+cluster:// or redis+sentinel://.",
    )
    secret: SecretStr = Field(
        SecretStr(""),
        description="Signs login tokens; at least 32 characters. In debug an empty one is made up and kept in var/secret.",
    )
    res_dir: _Folder = Field(Path("res"), description="Folder of games, local sites and templates.")
    static_dir: _Folder = Field(Path("static"), description="Folder that is served as /static.")
    rgs_base: _Url = Field(
        "", description="Base address of the backoffice's API, which knows the sites and takes the accounting; empty for none."
    )
    rgs_key: SecretStr = Field(
        SecretStr(""), description="What this server shows to the backoffice; 32 characters or more. In debug made up if empty."
    )
    backoffice_url: _Url = Field("", description="Address of the backoffice's console; only shown to people.")
    backoffice_port: int = Field(8090, ge=0, le=65535, description="The TCP port of `webingo backoffice`; 0 takes a free one.")
    backoffice_address: str = Field(
        "localhost", description="The address on which `webingo backoffice` listens; empty for all interfaces."
    )
    backoffice_database: str = Field(
        "sqlite:///var/backoffice.db",
        pattern=r"^(sqlite:///.+|postgresql(\+psycopg)?://.+)$",
        repr=False,  # may carry a password
        description="The database of `webingo backoffice`: sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME.",
    )
    adjustment_limit: int = Field(
        10_000, ge=0, le=2**53 - 1, description="An adjustment above so many smallest units needs a second person's approval."
    )
    operators: dict[Annotated[str, StringConstraints(pattern=_OPERATOR)], OperatorSettings] = Field(
        {}, description="Operators who keep their players' money themselves: name -> adapter, refresh_s, options."
    )
    fb_app_id: str = Field("", pattern=r"^[0-9]*$", description="The application's id at Facebook.")
    fb_app_secret: SecretStr = Field(
        SecretStr(""), description="The application's secret at Facebook, for calls between servers."
    )
    fb_graph_url: _Url = Field(
        "https://graph.facebook.com/v24.0", min_length=1, description="Base address of Facebook's Graph API, with its version."
    )
    fb_sdk_url: _Url = Field(
        "https://connect.facebook.net/en_US/sdk.js", min_length=1, description="Where pages load Facebook's SDK from."
    )
    fb_webhook_token: SecretStr = Field(
        SecretStr(""), description="What Facebook shows when it asks whether the webhook for payments is ours."
    )
    fb_public_url: str = Field(
        "",
        pattern=r"^(https?://[a-z0-9.-]+(:[1-9][0-9]{0,4})?)?$",
        description="Address of this server as Facebook reaches it, which names the pages of products; empty: not known.",
    )
    fb_canvas_origins: list[Annotated[str, AfterValidator(origin)]] = Field(
        ["https://apps.facebook.com", "https://www.facebook.com"], description="Pages that may frame the portal."
    )
    fb_token_check_s: float = Field(
        300, gt=0, le=86400, description="How often Facebook is asked whether the login of who is playing is still good."
    )
    auth_timeout_s: float = Field(10, gt=0, le=300, description="A connection that has not logged in by then is closed.")
    session_idle_s: float = Field(
        1800, gt=0, le=86400, description="A login by POST /session that is not used for so long is forgotten."
    )
    max_frame_bytes: int = Field(65536, ge=1024, le=1 << 20, description="The largest message that a client may send.")
    max_bad_messages: int = Field(
        20, ge=1, le=1000, description="So many messages that make no sense are borne within a minute."
    )
    message_rate: float = Field(20, gt=0, le=10000, description="Messages a second that a connection may send in the long run.")
    message_burst: int = Field(40, ge=1, le=10000, description="Messages that a connection may send at once.")
    connections_per_address: int = Field(50, ge=1, le=1_000_000, description="Open connections that one IP address may have.")
    failed_logins: int = Field(
        60, ge=1, le=1_000_000, description="Refused logins a minute that are borne from one IP address."
    )
    api_rate: float = Field(200, gt=0, le=100_000, description="Calls a second that one API key may make in the long run.")
    api_burst: int = Field(400, ge=1, le=100_000, description="Calls that one API key may make at once.")
    slow_reader_s: float = Field(
        30, gt=0, le=3600, description="A player who reads nothing for so long while a state waits is dropped."
    )
    ping_interval_s: float = Field(20, gt=0, le=3600, description="How often an idle connection is pinged.")
    ping_timeout_s: float = Field(20, gt=0, le=3600, description="A ping that is not answered by then closes the connection.")
    store_timeout_s: float = Field(
        5, gt=0, le=60, description="A database that has not answered by then counts as unavailable."
    )
    abandoned_round_s: int = Field(
        86400, ge=120, le=31_536_000, description="An open round that nobody touched for so long is closed."
    )
    history_rounds: int = Field(
        1000, ge=10, le=1_000_000, description="Rounds kept in a player's history; older ones drop out of it."
    )
    round_retention_days: int = Field(180, ge=1, le=3650, description="Days for which the record of a round is kept.")
    ledger_retention_days: int = Field(
        30, ge=1, le=3650, description="Days for which ledger entries are kept that the accounting has taken."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is logged: this level and above.")
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="json: one object a line; console: for people; auto: console on a terminal, json otherwise."
    )
    graceful_stop_s: float = Field(10, ge=0, le=600, description="How long a stopping server waits for what is under way.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed in: `load` lays the sources over each other, as it has to say which one is wrong."""
        return (init_settings,)


def load(path: Path | None = None, **flags: Any) -> Settings:
    """The settings to serve with: as `read`, and they have to make sense together and name what is there.

    In debug an empty `secret` is filled in, kept in var/secret. Raises BadResource.
    """
    sources = _Sources(path, flags)
    settings = sources.settings()
    if settings.debug and not settings.secret.get_secret_value():
        settings = settings.model_copy(update={"secret": SecretStr(kept_secret())})
    if settings.debug and settings.rgs_base and not settings.rgs_key.get_secret_value():
        settings = settings.model_copy(update={"rgs_key": SecretStr(kept_secret(KEPT_RGS_KEY))})
    if problems := _impossible(settings):
        raise BadResource([sources.named(problem) for problem in problems])
    return settings


def read(path: Path | None = None, **flags: Any) -> Settings:
    """The settings for commands that only look something up, like where the games are; flags that are None were not given.

    Without `path`, config.json is read where there is one. Raises BadResource with all problems, each with its source: the
    file, "environment" or "command line".
    """
    return _Sources(path, flags).settings()


class _Sources:
    """What each source says, for naming the one that is wrong."""

    def __init__(self, path: Path | None, flags: dict[str, Any]) -> None:
        self._file = Path("config.json") if path is None else path
        self._document = read_object(self._file) if path is not None or self._file.exists() else {}
        self._variables = _environment()
        self._flags = {key: value for key, value in flags.items() if value is not None}

    def settings(self) -> Settings:
        try:
            settings = Settings(**{**self._document, **self._variables, **self._flags})
            Settings(**self._document)  # also what is covered today: it would break on the day the cover goes
            return settings
        except ValidationError as error:
            raise BadResource([self.named(problem) for problem in invalid("", error, Settings.model_fields)]) from None

    def named(self, problem: Problem) -> Problem:
        _, field, reason = problem
        key = field.split(".")[0]
        source = FLAGS if key in self._flags else ENVIRONMENT if key in self._variables else str(self._file)
        return (source, field, reason)


def _environment() -> dict[str, Any]:
    names = {PREFIX + key.upper(): key for key in Settings.model_fields}
    strange = [name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in names]
    if strange:
        raise BadResource([(ENVIRONMENT, name, unknown("variable", name.upper(), names)) for name in sorted(strange)])
    try:
        return EnvSettingsSource(Settings)()
    except SettingsError as error:  # only of lists and objects
        example = {
            "trusted_proxies": 'list: ["10.0.0.1"]',
            "fb_canvas_origins": 'list: ["https://apps.facebook.com"]',
            "operators": 'object: {"acme": {"adapter": "local"}}',
        }
        key = next(key for key in example if f'"{key}"' in str(error))
        raise BadResource([(ENVIRONMENT, key, f"write a JSON {example[key]}")]) from None


def _impossible(settings: Settings) -> list[Problem]:
    """Settings that are each right and can't be together, or name what is not there."""
    problems = []
    if bool(settings.cert) != bool(settings.certkey):
        missing, present = ("certkey", "cert") if settings.cert else ("cert", "certkey")
        problems.append(("", missing, f"{present} is given, so this is needed too"))
    for key, name in (("cert", settings.cert), ("certkey", settings.certkey)):
        if name and not Path(name).is_file():
            problems.append(("", key, f"there is no file {name}"))
    for key, folder in (("res_dir", settings.res_dir), ("static_dir", settings.static_dir)):
        if not folder.is_dir():
            problems.append(("", key, f"there is no folder {folder}"))
    length = len(settings.secret.get_secret_value())
    if length < SECRET_LENGTH and (length or not settings.debug):
        problems.append(("", "secret", f"a secret of at least {SECRET_LENGTH} characters is needed"))
    if settings.rgs_base:
        problems += [("", "rgs_base", reason) for reason in (unsafe(settings.rgs_base),) if reason]
        if not re.fullmatch(rf"[\x21-\x7e]{{{SECRET_LENGTH},}}", settings.rgs_key.get_secret_value()):
            problems.append(("", "rgs_key", f"a key of at least {SECRET_LENGTH} characters without spaces is needed"))
    return problems + _wrong_facebook(settings)


def _wrong_facebook(settings: Settings) -> list[Problem]:
    problems = []
    secret = settings.fb_app_secret.get_secret_value()
    if bool(settings.fb_app_id) != bool(secret):
        missing, present = ("fb_app_id", "fb_app_secret") if secret else ("fb_app_secret", "fb_app_id")
        problems.append(("", missing, f"{present} is given, so this is needed too"))
    for key, value in (("fb_app_secret", secret), ("fb_webhook_token", settings.fb_webhook_token.get_secret_value())):
        if not re.fullmatch(r"[\x21-\x7e]*", value):
            problems.append(("", key, "there are characters in it that Facebook would not have put there"))
    urls = {"fb_graph_url": [settings.fb_graph_url], "fb_sdk_url": [settings.fb_sdk_url]}
    for key, addresses in (urls | {"fb_canvas_origins": settings.fb_canvas_origins}).items():
        problems += [("", key, reason) for reason in map(unsafe, addresses) if reason]
    return problems
