-- Callers who were promised a call, and the calls that were made for it: read out of the record, so
-- that old rows have a place too.

ALTER TABLE records ADD COLUMN call_back_of TEXT GENERATED ALWAYS AS
    (json_extract(body, '$.handled.call_back_of')) VIRTUAL;
CREATE INDEX records_by_call_back ON records (call_back_of) WHERE call_back_of IS NOT NULL;

-- The same names as in central's PostgreSQL; spans in seconds, cost in the money of the site.
DROP VIEW call_records;
CREATE VIEW call_records AS
SELECT strftime('%Y-%m-%dT%H:%M:%S', started / 1000, 'unixepoch')
           || printf('.%03dZ', started % 1000) AS call_time,
       duration_ms / 1000.0 AS duration,
       channel, trunk, flow, target, digits, words AS transcript, emotion, cause, caller, called, id,
       direction, agent, answered_by, queue,
       coalesce(json_extract(body, '$.spans.ring_ms'), 0) / 1000.0 AS ring,
       coalesce(json_extract(body, '$.spans.wait_ms'), 0) / 1000.0 AS wait,
       coalesce(json_extract(body, '$.spans.talk_ms'), 0) / 1000.0 AS talk,
       coalesce(json_extract(body, '$.spans.hold_ms'), 0) / 1000.0 AS hold,
       coalesce(json_extract(body, '$.spans.bill_ms'), duration_ms) / 1000.0 AS bill,
       coalesce(json_extract(body, '$.handled.cost'), 0) / 1000.0 AS cost,
       coalesce(json_extract(body, '$.handled.call_back_promised'), 0) AS call_back_promised,
       call_back_of
FROM records;
