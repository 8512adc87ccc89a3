-- 013_tokens.sql - tokens that take the place of another one

-- Which one; it may be gone by now.
ALTER TABLE tokens ADD COLUMN rotated_from @int@;

-- A token is rotated once.
CREATE UNIQUE INDEX tokens_rotated_from ON tokens (rotated_from)
WHERE rotated_from IS NOT NULL;
