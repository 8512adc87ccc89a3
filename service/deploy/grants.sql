-- SPDX-License-Identifier: GPL-3.0-or-later
-- grants.sql - what the role of the service may do, and nothing else
--
-- Run it with psql as the role that owns the schema (who may also create
-- roles), each time after `cumaed --migrate only`:
--
--     psql -v ON_ERROR_STOP=1 -v service=cumae_service -f grants.sql DATABASE
--
--   service    the role that cumaed connects as; made when it does not exist
--   password   its password, when it is to be set
--   retention  "on" when old lines of the audit log are removed by the service
--
-- The service reads and writes rows. It creates, changes and empties no table,
-- cannot change what the audit log says, and removes none of it unless told to.

\if :{?retention}
\else
    \set retention off
\endif

SELECT format('CREATE ROLE %I LOGIN', :'service')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'service') \gexec

\if :{?password}
    ALTER ROLE :"service" PASSWORD :'password';
\endif

BEGIN;

-- Nobody else gets in, and nobody makes tables but the owner.
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM %I', current_database(),
              :'service') \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO %I', current_database(),
              :'service') \gexec
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM :"service";
GRANT USAGE ON SCHEMA public TO :"service";

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM :"service";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public
    TO :"service";

-- What was migrated is the owner's business; what was done stays done.
REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM :"service";
REVOKE UPDATE, DELETE ON audit FROM :"service";
\if :retention
    GRANT DELETE ON audit TO :"service";
\endif

COMMIT;
