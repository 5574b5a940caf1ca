"""Rows that make each figure of the suites fail its expectation, and what the figure then is.

(table, figure) -> the SQL that plants the rows in an empty warehouse, and the figure's value.
"""

SESSION = "INSERT INTO core__sessions (session_id, station_id, started_at, is_open, energy_wh, token_id) VALUES"
FRAMES = "CREATE OR REPLACE VIEW raw_ocpp__frames AS SELECT * FROM range(10)"
CALL = "INSERT INTO core__calls (station_id, outcome) VALUES"
MEASUREMENT = "INSERT INTO core__measurements (station_id, value, is_signed, is_repeat, unit_normalised) VALUES"
PERIOD = "INSERT INTO core__periods (session_id, period, from_at, until_at) VALUES"
CANDIDATE = "INSERT INTO core__session_energy_candidates (session_id, rung, energy_wh, is_chosen) VALUES"
TIMELINE = "INSERT INTO core__status_timeline (station_id, port_id, from_at, until_at, status, source, is_last) VALUES"
FOUR_SESSIONS = (
    "INSERT INTO core__sessions (session_id, is_open) VALUES ('s1', true), ('s2', true), ('s3', true), ('s4', true)"
)

PLANTED: dict[tuple[str, str], tuple[str, float]] = {
    ("core__sessions", "sessions_per_port_day"): (
        "INSERT INTO core__sessions (session_id, station_id, started_at, is_open)"
        " SELECT i::VARCHAR, 'CP1', TIMESTAMPTZ '2026-03-02 00:00:00Z', false FROM range(61) AS r(i)",
        61,
    ),
    ("core__sessions", "overlapping_sessions"): (
        "INSERT INTO core__sessions (session_id, station_id, connector_id, started_at, ended_at, is_open) VALUES"
        " ('long', 'CP1', 1, '2026-03-02 08:00:00Z', '2026-03-02 12:00:00Z', false),"
        " ('within', 'CP1', 1, '2026-03-02 09:00:00Z', '2026-03-02 10:00:00Z', false),"
        " ('also within', 'CP1', 1, '2026-03-02 11:00:00Z', '2026-03-02 11:30:00Z', false),"
        " ('follows', 'CP1', 1, '2026-03-02 12:00:00Z', '2026-03-02 13:00:00Z', false),"
        " ('beside', 'CP1', 2, '2026-03-02 09:00:00Z', '2026-03-02 10:00:00Z', false)",
        2,
    ),
    ("core__sessions", "days_since_newest"): (
        f"{SESSION} ('s1', 'CP1', now() - INTERVAL 20 DAY, true, NULL, NULL), ('s2', 'CP1', NULL, true, NULL, NULL)",
        20,
    ),
    ("core__statuses", "statuses_per_port_day"): (
        "INSERT INTO core__statuses (status_id, station_id, status, reported_at)"
        " SELECT i::VARCHAR, 'CP1', 'Available', TIMESTAMPTZ '2026-03-02 00:00:00Z' FROM range(1441) AS r(i)",
        1441,
    ),
    ("core__statuses", "statuses_per_session"): (
        f"{SESSION} ('s1', 'CP1', NULL, true, NULL, NULL), ('s2', 'CP1', NULL, true, NULL, NULL);"
        "INSERT INTO core__statuses (status_id, station_id, status) VALUES ('st1', 'CP1', 'Available')",
        0.5,
    ),
    ("core__stations", "share_without_sessions"): (
        f"{SESSION} ('s1', 'CP1', NULL, true, NULL, NULL);"
        "INSERT INTO core__stations (station_id) VALUES ('CP1'), ('CP2'), ('CP3'), ('CP4')",
        0.75,
    ),
    ("core__dead_letters", "share_of_frames"): (
        f"{FRAMES}; INSERT INTO core__dead_letters (dead_letter_id) VALUES ('d1')",
        0.1,
    ),
    ("core__fault_episodes", "share_unnamed"): (
        "INSERT INTO core__fault_episodes (fault_id, canonical_code) VALUES"
        " ('f1', 'other_error'), ('f2', 'ground_failure'), ('f3', NULL), ('f4', 'ev_communication_error')",
        0.25,
    ),
    ("core__fault_codes", "rows_missing"): (
        # a build holds all rows already
        "INSERT INTO core__fault_codes (raw_key) VALUES ('CX001')",
        -1,
    ),
    ("core__unmapped_codes", "episodes_gap"): (
        "INSERT INTO core__fault_episodes (fault_id, unmapped_code) VALUES ('f1', 'E1'), ('f2', NULL);"
        "INSERT INTO core__unmapped_codes (unmapped_code, episodes) VALUES ('E1', 3)",
        2,
    ),
    ("core__late_frames", "share_of_frames"): (
        f"{FRAMES}; INSERT INTO core__late_frames (station_id) VALUES ('CP1'), ('CP2')",
        0.2,
    ),
    ("core__replays", "share_of_stations"): (
        "INSERT INTO core__stations (station_id) VALUES ('CP1'), ('CP2');"
        "INSERT INTO core__replays (replay_id, station_id) VALUES ('r1', 'CP1'), ('r2', 'CP1')",
        0.5,
    ),
    ("core__calls", "share_unanswered"): (f"{CALL} ('a', 'none'), ('a', 'result')", 0.5),
    ("core__calls", "share_of_errors"): (f"{CALL} ('a', 'error'), ('a', 'result'), ('a', 'none'), ('a', 'none')", 0.25),
    ("core__measurements", "share_unreadable"): (
        f"{MEASUREMENT} ('CP1', NULL, false, false, NULL), ('CP1', NULL, true, false, NULL),"
        " ('CP1', 1, false, false, 'Wh'), ('CP1', 1, true, false, 'Wh')",
        0.25,
    ),
    ("core__evses", "without_location"): (
        "INSERT INTO core__locations (party, location_id) VALUES ('NL-TNM', 'L1');"
        "INSERT INTO core__evses (party, location_id, evse_uid) VALUES ('NL-TNM', 'L1', '1'), ('NL-ABC', 'L1', '2')",
        1,
    ),
    ("core__cdrs", "share_without_session"): (
        "INSERT INTO core__ocpi_sessions (party, ocpi_session_id) VALUES ('NL-TNM', 'S1');"
        "INSERT INTO core__cdrs (party, cdr_id, ocpi_session_id)"
        " VALUES ('NL-TNM', '1', 'S1'), ('NL-ABC', '2', 'S1'), ('NL-TNM', '3', NULL), ('NL-TNM', '4', 'S1')",
        0.5,
    ),
    ("core__ocpi_rejects", "share_of_objects"): (
        "CREATE OR REPLACE VIEW raw_ocpi__objects AS SELECT * FROM range(4);"
        "INSERT INTO core__ocpi_rejects (reason) VALUES ('not_json')",
        0.25,
    ),
    ("report__energy_daily", "sessions_gap"): (
        f"{SESSION} ('s1', 'CP1', NULL, true, NULL, NULL);"
        "INSERT INTO report__energy_daily (station_id, sessions, sessions_open) VALUES ('CP1', 3, 1)",
        2,
    ),
    ("report__energy_daily", "energy_gap_wh"): (
        f"{SESSION} ('s1', 'CP1', NULL, false, 900, NULL);"
        "INSERT INTO report__energy_daily (station_id, sessions, energy_wh, energy_open_wh)"
        " VALUES ('CP1', 1, 700, 100)",
        -200,
    ),
    ("report__error_trend_daily", "episodes_gap"): (
        "INSERT INTO core__fault_episodes (fault_id, code) VALUES ('f1', 'X');"
        "INSERT INTO report__error_trend_daily (code, episodes) VALUES ('X', 2)",
        1,
    ),
    ("core__token_aliases", "share_of_tokens"): (
        f"{SESSION} ('s1', 'CP1', NULL, true, NULL, 'tok_a'), ('s2', 'CP1', NULL, true, NULL, 'tok_b');"
        "INSERT INTO core__token_aliases (token_id, alias_of) VALUES ('tok_a', 'tok_b'), ('tok_b', 'tok_c')",
        1,
    ),
    ("report__authorization_funnel_daily", "presented_gap"): (
        f"{SESSION} ('s1', 'CP1', NULL, true, NULL, 'tok_a'), ('s2', 'CP1', NULL, true, NULL, NULL);"
        "INSERT INTO core__authorizations (authorization_id, purpose) VALUES ('a1', NULL), ('a2', 'stop');"
        "INSERT INTO report__authorization_funnel_daily (presented) VALUES (3)",
        1,
    ),
    ("report__rfid_usage_daily", "requests_gap"): (
        "INSERT INTO core__authorizations (authorization_id) VALUES ('a1'), ('a2');"
        "INSERT INTO report__rfid_usage_daily (attempts) VALUES (1)",
        -1,
    ),
    ("report__rfid_usage_daily", "sessions_gap"): (
        f"{SESSION} ('s1', 'CP1', NULL, true, NULL, 'tok_a'), ('s2', 'CP1', NULL, true, NULL, NULL);"
        "INSERT INTO report__rfid_usage_daily (sessions) VALUES (2)",
        1,
    ),
    ("report__rfid_usage_daily", "energy_gap_wh"): (
        f"{SESSION} ('s1', 'CP1', NULL, false, 900, 'tok_a'), ('s2', 'CP1', NULL, false, 50, NULL);"
        "INSERT INTO report__rfid_usage_daily (energy_wh) VALUES (950)",
        50,
    ),
    ("core__anomalies", "share_critical"): (
        f"{FOUR_SESSIONS}; INSERT INTO core__anomalies (anomaly_id, session_id, severity) VALUES"
        " ('a1', 's1', 'critical'), ('a2', 's1', 'critical'), ('a3', 's2', 'warning'), ('a4', NULL, 'critical')",
        0.25,
    ),
    ("core__answer_rates", "calls_not_counted"): (
        f"{CALL} ('a', 'result'), ('a', 'result'), ('b', 'result');"
        "INSERT INTO core__answer_rates (action, calls) VALUES ('Heartbeat', 1), ('Authorize', 1)",
        1,
    ),
    ("core__boots", "boots_a_day"): (
        "INSERT INTO core__boots (station_id, source, ordinal, booted_at)"
        " SELECT 'CP1', 's', i, TIMESTAMPTZ '2026-03-02 00:00:00Z' + to_minutes(i) FROM range(25) AS r(i);"
        "INSERT INTO core__boots (station_id, source, ordinal, booted_at) VALUES"
        " ('CP1', 's', 25, '2026-03-03 00:00:00Z'), ('CP1', 's', 26, NULL), ('CP2', 's', 27, '2026-03-02 00:00:00Z')",
        25,
    ),
    ("core__call_anomalies", "share_of_calls"): (
        f"{CALL} ('a', 'result'), ('a', 'result'), ('b', 'result'), ('b', 'none');"
        "INSERT INTO core__call_anomalies (anomaly_id) VALUES ('a1')",
        0.25,
    ),
    ("core__calls", "share_repeated"): (
        "INSERT INTO core__calls (station_id, is_repeat) VALUES ('a', true), ('a', false), ('a', false), ('b', false)",
        0.25,
    ),
    ("core__connectors", "ports_per_station"): (
        # two connectors of one port are one port
        "INSERT INTO core__connectors (station_id, port_id, connector_id)"
        " SELECT 'CP1', (i // 2)::VARCHAR, (i % 2)::INTEGER FROM range(202) AS r(i);"
        "INSERT INTO core__connectors (station_id, port_id) VALUES ('CP2', 'elsewhere')",
        101,
    ),
    ("core__energy_intervals", "sessions_not_summed"): (
        "INSERT INTO core__sessions (session_id, started_at, energy_wh, is_open) VALUES"
        " ('whole', '2026-03-02 08:00:00Z', 900, false), ('less', '2026-03-02 08:00:00Z', 900, false),"
        " ('none', '2026-03-02 08:00:00Z', 900, false), ('unknown', '2026-03-02 08:00:00Z', NULL, false),"
        " ('timeless', NULL, 900, false);"
        "INSERT INTO core__energy_intervals (session_id, interval_at, energy_wh) VALUES"
        " ('whole', '2026-03-02 08:00:00Z', 500), ('whole', '2026-03-02 08:15:00Z', 400),"
        " ('less', '2026-03-02 08:00:00Z', 899)",
        3,
    ),
    ("core__energy_intervals", "intervals_off_grid"): (
        "INSERT INTO core__energy_intervals (session_id, interval_at) VALUES ('s1', '2026-03-02 08:15:00Z'),"
        " ('s1', '2026-03-02 08:30:00.000001Z'), ('s1', '2026-03-02 08:50:00Z')",
        2,
    ),
    ("core__energy_intervals", "share_not_measured"): (
        "INSERT INTO core__energy_intervals (session_id, interval_at, energy_wh, basis) VALUES"
        " ('s1', '2026-03-02 08:00:00Z', 400, 'uniform'), ('s2', '2026-03-02 08:00:00Z', 200, 'undivided'),"
        " ('s3', '2026-03-02 08:00:00Z', 100, 'register'), ('s4', '2026-03-02 08:00:00Z', 100, 'power')",
        0.75,
    ),
    ("core__measurement_anomalies", "weights_wrong"): (
        "INSERT INTO core__measurement_anomalies (anomaly_id, anomaly, severity) VALUES"
        " ('a1', 'undervoltage', 'warning'), ('a2', 'derating', 'warning'), ('a3', 'no such anomaly', 'info')",
        2,
    ),
    ("core__measurements", "share_without_unit"): (
        f"{MEASUREMENT} ('CP1', 1, false, false, NULL), ('CP1', 1, false, false, 'Wh'),"
        " ('CP1', 1, false, false, 'W'), ('CP1', 1, false, false, 'V')",
        0.25,
    ),
    ("core__measurements", "share_repeated"): (
        f"{MEASUREMENT} ('CP1', 1, false, true, 'Wh'), ('CP1', 1, false, false, 'Wh')",
        0.5,
    ),
    ("core__meter_fingerprints", "makes_with_unit_faults"): (
        "INSERT INTO core__meter_fingerprints (model, unit_habit) VALUES"
        " ('a', 'kwh_as_wh'), ('b', 'wh_as_kwh'), ('c', 'mixed'), ('d', 'sound'), ('e', NULL)",
        3,
    ),
    ("core__periods", "periods_outside"): (
        f"{PERIOD} ('s1', 'Transaction', '2026-03-02 08:00:00Z', '2026-03-02 12:00:00Z'),"
        " ('s1', 'Session', '2026-03-02 07:00:00Z', '2026-03-02 13:00:00Z'),"
        " ('s1', 'SuspendedEV', '2026-03-02 07:59:00Z', '2026-03-02 09:00:00Z'),"
        " ('s1', 'EnergyTransfer', '2026-03-02 09:00:00Z', '2026-03-02 11:00:00Z'),"
        " ('s1', 'EnergyTransfer', '2026-03-02 11:00:00Z', '2026-03-02 12:01:00Z')",
        2,
    ),
    ("core__periods", "sessions_shorter"): (
        f"{PERIOD} ('late', 'Session', '2026-03-02 08:01:00Z', '2026-03-02 12:00:00Z'),"
        " ('late', 'Transaction', '2026-03-02 08:00:00Z', '2026-03-02 12:00:00Z'),"
        " ('early', 'Session', '2026-03-02 08:00:00Z', '2026-03-02 11:59:00Z'),"
        " ('early', 'Transaction', '2026-03-02 08:00:00Z', '2026-03-02 12:00:00Z'),"
        " ('alike', 'Session', '2026-03-02 08:00:00Z', '2026-03-02 12:00:00Z'),"
        " ('alike', 'Transaction', '2026-03-02 08:00:00Z', '2026-03-02 12:00:00Z')",
        2,
    ),
    ("core__periods", "periods_overlapping"): (
        f"{PERIOD} ('s1', 'Session', '2026-03-02 07:00:00Z', '2026-03-02 13:00:00Z'),"
        " ('s1', 'EnergyTransfer', '2026-03-02 08:00:00Z', '2026-03-02 10:00:00Z'),"
        " ('s1', 'SuspendedEV', '2026-03-02 09:59:00Z', '2026-03-02 11:00:00Z'),"
        " ('s1', 'EnergyTransfer', '2026-03-02 11:00:00Z', '2026-03-02 12:00:00Z'),"
        " ('s1', 'EnergyOfferSuspend', '2026-03-02 11:59:00Z', '2026-03-02 13:00:00Z'),"
        " ('s2', 'EnergyTransfer', '2026-03-02 08:00:00Z', '2026-03-02 13:00:00Z'),"
        " ('s2', 'SuspendedEV', '2026-03-02 09:00:00Z', '2026-03-02 10:00:00Z'),"
        " ('s2', 'SuspendedEV', '2026-03-02 11:00:00Z', '2026-03-02 12:00:00Z'),"
        " ('s2', 'EnergyTransfer', '2026-03-02 13:00:00Z', '2026-03-02 14:00:00Z'),"
        " ('s3', 'EnergyTransfer', '2026-03-02 08:00:00Z', NULL),"
        " ('s3', 'EnergyTransfer', '2026-03-02 15:00:00Z', '2026-03-02 16:00:00Z')",
        5,
    ),
    ("core__register_gaps", "share_of_gaps"): (
        "INSERT INTO core__register_gaps (session_id, kind) VALUES"
        " ('s1', 'gap'), ('s2', 'reset'), ('s3', 'continuous'), ('s4', 'unknown')",
        0.25,
    ),
    ("core__register_gaps", "share_of_resets"): (
        "INSERT INTO core__register_gaps (session_id, kind) VALUES ('s1', 'reset'), ('s2', 'gap')",
        0.5,
    ),
    ("core__restatements", "share_of_sessions"): (
        f"{FOUR_SESSIONS}; INSERT INTO core__restatements (restatement_id, table_name, entity_id) VALUES"
        " ('r1', 'core__sessions', 's1'), ('r2', 'core__sessions', 's1'), ('r3', 'core__fault_episodes', 'f1')",
        0.25,
    ),
    ("core__session_energy_candidates", "chosen_twice"): (
        f"{CANDIDATE} ('twice', 'register', 900, true), ('twice', 'power', 800, true),"
        " ('once', 'register', 900, true), ('once', 'power', 800, false),"
        " ('never', 'register', 900, false), ('never', 'power', 800, false)",
        1,
    ),
    ("core__session_energy_candidates", "unlike_session"): (
        "INSERT INTO core__sessions (session_id, energy_wh, energy_basis, is_open) VALUES"
        " ('alike', 900, 'register', false), ('energy', 900, 'register', false), ('rung', 900, 'register', false),"
        " ('not chosen', 900, 'register', false), ('unknown', NULL, NULL, false);"
        f"{CANDIDATE} ('alike', 'register', 900, true), ('energy', 'register', 800, true),"
        " ('rung', 'power', 900, true), ('not chosen', 'register', 900, false), ('unknown', 'power', 5, false)",
        3,
    ),
    ("core__session_energy_candidates", "document_chosen_again"): (
        "INSERT INTO core__session_energy_candidates (session_id, rung, party, ocpi_id, energy_wh, is_chosen) VALUES"
        " ('s1', 'cdr', 'NL-TNM', 'C1', 900, true), ('s2', 'cdr', 'NL-TNM', 'C1', 900, true),"
        " ('s3', 'cdr', 'NL-TNM', 'C2', 900, true), ('s4', 'cdr', 'NL-TNM', 'C2', 900, false),"
        " ('s5', 'register', NULL, NULL, 900, true), ('s6', 'register', NULL, NULL, 900, true)",
        1,
    ),
    ("core__session_energy_candidates", "unverified_chosen"): (
        f"{CANDIDATE} ('s1', 'signed', 900, true), ('s2', 'signed', 900, false), ('s2', 'register', 900, true)",
        1,
    ),
    ("core__session_power", "sessions_without_row"): (
        f"{FOUR_SESSIONS}; INSERT INTO core__session_power (session_id) VALUES ('s1'), ('s2'), ('s3')",
        1,
    ),
    ("core__session_power", "share_sampled"): (
        "INSERT INTO core__session_power (session_id, sample_instants) VALUES"
        " ('s1', 2), ('s2', 1), ('s3', 0), ('s4', NULL)",
        0.25,
    ),
    ("core__sessions", "share_inferred"): (
        "INSERT INTO core__sessions (session_id, end_kind, is_open) VALUES ('s1', 'inferred', false),"
        " ('s2', 'reported', false), ('s3', 'reported', false), ('s4', NULL, false), ('s5', NULL, true)",
        0.25,
    ),
    ("core__station_events", "share_unanswered"): (
        "INSERT INTO core__station_events (event_id, asked_by, answered_at) VALUES ('e1', 'system', NULL),"
        " ('e2', 'system', '2026-03-02 08:00:00Z'), ('e3', 'station', NULL), ('e4', 'station', '2026-03-02 08:00:00Z')",
        0.25,
    ),
    ("core__status_timeline", "seams_open"): (
        f"{TIMELINE} ('CP1', '1', '2026-03-02 08:00:00Z', '2026-03-02 09:00:00Z', 'Available', 'reported', false),"
        " ('CP1', '1', '2026-03-02 09:00:00Z', '2026-03-02 10:00:00Z', 'Faulted', 'reported', false),"
        " ('CP1', '1', '2026-03-02 10:01:00Z', '2026-03-02 11:00:00Z', 'Available', 'reported', false),"
        " ('CP1', '1', '2026-03-02 10:59:00Z', '2026-03-02 12:00:00Z', 'Faulted', 'reported', true),"
        " ('CP1', '2', '2026-03-02 08:30:00Z', '2026-03-02 12:00:00Z', 'Available', 'reported', true)",
        2,
    ),
    ("core__status_timeline", "neighbours_equal"): (
        f"{TIMELINE} ('CP1', '1', '2026-03-02 08:00:00Z', '2026-03-02 09:00:00Z', 'Available', 'reported', false),"
        " ('CP1', '1', '2026-03-02 09:00:00Z', '2026-03-02 10:00:00Z', 'Available', 'reported', false),"
        " ('CP1', '1', '2026-03-02 10:00:00Z', '2026-03-02 11:00:00Z', 'Available', 'unobserved', false),"
        " ('CP1', '1', '2026-03-02 11:00:00Z', '2026-03-02 12:00:00Z', 'Unknown', 'unobserved', true),"
        " ('CP1', '2', '2026-03-02 08:00:00Z', '2026-03-02 12:00:00Z', 'Available', 'reported', true)",
        1,
    ),
    ("core__status_timeline", "ports_without_one_last"): (
        f"{TIMELINE} ('CP1', 'none', '2026-03-02 08:00:00Z', '2026-03-02 09:00:00Z', 'Available', 'reported', false),"
        " ('CP1', 'two', '2026-03-02 08:00:00Z', '2026-03-02 09:00:00Z', 'Available', 'reported', true),"
        " ('CP1', 'two', '2026-03-02 09:00:00Z', '2026-03-02 10:00:00Z', 'Faulted', 'reported', true),"
        " ('CP1', 'one', '2026-03-02 08:00:00Z', '2026-03-02 09:00:00Z', 'Available', 'reported', true),"
        " ('CP2', 'none', '2026-03-02 08:00:00Z', '2026-03-02 09:00:00Z', 'Available', 'reported', true)",
        2,
    ),
    ("core__status_timeline", "begins"): (
        f"{TIMELINE} ('CP1', '1', '2026-03-02 08:00:00Z', '2026-03-02 09:00:00Z', 'Available', 'reported', false),"
        " ('CP1', '1', '2026-03-02 09:00:00Z', '2026-03-02 10:00:00Z', 'Faulted', 'reported', true),"
        " ('CP1', '2', '2026-03-02 08:00:00Z', '2026-03-02 10:00:00Z', 'Available', 'reported', true),"
        " ('CP2', '1', '2026-03-02 08:01:00Z', '2026-03-02 10:00:00Z', 'Available', 'reported', true),"
        " ('CP2', '2', '2026-03-02 08:02:00Z', '2026-03-02 10:00:00Z', 'Available', 'reported', true)",
        2,
    ),
    ("core__status_timeline", "share_unknown"): (
        "INSERT INTO core__status_timeline (station_id, port_id, observed_s, unknown_s) VALUES"
        " ('CP1', '1', 900, 100), ('CP1', '2', 300, 700)",
        0.4,
    ),
    ("core__transaction_events", "share_repeated"): (
        "INSERT INTO core__transaction_events (station_id, is_repeat) VALUES"
        " ('CP1', true), ('CP1', false), ('CP1', false), ('CP2', false)",
        0.25,
    ),
    ("core__violation_rates", "violations_not_counted"): (
        "INSERT INTO core__violations (station_id, violations) VALUES ('CP1', 3), ('CP2', 2);"
        "INSERT INTO core__violation_rates (action, violations) VALUES ('Heartbeat', 3), ('Authorize', 1)",
        1,
    ),
    ("core__violations", "share_of_messages"): (
        # two calls and two answers, of which one breaks two rules
        "INSERT INTO core__calls (station_id, call_source, call_ordinal, answer_ordinal) VALUES"
        " ('CP1', 's', 1, 2), ('CP1', 's', 3, 4);"
        "INSERT INTO core__violations (station_id, source, ordinal, rule) VALUES"
        " ('CP1', 's', 2, 'type'), ('CP1', 's', 2, 'required')",
        0.25,
    ),
}
