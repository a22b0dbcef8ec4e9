-- Records of all boxes, by month; what was rejected; how far each box's numbers are in.

-- Days are UTC days, here as on the box: DATE(call_time) must not depend on a session's zone.
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET timezone TO %L', current_database(), 'UTC');
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'cannot set the database''s time zone: set it to UTC, or days will differ from the boxes''';
END
$$;

CREATE TABLE records (
    tenant    text             NOT NULL,
    site      text             NOT NULL,
    box       text             NOT NULL,
    epoch     bigint           NOT NULL,
    lane      text             NOT NULL,
    seq       bigint           NOT NULL,
    id        uuid             NOT NULL,
    call_time timestamptz      NOT NULL,  -- the first INVITE; never changes, so it may be in the key
    duration  double precision NOT NULL,  -- answer to end, seconds; 0 if unanswered
    channel   text             NOT NULL,
    trunk     text             NOT NULL,
    flow      text             NOT NULL,
    target    text,
    digits    text             NOT NULL,
    caller    text             NOT NULL,
    called    text             NOT NULL,
    words     text             NOT NULL,  -- the transcript, one phrase a line
    emotion   text,
    cause     text             NOT NULL,
    body      jsonb            NOT NULL,  -- the whole record, fields of newer boxes included
    received  timestamptz      NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, site, box, call_time, id)
) PARTITION BY RANGE (call_time);
CREATE INDEX records_by_time ON records (call_time);

-- Months are made on demand. A box whose clock was never set writes 1970: that must have a place.
CREATE TABLE records_before PARTITION OF records FOR VALUES FROM (MINVALUE) TO ('2020-01-01 00:00:00+00');
CREATE TABLE records_after PARTITION OF records FOR VALUES FROM ('2100-01-01 00:00:00+00') TO (MAXVALUE);

CREATE VIEW call_records AS
SELECT call_time, duration, channel, trunk, flow, target, digits, words AS transcript, emotion, cause,
       caller, called, id, box, site, tenant
FROM records;

-- Per box, epoch and lane: every number up to `hi` is in, and some ranges beyond a gap.
CREATE TABLE cursors (
    tenant  text        NOT NULL,
    site    text        NOT NULL,
    box     text        NOT NULL,
    epoch   bigint      NOT NULL,
    lane    text        NOT NULL,
    cursor  text,                         -- JSON; null before the first batch
    updated timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, site, box, epoch, lane)
);

-- Rows that can never be records; their boxes hold them as dead letters.
CREATE TABLE rejected (
    tenant   text        NOT NULL,
    site     text        NOT NULL,
    box      text        NOT NULL,
    epoch    bigint      NOT NULL,
    lane     text        NOT NULL,
    seq      bigint      NOT NULL,
    id       uuid        NOT NULL,
    why      text        NOT NULL,
    body     text        NOT NULL,        -- its beginning, as it came
    received timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, site, box, epoch, lane, seq)
);

-- Messages that are no batches: nobody can be answered. Only the newest are kept.
CREATE TABLE malformed (
    n        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic    text        NOT NULL,
    why      text        NOT NULL,
    bytes    bigint      NOT NULL,
    head     bytea       NOT NULL,
    received timestamptz NOT NULL DEFAULT now()
);
