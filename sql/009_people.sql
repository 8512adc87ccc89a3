-- 009_people.sql - who people are elsewhere, their groups, what they changed

-- What people are called and where to write to, as their provider said last.
ALTER TABLE users ADD COLUMN display_name text;
ALTER TABLE users ADD COLUMN email text;

-- Who a user is at a provider: `iss` and `sub` of OpenID Connect, which never
-- change. A name or an address may pass to somebody else.
CREATE TABLE identities (
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id @int@ NOT NULL REFERENCES users (id),
    created_ms @int@ NOT NULL,
    seen_ms @int@ NOT NULL,
    PRIMARY KEY (issuer, subject)
) @table@;
CREATE INDEX identities_user ON identities (user_id);

-- GROUPS is a word of SQL.
CREATE TABLE user_groups (
    id @identity@,
    name text NOT NULL UNIQUE,
    created_ms @int@ NOT NULL
) @table@;

CREATE TABLE group_members (
    group_id @int@ NOT NULL REFERENCES user_groups (id),
    user_id @int@ NOT NULL REFERENCES users (id),
    -- who says so: the issuer whose claims do, '' for an administrator
    source text NOT NULL,
    PRIMARY KEY (group_id, user_id, source)
) @table@;
CREATE INDEX group_members_user ON group_members (user_id);

-- Grows with every change of who may do what, so that each instance finds out
-- with one look at one row that what it keeps in memory may be wrong.
CREATE TABLE permissions (
    only_row @small@ PRIMARY KEY CHECK (only_row = 1),
    revision @int@ NOT NULL
) @table@;
INSERT INTO permissions (only_row, revision) VALUES (1, 0);

-- What people changed: who, when, from where, and what was there before. It
-- outlives those whom it names, so there are no foreign keys.
CREATE TABLE audit (
    id @identity@,
    at_ms @int@ NOT NULL,
    -- nobody for what the command line did
    user_id @int@,
    token_id @int@,
    address text,
    request_id text,
    -- noun.verb, such as token.revoke
    action text NOT NULL,
    study_id @int@,
    -- which one: an id or a name
    object text,
    -- JSON
    before text,
    after text
) @table@;
CREATE INDEX audit_user ON audit (user_id, id);
CREATE INDEX audit_study ON audit (study_id, id) WHERE study_id IS NOT NULL;
