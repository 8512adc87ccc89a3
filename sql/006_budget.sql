-- 006_budget.sql - what trials cost, and in which iteration they were tried
--
-- cost is in the user's unit; NULL: not told. Iterations are numbered from 1;
-- NULL: the study had none when the trial was handed out.

ALTER TABLE trials ADD COLUMN cost @real@;
ALTER TABLE trials ADD COLUMN iteration @int@;

-- What was used of the budget, for those who only look at the study: points
-- that were handed out, retries not counted; what they cost; and the latest
-- iteration.
ALTER TABLE studies ADD COLUMN started @int@ NOT NULL DEFAULT 0;
ALTER TABLE studies ADD COLUMN cost @real@ NOT NULL DEFAULT 0;
ALTER TABLE studies ADD COLUMN iteration @int@;

UPDATE studies SET started = (
    SELECT count(*) FROM trials t
    WHERE t.study_id = studies.id AND t.started_ms IS NOT NULL
        AND t.retry_of IS NULL);
