-- One card under several ids: a form of one token (`stg_ocpp__token_keys`) is another token that was really shown,
-- or two tokens are the same but for their suffix. Nothing is merged: what a score is worth is the reader's to say.
WITH shown AS (
  SELECT token_id, count(*) AS uses, count(DISTINCT station_id) AS stations
  FROM (
    SELECT token_id, station_id FROM core__authorizations
    UNION ALL
    SELECT token_id, station_id FROM core__sessions
  )
  WHERE token_id IS NOT NULL
  GROUP BY token_id
), forms AS (
  SELECT DISTINCT token_id, form_id, rule, score
  FROM stg_ocpp__token_keys
  WHERE form_id <> token_id
), pairs AS (
  SELECT
    -- What was cut out of a whole uid is the alias; else the form is the plainer one.
    CASE WHEN starts_with(rule, 'truncated') THEN form_id ELSE f.token_id END AS token_id,
    CASE WHEN starts_with(rule, 'truncated') THEN f.token_id ELSE form_id END AS alias_of,
    rule,
    score,
    'shown' AS evidence
  FROM forms AS f
  JOIN shown AS s ON s.token_id = f.form_id
  WHERE f.token_id IN (SELECT token_id FROM shown)
  UNION ALL
  -- Behind two suffixes stands one uid, which nobody showed by itself; the first of them stands for all.
  SELECT token_id, alias_of, rule, score * score, 'shared form'
  FROM (
    SELECT token_id, rule, score, min(token_id) OVER (PARTITION BY form_id, rule) AS alias_of
    FROM forms
    -- Behind a uid only: names such as DRIVER-ANNA and DRIVER-BO share more than a card.
    WHERE rule = 'suffix' AND score >= 0.9 AND form_id NOT IN (SELECT token_id FROM shown)
  )
  WHERE token_id <> alias_of
), weighed AS (
  SELECT
    p.token_id,
    p.alias_of,
    p.rule,
    -- Uids that begin alike share what is cut out of them: the more there are, the less it says.
    p.score / count(*) OVER (PARTITION BY p.token_id, p.rule) AS score,
    p.evidence,
    coalesce(a.uses, 0) AS uses,
    coalesce(a.stations, 0) AS stations,
    coalesce(o.uses, 0) AS uses_of_other
  FROM pairs AS p
  LEFT JOIN shown AS a ON a.token_id = p.token_id
  LEFT JOIN shown AS o ON o.token_id = p.alias_of
)
SELECT token_id, alias_of, rule, score, evidence, stations, uses
FROM weighed
-- Turned round, each of two is a form of the other: the one used less is the alias.
WHERE rule <> 'byte_order' OR (uses, token_id) < (uses_of_other, alias_of)
QUALIFY row_number() OVER (PARTITION BY token_id, alias_of ORDER BY score DESC, rule) = 1
ORDER BY token_id, score DESC, alias_of
