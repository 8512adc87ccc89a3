-- 011_admin.sql - what users may use, and what studies take

-- NULL: what the settings say; 0: no limit.
ALTER TABLE users ADD COLUMN max_studies @int@;
ALTER TABLE users ADD COLUMN max_trials @int@;
ALTER TABLE users ADD COLUMN max_running @int@;
ALTER TABLE users ADD COLUMN max_bytes @int@;
ALTER TABLE users ADD COLUMN requests_per_minute @int@;

-- What was written about the study, as store_private.h estimates it.
ALTER TABLE studies ADD COLUMN bytes @int@ NOT NULL DEFAULT 0;
UPDATE studies SET bytes = length(definition) + 500 * next_number;
