"""What must hold of the derived tables whatever a station sends: many made-up sessions, samples and statuses."""

from random import Random

import pytest
from metered import meter, sample, session
from small_lake import Lake, at, call, rows

from models.facts import Fact, Status

POWER = "Power.Active.Import"
WORDS = ("Available", "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Unavailable", "Faulted")


@pytest.mark.parametrize("seed", [1, 2])
def test_quarter_hours_sum_to_each_session_and_are_never_negative(lake: Lake, seed: int) -> None:
    random = Random(seed)
    made: list[Fact] = []
    for number in range(1, 81):
        start = random.uniform(0, 5_000)
        end = None if random.random() < 0.1 else start + random.choice((0, random.uniform(1, 20_000)))
        energy_wh = random.choice((None, 0, 1, 7, random.randrange(100_000)))
        made.append(
            session(str(number), start, end, energy_wh, connector_id=number, register_start_wh=random.randrange(999))
        )
        for _ in range(random.randrange(6)):
            # Resets, glitches, units that are wrong or missing, samples before the start and after the stop
            register = sample(random.choice((0, random.randrange(10**6))), None, random.choice((None, "Wh", "kWh")))
            power = sample(random.choice((-5, 0, random.randrange(99))), POWER, random.choice(("W", "kW")))
            seconds = start + random.uniform(-100, 21_000)
            meter(
                lake,
                seconds,
                *random.choice(((register,), (power,), (register, power))),
                transaction_id=number,
                connector_id=number,
            )
    lake.facts(*made)
    opened = lake.build()
    query = """SELECT s.session_id FROM core__sessions AS s LEFT JOIN core__energy_intervals AS i USING (session_id)
      GROUP BY s.session_id, s.energy_wh HAVING s.energy_wh IS DISTINCT FROM sum(i.energy_wh)"""
    assert rows(opened, query) == []
    bounds = "SELECT min(energy_wh) >= 0, max(duration_s) <= 900, count(DISTINCT basis) FROM core__energy_intervals"
    assert rows(opened, bounds) == [(True, True, 4)]
    lengths = """SELECT s.session_id FROM core__sessions AS s JOIN core__energy_intervals AS i USING (session_id)
      WHERE NOT is_open GROUP BY s.session_id, s.started_at, s.ended_at
      HAVING abs(sum(duration_s) - epoch(s.ended_at - s.started_at)) > 0.001"""
    assert rows(opened, lengths) == []


@pytest.mark.parametrize("seed", [3, 4])
def test_timelines_have_no_hole_and_no_overlap_and_periods_stay_within_their_transaction(lake: Lake, seed: int) -> None:
    random = Random(seed)
    made: list[Fact] = []
    sessions: list[Fact] = []
    for number in range(300):
        received = random.uniform(0, 9_000)
        lag = random.choice((0, 0, 0, random.uniform(0, 5_000)))
        place = {"station_id": random.choice(("CS1", "CS2")), "connector_id": random.choice((0, 1, 2, 3))}
        word = random.choice(("Available", "Unavailable", "Faulted") if place["connector_id"] == 0 else WORDS)
        times = {"received_at": at(received), "reported_at": at(received - lag), "happened_at": at(received - lag)}
        made.append(
            Status(version_generation=1, version_offset=number, status_id=str(number), status=word, **place, **times)
        )
        lake.frames(call('[2,"h","Heartbeat",{}]', received_at=at(received), station_id=place["station_id"]))
    for number in range(40):
        start = random.uniform(0, 8_000)
        end = None if random.random() < 0.1 else start + random.uniform(0, 2_000)
        more = {"connector_id": random.choice((1, 2, 3)), "station_id": random.choice(("CS1", "CS2"))}
        sessions.append(session(str(number), start, end, random.choice((None, 0, 500)), **more))
    lake.facts(*made)
    lake.facts(*sessions)
    opened = lake.build()
    seams = """SELECT count(*) FROM (SELECT until_at, status, source, known_status,
      lead((from_at, status, source, known_status)) OVER (PARTITION BY station_id, port_id ORDER BY from_at) AS next
      FROM core__status_timeline)
      WHERE next[1] <> until_at
        OR (next[2] = status AND next[3] = source AND next[4] IS NOT DISTINCT FROM known_status)"""
    assert rows(opened, seams) == [(0,)]
    ends = """SELECT count(DISTINCT (station_id, begin_at, end_at)) = count(DISTINCT station_id), sum(lasts), count(*)
    FROM (
      SELECT station_id, min(from_at) AS begin_at, max(until_at) AS end_at, count(*) FILTER (is_last) AS lasts
      FROM core__status_timeline GROUP BY station_id, port_id)"""
    assert rows(opened, ends) == [(True, 6, 6)]
    sums = """SELECT count(*) FROM core__status_timeline
      WHERE abs(observed_s + unknown_s - epoch(until_at - from_at)) > 1e-6"""
    assert rows(opened, sums) == [(0,)]
    outside = """SELECT count(*) FROM core__periods AS p JOIN core__periods AS t USING (session_id)
      WHERE t.period = 'Transaction' AND CASE p.period
        WHEN 'Session' THEN p.from_at > t.from_at OR p.until_at < t.until_at
        ELSE p.from_at < t.from_at OR p.until_at > t.until_at END"""
    assert rows(opened, outside) == [(0,)]
    assert rows(opened, "SELECT count(*) FROM core__periods WHERE period = 'Transaction'") == [(40,)]
    shared = """SELECT count(*) FROM core__periods AS a JOIN core__periods AS b ON a.station_id = b.station_id
      AND a.connector_id = b.connector_id AND a.session_id < b.session_id AND a.period = 'EnergyTransfer'
      AND b.period = 'EnergyTransfer' AND a.from_at < b.until_at AND b.from_at < a.until_at"""
    assert rows(opened, shared) == [(0,)]
