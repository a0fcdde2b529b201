"""The backoffice's settings: the server's own file, of which it needs less."""

import re
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from webingo.config import Settings, read
from webingo.errors import BadResource
from webingo.kept import KEPT_RGS_KEY, SECRET_LENGTH, kept_secret
from webingo.problems import Problem


def load(path: Path | None = None, **flags: Any) -> Settings:
    """What `webingo backoffice` runs with. In debug an empty `rgs_key` is the one that is kept in var/rgs_key, where the server
    finds it, too. Raises BadResource."""
    settings = read(path, **flags)
    if settings.debug and not settings.rgs_key.get_secret_value():
        settings = settings.model_copy(update={"rgs_key": SecretStr(kept_secret(KEPT_RGS_KEY))})
    if problems := _impossible(settings):
        raise BadResource(problems)
    return settings


def _impossible(settings: Settings) -> list[Problem]:
    problems: list[Problem] = []
    if not re.fullmatch(rf"[\x21-\x7e]{{{SECRET_LENGTH},}}", settings.rgs_key.get_secret_value()):
        problems.append(("settings", "rgs_key", f"a key of at least {SECRET_LENGTH} characters without spaces is needed"))
    if bool(settings.cert) != bool(settings.certkey):
        problems.append(("settings", "cert", "cert and certkey belong together"))
    for key, name in (("cert", settings.cert), ("certkey", settings.certkey)):
        if name and not Path(name).is_file():
            problems.append(("settings", key, f"there is no file {name}"))
    if not settings.res_dir.is_dir():
        problems.append(("settings", "res_dir", f"there is no folder {settings.res_dir}"))
    return problems
