-- of the log that the newest landed frames came from
SELECT max(generation) AS generation FROM raw_ocpp__frames
