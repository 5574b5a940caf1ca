"""Facts as tables, and the reports over them, against figures worked out by hand."""

from datetime import UTC, date, datetime
from typing import Any

from small_lake import Lake, at, rows

from models.facts import Authorization, FaultEpisode, Session
from models.tables.landed import rows_of


def session(session_id: str, **more: Any) -> Session:
    said: dict[str, Any] = {"version_generation": 1, "version_offset": 1, "station_id": "CS1", "protocol": "ocpp1.6"}
    return Session(**(said | {"session_id": session_id, "is_open": False} | more))


def fault(fault_id: str, opened_at: datetime | None, **more: Any) -> FaultEpisode:
    said: dict[str, Any] = {"version_generation": 1, "version_offset": 1, "station_id": "CS1", "code": "GroundFailure"}
    return FaultEpisode(**(said | {"fault_id": fault_id, "opened_at": opened_at} | more))


def asked(number: int, token: str | None, status: str | None, **more: Any) -> Authorization:
    said: dict[str, Any] = {"version_generation": 1, "version_offset": 1, "station_id": "CS1", "asked_at": at(0)}
    answered = None if status is None else at(1)
    said |= {"authorization_id": str(number), "token_id": token, "status": status, "answered_at": answered}
    return Authorization(**(said | more))


def day(number: int, hour: int = 12) -> datetime:
    return datetime(2026, 3, number, hour, tzinfo=UTC)


def test_a_core_table_holds_the_newest_version_of_each_id_whatever_file_it_is_in(lake: Lake) -> None:
    lake.facts(
        session("a", version_offset=9, energy_wh=900),
        session("b", version_generation=2, version_offset=0, energy_wh=2),
        session("c", version_offset=5, energy_wh=5),
    )
    lake.facts(
        session("a", version_offset=3, energy_wh=300),
        session("b", version_offset=99, energy_wh=99),
        session("c", version_offset=6, deleted=True),
        session("d", version_offset=1, deleted=True),
        session("d", version_offset=2, energy_wh=4),
    )
    opened = lake.build()
    assert rows(opened, "SELECT session_id, energy_wh FROM core__sessions ORDER BY 1") == [
        ("a", 900),
        ("b", 2),
        ("d", 4),
    ]
    names = [row[0] for row in rows(opened, "DESCRIBE core__sessions")]
    assert not {"version_generation", "version_offset", "deleted", "day"} & set(names)


def test_energy_is_counted_on_the_day_of_start_in_the_report_zone_with_open_sessions_apart(lake: Lake) -> None:
    late_evening = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    lake.facts(
        session("a", started_at=late_evening, ended_at=day(2), energy_wh=1000, charging_s=60),
        session("b", started_at=day(2), ended_at=day(4), energy_wh=0, charging_s=None),
        session("c", started_at=day(2), ended_at=day(2), energy_wh=None),
        session("d", started_at=day(2), energy_wh=700, is_open=True),
        session("e", started_at=day(2), energy_wh=50, station_id="CS2", protocol="ocpp2.1"),
        session("f", started_at=None, ended_at=day(2), energy_wh=5),
    )
    query = "FROM report__energy_daily"
    second, unknown = date(2026, 3, 2), None
    assert rows(lake.build(timezone="Europe/Stockholm"), query) == [
        (second, "CS1", "ocpp1.6", 4, 1, 1, 1700, 500.0, 60, 1, 700),
        (second, "CS2", "ocpp2.1", 1, 0, 0, 50, 50.0, None, 0, None),
        (unknown, "CS1", "ocpp1.6", 1, 0, 0, 5, 5.0, None, 0, None),
    ]
    in_utc = rows(lake.build(), query)
    assert in_utc[0] == (date(2026, 3, 1), "CS1", "ocpp1.6", 1, 0, 0, 1000, 1000.0, 60, 0, None)
    assert sum(row[3] for row in in_utc) == 6


def test_a_day_follows_the_clock_change_of_its_zone(lake: Lake) -> None:
    """In Stockholm, 29 March 2026 has 23 hours: from 23:00 UTC of the 28th to 22:00 UTC of the 29th."""
    starts = [
        datetime(2026, 3, 28, 22, 59, tzinfo=UTC),
        datetime(2026, 3, 28, 23, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 21, 59, tzinfo=UTC),
        datetime(2026, 3, 29, 22, 0, tzinfo=UTC),
    ]
    lake.facts(*(session(str(number), started_at=start) for number, start in enumerate(starts)))
    assert rows(lake.build(timezone="Europe/Stockholm"), "SELECT day, sessions FROM report__energy_daily") == [
        (date(2026, 3, 28), 1),
        (date(2026, 3, 29), 2),
        (date(2026, 3, 30), 1),
    ]


