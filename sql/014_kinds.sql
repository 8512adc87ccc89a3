-- 014_kinds.sql - studies of several kinds, and the runs of a grid study

-- 0 hpo, 1 grid, 2 limit, 3 contour.
ALTER TABLE studies ADD COLUMN kind @small@ NOT NULL DEFAULT 0;

-- How far a grid study is, for those who only look at it.
ALTER TABLE studies ADD COLUMN points @int@ NOT NULL DEFAULT 0;
ALTER TABLE studies ADD COLUMN runs @int@ NOT NULL DEFAULT 0;
ALTER TABLE studies ADD COLUMN runs_complete @int@ NOT NULL DEFAULT 0;
ALTER TABLE studies ADD COLUMN runs_failed @int@ NOT NULL DEFAULT 0;

-- Which run of a grid study a trial is: 1000 for each point before its own, and
-- the replica from 1; NULL: none.
ALTER TABLE trials ADD COLUMN run @int@;
-- What the user who brought the point of a list calls it. Other than client_id,
-- all trials of the point have it.
ALTER TABLE trials ADD COLUMN point_id text;
