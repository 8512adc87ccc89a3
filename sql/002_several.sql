-- 002_several.sql - outcome constraints, and why a point was chosen
--
-- constraint_values are the outcomes as told, in the order of the study's
-- outcome_constraints; NULL where none were told.

ALTER TABLE trials ADD COLUMN constraint_values @doubles@;
ALTER TABLE trials ADD COLUMN why text;
