-- Version 2: everything that can be read is covered by a check, and a row that vanishes is missed.
--
-- checksum(...) is a CRC-32 that every connection of this package brings along. A trial has two
-- sums of its own: `standing` over its numbers, in plain SQL so that following a study may verify
-- every row, and `words` over the rest. The `belongings` of a trial add up the checks of its
-- reports and attributes, those of a study the checks of its attributes, spaces and audited
-- changes. Triggers keep all of them, and refuse to build on a row that is damaged already; only a
-- new trial comes with its sums, for that is what is done most.

ALTER TABLE study ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;  -- the seq of its own last change
ALTER TABLE study ADD COLUMN belongings INTEGER NOT NULL DEFAULT 0;
ALTER TABLE study ADD COLUMN "check" INTEGER;
ALTER TABLE space ADD COLUMN "check" INTEGER;
ALTER TABLE study_attr ADD COLUMN "check" INTEGER;
ALTER TABLE trial_attr ADD COLUMN "check" INTEGER;
ALTER TABLE audit ADD COLUMN "check" INTEGER;
ALTER TABLE report ADD COLUMN place INTEGER
    GENERATED ALWAYS AS (seq * 1000003 + attempt * 131071 + trial_id % 1000003) VIRTUAL;
ALTER TABLE report ADD COLUMN place_check INTEGER;
ALTER TABLE trial ADD COLUMN belongings INTEGER NOT NULL DEFAULT 0;
ALTER TABLE trial ADD COLUMN standing INTEGER
    GENERATED ALWAYS AS (seq * 1000003 + attempt * 131071 + state * 8191 + space_version * 524287
                         + belongings * 7 + id % 1000003) VIRTUAL;
ALTER TABLE trial ADD COLUMN standing_check INTEGER;
ALTER TABLE trial ADD COLUMN words_check INTEGER;

UPDATE space SET "check" = checksum(study_id, version, definition);
UPDATE study_attr SET "check" = checksum(study_id, name, value);
UPDATE trial_attr SET "check" = checksum(trial_id, name, value);
UPDATE audit SET "check" = checksum(id, study_id, number, at, action, who, reason, before);
UPDATE report SET place_check = place;
UPDATE trial SET belongings = 4294967295 & (
    coalesce((SELECT sum("check") FROM trial_attr WHERE trial_id = trial.id), 0)
    + coalesce((SELECT sum(("check" + place_check) & 4294967295) FROM report
                WHERE trial_id = trial.id), 0));
UPDATE trial SET standing_check = standing,
    words_check = checksum(id, lease_until, owner, ask_key, sampler, fallback, error, created_at,
                           started_at, finished_at);
UPDATE study SET belongings = 4294967295 & (
    coalesce((SELECT sum("check") FROM study_attr WHERE study_id = study.id), 0)
    + coalesce((SELECT sum("check") FROM space WHERE study_id = study.id), 0)
    + coalesce((SELECT sum("check") FROM audit WHERE study_id = study.id), 0));
UPDATE study SET "check" = checksum(id, name, directions, seed, noisy, sampler, scheduler,
                                    n_spaces, created_at, changed, belongings);

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

CREATE TRIGGER study_added AFTER INSERT ON study BEGIN
    UPDATE study SET "check" = checksum(id, name, directions, seed, noisy, sampler, scheduler,
                                        n_spaces, created_at, changed, belongings)
    WHERE id = NEW.id;
END;
CREATE TRIGGER study_changing BEFORE UPDATE OF n_spaces, changed, belongings ON study
WHEN OLD."check" IS NOT checksum(
    OLD.id, OLD.name, OLD.directions, OLD.seed, OLD.noisy, OLD.sampler, OLD.scheduler,
    OLD.n_spaces, OLD.created_at, OLD.changed, OLD.belongings)
BEGIN
    SELECT RAISE(ABORT, 'the check sum of a study does not fit');
END;
CREATE TRIGGER study_changed AFTER UPDATE OF n_spaces, changed, belongings ON study BEGIN
    UPDATE study SET "check" = checksum(id, name, directions, seed, noisy, sampler, scheduler,
                                        n_spaces, created_at, changed, belongings)
    WHERE id = NEW.id;
END;
CREATE TRIGGER study_attr_added AFTER INSERT ON study_attr BEGIN
    UPDATE study SET belongings = 4294967295 & (belongings + NEW."check") WHERE id = NEW.study_id;
END;
CREATE TRIGGER study_attr_removed AFTER DELETE ON study_attr BEGIN
    UPDATE study SET belongings = 4294967295 & (belongings - OLD."check") WHERE id = OLD.study_id;
END;
CREATE TRIGGER space_added AFTER INSERT ON space BEGIN
    UPDATE study SET belongings = 4294967295 & (belongings + NEW."check") WHERE id = NEW.study_id;
END;
CREATE TRIGGER audit_added AFTER INSERT ON audit BEGIN
    UPDATE audit SET "check" = checksum(id, study_id, number, at, action, who, reason, before)
    WHERE id = NEW.id;
    UPDATE study SET belongings = 4294967295 & (
        belongings + (SELECT "check" FROM audit WHERE id = NEW.id))
    WHERE id = NEW.study_id;
END;
