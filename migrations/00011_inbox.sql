-- +goose Up

-- A backfill is a link from a day in the past, made by a person as one batch, and undone as one.
ALTER TABLE links ADD COLUMN batch_id uuid;
ALTER TABLE links DROP CONSTRAINT link_origin,
    ADD CONSTRAINT link_origin CHECK (origin IN ('event', 'person', 'api', 'backfill')),
    ADD CONSTRAINT link_batch CHECK ((origin = 'backfill') = (batch_id IS NOT NULL));
ALTER TABLE links DROP CONSTRAINT links_pkey,
    ADD CONSTRAINT link_once UNIQUE NULLS NOT DISTINCT (company_id, mode, customer_id, linked_at, origin, payment_key, batch_id);
CREATE UNIQUE INDEX links_of_batch ON links (company_id, mode, batch_id) WHERE batch_id IS NOT NULL;

CREATE TABLE backfills (
    company_id  uuid NOT NULL,
    mode        text NOT NULL,
    id          uuid NOT NULL,
    customer_id uuid NOT NULL, -- no reference: two customers may turn out to be one
    partner_id  uuid NOT NULL,
    since       timestamptz NOT NULL,
    reason      text NOT NULL CONSTRAINT backfill_reason CHECK (reason <> ''),
    made_by     text NOT NULL,
    made_at     timestamptz NOT NULL,
    effect      jsonb NOT NULL, -- what it changed, as it was seen and confirmed
    undone_by   text,
    undone_at   timestamptz,
    PRIMARY KEY (company_id, mode, id),
    FOREIGN KEY (company_id, mode, partner_id) REFERENCES partners (company_id, mode, id)
);
CREATE INDEX backfills_of_customer ON backfills (company_id, mode, customer_id);

-- A file of links: its rows, and what became of each.
CREATE TABLE link_files (
    company_id   uuid NOT NULL,
    mode         text NOT NULL,
    id           uuid NOT NULL,
    name         text NOT NULL,
    rows         int NOT NULL,
    replaces     boolean NOT NULL, -- a customer of another partner is linked anew
    state        text NOT NULL CONSTRAINT link_file_state CHECK (state IN ('checking', 'checked', 'linking', 'done')),
    progress     int NOT NULL DEFAULT 0, -- the last row that the step under way is through with
    counts       jsonb NOT NULL DEFAULT '{}', -- rows by verdict, when a step has ended
    made_by      text NOT NULL,
    made_at      timestamptz NOT NULL,
    committed_by text,
    committed_at timestamptz, -- the moment from which its links hold
    finished_at  timestamptz,
    PRIMARY KEY (company_id, mode, id)
);

CREATE TABLE link_rows (
    company_id  uuid NOT NULL,
    mode        text NOT NULL,
    file_id     uuid NOT NULL,
    n           int  NOT NULL, -- its row in the file, the head being the first
    customer    text NOT NULL,
    address     text NOT NULL, -- the customer as an e-mail address is compared; empty when it is none
    partner     text NOT NULL,
    verdict     text NOT NULL DEFAULT '',
    because     text NOT NULL DEFAULT '', -- what is wrong with a malformed row
    customer_id uuid,
    partner_id  uuid,
    holder_id   uuid, -- whose the customer is otherwise
    like_n      int,  -- the row before that names the same customer
    PRIMARY KEY (company_id, mode, file_id, n),
    FOREIGN KEY (company_id, mode, file_id) REFERENCES link_files (company_id, mode, id)
);

-- What the unattributed inbox reads: the newest without touching the table, and who may have brought them.
DROP INDEX payments_unattributed;
CREATE INDEX payments_unattributed ON payments (company_id, mode, paid_at DESC, id DESC)
    INCLUDE (created_at, customer_id, currency, gross, refunded) WHERE counted AND partner_id IS NULL;
CREATE INDEX customers_domain ON customers (company_id, mode, split_part(lower(btrim(email)), '@', 2), id);
CREATE INDEX customers_name ON customers (company_id, mode, lower(regexp_replace(btrim(name), '\s+', ' ', 'g')), id);
CREATE INDEX customers_composite ON customers (company_id, mode, split_part(key, '__pkey_', 1)) WHERE composite;
