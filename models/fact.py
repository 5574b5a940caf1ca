"""What every fact carries, and the columns that many share. Not here: the facts themselves (`facts`)."""

from typing import Annotated, ClassVar

import msgspec


def doc(text: str, arrow: str | None = None) -> msgspec.Meta:
    """A column's COMMENT, and its Arrow type where the Python type does not say it."""
    return msgspec.Meta(description=text, extra={"arrow": arrow} if arrow else None)


REGISTERS = "decimal(38, 14)"
"""Arrow type of registers: exact, as chargers send sums of floats."""

StationId = Annotated[str, doc("Charging station, as in its connection URL.")]
EvseId = Annotated[int | None, doc("EVSE number (OCPP 2.x); null in 1.6.", "int32")]
ConnectorId = Annotated[int | None, doc("Connector number; 0 is the station as a whole.", "int32")]
Protocol = Annotated[str | None, doc("ocpp1.6, ocpp2.0.1 or ocpp2.1.")]
TokenId = Annotated[str | None, doc("Pseudonym of the token: a keyed hash of its canonical form.")]
TokenKind = Annotated[
    str | None,
    doc("card, autocharge, contract, app, remote, terminal, keycode, local or none; null where no token was shown."),
]
Vendor = Annotated[str | None, doc("Vendor as last booted.")]
Model = Annotated[str | None, doc("Model as last booted.")]
Firmware = Annotated[str | None, doc("Firmware version as last booted.")]


class Fact(msgspec.Struct, kw_only=True, gc=False):
    """What every fact carries: the version that decides between two rows of one id (highest wins)."""

    kind: ClassVar[str]
    table: ClassVar[str]
    comment: ClassVar[str]
    id_column: ClassVar[str]

    version_generation: Annotated[int, doc("Generation of the record handled when this was said.")]
    version_offset: Annotated[int, doc("Offset of the record handled when this was said.")]
    version_revision: Annotated[int, doc("How often the station had been replayed when this was said.")] = 0
    deleted: Annotated[bool, doc("True: an earlier fact of this id is taken back.")] = False

    @property
    def version(self) -> tuple[int, int, int]:
        """Generation, offset and revision: of two facts with one id the higher one holds."""
        return self.version_generation, self.version_offset, self.version_revision

    @property
    def fact_id(self) -> str:
        """The deterministic id: same log, same id."""
        value: str = getattr(self, self.id_column)
        return value
