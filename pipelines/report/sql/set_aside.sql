SELECT
  (SELECT count(*) FROM core__dead_letters) AS dead_letters,
  (SELECT count(*) FROM raw_ocpp__frames) AS frames
