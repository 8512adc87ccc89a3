-- 004_webhooks.sql - who is told of the events of a study by a request
--
-- The queue of a webhook is the table of events: `delivered` is the last event
-- that it is done with, `tried` the last one of the batch that is on its way or
-- is to be tried again, 0 when none is. lease_ms is until when an instance has
-- the batch to itself. The secret is what deliveries are signed with, so it
-- cannot be a hash.

CREATE TABLE webhooks (
    id @identity@,
    study_id @int@ NOT NULL REFERENCES studies (id),
    url text NOT NULL,
    -- the kinds of events that are wanted, " a b "; NULL: all
    kinds text,
    secret text NOT NULL,
    created_ms @int@ NOT NULL,
    disabled_ms @int@,
    reason text,
    delivered @int@ NOT NULL,
    tried @int@ NOT NULL,
    -- in a row, and since when
    failures @int@ NOT NULL,
    failing_ms @int@ NOT NULL,
    due_ms @int@ NOT NULL,
    lease_ms @int@ NOT NULL,
    last_ms @int@ NOT NULL,
    last_status @int@,
    last_error text,
    UNIQUE (study_id, url)
) @hot@;
