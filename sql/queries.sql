-- queries.sql - every statement of the service, by name
--
-- `-- name: x` starts query x, known in C as QUERY_X. One text serves both
-- databases; where that is not possible, `-- name: x (postgres)` and
-- `-- name: x (sqlite)` give each its own. `-- fragment: y` starts a text that
-- is written @y@ in the queries below it. Words such as @lock@ are those of
-- dialect.sql. study_id + 0 asks for the index by revision (001_first.sql).
-- Parameters are $1, $2 ... in the order of the call; columns are read in the
-- order in which they are selected.

-- ---- schema ----------------------------------------------------------------

-- One migration at a time: the lock is held until the end of the transaction.
-- A migration may take longer than a request.
-- name: migrate_prepare (postgres)
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = '30s';
SELECT pg_advisory_xact_lock(4855373140551681);
CREATE TABLE IF NOT EXISTS schema_migrations (
    version bigint PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_ms bigint NOT NULL
);

-- name: migrate_prepare (sqlite)
CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    applied_ms INTEGER NOT NULL
) STRICT;

-- name: migration_table (postgres)
SELECT count(*) FROM pg_class WHERE oid = to_regclass('schema_migrations')

-- name: migration_table (sqlite)
SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migrations'

-- name: migration_list
SELECT version, sha256 FROM schema_migrations ORDER BY version

-- name: migration_add
INSERT INTO schema_migrations (version, name, sha256, applied_ms)
VALUES ($1, $2, $3, $4)

-- name: ping
SELECT 1

