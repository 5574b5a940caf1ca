-- Every connector that said something or had a session, and the port it belongs to: of an EVSE all connectors are one
-- port (2.x), in 1.6 each connector is a port of its own unless the home's ports.csv joins several.
WITH given AS (
  SELECT DISTINCT ON (place.station_id, place.connector_id) place.station_id, place.connector_id, place.port_id
  FROM (
    SELECT unnest(CAST(
      getvariable('ports') AS STRUCT(station_id VARCHAR, connector_id INTEGER, port_id VARCHAR)[]
    )) AS place
  )
  ORDER BY place.port_id
), seen AS (
  SELECT station_id, evse_id, connector_id FROM core__statuses
  UNION
  SELECT station_id, evse_id, connector_id FROM core__sessions
  UNION
  SELECT station_id, evse_id, connector_id FROM core__transaction_events
), numbered AS (
  SELECT
    s.station_id, s.evse_id, s.connector_id, coalesce(s.evse_id, s.connector_id) AS number,
    g.port_id IS NOT NULL AS is_given,
    coalesce(g.port_id, CAST(number AS VARCHAR)) AS port_id
  FROM seen AS s
  LEFT JOIN given AS g ON s.evse_id IS NULL AND g.station_id = s.station_id AND g.connector_id = s.connector_id
  WHERE number IS NOT NULL
), kept AS (
  SELECT *
  FROM numbered
  -- Connector 0 is the station as a whole, a port only where there is no other; an EVSE's unnamed connector likewise.
  QUALIFY (number > 0 OR max(number) OVER (PARTITION BY station_id) = 0)
    AND (
      connector_id > 0 OR number = 0
      OR bool_and(coalesce(connector_id, 0) = 0) OVER (PARTITION BY station_id, port_id)
    )
)
SELECT
  station_id,
  port_id,
  evse_id,
  connector_id,
  count(*) OVER (PARTITION BY station_id, port_id) AS connectors,
  is_given
FROM kept
ORDER BY station_id, number, connector_id
