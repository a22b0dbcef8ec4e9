-- Nothing is lost: what this column says stands in the record itself.
DROP VIEW call_records;
DROP INDEX records_by_call_back;
ALTER TABLE records DROP COLUMN call_back_of;

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
       coalesce(json_extract(body, '$.handled.cost'), 0) / 1000.0 AS cost
FROM records;
