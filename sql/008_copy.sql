-- 008_copy.sql - studies that are copies of others

-- When the building of a copy last went on; 0: it was given up, NULL: it is
-- complete. Until then nobody finds the study.
ALTER TABLE studies ADD COLUMN building_ms @int@;
-- JSON: of which study it is a copy.
ALTER TABLE studies ADD COLUMN copied_from text;
-- 16 bytes of the hash of what was asked for.
ALTER TABLE studies ADD COLUMN copy_key @bytes@;
CREATE INDEX studies_building ON studies (building_ms)
    WHERE building_ms IS NOT NULL;
