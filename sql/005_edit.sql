-- 005_edit.sql - trials that are invalid or deleted, and what an edit changed

-- 1 invalid: the trial keeps what it has, and its result informs nobody;
-- 2 deleted: a row without results that keeps the number; NULL: neither.
ALTER TABLE trials ADD COLUMN withdrawn @small@;
ALTER TABLE trials ADD COLUMN withdrawn_reason text;

-- How many of the trials that are counted by their states are invalid.
ALTER TABLE studies ADD COLUMN invalid @int@ NOT NULL DEFAULT 0;

-- JSON: what was there before a change, and after it.
ALTER TABLE events ADD COLUMN detail text;
