-- Habits per make: sums over stations of what the step learned of each (`models/habits.py`). A word needs a majority
-- of the sessions that show anything of it, so one odd station does not name a fleet.
WITH sums AS (
  SELECT
    vendor, model, firmware, count(*) AS stations,
    CAST(sum(sessions) AS BIGINT) AS sessions,
    sum(base_lifetime) AS base_lifetime, sum(base_session) AS base_session, sum(base_boot) AS base_boot,
    sum(samples_session) AS samples_session, sum(samples_boot) AS samples_boot,
    sum(resets_at_boot) AS resets_at_boot, sum(resets_elsewhere) AS resets_elsewhere,
    CAST(sum(glitches) AS BIGINT) AS glitches,
    sum(unit_named) AS unit_named, sum(unit_missing) AS unit_missing, sum(unit_partly) AS unit_partly,
    sum(unit_sound) AS unit_sound, sum(unit_kwh_as_wh) AS unit_up, sum(unit_wh_as_kwh) AS unit_down,
    sum(one_phase) AS one_phase, sum(phases) AS phases, sum(phases_disagree) AS phases_disagree,
    sum(begin_repeated) AS begin_repeated, sum(begin_end) AS begin_end, sum(clock_aligned) AS clock_aligned,
    sum(intervals) AS intervals, sum(power) AS power, sum(signed) AS signed, sum(no_register) AS no_register,
    CAST(sum(negative) AS BIGINT) AS negative
  FROM stg_ocpp__meter_habits
  GROUP BY vendor, model, firmware
  HAVING sum(sessions) > 0
)
SELECT
  vendor,
  model,
  firmware,
  stations,
  sessions,
  CASE
    WHEN base_lifetime + base_session + base_boot = 0 THEN NULL
    WHEN base_lifetime >= greatest(base_session, base_boot) THEN 'lifetime'
    WHEN base_session >= base_boot THEN 'session'
    ELSE 'boot'
  END AS register_base,
  CASE
    WHEN 2 * (samples_session + samples_boot) < sessions THEN NULL
    WHEN samples_session >= samples_boot THEN 'session'
    ELSE 'boot'
  END AS samples_base,
  CASE
    WHEN resets_at_boot > 0 AND resets_elsewhere > 0 THEN 'both'
    WHEN resets_at_boot > 0 THEN 'boot'
    WHEN resets_elsewhere > 0 OR base_session > base_lifetime + base_boot THEN 'transaction'
    WHEN base_boot > 0 THEN 'boot'
    ELSE 'never'
  END AS resets,
  CASE
    WHEN unit_sound + unit_up + unit_down = 0 THEN NULL
    WHEN unit_up + unit_down = 0 THEN 'sound'
    WHEN unit_up > 4 * (unit_sound + unit_down) THEN 'kwh_as_wh'
    WHEN unit_down > 4 * (unit_sound + unit_up) THEN 'wh_as_kwh'
    ELSE 'mixed'
  END AS unit_habit,
  CASE
    WHEN unit_named + unit_missing = 0 THEN NULL
    WHEN unit_missing = 0 THEN 'always'
    WHEN unit_named = 0 THEN 'never'
    ELSE 'partly'
  END AS unit_naming,
  CASE
    WHEN unit_named + unit_missing = 0 THEN NULL
    WHEN phases > 0 THEN 'phases'
    WHEN 2 * one_phase > sessions THEN 'one_phase'
    ELSE 'total'
  END AS phase_tagging,
  nullif(
    concat_ws(
      ',',
      CASE WHEN begin_end > 0 THEN 'begin_end' END,
      CASE WHEN begin_repeated > 0 THEN 'begin_repeated' END,
      CASE WHEN clock_aligned > 0 THEN 'clock_aligned' END
    ),
    ''
  ) AS contexts,
  signed / sessions AS share_signed,
  power / sessions AS share_power,
  intervals / sessions AS share_intervals,
  no_register / sessions AS share_no_register,
  phases_disagree / sessions AS share_phases_disagree,
  glitches,
  negative
FROM sums
ORDER BY vendor, model, firmware
