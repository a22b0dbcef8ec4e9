-- Callers who were promised a call, and the calls that were made for it: read out of the record, so
-- that old rows have a place too.

-- Whom a call was made for is asked by the first call's id. As text: a box's word is not trusted.
CREATE INDEX records_by_call_back ON records ((body -> 'handled' ->> 'call_back_of'))
    WHERE body -> 'handled' ->> 'call_back_of' IS NOT NULL;

CREATE OR REPLACE VIEW call_records AS
SELECT call_time, duration, channel, trunk, flow, target, digits, words AS transcript, emotion, cause,
       caller, called, id, box, site, tenant,
       coalesce(body -> 'handled' ->> 'direction', 'inbound') AS direction,
       body -> 'handled' ->> 'agent' AS agent,
       body -> 'handled' ->> 'answered_by' AS answered_by,
       body -> 'handled' ->> 'queue' AS queue,
       thousandths(body, 'spans', 'ring_ms') AS ring,
       thousandths(body, 'spans', 'wait_ms') AS wait,
       thousandths(body, 'spans', 'talk_ms') AS talk,
       thousandths(body, 'spans', 'hold_ms') AS hold,
       CASE WHEN body ? 'spans' THEN thousandths(body, 'spans', 'bill_ms') ELSE duration END AS bill,
       thousandths(body, 'handled', 'cost') AS cost,
       coalesce(body -> 'handled' ->> 'call_back_promised', 'false') = 'true' AS call_back_promised,
       body -> 'handled' ->> 'call_back_of' AS call_back_of
FROM records;
