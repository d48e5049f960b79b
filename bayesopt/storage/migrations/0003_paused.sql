-- Version 3: a trial may be paused (state 7).
--
-- SQLite cannot change a CHECK, so the table is made anew; every other definition stays. Triggers
-- that mention it stand aside meanwhile.

DROP TRIGGER report_added;
DROP TRIGGER report_removed;
DROP TRIGGER trial_attr_added;
DROP TRIGGER trial_attr_removed;

CREATE TABLE trial_of_version_3 (
    id             INTEGER PRIMARY KEY,
    study_id       INTEGER GENERATED ALWAYS AS (id >> 40) VIRTUAL,
    number         INTEGER GENERATED ALWAYS AS (id & 1099511627775) VIRTUAL,
    seq            INTEGER NOT NULL,
    state          INTEGER NOT NULL CHECK (state BETWEEN 0 AND 7),
    attempt        INTEGER NOT NULL,
    lease_until    REAL,
    params         TEXT NOT NULL,
    params_check   INTEGER NOT NULL,
    told_state     INTEGER,
    "values"       BLOB,
    constraints    TEXT,
    cost           BLOB,
    result_check   INTEGER,
    space_version  INTEGER NOT NULL,
    owner          NOT NULL DEFAULT '',
    ask_key        ,
    sampler        NOT NULL DEFAULT '',
    fallback       NOT NULL DEFAULT '',
    error          NOT NULL DEFAULT '',
    created_at     REAL NOT NULL,
    started_at     REAL,
    finished_at    REAL,
    belongings     INTEGER NOT NULL DEFAULT 0,
    standing       INTEGER
        GENERATED ALWAYS AS (seq * 1000003 + attempt * 131071 + state * 8191
                             + space_version * 524287 + belongings * 7 + id % 1000003) VIRTUAL,
    standing_check INTEGER,
    words_check    INTEGER
);
INSERT INTO trial_of_version_3 (
    id, seq, state, attempt, lease_until, params, params_check, told_state, "values", constraints,
    cost, result_check, space_version, owner, ask_key, sampler, fallback, error, created_at,
    started_at, finished_at, belongings, standing_check, words_check)
SELECT
    id, seq, state, attempt, lease_until, params, params_check, told_state, "values", constraints,
    cost, result_check, space_version, owner, ask_key, sampler, fallback, error, created_at,
    started_at, finished_at, belongings, standing_check, words_check
FROM trial;
DROP TABLE trial;
ALTER TABLE trial_of_version_3 RENAME TO trial;

CREATE UNIQUE INDEX trial_seq ON trial (study_id, seq);
CREATE INDEX trial_running ON trial (study_id, lease_until) WHERE state = 1;
CREATE INDEX trial_ask_key ON trial (study_id, ask_key) WHERE ask_key IS NOT NULL;

CREATE TRIGGER trial_changing BEFORE UPDATE OF
    seq, state, attempt, lease_until, space_version, owner, ask_key, sampler, fallback, error,
    started_at, finished_at, belongings ON trial
WHEN OLD.standing IS NOT OLD.standing_check OR OLD.words_check IS NOT checksum(
    OLD.id, OLD.lease_until, OLD.owner, OLD.ask_key, OLD.sampler, OLD.fallback, OLD.error,
    OLD.created_at, OLD.started_at, OLD.finished_at)
BEGIN
    SELECT RAISE(ABORT, 'the check sum of a trial does not fit');
END;
CREATE TRIGGER trial_changed AFTER UPDATE OF
    seq, state, attempt, lease_until, space_version, owner, ask_key, sampler, fallback, error,
    started_at, finished_at, belongings ON trial
BEGIN
    UPDATE trial SET standing_check = standing,
        words_check = checksum(id, lease_until, owner, ask_key, sampler, fallback, error,
                               created_at, started_at, finished_at)
    WHERE id = NEW.id;
END;
CREATE TRIGGER report_added AFTER INSERT ON report BEGIN
    UPDATE report SET place_check = place WHERE trial_id = NEW.trial_id AND step = NEW.step;
    UPDATE trial SET belongings = 4294967295 & (belongings + NEW."check" + NEW.place)
    WHERE id = NEW.trial_id;
END;
CREATE TRIGGER report_removed AFTER DELETE ON report BEGIN
    UPDATE trial SET belongings = 4294967295 & (belongings - OLD."check" - OLD.place_check)
    WHERE id = OLD.trial_id;
END;
CREATE TRIGGER trial_attr_added AFTER INSERT ON trial_attr BEGIN
    UPDATE trial SET belongings = 4294967295 & (belongings + NEW."check") WHERE id = NEW.trial_id;
END;
CREATE TRIGGER trial_attr_removed AFTER DELETE ON trial_attr BEGIN
    UPDATE trial SET belongings = 4294967295 & (belongings - OLD."check") WHERE id = OLD.trial_id;
END;
