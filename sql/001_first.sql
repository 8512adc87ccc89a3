-- 001_first.sql - users, tokens, studies, trials, reports and events
--
-- What is absent (no number, no time, no text) is NULL. Foreign keys are kept
-- where rows are rare; reports and events are written by the million, always
-- by a transaction that holds the lock of their study, and deleted with it.

CREATE TABLE users (
    id @identity@,
    name text NOT NULL UNIQUE,
    admin @flag@ NOT NULL,
    disabled @flag@ NOT NULL,
    created_ms @int@ NOT NULL
) @table@;

CREATE TABLE studies (
    id @identity@,
    key text NOT NULL UNIQUE,
    owner_id @int@ NOT NULL REFERENCES users (id),
    identity text NOT NULL,
    name text NOT NULL,
    definition text NOT NULL,
    definition_revision @int@ NOT NULL,
    -- 0 running, 1 paused, 2 draining, 3 finished
    state @small@ NOT NULL CHECK (state BETWEEN 0 AND 3),
    reason text,
    created_ms @int@ NOT NULL,
    changed_ms @int@ NOT NULL,
    next_number @int@ NOT NULL,
    revision @int@ NOT NULL,
    queued @int@ NOT NULL,
    running @int@ NOT NULL,
    complete @int@ NOT NULL,
    pruned @int@ NOT NULL,
    failed @int@ NOT NULL,
    infeasible @int@ NOT NULL,
    lost @int@ NOT NULL,
    cancelled @int@ NOT NULL,
    best_number @int@,
    best_value @real@,
    UNIQUE (owner_id, identity)
) @hot@;

CREATE TABLE tokens (
    id @identity@,
    user_id @int@ NOT NULL REFERENCES users (id),
    -- 0 API, 1 browser session, 2 sign-in link
    kind @small@ NOT NULL CHECK (kind BETWEEN 0 AND 2),
    hash @bytes@ NOT NULL UNIQUE,
    prefix text,
    name text,
    scopes @int@ NOT NULL,
    study_id @int@ REFERENCES studies (id),
    created_ms @int@ NOT NULL,
    expires_ms @int@,
    revoked_ms @int@,
    used_ms @int@,
    used_address text
) @table@;
CREATE INDEX tokens_user ON tokens (user_id, id);
CREATE INDEX tokens_study ON tokens (study_id) WHERE study_id IS NOT NULL;

CREATE TABLE trials (
    study_id @int@ NOT NULL REFERENCES studies (id),
    number @int@ NOT NULL,
    -- 0 queued, 1 running, 2 complete, 3 pruned, 4 failed, 5 infeasible,
    -- 6 lost, 7 cancelled
    state @small@ NOT NULL CHECK (state BETWEEN 0 AND 7),
    stopped @flag@ NOT NULL,
    attempt @int@ NOT NULL,
    retry_of @int@,
    seen_revision @int@ NOT NULL,
    revision @int@ NOT NULL,
    ended_revision @int@,
    lease_ms @int@ NOT NULL,
    created_ms @int@ NOT NULL,
    started_ms @int@,
    ended_ms @int@,
    uncertainty @real@,
    wall_s @real@,
    -- In the order of the study's search space; NaN: an inactive parameter.
    point @doubles@ NOT NULL,
    "values" @doubles@,
    ask_key @bytes@,
    stop_reason text,
    sampler text,
    worker text,
    constants text,
    special text,
    error text,
    outputs text,
    meta text,
    env text,
    tags text,
    notes text,
    PRIMARY KEY (study_id, number)
) @hot@;
CREATE INDEX trials_revision ON trials (study_id, revision);
CREATE INDEX trials_lease ON trials (lease_ms) WHERE state = 1;

CREATE TABLE reports (
    study_id @int@ NOT NULL,
    number @int@ NOT NULL,
    step @int@ NOT NULL,
    value @real@,
    at_ms @int@ NOT NULL,
    revision @int@ NOT NULL,
    PRIMARY KEY (study_id, number, step)
) @table@;
CREATE INDEX reports_revision ON reports (study_id, revision);

CREATE TABLE events (
    study_id @int@ NOT NULL,
    revision @int@ NOT NULL,
    kind text NOT NULL,
    number @int@,
    at_ms @int@ NOT NULL,
    user_id @int@,
    PRIMARY KEY (study_id, revision)
) @table@;
