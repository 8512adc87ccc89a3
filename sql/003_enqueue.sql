-- 003_enqueue.sql - trials that users bring, and results of other studies

-- A trial is known to whoever brought it by a name of theirs. client_key holds
-- 8 bytes of the hash of that name and 8 of the hash of what came with it.
ALTER TABLE trials ADD COLUMN client_id text;
ALTER TABLE trials ADD COLUMN client_key @bytes@;
-- Queued trials of a higher priority run first; NULL: no user brought it.
ALTER TABLE trials ADD COLUMN priority @int@;
CREATE UNIQUE INDEX trials_client ON trials (study_id, client_id)
    WHERE client_id IS NOT NULL;

-- How many results this study has from each one in its warm_start: a JSON
-- array, NULL where there is none.
ALTER TABLE studies ADD COLUMN warm_start text;

-- Results of other studies, copied when the study was created.
CREATE TABLE priors (
    study_id @int@ NOT NULL REFERENCES studies (id),
    position @int@ NOT NULL,
    -- which of the studies that warm_start lists
    source @int@ NOT NULL,
    -- in the search space of study_id, as in trials
    point @doubles@ NOT NULL,
    -- minimised
    "values" @doubles@ NOT NULL,
    PRIMARY KEY (study_id, position)
) @table@;
