-- Who took a call, and how its time was spent: read out of the record, so that old rows have a
-- place too. Calls of before are inbound and have no spans.

-- Thousandths as whole ones; 0 where a box wrote no number there.
CREATE FUNCTION thousandths(body jsonb, part text, name text) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE jsonb_typeof(body -> part -> name)
        WHEN 'number' THEN (body -> part ->> name)::double precision / 1000
        ELSE 0
    END;

-- Spans in seconds, cost in the money of the site.
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
       thousandths(body, 'handled', 'cost') AS cost
FROM records;
