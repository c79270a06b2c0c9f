-- +goose Up

-- A mail is kept in the transaction that causes it, and sent afterwards. What it tells is sealed: it may hold a link that signs
-- somebody in.
CREATE TABLE mails (
    company_id uuid NOT NULL REFERENCES companies (id),
    id         uuid NOT NULL,
    mode       text NOT NULL CONSTRAINT mail_mode CHECK (mode IN ('test', 'live')),
    kind       text NOT NULL,
    recipient  text NOT NULL,
    name       text NOT NULL,
    facts      bytea NOT NULL, -- sealed
    state      text NOT NULL CONSTRAINT mail_state CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'kept')),
    tries      int  NOT NULL DEFAULT 0,
    because    text,
    queued_at  timestamptz NOT NULL,
    claimed_at timestamptz,
    sent_at    timestamptz,
    PRIMARY KEY (company_id, id)
);

-- When something came by a connection that no secret proved, and when events had to be fetched that had not come.
ALTER TABLE integrations ADD COLUMN refused_at timestamptz,
    ADD COLUMN missed_at timestamptz;
