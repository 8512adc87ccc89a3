-- 015_toys.sql - what workers told of the data and of toys (kind limit)

-- The test statistic of the data at mu; the revision is that of the tell.
CREATE TABLE limit_data (
    study_id @int@ NOT NULL,
    number @int@ NOT NULL,
    revision @int@ NOT NULL,
    mu @real@ NOT NULL,
    q @real@ NOT NULL,
    q_asimov @real@,
    muhat @real@,
    site text,
    context text,
    PRIMARY KEY (study_id, number)
) @table@;

CREATE INDEX limit_data_revision ON limit_data (study_id, revision);

-- Test statistics of toys that were evaluated at mu, and at `points` signal
-- strengths in all. hypothesis: 1 signal plus background, 2 background. q: the
-- valid ones ascending, doubles with the least significant byte first.
CREATE TABLE limit_toys (
    study_id @int@ NOT NULL,
    number @int@ NOT NULL,
    mu @real@ NOT NULL,
    revision @int@ NOT NULL,
    hypothesis @small@ NOT NULL,
    points @int@ NOT NULL,
    n_ok @int@ NOT NULL,
    n_failed @int@ NOT NULL,
    n_negative @int@ NOT NULL,
    seconds @real@,
    site text,
    q @bytes@ NOT NULL,
    PRIMARY KEY (study_id, number, mu)
) @table@;

CREATE INDEX limit_toys_revision ON limit_toys (study_id, revision);