-- What is not from PostgreSQL's own estimates is from the highest row number.
-- name: table_sizes (postgres)
SELECT c.relname::text, CAST(greatest(c.reltuples, 0) AS bigint),
    pg_total_relation_size(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind = 'r'
ORDER BY c.relname

-- name: table_sizes (sqlite)
SELECT 'audit', coalesce(max(rowid), 0), NULL FROM audit
UNION ALL SELECT 'events', coalesce(max(rowid), 0), NULL FROM events
UNION ALL SELECT 'limit_data', coalesce(max(rowid), 0), NULL FROM limit_data
UNION ALL SELECT 'limit_toys', coalesce(max(rowid), 0), NULL FROM limit_toys
UNION ALL SELECT 'priors', coalesce(max(rowid), 0), NULL FROM priors
UNION ALL SELECT 'reports', coalesce(max(rowid), 0), NULL FROM reports
UNION ALL SELECT 'studies', coalesce(max(rowid), 0), NULL FROM studies
UNION ALL SELECT 'tokens', coalesce(max(rowid), 0), NULL FROM tokens
UNION ALL SELECT 'trials', coalesce(max(rowid), 0), NULL FROM trials
UNION ALL SELECT 'users', coalesce(max(rowid), 0), NULL FROM users
UNION ALL SELECT 'webhooks', coalesce(max(rowid), 0), NULL FROM webhooks

-- name: database_bytes (postgres)
SELECT pg_database_size(current_database())

-- name: database_bytes (sqlite)
SELECT page_count * page_size FROM pragma_page_count, pragma_page_size

-- ---- users and tokens ------------------------------------------------------

-- name: user_add
INSERT INTO users (name, admin, disabled, created_ms, display_name, email)
VALUES ($1, $2, $3, $4, $5, $6)
RETURNING id

-- name: user_count
SELECT count(*) FROM users

-- name: user_admins
SELECT count(*) FROM users WHERE admin AND NOT disabled

-- fragment: quota_columns
u.max_studies, u.max_trials, u.max_running, u.max_bytes, u.requests_per_minute

-- fragment: user_select
SELECT u.id, u.name, u.display_name, u.email, u.admin, u.disabled,
    u.created_ms,
    (SELECT max(t.used_ms) FROM tokens t WHERE t.user_id = u.id),
    @quota_columns@
FROM users u

-- name: user_find
@user_select@
WHERE u.name = $1

-- name: user_get
@user_select@
WHERE u.id = $1

-- name: user_list
@user_select@
WHERE ($1 IS NULL OR @position@(lower(u.name), lower($1)) > 0
        OR @position@(lower(coalesce(u.display_name, '')), lower($1)) > 0
        OR @position@(lower(coalesce(u.email, '')), lower($1)) > 0)
    AND u.id > $2
ORDER BY u.id
LIMIT $3

-- name: user_change
UPDATE users SET display_name = $2, email = $3, admin = $4, disabled = $5,
    max_studies = $6, max_trials = $7, max_running = $8, max_bytes = $9,
    requests_per_minute = $10
WHERE id = $1

-- name: user_lock
SELECT @quota_columns@ FROM users u WHERE u.id = $1 @lock@

-- Sums are of another type than what they add up.
-- fragment: use_columns
count(*),
CAST(coalesce(sum(s.queued + s.running + s.complete + s.pruned + s.failed
    + s.infeasible + s.lost + s.cancelled), 0) AS @int@),
CAST(coalesce(sum(s.running), 0) AS @int@),
CAST(coalesce(sum(s.bytes), 0) AS @int@)

-- name: user_use
SELECT @use_columns@ FROM studies s WHERE s.owner_id = $1

-- name: user_top
SELECT (SELECT u.name FROM users u WHERE u.id = s.owner_id), @use_columns@
FROM studies s
GROUP BY s.owner_id
ORDER BY sum(s.bytes) DESC, s.owner_id
LIMIT $1

-- name: user_revoke_links
UPDATE tokens SET revoked_ms = $2
WHERE user_id = $1 AND kind = 2 AND revoked_ms IS NULL

-- fragment: token_columns
t.id, t.user_id, t.kind, t.hash, t.prefix, t.name, t.scopes, t.study_id,
t.created_ms, t.expires_ms, t.revoked_ms, t.used_ms, t.used_address,
u.name, u.admin, u.disabled, u.requests_per_minute, t.rotated_from,
(SELECT s.key FROM studies s WHERE s.id = t.study_id), t.guest, t.campaign_id,
(SELECT c.key FROM campaigns c WHERE c.id = t.campaign_id)

-- name: token_add
INSERT INTO tokens (user_id, kind, hash, prefix, name, scopes, study_id,
    created_ms, expires_ms, revoked_ms, used_ms, used_address,
    rotated_from, guest, campaign_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
RETURNING id

-- name: token_find
SELECT @token_columns@
FROM tokens t JOIN users u ON u.id = t.user_id
WHERE t.hash = $1

-- name: token_get
SELECT @token_columns@
FROM tokens t JOIN users u ON u.id = t.user_id
WHERE t.id = $1

-- name: token_list
SELECT @token_columns@
FROM tokens t JOIN users u ON u.id = t.user_id
WHERE t.kind = $1 AND t.user_id = $2 AND NOT t.guest
ORDER BY t.id DESC

-- name: token_list_all
SELECT @token_columns@
FROM tokens t JOIN users u ON u.id = t.user_id
WHERE t.kind = $1 AND NOT t.guest
ORDER BY t.id DESC

-- name: token_followers
SELECT count(*) FROM tokens WHERE rotated_from = $1

-- name: token_count
SELECT count(*) FROM tokens
WHERE user_id = $1 AND kind = 0 AND revoked_ms IS NULL AND expires_ms > $2

-- name: token_revoke
UPDATE tokens SET revoked_ms = $4
WHERE id = $3 AND user_id = $1 AND kind = $2 AND revoked_ms IS NULL
RETURNING id

-- name: token_shorten
UPDATE tokens SET expires_ms = $2
WHERE id = $1 AND (expires_ms IS NULL OR expires_ms > $2)

-- Written in bulk: the parameters are columns (db.h). Rows that somebody else
-- holds are left out, so that two instances cannot wait for one another.
-- name: tokens_used (postgres)
WITH used AS (
    SELECT * FROM unnest($1, $2, $3) AS u (id, used_ms, used_address)
), free AS (
    SELECT id FROM tokens WHERE id IN (SELECT id FROM used)
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE tokens t SET used_ms = u.used_ms, used_address = u.used_address
FROM used u JOIN free f ON f.id = u.id
WHERE t.id = u.id AND (t.used_ms IS NULL OR t.used_ms < u.used_ms)

-- name: tokens_used (sqlite)
UPDATE tokens SET used_ms = $2, used_address = $3
WHERE id = $1 AND (used_ms IS NULL OR used_ms < $2)

-- name: tokens_sweep
DELETE FROM tokens WHERE id IN (
    SELECT id FROM tokens
    WHERE revoked_ms < $1 OR expires_ms < $1
    LIMIT $2)

-- name: session_end
UPDATE tokens SET revoked_ms = $2
WHERE hash = $1 AND kind = 1 AND revoked_ms IS NULL

-- name: sessions_end
UPDATE tokens SET revoked_ms = $3
WHERE user_id = $1 AND kind = 1 AND revoked_ms IS NULL
    AND ($2 = 0 OR study_id = $2) AND ($4 = 0 OR campaign_id = $4)
RETURNING id

-- name: sessions_trim
UPDATE tokens SET revoked_ms = $3
WHERE user_id = $1 AND kind = 1 AND revoked_ms IS NULL AND id <= (
    SELECT id FROM tokens
    WHERE user_id = $1 AND kind = 1 AND revoked_ms IS NULL
    ORDER BY id DESC LIMIT 1 OFFSET $2)

-- ---- people of providers ---------------------------------------------------

-- name: identity_find
SELECT u.id, u.name, u.admin, u.disabled, u.display_name, u.email
FROM identities i JOIN users u ON u.id = i.user_id
WHERE i.issuer = $1 AND i.subject = $2

-- name: identity_add
INSERT INTO identities (issuer, subject, user_id, created_ms, seen_ms)
VALUES ($1, $2, $3, $4, $4)

-- name: identity_seen
UPDATE identities SET seen_ms = $3 WHERE issuer = $1 AND subject = $2

-- name: identity_issuers
SELECT issuer FROM identities WHERE user_id = $1 ORDER BY seen_ms DESC, issuer

-- name: user_profile
UPDATE users SET display_name = $2, email = $3, admin = $4 WHERE id = $1

-- name: group_names_from
SELECT g.name
FROM group_members m JOIN user_groups g ON g.id = m.group_id
WHERE m.user_id = $1 AND m.source = $2

-- name: sign_in_flow_add
INSERT INTO sign_in_flows (state_hash, cookie_hash, provider, return_to,
    expires_ms)
VALUES ($1, $2, $3, $4, $5)

-- name: sign_in_flow_take
DELETE FROM sign_in_flows WHERE state_hash = $1
RETURNING cookie_hash, provider, return_to, expires_ms

-- name: sign_in_flows_expire
DELETE FROM sign_in_flows WHERE expires_ms <= $1

-- The oldest beyond the newest $1.
-- name: sign_in_flows_trim
DELETE FROM sign_in_flows WHERE state_hash IN (
    SELECT state_hash FROM sign_in_flows
    ORDER BY expires_ms DESC LIMIT 1000 OFFSET $1)

-- Links to a study: its tokens for guests.
-- name: link_list
SELECT @token_columns@
FROM tokens t JOIN users u ON u.id = t.user_id
WHERE t.study_id = $1 AND t.guest AND t.revoked_ms IS NULL
    AND t.expires_ms > $2
ORDER BY t.id DESC

-- name: link_count
SELECT count(*) FROM tokens
WHERE study_id = $1 AND guest AND revoked_ms IS NULL AND expires_ms > $2

-- name: link_revoke
UPDATE tokens SET revoked_ms = $3
WHERE id = $2 AND study_id = $1 AND guest AND revoked_ms IS NULL
RETURNING id

-- ---- groups and permissions ------------------------------------------------

-- name: group_add
INSERT INTO user_groups (name, created_ms) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET name = excluded.name
RETURNING id

-- name: group_member_add
INSERT INTO group_members (group_id, user_id, source) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING
RETURNING group_id

-- name: group_members_leave
DELETE FROM group_members WHERE user_id = $1 AND source = $2

-- Also tells whether the group is one of user $2.
-- name: group_find
SELECT id, EXISTS (SELECT 1 FROM group_members m
                   WHERE m.group_id = g.id AND m.user_id = $2)
FROM user_groups g WHERE g.name = $1

-- name: group_get
SELECT name FROM user_groups WHERE id = $1
@lock@

-- All groups, or those of user $1, with the number of their members.
-- name: group_list
SELECT g.id, g.name, g.created_ms,
    (SELECT count(DISTINCT m.user_id) FROM group_members m
     WHERE m.group_id = g.id)
FROM user_groups g
WHERE ($1 = 0 OR g.id IN (SELECT m.group_id FROM group_members m
                          WHERE m.user_id = $1))
    AND ($2 IS NULL OR g.name > $2)
ORDER BY g.name
LIMIT $3

-- name: group_delete_members
DELETE FROM group_members WHERE group_id = $1

-- name: group_delete_studies
DELETE FROM study_groups WHERE group_id = $1

-- name: group_delete_campaigns
DELETE FROM campaign_groups WHERE group_id = $1

-- name: group_delete_visibility
UPDATE studies SET visibility = 0, group_id = NULL WHERE group_id = $1

-- name: group_delete
DELETE FROM user_groups WHERE id = $1

-- name: group_member_list
SELECT u.name, max(CASE WHEN m.source = '' THEN 1 ELSE 0 END),
    max(CASE WHEN m.source = '' THEN NULL ELSE m.source END)
FROM group_members m JOIN users u ON u.id = m.user_id
WHERE m.group_id = $1 AND ($2 IS NULL OR u.name > $2)
GROUP BY u.name
ORDER BY u.name
LIMIT $3

-- name: group_member_remove
DELETE FROM group_members
WHERE group_id = $1 AND user_id = $2 AND source = ''
RETURNING user_id

-- name: group_names_of
SELECT DISTINCT g.name
FROM group_members m JOIN user_groups g ON g.id = m.group_id
WHERE m.user_id = $1
ORDER BY g.name

-- name: permissions_change
UPDATE permissions SET revision = revision + 1 RETURNING revision

-- name: permissions_revision
SELECT revision FROM permissions

-- name: audit_add
INSERT INTO audit (at_ms, user_id, token_id, address, request_id, action,
    study_id, object, before, after)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- fragment: audit_select
SELECT a.id, a.at_ms, a.user_id,
    (SELECT u.name FROM users u WHERE u.id = a.user_id),
    a.token_id, a.address, a.request_id, a.action, a.study_id,
    (SELECT s.key FROM studies s WHERE s.id = a.study_id),
    a.object, a.before, a.after
FROM audit a
WHERE ($1 = 0 OR a.id < $1)
    AND ($2 IS NULL OR a.action = $2 OR @position@(a.action, $2 || '.') = 1)
    AND a.at_ms >= $3 AND ($4 = 0 OR a.at_ms < $4)
    AND ($5 IS NULL OR a.object = $5)

-- One for each index that there is.
-- name: audit_list
@audit_select@
    AND $7 = 0 AND $8 = 0
ORDER BY a.id DESC
LIMIT $6

-- name: audit_list_user
@audit_select@
    AND a.user_id = $7 AND $8 = 0
ORDER BY a.id DESC
LIMIT $6

-- name: audit_list_study
@audit_select@
    AND ($7 = 0 OR a.user_id = $7) AND a.study_id = $8
ORDER BY a.id DESC
LIMIT $6

-- Looks at no more than the oldest.
-- name: audit_trim
DELETE FROM audit
WHERE at_ms < $1 AND id IN (SELECT o.id FROM audit o ORDER BY o.id LIMIT $2)
RETURNING id

-- ---- who may do what to a study ---------------------------------------------

-- The role of user $2 on study $1, 0 for none, and the campaign of the study.
-- name: member_role
SELECT coalesce(max(role), 0),
    (SELECT p.campaign_id FROM segments p WHERE p.study_id = $1)
FROM (
    SELECT 4 AS role FROM studies WHERE id = $1 AND owner_id = $2
    UNION ALL
    SELECT role FROM study_members WHERE study_id = $1 AND user_id = $2
    UNION ALL
    SELECT m.role
    FROM study_groups m JOIN group_members g ON g.group_id = m.group_id
    WHERE m.study_id = $1 AND g.user_id = $2
    UNION ALL
    SELECT 1 FROM studies WHERE id = $1 AND visibility = 2
    UNION ALL
    SELECT 1
    FROM studies s JOIN group_members g ON g.group_id = s.group_id
    WHERE s.id = $1 AND s.visibility = 1 AND g.user_id = $2
    UNION ALL
    SELECT 4
    FROM segments p JOIN campaigns c ON c.id = p.campaign_id
    WHERE p.study_id = $1 AND c.owner_id = $2
    UNION ALL
    SELECT m.role
    FROM segments p JOIN campaign_members m ON m.campaign_id = p.campaign_id
    WHERE p.study_id = $1 AND m.user_id = $2
    UNION ALL
    SELECT m.role
    FROM segments p JOIN campaign_groups m ON m.campaign_id = p.campaign_id
        JOIN group_members g ON g.group_id = m.group_id
    WHERE p.study_id = $1 AND g.user_id = $2
) AS roles

-- Users first, and the one in whose name the study is before all others.
-- name: member_list
SELECT user_name, group_name, role FROM (
    SELECT 0 AS place, u.name AS user_name, NULL AS group_name, 4 AS role
    FROM studies s JOIN users u ON u.id = s.owner_id
    WHERE s.id = $1
    UNION ALL
    SELECT 1, u.name, NULL, m.role
    FROM study_members m JOIN users u ON u.id = m.user_id
    WHERE m.study_id = $1
    UNION ALL
    SELECT 2, NULL, g.name, m.role
    FROM study_groups m JOIN user_groups g ON g.id = m.group_id
    WHERE m.study_id = $1
) AS members
ORDER BY place, user_name, group_name

-- name: member_count
SELECT (SELECT count(*) FROM study_members WHERE study_id = $1)
    + (SELECT count(*) FROM study_groups WHERE study_id = $1)

-- name: member_user
SELECT id, disabled FROM users WHERE name = $1

-- name: member_user_role
SELECT role FROM study_members WHERE study_id = $1 AND user_id = $2

-- name: member_group_role
SELECT role FROM study_groups WHERE study_id = $1 AND group_id = $2

-- name: member_put_user
INSERT INTO study_members (study_id, user_id, role) VALUES ($1, $2, $3)
ON CONFLICT (user_id, study_id) DO UPDATE SET role = excluded.role

-- name: member_put_group
INSERT INTO study_groups (study_id, group_id, role) VALUES ($1, $2, $3)
ON CONFLICT (group_id, study_id) DO UPDATE SET role = excluded.role

-- name: member_remove_user
DELETE FROM study_members WHERE study_id = $1 AND user_id = $2

-- name: member_remove_group
DELETE FROM study_groups WHERE study_id = $1 AND group_id = $2

-- name: study_owner
SELECT owner_id FROM studies WHERE id = $1

-- Another owner in whose name the study could be, and whether a study of that
-- name is there already.
-- name: member_successor
SELECT m.user_id, EXISTS (
    SELECT 1 FROM studies o JOIN studies s ON s.identity = o.identity
    WHERE s.id = $1 AND o.owner_id = m.user_id)
FROM study_members m JOIN users u ON u.id = m.user_id
WHERE m.study_id = $1 AND m.role = 4 AND NOT u.disabled
ORDER BY 2, 1
LIMIT 1

-- name: study_pass_on
UPDATE studies SET owner_id = $2 WHERE id = $1

-- name: study_share
UPDATE studies SET visibility = $2, group_id = $3 WHERE id = $1

-- ---- studies ---------------------------------------------------------------

-- fragment: progress_columns
s.next_number, s.revision, s.queued, s.running, s.complete, s.pruned,
s.failed, s.infeasible, s.lost, s.cancelled, s.best_number, s.best_value,
s.invalid, s.started, s.cost, s.iteration, s.points, s.runs, s.runs_complete,
s.runs_failed

-- fragment: study_columns
s.id, s.key, s.owner_id, u.name, s.identity, s.name, s.definition,
s.definition_revision, s.state, s.reason, s.created_ms, s.changed_ms,
s.warm_start, s.copied_from, s.copy_key, s.visibility, g.name,
@progress_columns@

-- fragment: study_tables
studies s JOIN users u ON u.id = s.owner_id
LEFT JOIN user_groups g ON g.id = s.group_id

-- fragment: study_select
SELECT @study_columns@
FROM @study_tables@

-- name: study_add
INSERT INTO studies (key, owner_id, identity, name, definition,
    definition_revision, state, reason, created_ms, changed_ms,
    next_number, revision, queued, running, complete, pruned,
    failed, infeasible, lost, cancelled, best_number, best_value,
    started, cost, iteration, building_ms, copied_from, copy_key, bytes,
    kind, points, runs, runs_complete, runs_failed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
    $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
    $26, $27, $28, $29, $30, $31, $32, 0, 0)
ON CONFLICT (owner_id, identity) DO NOTHING
RETURNING id

-- name: study_existing
SELECT id, key FROM studies WHERE owner_id = $1 AND identity = $2

-- name: study_get
@study_select@
WHERE s.id = $1

-- name: study_find
@study_select@
WHERE s.key = $1 AND s.building_ms IS NULL

-- name: study_find_identity
@study_select@
WHERE s.owner_id = $1 AND s.identity = $2

-- The campaigns of user $1: as whom, and whether somebody shared them.
-- fragment: seen_campaigns
SELECT campaign_id, max(role) AS role, max(shared) AS shared FROM (
    SELECT id AS campaign_id, 4 AS role, 0 AS shared FROM campaigns
    WHERE owner_id = $1
    UNION ALL
    SELECT campaign_id, role, 1 FROM campaign_members WHERE user_id = $1
    UNION ALL
    SELECT m.campaign_id, m.role, 1
    FROM group_members g JOIN campaign_groups m ON m.group_id = g.group_id
    WHERE g.user_id = $1
) AS campaign_ways
GROUP BY campaign_id

-- What user $1 may see: as whom, and whether somebody shared it.
-- fragment: seen_studies
SELECT study_id, max(role) AS role, max(shared) AS shared FROM (
    SELECT id AS study_id, 4 AS role, 0 AS shared FROM studies
    WHERE owner_id = $1
    UNION ALL
    SELECT study_id, role, 1 FROM study_members WHERE user_id = $1
    UNION ALL
    SELECT m.study_id, m.role, 1
    FROM group_members g JOIN study_groups m ON m.group_id = g.group_id
    WHERE g.user_id = $1
    UNION ALL
    SELECT id, 1, 0 FROM studies WHERE visibility = 2
    UNION ALL
    SELECT s.id, 1, 1
    FROM group_members g JOIN studies s ON s.group_id = g.group_id
    WHERE g.user_id = $1 AND s.visibility = 1
    UNION ALL
    SELECT p.study_id, c.role, c.shared
    FROM (@seen_campaigns@) AS c JOIN segments p
        ON p.campaign_id = c.campaign_id
) AS ways
GROUP BY study_id

-- fragment: study_matches
($2 = -1 OR s.state = $2)
    AND ($3 IS NULL OR @position@(lower(s.name), lower($3)) > 0)
    AND ($4 = 0 OR s.id < $4) AND ($5 = 0 OR s.id = $5)
    AND ($7 IS NULL OR u.name = $7)
    AND ($8 IS NULL OR EXISTS (
        SELECT 1 FROM @elements@(s.definition@json@ -> 'tags') AS e WHERE e.value = $8))
    AND ($11 = 0 OR EXISTS (SELECT 1 FROM segments p
                            WHERE p.study_id = s.id AND p.campaign_id = $11))
    AND ($12 = -1 OR s.kind = $12)
    AND s.building_ms IS NULL

-- $9: at least this role. $10: 1 the user's own, 2 shared by others with the
-- user or a group of the user, 3 public ones.
-- name: study_list
SELECT @study_columns@, seen.role
FROM @study_tables@
JOIN (@seen_studies@) AS seen ON seen.study_id = s.id
WHERE @study_matches@
    AND seen.role >= $9
    AND ($10 = 0 OR ($10 = 1 AND s.owner_id = $1)
        OR ($10 = 2 AND s.owner_id <> $1 AND seen.shared = 1)
        OR ($10 = 3 AND s.visibility = 2))
ORDER BY s.id DESC
LIMIT $6

-- Those of everybody, for administrators. $1, $9 and $10 are as above.
-- name: study_list_all
SELECT @study_columns@, 4
FROM @study_tables@
WHERE @study_matches@
    AND $9 <= 4
    AND ($10 = 0 OR ($10 = 1 AND s.owner_id = $1)
        OR ($10 = 2 AND s.owner_id <> $1) OR ($10 = 3 AND s.visibility = 2))
ORDER BY s.id DESC
LIMIT $6

-- name: study_lock
SELECT s.definition_revision, s.state, @progress_columns@, @quota_columns@
FROM studies s JOIN users u ON u.id = s.owner_id
WHERE s.id = $1
@lock_study@

-- name: study_advance
UPDATE studies SET next_number = $2, revision = $3, queued = $4, running = $5,
    complete = $6, pruned = $7, failed = $8, infeasible = $9, lost = $10,
    cancelled = $11, best_number = $12, best_value = $13, changed_ms = $14,
    invalid = $15, started = $16, cost = $17, iteration = $18,
    bytes = bytes + $19, points = $20, runs = $21, runs_complete = $22,
    runs_failed = $23
WHERE id = $1

-- name: study_define
UPDATE studies SET name = $2, definition = $3, definition_revision = $4,
    state = $5, reason = $6
WHERE id = $1

-- name: study_warm_start
UPDATE studies SET warm_start = $2 WHERE id = $1

-- name: study_progress
SELECT s.id, s.owner_id, @progress_columns@ FROM studies s
WHERE s.key = $1 AND s.building_ms IS NULL

-- A copy that is being built, if it was not given up.
-- name: study_build
UPDATE studies SET building_ms = $2 WHERE id = $1 AND building_ms > 0
RETURNING id

-- name: study_publish
UPDATE studies SET identity = $2, building_ms = NULL WHERE id = $1

-- name: study_abandon
UPDATE studies SET building_ms = 0 WHERE id = $1 AND building_ms > 0

-- name: studies_abandoned
SELECT id FROM studies WHERE building_ms < $1 ORDER BY id LIMIT $2

-- name: trial_last
SELECT coalesce(max(number), -1) FROM trials WHERE study_id = $1

-- name: trials_trim
DELETE FROM trials WHERE study_id = $1 AND number >= $2

-- name: reports_trim
DELETE FROM reports WHERE study_id = $1 AND number >= $2

-- Only where others write, too (watch.h).
-- name: study_revisions (postgres)
SELECT id, revision FROM studies WHERE id = ANY ($1) ORDER BY id

-- name: study_delete_events
DELETE FROM events WHERE study_id = $1

-- name: study_delete_reports
DELETE FROM reports WHERE study_id = $1

-- name: study_delete_trials
DELETE FROM trials WHERE study_id = $1

-- name: study_delete_priors
DELETE FROM priors WHERE study_id = $1

-- name: study_delete_limit_data
DELETE FROM limit_data WHERE study_id = $1

-- name: study_delete_limit_toys
DELETE FROM limit_toys WHERE study_id = $1

-- name: study_delete_webhooks
DELETE FROM webhooks WHERE study_id = $1

-- name: study_delete_members
DELETE FROM study_members WHERE study_id = $1

-- name: study_delete_groups
DELETE FROM study_groups WHERE study_id = $1

-- name: study_delete_segment
DELETE FROM segments WHERE study_id = $1

-- name: study_delete_asks
DELETE FROM campaign_asks WHERE study_id = $1

-- name: study_delete_tokens
DELETE FROM tokens WHERE study_id = $1

-- name: study_delete
DELETE FROM studies WHERE id = $1

-- ---- campaigns ---------------------------------------------------------------

-- name: campaign_add
INSERT INTO campaigns (key, owner_id, identity, name, template, axis, notes,
    request_key, created_ms, building_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING id

-- fragment: campaign_columns
c.id, c.key, c.owner_id, u.name, c.name, c.template, c.axis, c.notes,
c.request_key, c.created_ms,
(SELECT count(*) FROM segments p WHERE p.campaign_id = c.id)

-- fragment: campaign_select
SELECT @campaign_columns@ FROM campaigns c JOIN users u ON u.id = c.owner_id

-- name: campaign_get
@campaign_select@
WHERE c.id = $1

-- name: campaign_find
@campaign_select@
WHERE c.key = $1 AND c.building_ms IS NULL

-- name: campaign_find_identity
@campaign_select@
WHERE c.owner_id = $1 AND c.identity = $2

-- name: campaign_list
SELECT @campaign_columns@, seen.role
FROM campaigns c JOIN users u ON u.id = c.owner_id
    JOIN (@seen_campaigns@) AS seen ON seen.campaign_id = c.id
WHERE c.building_ms IS NULL
    AND ($2 = 0 OR c.id < $2) AND ($3 = 0 OR c.id = $3)
ORDER BY c.id DESC
LIMIT $4

-- name: campaign_lock
SELECT id FROM campaigns WHERE id = $1 AND building_ms IS NULL
@lock@

-- name: campaign_change
UPDATE campaigns SET name = $2, identity = $3, notes = $4 WHERE id = $1

-- One that is being built, if it was not given up.
-- name: campaign_build
UPDATE campaigns SET building_ms = $2 WHERE id = $1 AND building_ms > 0
RETURNING id

-- name: campaign_publish
UPDATE campaigns SET identity = $2, building_ms = NULL WHERE id = $1

-- name: campaign_publish_studies
UPDATE studies SET identity = 'name:' || name, building_ms = NULL
WHERE id IN (SELECT study_id FROM segments WHERE campaign_id = $1)

-- The name of a study that is there already.
-- name: campaign_taken
SELECT s.name
FROM segments p JOIN studies s ON s.id = p.study_id
WHERE p.campaign_id = $1 AND EXISTS (
    SELECT 1 FROM studies o
    WHERE o.owner_id = s.owner_id AND o.identity = 'name:' || s.name)
ORDER BY p.position
LIMIT 1

-- Gives the segments of campaign $1 to campaign $2.
-- name: campaign_join
UPDATE segments SET campaign_id = $2,
    position = position + (SELECT coalesce(max(o.position), -1) + 1
                           FROM segments o WHERE o.campaign_id = $2)
WHERE campaign_id = $1

-- name: campaign_abandon
UPDATE campaigns SET building_ms = 0
WHERE id = $1 AND building_ms IS NOT NULL
RETURNING id

-- name: campaign_abandoned
SELECT id FROM campaigns WHERE building_ms < $1 ORDER BY id LIMIT 1

-- name: campaign_delete_members
DELETE FROM campaign_members WHERE campaign_id = $1

-- name: campaign_delete_groups
DELETE FROM campaign_groups WHERE campaign_id = $1

-- name: campaign_delete_tokens
DELETE FROM tokens WHERE campaign_id = $1

-- name: campaign_delete
DELETE FROM campaigns WHERE id = $1

-- name: segment_add
INSERT INTO segments (campaign_id, position, name, kind, x, overrides,
    study_id)
VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: segment_list
SELECT p.name, p.kind, p.x, p.position, s.id, s.key, s.state, s.reason,
    @progress_columns@
FROM segments p JOIN studies s ON s.id = p.study_id
WHERE p.campaign_id = $1 AND p.position > $2
ORDER BY p.position
LIMIT $3

-- name: segment_overrides
SELECT name, x, overrides FROM segments WHERE campaign_id = $1

-- name: campaign_ask_find
SELECT study_id FROM campaign_asks WHERE campaign_id = $1 AND ask_key = $2

-- name: campaign_ask_add
INSERT INTO campaign_asks (campaign_id, ask_key, study_id)
VALUES ($1, $2, $3)
ON CONFLICT (campaign_id, ask_key) DO NOTHING
RETURNING study_id

-- The role of user $2 on campaign $1, 0 for none.
-- name: campaign_role
SELECT coalesce(max(role), 0) FROM (
    SELECT 4 AS role FROM campaigns WHERE id = $1 AND owner_id = $2
    UNION ALL
    SELECT role FROM campaign_members WHERE campaign_id = $1 AND user_id = $2
    UNION ALL
    SELECT m.role
    FROM campaign_groups m JOIN group_members g ON g.group_id = m.group_id
    WHERE m.campaign_id = $1 AND g.user_id = $2
) AS roles

-- As member_list.
-- name: campaign_member_list
SELECT user_name, group_name, role FROM (
    SELECT 0 AS place, u.name AS user_name, NULL AS group_name, 4 AS role
    FROM campaigns c JOIN users u ON u.id = c.owner_id
    WHERE c.id = $1
    UNION ALL
    SELECT 1, u.name, NULL, m.role
    FROM campaign_members m JOIN users u ON u.id = m.user_id
    WHERE m.campaign_id = $1
    UNION ALL
    SELECT 2, NULL, g.name, m.role
    FROM campaign_groups m JOIN user_groups g ON g.id = m.group_id
    WHERE m.campaign_id = $1
) AS members
ORDER BY place, user_name, group_name

-- name: campaign_member_count
SELECT (SELECT count(*) FROM campaign_members WHERE campaign_id = $1)
    + (SELECT count(*) FROM campaign_groups WHERE campaign_id = $1)

-- name: campaign_owner
SELECT owner_id FROM campaigns WHERE id = $1

-- name: campaign_user_role
SELECT role FROM campaign_members WHERE campaign_id = $1 AND user_id = $2

-- name: campaign_group_role
SELECT role FROM campaign_groups WHERE campaign_id = $1 AND group_id = $2

-- name: campaign_put_user
INSERT INTO campaign_members (campaign_id, user_id, role) VALUES ($1, $2, $3)
ON CONFLICT (user_id, campaign_id) DO UPDATE SET role = excluded.role

-- name: campaign_put_group
INSERT INTO campaign_groups (campaign_id, group_id, role) VALUES ($1, $2, $3)
ON CONFLICT (group_id, campaign_id) DO UPDATE SET role = excluded.role

-- name: campaign_remove_user
DELETE FROM campaign_members WHERE campaign_id = $1 AND user_id = $2

-- name: campaign_remove_group
DELETE FROM campaign_groups WHERE campaign_id = $1 AND group_id = $2

-- ---- trials ----------------------------------------------------------------

-- fragment: trial_columns
study_id, number, state, point, "values", uncertainty, stopped, stop_reason,
sampler, seen_revision, attempt, retry_of, lease_ms, created_ms, started_ms,
ended_ms, revision, ended_revision, wall_s, ask_key, worker, constants,
special, error, outputs, meta, env, tags, notes, constraint_values, why,
client_id, client_key, priority, withdrawn, withdrawn_reason, cost, iteration,
run, point_id

-- name: trial_add
INSERT INTO trials (@trial_columns@)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
    $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31,
    $32, $33, $34, $35, $36, $37, $38, $39, $40)

-- An error text is not that of a trial that is complete (2) after all.
-- name: trial_end
UPDATE trials SET state = $3, "values" = $4, uncertainty = $5, stopped = $6,
    stop_reason = coalesce($7, stop_reason), lease_ms = $8, ended_ms = $9,
    revision = $10, ended_revision = $11, wall_s = $12,
    error = CASE WHEN $3 = 2 THEN $13 ELSE coalesce($13, error) END,
    outputs = coalesce($14, outputs), meta = coalesce($15, meta),
    env = coalesce($16, env), constraint_values = $17, cost = coalesce($18, cost)
WHERE study_id = $1 AND number = $2

-- name: trial_lease
UPDATE trials SET lease_ms = $3 WHERE study_id = $1 AND number = $2

-- name: trial_start
UPDATE trials SET state = $3, started_ms = $4, lease_ms = $5, worker = $6,
    revision = $7, special = $8, ask_key = $9, iteration = $10
WHERE study_id = $1 AND number = $2

-- All that are queued or running.
-- name: trials_cancel
UPDATE trials SET state = 7, ended_ms = $2, revision = $3, ended_revision = $3,
    error = $4
WHERE study_id = $1 AND state IN (0, 1) AND withdrawn IS NULL

-- name: trial_amend
UPDATE trials SET state = $3, "values" = $4, uncertainty = $5,
    constraint_values = $6, wall_s = $7, error = $8, outputs = $9, meta = $10,
    env = $11, tags = $12, notes = $13, withdrawn = $14,
    withdrawn_reason = $15, revision = $16, cost = $17
WHERE study_id = $1 AND number = $2

-- What is left of a deleted trial: its number, point, times, keys and name.
-- name: trial_erase
UPDATE trials SET "values" = NULL, uncertainty = NULL,
    constraint_values = NULL, wall_s = NULL, stop_reason = NULL, worker = NULL,
    constants = NULL, special = NULL, error = NULL, outputs = NULL,
    meta = NULL, env = NULL, tags = NULL, notes = NULL, why = NULL,
    withdrawn_reason = NULL, withdrawn = $3, revision = $4,
    ended_ms = $5, ended_revision = $6
WHERE study_id = $1 AND number = $2

-- name: trial_erase_reports
DELETE FROM reports WHERE study_id = $1 AND number = $2

-- Gives trial $2 what the user said about trial $3.
-- name: trial_inherit
UPDATE trials SET
    meta = (SELECT o.meta FROM trials o
            WHERE o.study_id = $1 AND o.number = $3),
    tags = (SELECT o.tags FROM trials o
            WHERE o.study_id = $1 AND o.number = $3),
    point_id = (SELECT o.point_id FROM trials o
            WHERE o.study_id = $1 AND o.number = $3)
WHERE study_id = $1 AND number = $2

-- name: trial_get
SELECT @trial_columns@ FROM trials WHERE study_id = $1 AND number = $2

-- name: trial_outputs
SELECT number, outputs FROM trials
WHERE study_id = $1 AND number > $2 AND outputs IS NOT NULL
    AND coalesce(withdrawn, 0) < 2
ORDER BY number
LIMIT $3

-- $2: a JSON array of numbers. As an array they are looked up in the index,
-- whatever the statistics say.
-- name: trial_texts (postgres)
SELECT number, point_id, meta, error FROM trials
WHERE study_id = $1 AND number = ANY (ARRAY (
    SELECT e.value::bigint FROM json_array_elements_text($2::json) AS e))

-- name: trial_texts (sqlite)
SELECT number, point_id, meta, error FROM trials
WHERE study_id = $1 AND number IN (SELECT e.value FROM json_each($2) AS e)

-- $2: a bit for each state that is wanted. withdrawn up to $5: 1 leaves out
-- what is deleted. $6: a JSON array of tags, one of which the trial must have.
-- fragment: trial_matches
(($2 >> state) & 1) = 1 AND coalesce(withdrawn, 0) <= $5
    AND ($6 IS NULL OR (tags IS NOT NULL AND EXISTS (
        SELECT 1 FROM @elements@(tags@json@) AS e
        WHERE e.value IN (SELECT w.value FROM @elements@($6@json@) AS w))))
    AND ($7 IS NULL OR (worker@json@ ->> 'name') = $7)
    AND ($8 IS NULL OR @first_value@ >= $8)
    AND ($9 IS NULL OR @first_value@ <= $9)

-- name: trial_list
SELECT @trial_columns@ FROM trials
WHERE study_id = $1 AND number > $3
    AND @trial_matches@
ORDER BY number
LIMIT $4

-- name: trial_list_newest
SELECT @trial_columns@ FROM trials
WHERE study_id = $1 AND ($3 = -1 OR number < $3)
    AND @trial_matches@
ORDER BY number DESC
LIMIT $4

-- name: trial_list_changed
SELECT @trial_columns@ FROM trials
WHERE study_id + 0 = $1 AND number > $3 AND revision > $10
    AND @trial_matches@
ORDER BY number
LIMIT $4

-- name: trial_list_changed_newest
SELECT @trial_columns@ FROM trials
WHERE study_id + 0 = $1 AND ($3 = -1 OR number < $3) AND revision > $10
    AND @trial_matches@
ORDER BY number DESC
LIMIT $4

-- Which trials to copy, and where they are.
-- name: trial_choose
SELECT number, point FROM trials
WHERE study_id = $1 AND number >= $3 AND number <= $4
    AND @trial_matches@
ORDER BY number

-- name: trials_since
SELECT number, state, point, "values", uncertainty, stopped, stop_reason,
    seen_revision, attempt, retry_of, lease_ms, created_ms, started_ms,
    ended_ms, revision, ended_revision, ask_key, client_key, priority,
    constraint_values, withdrawn, cost, iteration, wall_s, run, point_id
FROM trials
WHERE study_id + 0 = $1 AND revision > $2
ORDER BY number

-- name: trial_results
SELECT number, point, "values" FROM trials
WHERE study_id = $1 AND state = 2 AND withdrawn IS NULL
ORDER BY number

-- What the trials of a state are worth, and nothing else.
-- name: trial_values
SELECT number, "values" FROM trials
WHERE study_id = $1 AND state = $2 AND withdrawn IS NULL
ORDER BY number

-- name: trials_expired
SELECT study_id, number FROM trials
WHERE state = 1 AND lease_ms < $1
ORDER BY lease_ms
LIMIT $2

-- name: trials_leased_beyond
SELECT study_id, number FROM trials
WHERE state = 1 AND lease_ms > $1
ORDER BY lease_ms

-- ---- results of other studies ----------------------------------------------

-- name: prior_add
INSERT INTO priors (study_id, position, source, point, "values")
VALUES ($1, $2, $3, $4, $5)

-- name: prior_list
SELECT source, point, "values" FROM priors
WHERE study_id = $1
ORDER BY position

-- ---- data and toys ---------------------------------------------------------

-- name: limit_data_add
INSERT INTO limit_data (study_id, number, revision, mu, q, q_asimov, muhat,
    site, context)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: limit_toys_add
INSERT INTO limit_toys (study_id, number, mu, revision, hypothesis, points,
    n_ok, n_failed, n_negative, seconds, site, q)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)

-- name: limit_data_erase
DELETE FROM limit_data WHERE study_id = $1 AND number = $2

-- name: limit_toys_erase
DELETE FROM limit_toys WHERE study_id = $1 AND number = $2

-- fragment: limit_data_columns
d.number, d.revision, d.mu, d.q, d.q_asimov, d.muhat, d.site, d.context

-- fragment: limit_toys_columns
d.number, d.mu, d.revision, d.hypothesis, d.points, d.n_failed, d.n_negative,
d.seconds, d.site, d.q

-- What counts is that of trials which are complete (2) and not withdrawn.
-- name: limit_data
SELECT @limit_data_columns@
FROM limit_data d
JOIN trials t ON t.study_id = d.study_id AND t.number = d.number
WHERE d.study_id = $1 AND d.revision > $2 AND t.state = 2
    AND t.withdrawn IS NULL
ORDER BY d.revision

-- name: limit_toys
SELECT @limit_toys_columns@
FROM limit_toys d
JOIN trials t ON t.study_id = d.study_id AND t.number = d.number
WHERE d.study_id = $1 AND d.revision >= $2
    AND (d.revision > $2 OR d.mu > $3) AND d.revision <= $4
    AND (CAST($5 AS @real@) IS NULL OR d.mu = $5)
    AND t.state = 2 AND t.withdrawn IS NULL
ORDER BY d.revision, d.mu
LIMIT $6

-- name: limit_data_of
SELECT @limit_data_columns@ FROM limit_data d
WHERE d.study_id = $1 AND d.number = $2

-- name: limit_toys_of
SELECT @limit_toys_columns@ FROM limit_toys d
WHERE d.study_id = $1 AND d.number = $2
ORDER BY d.mu

-- ---- reports and events ----------------------------------------------------

-- name: report_put
INSERT INTO reports (study_id, number, step, value, at_ms, revision)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (study_id, number, step) DO UPDATE
SET value = excluded.value, at_ms = excluded.at_ms,
    revision = excluded.revision

-- name: reports_since
SELECT study_id, number, step, value, at_ms, revision FROM reports
WHERE study_id + 0 = $1 AND revision > $2
ORDER BY number, step

-- name: reports_of
SELECT study_id, number, step, value, at_ms, revision FROM reports
WHERE study_id = $1 AND number BETWEEN $2 AND $3
ORDER BY number, step

-- Written in bulk: the parameters are columns (db.h). No number is -1, no user
-- is 0.
-- name: events_add (postgres)
INSERT INTO events (study_id, revision, kind, number, at_ms, user_id)
SELECT study_id, revision, kind, nullif(number, -1), at_ms, nullif(user_id, 0)
FROM unnest($1, $2, $3, $4, $5, $6)
    AS e (study_id, revision, kind, number, at_ms, user_id)

-- name: events_add (sqlite)
INSERT INTO events (study_id, revision, kind, number, at_ms, user_id)
VALUES ($1, $2, $3, nullif($4, -1), $5, nullif($6, 0))

-- One that says what it changed; there are few.
-- name: event_add_detailed
INSERT INTO events (study_id, revision, kind, number, at_ms, user_id, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7)

-- Subqueries and no joins: each is a look into an index, whatever the plan was
-- made for.
-- name: event_list
SELECT e.study_id, e.revision, e.kind, e.number, e.at_ms, e.user_id,
    (SELECT u.name FROM users u WHERE u.id = e.user_id),
    (SELECT t.state FROM trials t
     WHERE t.study_id = e.study_id AND t.number = e.number),
    e.detail
FROM events e
WHERE e.study_id = $1 AND e.revision > $2
ORDER BY e.revision
LIMIT $3

-- ---- webhooks --------------------------------------------------------------

-- name: hook_add
INSERT INTO webhooks (study_id, url, kinds, secret, created_ms, delivered,
    tried, failures, failing_ms, due_ms, lease_ms, last_ms)
VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, 0, 0, 0)
RETURNING id

-- fragment: hook_select
SELECT w.id, w.study_id, s.key, w.url, w.kinds, w.secret, w.created_ms,
    w.disabled_ms, w.reason, w.delivered, w.tried, w.failures, w.failing_ms,
    w.due_ms, w.lease_ms, w.last_ms, w.last_status, w.last_error
FROM webhooks w JOIN studies s ON s.id = w.study_id

-- name: hook_get
@hook_select@
WHERE w.study_id = $1 AND w.id = $2

-- name: hook_list
@hook_select@
WHERE w.study_id = $1
ORDER BY w.id
LIMIT $2

-- name: hook_change
UPDATE webhooks SET url = $3, kinds = $4, disabled_ms = $5, reason = $6,
    tried = $7, failures = $8, failing_ms = $9, due_ms = $10
WHERE study_id = $1 AND id = $2

-- name: hook_remove
DELETE FROM webhooks WHERE study_id = $1 AND id = $2
RETURNING id

-- name: hook_pending
SELECT count(*) FROM (
    SELECT 1 FROM events
    WHERE study_id = $1 AND revision > $2
        AND ($3 IS NULL OR @position@($3, ' ' || kind || ' ') > 0)
    LIMIT $4) AS counted

-- Those with something to deliver that nobody delivers, the least recently
-- served first.
-- name: hooks_due
@hook_select@
WHERE w.disabled_ms IS NULL AND w.due_ms <= $1 AND w.lease_ms <= $1
    AND EXISTS (SELECT 1 FROM events e
                WHERE e.study_id = w.study_id AND e.revision > w.delivered)
ORDER BY w.last_ms, w.id
LIMIT $2

-- For one instance, if no other one was first.
-- name: hook_claim
UPDATE webhooks SET delivered = $4, tried = $5, lease_ms = $6
WHERE id = $1 AND delivered = $2 AND disabled_ms IS NULL AND due_ms <= $3
    AND lease_ms <= $3
RETURNING id

-- By who still has it. What was tried is done with when it was delivered.
-- name: hook_settle
UPDATE webhooks SET tried = CASE WHEN delivered = $3 THEN tried ELSE 0 END,
    delivered = $3, failures = $4, failing_ms = $5, due_ms = $6, last_ms = $7,
    last_status = $8, last_error = $9, lease_ms = 0
WHERE id = $1 AND lease_ms = $2
RETURNING id

-- What a process left that was the only one.
-- name: hooks_release
UPDATE webhooks SET lease_ms = 0 WHERE lease_ms > $1
