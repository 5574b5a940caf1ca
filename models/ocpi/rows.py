"""OCPI objects as they last stood, as rows: one struct is the schema of its table. Not here: the fold.

OCPI's `evse_id` and connector ids are texts; `evse_id` and `connector_id` are OCPP's numbers everywhere else
in the warehouse, so here they are called `evse_emi3_id` and `connector_uid`.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar

import msgspec

from models.facts import doc

Party = Annotated[str, doc("country_code and party_id of the owner, such as NL-TNM.")]
Updated = Annotated[datetime | None, doc("Newest last_updated of the object and its parts, UTC.")]
LocationId = Annotated[str | None, doc("OCPI location id, unique within the party.")]
EvseUid = Annotated[str | None, doc("OCPI EVSE uid, unique within the party.")]
EvseEmi3Id = Annotated[str | None, doc("OCPI evse_id, such as DE*SLB*E001.")]
ConnectorUid = Annotated[str | None, doc("OCPI connector id within the EVSE.")]
TokenId = Annotated[str | None, doc("Pseudonym of the token's uid; joins token_id of core__sessions.")]
ContractId = Annotated[str | None, doc("Pseudonym of the contract id.")]
AuthMethod = Annotated[str | None, doc("AUTH_REQUEST, COMMAND or WHITELIST.")]
AuthReference = Annotated[str | None, doc("Pseudonym of the authorization reference.")]
Currency = Annotated[str | None, doc("ISO 4217 code.")]
Started = Annotated[datetime | None, doc("Start, UTC.")]
Ended = Annotated[datetime | None, doc("End, UTC.")]
EnergyWh = Annotated[int | None, doc("Energy in Wh, from kWh exactly, rounded once.")]
_SAID_IN = "of the document that says the energy (raw_ocpi__objects); null = none does."
EnergyGeneration = Annotated[int | None, doc(f"Generation {_SAID_IN}", "int32")]
EnergyPartition = Annotated[int | None, doc(f"Partition {_SAID_IN}", "int32")]
EnergyOffset = Annotated[int | None, doc(f"Offset {_SAID_IN}")]
CostExcl = Annotated[Decimal | None, doc("Total cost without VAT.")]
CostIncl = Annotated[Decimal | None, doc("Total cost with VAT.")]
Periods = Annotated[int, doc("Charging periods.", "int32")]
Latitude = Annotated[float | None, doc("Degrees north.")]
Longitude = Annotated[float | None, doc("Degrees east.")]


class OcpiRow(msgspec.Struct, kw_only=True, gc=False):
    """What every OCPI row starts with."""

    table: ClassVar[str]
    comment: ClassVar[str]

    party: Party


class LocationRow(OcpiRow, kw_only=True, gc=False):
    """A location."""

    table = "core__locations"
    comment = "OCPI locations as they last stood."

    location_id: LocationId
    name: Annotated[str | None, doc("Name for drivers.")] = None
    is_published: Annotated[bool | None, doc("May be shown to the public.")] = None
    address: Annotated[str | None, doc("Street and number.")] = None
    postal_code: Annotated[str | None, doc("Postal code.")] = None
    city: Annotated[str | None, doc("City.")] = None
    state: Annotated[str | None, doc("State or province.")] = None
    country: Annotated[str | None, doc("ISO 3166-1 alpha-3 code.")] = None
    latitude: Latitude = None
    longitude: Longitude = None
    time_zone: Annotated[str | None, doc("IANA time zone of the place.")] = None
    parking_type: Annotated[str | None, doc("Kind of parking.")] = None
    operator: Annotated[str | None, doc("Operator's name.")] = None
    evses: Annotated[int, doc("EVSEs (`core__evses`), REMOVED ones included.", "int32")] = 0
    last_updated: Updated = None


class EvseRow(OcpiRow, kw_only=True, gc=False):
    """An EVSE."""

    table = "core__evses"
    comment = "OCPI EVSEs as they last stood; removed ones keep their row, with status REMOVED."

    location_id: LocationId
    evse_uid: EvseUid
    evse_emi3_id: EvseEmi3Id = None
    physical_reference: Annotated[str | None, doc("What is written on the EVSE, such as its number.")] = None
    status: Annotated[
        str | None,
        doc("OCPI status; OUTOFORDER is broken, INOPERATIVE is not in service, UNKNOWN is also offline."),
    ] = None
    floor_level: Annotated[str | None, doc("Floor.")] = None
    latitude: Latitude = None
    longitude: Longitude = None
    connectors: Annotated[int, doc("Connectors.", "int32")] = 0
    standards: Annotated[str | None, doc("Plug standards of the connectors, in order, comma between.")] = None
    power_max_w: Annotated[
        int | None, doc("Highest connector power in W: as stated, else voltage, current and phases.")
    ] = None
    last_updated: Updated = None


class TariffRow(OcpiRow, kw_only=True, gc=False):
    """A tariff."""

    table = "core__tariffs"
    comment = "OCPI tariffs as they last stood."

    tariff_id: Annotated[str, doc("OCPI tariff id, unique within the party.")]
    currency: Currency = None
    type: Annotated[str | None, doc("AD_HOC_PAYMENT, PROFILE_CHEAP, ..., REGULAR.")] = None
    elements: Annotated[int, doc("Tariff elements.", "int32")] = 0
    elements_json: Annotated[str | None, doc("The elements as JSON: prices and restrictions.")] = None
    price_min_excl_vat: Annotated[Decimal | None, doc("Least price of a session without VAT.")] = None
    price_max_excl_vat: Annotated[Decimal | None, doc("Highest price of a session without VAT.")] = None
    valid_from: Annotated[datetime | None, doc("Start of validity, UTC.")] = None
    valid_to: Annotated[datetime | None, doc("End of validity, UTC.")] = None
    last_updated: Updated = None


class TokenRow(OcpiRow, kw_only=True, gc=False):
    """A token."""

    table = "core__tokens"
    comment = "OCPI tokens as they last stood; every number on or in the card is a pseudonym."

    token_id: TokenId
    type: Annotated[str | None, doc("AD_HOC_USER, APP_USER, OTHER or RFID.")] = None
    contract_id: ContractId = None
    visual_number: Annotated[str | None, doc("Pseudonym of the number printed on the card.")] = None
    group_id: Annotated[str | None, doc("Pseudonym of the group's id.")] = None
    issuer: Annotated[str | None, doc("Issuing company.")] = None
    is_valid: Annotated[bool | None, doc("Token may be used.")] = None
    whitelist: Annotated[str | None, doc("ALWAYS, ALLOWED, ALLOWED_OFFLINE or NEVER.")] = None
    last_updated: Updated = None


class SessionRow(OcpiRow, kw_only=True, gc=False):
    """An OCPI session."""

    table = "core__ocpi_sessions"
    comment = "OCPI sessions as they last stood; stg_ocpi__matches says which of core__sessions they speak of."

    ocpi_session_id: Annotated[str, doc("OCPI session id, unique within the party.")]
    status: Annotated[str | None, doc("ACTIVE, COMPLETED, INVALID, PENDING or RESERVATION.")] = None
    started_at: Started = None
    ended_at: Ended = None
    energy_wh: EnergyWh = None
    token_id: TokenId = None
    contract_id: ContractId = None
    auth_method: AuthMethod = None
    authorization_reference: AuthReference = None
    location_id: LocationId = None
    evse_uid: EvseUid = None
    connector_uid: ConnectorUid = None
    currency: Currency = None
    cost_excl_vat: CostExcl = None
    cost_incl_vat: CostIncl = None
    charging_periods: Periods = 0
    last_updated: Updated = None
    energy_generation: EnergyGeneration = None
    energy_partition: EnergyPartition = None
    energy_offset: EnergyOffset = None


class CdrRow(OcpiRow, kw_only=True, gc=False):
    """A charge detail record."""

    table = "core__cdrs"
    comment = "OCPI charge detail records, as first sent: a later document of the same id is rejected."

    cdr_id: Annotated[str, doc("OCPI CDR id, unique within the party.")]
    ocpi_session_id: Annotated[str | None, doc("OCPI session id, where given.")] = None
    started_at: Started = None
    ended_at: Ended = None
    energy_wh: EnergyWh = None
    total_s: Annotated[int | None, doc("Duration in seconds, from hours.")] = None
    parking_s: Annotated[int | None, doc("Seconds without charging, from hours.")] = None
    token_id: TokenId = None
    contract_id: ContractId = None
    auth_method: AuthMethod = None
    authorization_reference: AuthReference = None
    location_id: LocationId = None
    evse_uid: EvseUid = None
    evse_emi3_id: EvseEmi3Id = None
    connector_uid: ConnectorUid = None
    currency: Currency = None
    cost_excl_vat: CostExcl = None
    cost_incl_vat: CostIncl = None
    is_credit: Annotated[bool, doc("A credit note for another CDR.")] = False
    credit_reference_id: Annotated[str | None, doc("The CDR that is credited.")] = None
    charging_periods: Periods = 0
    last_updated: Updated = None
    energy_generation: EnergyGeneration = None
    energy_partition: EnergyPartition = None
    energy_offset: EnergyOffset = None


ROWS: tuple[type[OcpiRow], ...] = (LocationRow, EvseRow, TariffRow, TokenRow, SessionRow, CdrRow)
"""Every OCPI table."""
