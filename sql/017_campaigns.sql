-- 017_campaigns.sql - many studies from one template

CREATE TABLE campaigns (
    id @identity@,
    key text NOT NULL UNIQUE,
    owner_id @int@ NOT NULL REFERENCES users (id),
    identity text NOT NULL,
    name text NOT NULL,
    -- JSON
    template text NOT NULL,
    axis text,
    notes text,
    -- 16 bytes of the hash of what was asked for.
    request_key @bytes@ NOT NULL,
    created_ms @int@ NOT NULL,
    -- As in studies: until it is NULL nobody finds the campaign.
    building_ms @int@,
    UNIQUE (owner_id, identity)
) @table@;
CREATE INDEX campaigns_building ON campaigns (building_ms)
    WHERE building_ms IS NOT NULL;

CREATE TABLE segments (
    campaign_id @int@ NOT NULL REFERENCES campaigns (id),
    position @int@ NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    -- Its place on the axis.
    x @real@,
    -- JSON, with sorted members.
    overrides text NOT NULL,
    study_id @int@ NOT NULL UNIQUE REFERENCES studies (id),
    PRIMARY KEY (campaign_id, position),
    UNIQUE (campaign_id, name)
) @table@;

-- As study_members and study_groups.
CREATE TABLE campaign_members (
    campaign_id @int@ NOT NULL REFERENCES campaigns (id),
    user_id @int@ NOT NULL REFERENCES users (id),
    role @small@ NOT NULL CHECK (role BETWEEN 1 AND 4),
    PRIMARY KEY (user_id, campaign_id)
) @table@;
CREATE INDEX campaign_members_campaign ON campaign_members (campaign_id);

CREATE TABLE campaign_groups (
    campaign_id @int@ NOT NULL REFERENCES campaigns (id),
    group_id @int@ NOT NULL REFERENCES user_groups (id),
    role @small@ NOT NULL CHECK (role BETWEEN 1 AND 4),
    PRIMARY KEY (group_id, campaign_id)
) @table@;
CREATE INDEX campaign_groups_campaign ON campaign_groups (campaign_id);

ALTER TABLE tokens ADD COLUMN campaign_id @int@ REFERENCES campaigns (id);
CREATE INDEX tokens_campaign ON tokens (campaign_id)
    WHERE campaign_id IS NOT NULL;

-- Which study answered an ask with an idempotency key: a repeat goes there.
CREATE TABLE campaign_asks (
    campaign_id @int@ NOT NULL,
    -- 16 bytes of the hash of user and key, as in trials
    ask_key @bytes@ NOT NULL,
    study_id @int@ NOT NULL,
    PRIMARY KEY (campaign_id, ask_key)
) @table@;
CREATE INDEX campaign_asks_study ON campaign_asks (study_id);
