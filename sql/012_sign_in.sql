-- 012_sign_in.sql - sign-ins that have begun at a provider

-- Any instance may see the end of what another one began. What it takes to
-- end it is in the cookie of the browser: here are only hashes.
CREATE TABLE sign_in_flows (
    -- SHA-256 of the `state` that the provider sends back
    state_hash @bytes@ PRIMARY KEY,
    -- SHA-256 of the cookie
    cookie_hash @bytes@ NOT NULL,
    provider text NOT NULL,
    return_to text NOT NULL,
    expires_ms @int@ NOT NULL
) @table@;
CREATE INDEX sign_in_flows_expiry ON sign_in_flows (expires_ms);
