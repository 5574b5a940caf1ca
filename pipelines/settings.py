"""The one settings model: environment `LADDSTROM_*`, then an optional `laddstrom.toml`. Read at the edge only."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr, ValidationError
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


class KafkaSettings(BaseModel, frozen=True):
    """The log."""

    bootstrap_servers: str | None = Field(None, description="Kafka address list; unset: the embedded broker.")
    partitions: int = Field(DEFAULT_PARTITIONS, ge=1, description="Partitions of new topics, fixed at creation.")


class GatewaySettings(BaseModel, frozen=True):
    """The OCPP gateway."""

    stations: str | None = Field(None, description="Comma list of station ids, or a file with one a line.")
    tokens: str | None = Field(None, description="Comma list of accepted tokens, or a file; unset on loopback: all.")
    allow_no_subprotocol: bool = Field(False, description="Let chargers that offer no subprotocol in as OCPP 1.6.")
    heartbeat_s: int = Field(300, ge=1, description="Interval answered to BootNotification, seconds.")
    max_frame_bytes: int = Field(MAX_FRAME_BYTES, ge=1024, description="Larger frames close the connection (1009).")


class OcpiSettings(BaseModel, frozen=True):
    """The OCPI receiver."""

    tokens: SecretStr | None = Field(None, description="Comma list of partner tokens; unset on loopback: one is made.")


class WorkerSettings(BaseModel, frozen=True):
    """The stream worker."""

    stall_s: float = Field(120, ge=1, description="Without progress for so long `process` counts it as stuck, seconds.")


class PrivacySettings(BaseModel, frozen=True):
    """Card numbers."""

    tokens: TokenPrivacy = TokenPrivacy.PSEUDONYM


class ReportSettings(BaseModel, frozen=True):
    """The report tables and page."""

    timezone: str = Field("UTC", description="Zone of the `day` columns, such as Europe/Stockholm.")


class Settings(BaseSettings):
    """Everything that can be set, e.g. `LADDSTROM_KAFKA__BOOTSTRAP_SERVERS=host:9092`."""

    model_config = SettingsConfigDict(
        env_prefix="LADDSTROM_", env_nested_delimiter="__", toml_file="laddstrom.toml", frozen=True, extra="forbid"
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
        return Home(self.home.absolute())


def load() -> Settings:
    """The settings of this process; raises `SettingsInvalidError` with one sentence."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = "LADDSTROM_" + "__".join(str(part) for part in first["loc"]).upper()
        raise SettingsInvalidError(f"{name} cannot be used: {first['msg']}") from None
    except ValueError as error:  # the TOML file itself
        raise SettingsInvalidError(f"laddstrom.toml cannot be read: {error}") from None


def listed(value: str | None) -> frozenset[str] | None:
    """A list setting: the words of a comma list, or the lines of the file that it names; null stays null."""
    if value is None:
        return None
    file = Path(value)
    try:
        words = file.read_text(encoding="utf-8").splitlines() if file.is_file() else value.split(",")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalidError(f"{value} cannot be read as a list, one entry a line: {error}") from None
    return frozenset(word.strip() for word in words if word.strip() and not word.lstrip().startswith("#"))