MAKE = {"vendor": "ABB", "model": "Terra", "firmware": "1.0"}


def test_error_trend_counts_episodes_against_the_sessions_of_that_model_and_firmware(lake: Lake) -> None:
    lake.facts(
        *(fault(f"a{number}", day(1), **MAKE) for number in range(3)),
        fault("b", day(4), **MAKE),
        fault("c", day(4), **MAKE, code="Overheat"),
        fault("d", day(4)),
    )
    lake.facts(
        *(session(f"s{number}", started_at=day(1), **MAKE) for number in range(8)),
        session("t", started_at=day(1), **(MAKE | {"firmware": "1.1"})),
        session("u", started_at=day(4)),
        session("v", started_at=day(9), **MAKE),
    )
    opened = lake.build()
    found = rows(
        opened,
        "SELECT day, episodes, sessions, per_1000_sessions, round(episodes_7d_mean, 4) FROM report__error_trend_daily "
        "WHERE code = 'GroundFailure' AND model = 'Terra'",
    )
    # Day 1 is the first day of data, so the mean is over 1, 2, ... up to 7 days; on day 8 day 1 has left the window.
    assert found == [
        (date(2026, 3, 1), 3, 8, 375.0, 3.0),
        (date(2026, 3, 2), 0, 0, None, 1.5),
        (date(2026, 3, 3), 0, 0, None, 1.0),
        (date(2026, 3, 4), 1, 0, None, 1.0),
        (date(2026, 3, 5), 0, 0, None, 0.8),
        (date(2026, 3, 6), 0, 0, None, 0.6667),
        (date(2026, 3, 7), 0, 0, None, 0.5714),
        (date(2026, 3, 8), 0, 0, None, 0.1429),
        (date(2026, 3, 9), 0, 1, 0.0, 0.1429),
    ]
    unknown = "SELECT day, episodes, sessions FROM report__error_trend_daily WHERE model IS NULL"
    assert rows(opened, f"{unknown} LIMIT 1") == [(date(2026, 3, 4), 1, 1)]
    assert rows(opened, "SELECT sum(episodes)::BIGINT FROM report__error_trend_daily") == [(6,)]


def test_one_wrong_clock_does_not_stretch_the_trend_and_an_unknown_day_keeps_its_episodes(lake: Lake) -> None:
    lake.facts(fault("a", datetime(2010, 1, 1, tzinfo=UTC)), fault("b", day(4)), fault("c", None))
    opened = lake.build()
    assert rows(opened, "SELECT count(*), sum(episodes)::BIGINT FROM report__error_trend_daily") == [(9, 3)]
    unknown = "SELECT episodes, episodes_7d_mean FROM report__error_trend_daily WHERE day IS NULL"
    assert rows(opened, unknown) == [(1, None)]


def test_rfid_usage_sorts_answers_into_classes_and_loses_no_attempt(lake: Lake) -> None:
    statuses = ["Accepted", "Accepted", "Blocked", "Expired", "Invalid", "Unknown", "ConcurrentTx", "NoCredit", None]
    lake.facts(
        *(asked(number, "tok_1", status) for number, status in enumerate(statuses)),
        asked(20, "tok_1", None, answered_at=at(1)),
        asked(21, "tok_2", "Blocked"),
        asked(22, None, "Invalid"),
    )
    lake.facts(
        session("a", token_id="tok_1", started_at=at(5), energy_wh=1200),
        session("b", token_id="tok_1", started_at=at(5), is_open=True, energy_wh=None),
        session("c", token_id="tok_3", started_at=at(5), energy_wh=7),
        session("d", token_id=None, started_at=at(5), energy_wh=10_000),
    )
    second = date(2026, 3, 2)
    assert rows(lake.build(), "FROM report__rfid_usage_daily") == [
        (second, "tok_1", 10, 2, 7, 1, 1, 2, 1, 2, 1, 2, 1200),
        (second, "tok_2", 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, None),
        (second, "tok_3", 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7),
        (second, None, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, None),
    ]


def test_a_lake_of_an_older_version_lacks_columns_and_is_built_all_the_same(lake: Lake) -> None:
    names = [
        "version_generation",
        "version_offset",
        "deleted",
        "fault_id",
        "station_id",
        "code",
        "opened_at",
        "is_open",
    ]
    older = rows_of(FaultEpisode, [fault("a", day(1))]).select(names)
    lake.add("core__fault_episodes", older)
    found = "SELECT fault_id, code, canonical_code, is_open FROM core__fault_episodes"
    assert rows(lake.build(), found) == [("a", "GroundFailure", None, True)]
