-- Records, the outbox they leave by, and what the box must remember of itself.

CREATE TABLE records (
    id          TEXT    PRIMARY KEY NOT NULL,   -- UUIDv7 of the call
    started     INTEGER NOT NULL,               -- ms since 1970 UTC
    duration_ms INTEGER NOT NULL,               -- answer to end, 0 if unanswered
    channel     TEXT    NOT NULL,
    caller      TEXT    NOT NULL,
    called      TEXT    NOT NULL,
    trunk       TEXT    NOT NULL,
    flow        TEXT    NOT NULL,
    target      TEXT,
    digits      TEXT    NOT NULL,
    words       TEXT    NOT NULL,               -- the transcript, one phrase a line
    emotion     TEXT,
    cause       TEXT    NOT NULL,
    seq         INTEGER NOT NULL,               -- its number in the outbox
    body        TEXT    NOT NULL                -- the whole record as JSON: the truth
) STRICT;
CREATE INDEX records_by_time ON records (started, id);

-- The same name and columns as in central's PostgreSQL; times are UTC in both.
CREATE VIEW call_records AS
SELECT strftime('%Y-%m-%dT%H:%M:%S', started / 1000, 'unixepoch')
           || printf('.%03dZ', started % 1000) AS call_time,
       duration_ms / 1000.0 AS duration,
       channel, trunk, flow, target, digits, words AS transcript, emotion, cause, caller, called, id
FROM records;

-- Calls that run now. A row left over at start is a call that a crash cut off.
CREATE TABLE open_calls (
    id     TEXT    PRIMARY KEY NOT NULL,
    opened INTEGER NOT NULL,
    body   TEXT    NOT NULL
) STRICT;

-- The last number given in each lane; it never goes back.
CREATE TABLE lanes (
    lane       TEXT    PRIMARY KEY NOT NULL,
    last_given INTEGER NOT NULL
) STRICT;
INSERT INTO lanes (lane, last_given) VALUES ('alarm', 0), ('live', 0), ('bulk', 0);

-- What central has not acknowledged yet.
CREATE TABLE outbox (
    lane    TEXT    NOT NULL,
    seq     INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    created INTEGER NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (lane, seq)
) STRICT, WITHOUT ROWID;

-- What central rejected; kept until a person has looked.
CREATE TABLE dead_letters (
    epoch INTEGER NOT NULL,
    lane  TEXT    NOT NULL,
    seq   INTEGER NOT NULL,
    kind  TEXT    NOT NULL,
    id    TEXT    NOT NULL,
    why   TEXT    NOT NULL,
    died  INTEGER NOT NULL,
    body  TEXT    NOT NULL,
    PRIMARY KEY (epoch, lane, seq)
) STRICT, WITHOUT ROWID;

-- Every text of the site ever applied. `parent` is the version it replaced: undo goes there.
CREATE TABLE site_versions (
    version INTEGER PRIMARY KEY AUTOINCREMENT,
    parent  INTEGER REFERENCES site_versions (version),
    text    TEXT    NOT NULL,
    note    TEXT    NOT NULL,
    sha256  TEXT    NOT NULL,
    saved   INTEGER NOT NULL
) STRICT;
CREATE TABLE site_current (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    version INTEGER NOT NULL REFERENCES site_versions (version)
) STRICT;

CREATE TABLE settings (
    key   TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
