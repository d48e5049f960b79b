-- Version 1: studies, versions of their spaces, trials, reports, attributes, the audit log.
--
-- Text that UTF-8 cannot hold (lone surrogates) or that C cuts short (NUL) is stored as a BLOB of
-- the same characters, hence the columns without a type. Floats that must come back bit for bit
-- are BLOBs of little-endian float64. The *_check columns are CRC-32 sums over what they follow:
-- SQLite itself does not notice a flipped bit inside a value.

CREATE TABLE store (
    id         BLOB NOT NULL,               -- random, tells this file from another of the same name
    created_at REAL NOT NULL
);

CREATE TABLE study (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given again after a delete
    name       NOT NULL UNIQUE,
    directions TEXT NOT NULL,               -- JSON
    seed       TEXT NOT NULL,               -- decimal, of any size
    noisy      INTEGER NOT NULL,
    sampler    NOT NULL,
    scheduler  NOT NULL,
    n_spaces   INTEGER NOT NULL,
    created_at REAL NOT NULL
);

CREATE TABLE deleted_study (
    id         INTEGER PRIMARY KEY,
    deleted_at REAL NOT NULL
);

CREATE TABLE space (
    study_id   INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    definition NOT NULL,                    -- JSON
    PRIMARY KEY (study_id, version)
) WITHOUT ROWID;

CREATE TABLE study_attr (
    study_id   INTEGER NOT NULL,
    name       NOT NULL,
    value      TEXT NOT NULL,               -- JSON
    PRIMARY KEY (study_id, name)
) WITHOUT ROWID;

-- id = study_id * 2^40 + number makes (study_id, number) unique without an index of its own.
CREATE TABLE trial (
    id            INTEGER PRIMARY KEY,
    study_id      INTEGER GENERATED ALWAYS AS (id >> 40) VIRTUAL,
    number        INTEGER GENERATED ALWAYS AS (id & 1099511627775) VIRTUAL,
    seq           INTEGER NOT NULL,         -- grows with every change of the study's trials
    state         INTEGER NOT NULL CHECK (state BETWEEN 0 AND 6),
    attempt       INTEGER NOT NULL,         -- fencing token
    lease_until   REAL,                     -- NULL: never runs out
    params        TEXT NOT NULL,            -- JSON object of labels
    params_check  INTEGER NOT NULL,
    told_state    INTEGER,                  -- what was told; stays when a person strikes it out
    "values"      BLOB,                     -- float64 per objective
    constraints   TEXT,                     -- JSON object, sorted by name
    cost          BLOB,                     -- one float64
    result_check  INTEGER,
    space_version INTEGER NOT NULL,
    owner         NOT NULL DEFAULT '',
    ask_key       ,
    sampler       NOT NULL DEFAULT '',
    fallback      NOT NULL DEFAULT '',
    error         NOT NULL DEFAULT '',
    created_at    REAL NOT NULL,
    started_at    REAL,
    finished_at   REAL
);
CREATE UNIQUE INDEX trial_seq ON trial (study_id, seq);
CREATE INDEX trial_running ON trial (study_id, lease_until) WHERE state = 1;
CREATE INDEX trial_ask_key ON trial (study_id, ask_key) WHERE ask_key IS NOT NULL;

CREATE TABLE report (
    trial_id   INTEGER NOT NULL,
    step       REAL NOT NULL,
    study_id   INTEGER GENERATED ALWAYS AS (trial_id >> 40) VIRTUAL,
    seq        INTEGER NOT NULL,            -- one numbering with trial.seq
    attempt    INTEGER NOT NULL,
    "values"   BLOB NOT NULL,
    "check"    INTEGER NOT NULL,
    PRIMARY KEY (trial_id, step)
) WITHOUT ROWID;
CREATE UNIQUE INDEX report_seq ON report (study_id, seq);

CREATE TABLE trial_attr (
    trial_id   INTEGER NOT NULL,
    name       NOT NULL,
    value      TEXT NOT NULL,               -- JSON
    PRIMARY KEY (trial_id, name)
) WITHOUT ROWID;

CREATE TABLE audit (
    id         INTEGER PRIMARY KEY,
    study_id   INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    at         REAL NOT NULL,
    action     TEXT NOT NULL,
    who        NOT NULL,
    reason     NOT NULL,
    before     TEXT NOT NULL                -- JSON
);
CREATE INDEX audit_study ON audit (study_id);

INSERT INTO store (id, created_at)
VALUES (randomblob(16), (julianday('now') - 2440587.5) * 86400.0);
