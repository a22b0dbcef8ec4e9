-- Nothing is lost: what these columns say stands in the record itself.
DROP VIEW call_records;
DROP INDEX records_by_agent;
ALTER TABLE records DROP COLUMN queue;
ALTER TABLE records DROP COLUMN answered_by;
ALTER TABLE records DROP COLUMN agent;
ALTER TABLE records DROP COLUMN direction;

CREATE VIEW call_records AS
SELECT strftime('%Y-%m-%dT%H:%M:%S', started / 1000, 'unixepoch')
           || printf('.%03dZ', started % 1000) AS call_time,
       duration_ms / 1000.0 AS duration,
       channel, trunk, flow, target, digits, words AS transcript, emotion, cause, caller, called, id
FROM records;
