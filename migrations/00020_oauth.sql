-- +goose Up

-- A company's account may be reached by OAuth: with the platform's own key, in the account's name (MONEY.md 3.1).
ALTER TABLE integrations ADD COLUMN oauth boolean NOT NULL DEFAULT false,
    ADD COLUMN scope text NOT NULL DEFAULT '', -- what the account's owner granted; empty without OAuth
    ADD COLUMN granted_at timestamptz,         -- when, the last time
    ADD COLUMN revoked_at timestamptz,         -- when the company took the access away in Stripe
    ADD COLUMN former_account text,            -- of a connection that was ended: another account begins anew
    ADD CONSTRAINT integration_oauth CHECK (NOT oauth OR (account IS NOT NULL AND api_key IS NULL AND granted_at IS NOT NULL)),
    ADD CONSTRAINT integration_revoked CHECK (revoked_at IS NULL OR oauth);

-- Events of connected accounts are routed by it, and an account belongs to one company.
CREATE INDEX integrations_by_account ON integrations (account, mode) WHERE account IS NOT NULL;
CREATE INDEX partners_by_account ON partners (stripe_account) WHERE stripe_account IS NOT NULL;

-- Who was sent to Stripe's page, for what. It is kept a day longer than it may be used, to say why it may not.
CREATE TABLE oauth_states (
    hash       bytea PRIMARY KEY,
    session    bytea NOT NULL, -- the hash of its token
    person_id  uuid NOT NULL REFERENCES people (id),
    company_id uuid NOT NULL,
    program_id uuid NOT NULL,
    mode       text NOT NULL CONSTRAINT oauth_state_mode CHECK (mode IN ('test', 'live')),
    made_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX oauth_states_expiring ON oauth_states (expires_at);

-- Events of accounts that nobody here gets revenue from stand with the platform's, and say so.
ALTER TABLE platform_events ADD COLUMN account text,
    ADD COLUMN mode text,
    ADD COLUMN because text; -- why it is no company's
CREATE INDEX platform_events_unrouted ON platform_events (received_at) WHERE because IS NOT NULL;
