-- 010_sharing.sql - who may do what to a study besides its owner

-- Who else may look: 0 nobody, 1 the members of a group, 2 everybody who is
-- signed in.
ALTER TABLE studies ADD COLUMN visibility @small@ NOT NULL DEFAULT 0;
ALTER TABLE studies ADD COLUMN group_id @int@ REFERENCES user_groups (id);
CREATE INDEX studies_group ON studies (group_id) WHERE group_id IS NOT NULL;
CREATE INDEX studies_public ON studies (id) WHERE visibility = 2;

-- Roles: 1 viewer, 2 worker, 3 editor, 4 owner. The user in studies.owner_id,
-- in whose name the study is, is an owner without a row here.
CREATE TABLE study_members (
    study_id @int@ NOT NULL REFERENCES studies (id),
    user_id @int@ NOT NULL REFERENCES users (id),
    role @small@ NOT NULL CHECK (role BETWEEN 1 AND 4),
    PRIMARY KEY (user_id, study_id)
) @table@;
CREATE INDEX study_members_study ON study_members (study_id);

CREATE TABLE study_groups (
    study_id @int@ NOT NULL REFERENCES studies (id),
    group_id @int@ NOT NULL REFERENCES user_groups (id),
    role @small@ NOT NULL CHECK (role BETWEEN 1 AND 4),
    PRIMARY KEY (group_id, study_id)
) @table@;
CREATE INDEX study_groups_study ON study_groups (study_id);

-- A token of a guest is a link to its study: whoever has it may look, in the
-- name of nobody, as long as the user who made it is an owner of the study.
ALTER TABLE tokens ADD COLUMN guest @flag@ NOT NULL DEFAULT false;
