-- The results database, version 1. Beside `record`, columns are copies for people who ask in SQL.
-- Absent figures are NULL, never 0. Durations are nanoseconds, moments are UTC.

CREATE TABLE run (
    number        INTEGER PRIMARY KEY,       -- in the order in which they were added
    id            TEXT NOT NULL UNIQUE,      -- six hexadecimal digits
    suite         TEXT,                      -- NULL: a single load
    title         TEXT,
    preset        TEXT,
    command       TEXT,
    assay_version TEXT,
    started       TEXT NOT NULL,             -- 2026-11-21T03:42:07Z
    blocks        INTEGER NOT NULL,
    partial       INTEGER NOT NULL DEFAULT 1, -- 0 once it came to its end
    record        TEXT NOT NULL              -- assay/run/1, without its trials
) STRICT;

CREATE TABLE trial (
    run_id             TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    idx                INTEGER NOT NULL,     -- from 0, in the order in which they ended
    block              INTEGER NOT NULL,
    position           INTEGER NOT NULL,
    target             TEXT NOT NULL,
    url                TEXT NOT NULL,
    workload           TEXT NOT NULL,
    load               TEXT NOT NULL,
    factors            TEXT NOT NULL,        -- {"workers":8}
    state              TEXT NOT NULL,        -- done, not_built, not_ready, died
    reason             TEXT,
    started            TEXT NOT NULL,
    throughput_per_sec REAL,
    p50_ns             INTEGER,              -- of the response times; values, reliable or not
    p99_ns             INTEGER,
    cpu_ns_per_request REAL,                 -- of the server
    rss_peak_bytes     INTEGER,
    ok                 INTEGER NOT NULL,
    failed             INTEGER NOT NULL,
    record             TEXT NOT NULL,        -- assay/trial/1
    PRIMARY KEY (run_id, idx)
) STRICT;
