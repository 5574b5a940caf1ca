"""The one settings model: environment `LADDSTROM_*`, then an optional `laddstrom.toml`. Read at the edge only."""

import difflib
import json
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from models.log import DEFAULT_PARTITIONS, MAX_FRAME_BYTES
from pipelines.home import Home


class SettingsInvalidError(ValueError):
    """A setting cannot be used; the message names its variable."""


class TokenPrivacy(StrEnum):
    """What derived tables show of a card number."""

    PSEUDONYM = "pseudonym"
    CLEAR = "clear"


def _joined(value: Any) -> Any:
    """A list of TOML, or of JSON in a variable, as the comma list it stands for."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        with suppress(ValueError):
            value = json.loads(value)
    return ",".join(str(word) for word in value) if isinstance(value, list) else value


def _there(value: str | None) -> str | None:
    """A file that is named but not there must not pass for an entry of the list."""
    if value is not None and "," not in value and ("/" in value or value.endswith(".txt")) and not _is_file(value):
        raise ValueError(f"there is no file {value}")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, LookupError):
        raise ValueError(f"{value!r} is not a time zone; use a name such as Europe/Stockholm or UTC") from None
    return value


CommaList = Annotated[str | None, BeforeValidator(_joined)]
ListOrFile = Annotated[str | None, BeforeValidator(_joined), AfterValidator(_there)]


class _Section(BaseModel, frozen=True, extra="forbid"):
    """Settings that share a prefix; a misspelt one is an error, never ignored."""


class KafkaSettings(_Section, frozen=True):
    """The log."""

    bootstrap_servers: CommaList = Field(None, description="Kafka address list; unset: the embedded broker.")
    partitions: int = Field(DEFAULT_PARTITIONS, ge=1, description="Partitions of new topics, fixed at creation.")


class GatewaySettings(_Section, frozen=True):
    """The OCPP gateway."""

    stations: ListOrFile = Field(None, description="Comma list of station ids, or a file with one a line.")
    tokens: ListOrFile = Field(None, description="Comma list of accepted tokens, or a file; unset on loopback: all.")
    allow_no_subprotocol: bool = Field(False, description="Let chargers that offer no subprotocol in as OCPP 1.6.")
    heartbeat_s: int = Field(300, ge=1, description="Interval answered to BootNotification, seconds.")
    max_frame_bytes: int = Field(MAX_FRAME_BYTES, ge=1024, description="Larger frames close the connection (1009).")


class OcpiSettings(_Section, frozen=True):
    """The OCPI receiver."""

    tokens: Annotated[SecretStr | None, BeforeValidator(_joined)] = Field(
        None, description="Comma list of partner tokens, or a file; unset on loopback: one is made."
    )


class WorkerSettings(_Section, frozen=True):
    """The stream worker."""

    stall_s: float = Field(120, ge=1, description="Without progress for so long `process` counts it as stuck, seconds.")


class PrivacySettings(_Section, frozen=True):
    """Card numbers."""

    tokens: TokenPrivacy = TokenPrivacy.PSEUDONYM


class ReportSettings(_Section, frozen=True):
    """The report tables and page."""

    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        "UTC", description="Zone of the `day` columns, such as Europe/Stockholm."
    )


class Settings(BaseSettings):
    """Everything that can be set, e.g. `LADDSTROM_KAFKA__BOOTSTRAP_SERVERS=host:9092`."""

    model_config = SettingsConfigDict(
        env_prefix="LADDSTROM_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        toml_file="laddstrom.toml",
        frozen=True,
        extra="forbid",
    )

    home: Annotated[Path, NoDecode] = Path(".laddstrom")
    kafka: KafkaSettings = KafkaSettings()
    gateway: GatewaySettings = GatewaySettings()
    ocpi: OcpiSettings = OcpiSettings()
    worker: WorkerSettings = WorkerSettings()
    privacy: PrivacySettings = PrivacySettings()
    report: ReportSettings = ReportSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before file."""
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls))

    def open_home(self) -> Home:
        """The home folder, made if absent."""
        return self.locate_home().create()

    def locate_home(self) -> Home:
        """The home folder, for commands that only look."""
        return Home(self.home.expanduser().absolute())


def load() -> Settings:
    """The settings of this process; raises `SettingsInvalidError` with one sentence."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = "LADDSTROM_" + "__".join(str(part) for part in first["loc"]).upper()
        if first["type"] == "extra_forbidden":
            raise SettingsInvalidError(f"there is no setting {name}{_nearest(name)}") from None
        why = first["msg"].removeprefix("Value error, ")
        raise SettingsInvalidError(f"{name} cannot be used: {why}") from None
    except ValueError as error:  # the TOML file itself
        raise SettingsInvalidError(f"laddstrom.toml cannot be read: {error}") from None


_SECRET = frozenset({"LADDSTROM_GATEWAY__TOKENS", "LADDSTROM_OCPI__TOKENS"})


def names() -> list[str]:
    """Every setting's variable."""
    found = []
    for name, field in Settings.model_fields.items():
        section = field.annotation
        inner = section.model_fields if isinstance(section, type) and issubclass(section, BaseModel) else {}
        found += [f"LADDSTROM_{name}__{part}".upper() for part in inner] or [f"LADDSTROM_{name}".upper()]
    return found


def changed(settings: Settings) -> dict[str, str]:
    """Every setting that is not at its default, by its variable; card numbers and partners' tokens are not shown."""
    found = {}
    for name, value in settings:
        inner = dict(value) if isinstance(value, BaseModel) else {"": value}
        default = Settings.model_fields[name].default
        for part, now in inner.items():
            if now != (getattr(default, part) if part else default):
                variable = f"LADDSTROM_{name}__{part}".rstrip("_").upper()
                found[variable] = "***" if variable in _SECRET else str(now)
    return found


def _nearest(name: str) -> str:
    close = difflib.get_close_matches(name, names(), n=1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(names())}"


def listed(value: str | None) -> frozenset[str] | None:
    """A list setting: the words of a comma list, or the lines of the file that it names; null stays null."""
    if value is None:
        return None
    try:
        words = Path(value).read_text(encoding="utf-8-sig").splitlines() if _is_file(value) else value.split(",")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalidError(f"{value} cannot be read as a list, one entry a line: {error}") from None
    return frozenset(word.strip() for word in words if word.strip() and not word.lstrip().startswith("#"))


def _is_file(value: str) -> bool:
    try:
        return Path(value).is_file()
    except OSError:  # a list longer than a file's name may be
        return False
