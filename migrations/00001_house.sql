-- +goose Up

-- Directory tables: what must be found without knowing the company. They are small and not sharded.

CREATE TABLE companies (
    id         uuid PRIMARY KEY,
    name       text NOT NULL CONSTRAINT company_name CHECK (name <> ''),
    currency   text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE program_directory (
    program_id uuid PRIMARY KEY,
    company_id uuid NOT NULL REFERENCES companies (id)
);

CREATE TABLE people (
    id            uuid PRIMARY KEY,
    email         text NOT NULL CONSTRAINT person_email UNIQUE,
    name          text NOT NULL,
    password_hash text NOT NULL,
    created_at    timestamptz NOT NULL
);

CREATE TABLE api_keys (
    hash       bytea PRIMARY KEY,
    company_id uuid NOT NULL REFERENCES companies (id),
    program_id uuid NOT NULL,
    mode       text NOT NULL CONSTRAINT api_key_mode CHECK (mode IN ('test', 'live')),
    name       text NOT NULL,
    last4      text NOT NULL,
    created_at timestamptz NOT NULL
);

-- A person's places: one row for each company, or partner of a company, that a person may enter.
CREATE TABLE places (
    person_id  uuid NOT NULL REFERENCES people (id),
    company_id uuid NOT NULL REFERENCES companies (id),
    mode       text NOT NULL CONSTRAINT place_mode CHECK (mode IN ('test', 'live', 'both')),
    role       text NOT NULL CONSTRAINT place_role CHECK (role IN ('owner', 'admin', 'finance', 'viewer', 'partner')),
    partner_id uuid,
    created_at timestamptz NOT NULL,
    CONSTRAINT place_partner CHECK ((role = 'partner') = (partner_id IS NOT NULL)),
    CONSTRAINT place_once UNIQUE NULLS NOT DISTINCT (person_id, company_id, partner_id)
);

CREATE TABLE sessions (
    hash       bytea PRIMARY KEY,
    person_id  uuid NOT NULL REFERENCES people (id),
    company_id uuid NOT NULL,
    partner_id uuid,
    mode       text NOT NULL,
    device     text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE TABLE sign_in_tries (
    who text NOT NULL,
    at  timestamptz NOT NULL
);
CREATE INDEX sign_in_tries_who ON sign_in_tries (who, at);

-- Tenant tables: the company comes first in every key.

CREATE TABLE programs (
    company_id        uuid NOT NULL,
    id                uuid NOT NULL,
    name              text NOT NULL CONSTRAINT program_name CHECK (name <> ''),
    currency          text NOT NULL,
    attribution_model text NOT NULL DEFAULT 'customer' CONSTRAINT program_attribution CHECK (attribution_model IN ('customer', 'transaction')),
    hold_days         int  NOT NULL DEFAULT 30 CONSTRAINT program_hold CHECK (hold_days BETWEEN 0 AND 3650),
    refunds           text NOT NULL DEFAULT 'automatic' CONSTRAINT program_refunds CHECK (refunds IN ('automatic', 'manual')),
    cookie_days       int  NOT NULL DEFAULT 30 CONSTRAINT program_cookie CHECK (cookie_days BETWEEN 1 AND 3650),
    landing_url       text,
    created_at        timestamptz NOT NULL,
    PRIMARY KEY (company_id, id)
);

CREATE TABLE rule_sets (
    company_id uuid NOT NULL,
    program_id uuid NOT NULL,
    mode       text NOT NULL,
    version    int  NOT NULL,
    valid_from timestamptz,
    rules      jsonb NOT NULL,
    saved_by   text NOT NULL,
    saved_at   timestamptz NOT NULL,
    PRIMARY KEY (company_id, program_id, mode, version),
    FOREIGN KEY (company_id, program_id) REFERENCES programs (company_id, id)
);

CREATE TABLE integrations (
    company_id     uuid NOT NULL,
    program_id     uuid NOT NULL,
    mode           text NOT NULL CONSTRAINT integration_mode CHECK (mode IN ('test', 'live')),
    source         text NOT NULL,
    status         text NOT NULL,
    account        text,
    api_key        bytea, -- sealed
    api_key_last4  text,
    webhook_secret bytea, -- sealed
    webhook_last4  text,
    missing_rights text[] NOT NULL DEFAULT '{}',
    missing_events text[] NOT NULL DEFAULT '{}',
    updated_at     timestamptz NOT NULL,
    PRIMARY KEY (company_id, program_id, mode, source),
    FOREIGN KEY (company_id, program_id) REFERENCES programs (company_id, id)
);

-- The inbox. A bucket is what is decided one after the other: whoever holds its row drains it.
CREATE TABLE buckets (
    company_id uuid NOT NULL,
    bucket     smallint NOT NULL,
    PRIMARY KEY (company_id, bucket)
);

CREATE TABLE events (
    company_id        uuid NOT NULL,
    bucket            smallint NOT NULL,
    id                uuid NOT NULL,
    mode              text NOT NULL CONSTRAINT event_mode CHECK (mode IN ('test', 'live')),
    program_id        uuid NOT NULL,
    source            text NOT NULL,
    provider_event_id text NOT NULL,
    type              text NOT NULL,
    body              bytea NOT NULL,
    received_at       timestamptz NOT NULL,
    status            text NOT NULL CONSTRAINT event_status CHECK (status IN ('pending', 'done', 'ignored', 'failed')),
    because           text,
    answer            bytea,
    waits_for         text[],
    tries             int NOT NULL DEFAULT 0,
    next_try_at       timestamptz NOT NULL,
    PRIMARY KEY (company_id, bucket, id),
    CONSTRAINT event_once UNIQUE (company_id, source, provider_event_id)
);
ALTER TABLE events ALTER COLUMN body SET COMPRESSION lz4;
CREATE INDEX events_pending ON events (company_id, bucket, next_try_at) WHERE status = 'pending';
CREATE INDEX events_waiting ON events USING gin (waits_for) WHERE status = 'pending';
CREATE INDEX events_listed ON events (company_id, mode, received_at DESC, id DESC);
CREATE INDEX events_failed ON events (company_id, mode, received_at DESC, id DESC) WHERE status = 'failed';

CREATE TABLE partners (
    company_id     uuid NOT NULL,
    mode           text NOT NULL,
    id             uuid NOT NULL,
    key            text NOT NULL,
    name           text NOT NULL,
    email          text,
    currency       text NOT NULL,
    country        text,
    status         text NOT NULL CONSTRAINT partner_status CHECK (status IN ('pending', 'active', 'paused', 'banned')),
    active_since   timestamptz,
    active_until   timestamptz,
    stripe_account text,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (company_id, mode, id),
    CONSTRAINT partner_key UNIQUE (company_id, mode, key)
);

CREATE TABLE customers (
    company_id         uuid NOT NULL,
    mode               text NOT NULL,
    id                 uuid NOT NULL,
    key                text NOT NULL,
    email              text,
    name               text,
    stripe_customer_id text,
    taught_by_email    boolean NOT NULL DEFAULT false, -- the Stripe id was learned from a payment that matched the address
    composite          boolean NOT NULL DEFAULT false, -- a customer's record with one partner, of a transaction-based program (F70)
    stripe_id_since    timestamptz, -- when somebody set the Stripe id by hand: it links nothing earlier
    created_at         timestamptz NOT NULL,
    PRIMARY KEY (company_id, mode, id),
    CONSTRAINT customer_key UNIQUE (company_id, mode, key),
    CONSTRAINT customer_stripe_id UNIQUE (company_id, mode, stripe_customer_id)
);
CREATE INDEX customers_email ON customers (company_id, mode, lower(btrim(email)));

-- Which partner a customer belongs to, from when, and how that was learned.
CREATE TABLE links (
    company_id  uuid NOT NULL,
    mode        text NOT NULL,
    customer_id uuid NOT NULL,
    partner_id  uuid NOT NULL,
    linked_at   timestamptz NOT NULL,
    origin      text NOT NULL CONSTRAINT link_origin CHECK (origin IN ('event', 'person', 'api')),
    payment_id  uuid,
    payment_key text NOT NULL DEFAULT '',
    PRIMARY KEY (company_id, mode, customer_id, linked_at, origin, payment_key),
    FOREIGN KEY (company_id, mode, customer_id) REFERENCES customers (company_id, mode, id),
    FOREIGN KEY (company_id, mode, partner_id) REFERENCES partners (company_id, mode, id)
);

CREATE TABLE payments (
    company_id     uuid NOT NULL,
    mode           text NOT NULL,
    id             uuid NOT NULL,
    program_id     uuid NOT NULL,
    source         text NOT NULL,
    key            text NOT NULL,
    counted        boolean NOT NULL DEFAULT false,
    merged_into    uuid,
    kind           text NOT NULL DEFAULT 'sale' CONSTRAINT payment_kind CHECK (kind IN ('sale', 'renewal')),
    status         text NOT NULL DEFAULT 'paid' CONSTRAINT payment_status CHECK (status IN ('paid', 'partially_refunded', 'refunded', 'disputed')),
    currency       text NOT NULL DEFAULT '',
    gross          bigint NOT NULL DEFAULT 0,
    base           bigint NOT NULL DEFAULT 0,
    refunded       bigint NOT NULL DEFAULT 0,
    customer_id    uuid,
    customer_ref   text NOT NULL DEFAULT '', -- the provider's id of the customer that this payment came with
    customer_email text NOT NULL DEFAULT '', -- the address it came with, trimmed and in lower case
    named          text[] NOT NULL DEFAULT '{}', -- what its clues name as partner keys, known or not
    partner_id     uuid,
    attributed_by  text,
    policy         text NOT NULL DEFAULT '',
    steps          jsonb NOT NULL DEFAULT '[]',
    chosen_partner uuid, -- given to a partner by a person, with a reason
    chosen_reason  text,
    chosen_by      text,
    chosen_at      timestamptz,
    paid_at        timestamptz NOT NULL, -- of a payment not counted yet: when its first hint was made
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (company_id, mode, id),
    CONSTRAINT payment_amounts CHECK (base >= 0 AND gross >= base AND refunded >= 0),
    FOREIGN KEY (company_id, program_id) REFERENCES programs (company_id, id),
    FOREIGN KEY (company_id, mode, customer_id) REFERENCES customers (company_id, mode, id),
    FOREIGN KEY (company_id, mode, partner_id) REFERENCES partners (company_id, mode, id)
);
CREATE INDEX payments_listed ON payments (company_id, mode, paid_at DESC, id DESC) WHERE counted;
CREATE INDEX payments_of_partner ON payments (company_id, mode, partner_id, paid_at DESC, id DESC) WHERE counted;
CREATE INDEX payments_unattributed ON payments (company_id, mode, paid_at DESC, id DESC) WHERE counted AND partner_id IS NULL;
CREATE INDEX payments_by_status ON payments (company_id, mode, status, paid_at DESC, id DESC) WHERE counted AND status <> 'paid';
CREATE INDEX payments_of_customer ON payments (company_id, mode, customer_id, paid_at, key);
CREATE INDEX payments_naming ON payments USING gin (named) WHERE partner_id IS NULL;
CREATE INDEX payments_by_email ON payments (company_id, mode, customer_email) WHERE customer_email <> '';

CREATE TABLE payment_aliases (
    company_id uuid NOT NULL,
    mode       text NOT NULL,
    alias      text NOT NULL,
    payment_id uuid NOT NULL,
    PRIMARY KEY (company_id, mode, alias),
    FOREIGN KEY (company_id, mode, payment_id) REFERENCES payments (company_id, mode, id)
);
CREATE INDEX aliases_of_payment ON payment_aliases (company_id, mode, payment_id);

CREATE TABLE tellings (
    company_id uuid NOT NULL,
    mode       text NOT NULL,
    payment_id uuid NOT NULL,
    object     text NOT NULL,
    told_at    timestamptz NOT NULL,
    body       jsonb NOT NULL,
    PRIMARY KEY (company_id, mode, payment_id, object),
    FOREIGN KEY (company_id, mode, payment_id) REFERENCES payments (company_id, mode, id)
);

CREATE TABLE reversals (
    company_id uuid NOT NULL,
    mode       text NOT NULL,
    payment_id uuid NOT NULL,
    key        text NOT NULL,
    kind       text NOT NULL CONSTRAINT reversal_kind CHECK (kind IN ('refund_total', 'refund', 'dispute', 'credit_note')),
    state      text NOT NULL CONSTRAINT reversal_state CHECK (state IN ('takes', 'holds', 'rests')),
    charge     text NOT NULL DEFAULT '',
    says       text NOT NULL DEFAULT '',
    made       timestamptz NOT NULL,
    amount     bigint NOT NULL CONSTRAINT reversal_amount CHECK (amount >= 0),
    currency   text NOT NULL,
    counted    bigint NOT NULL DEFAULT 0, -- what it takes off the payment, in the payment's currency
    at         timestamptz NOT NULL,
    PRIMARY KEY (company_id, mode, payment_id, key),
    FOREIGN KEY (company_id, mode, payment_id) REFERENCES payments (company_id, mode, id)
);

CREATE TABLE commissions (
    company_id     uuid NOT NULL,
    mode           text NOT NULL,
    id             uuid NOT NULL,
    payment_id     uuid NOT NULL,
    partner_id     uuid NOT NULL,
    program_id     uuid NOT NULL,
    sale_currency  text NOT NULL,
    share          bigint NOT NULL,
    first_share    bigint NOT NULL,
    currency       text NOT NULL,
    rate           text, -- frozen when the commission is first turned into the partner's currency: value, source and day
    rate_source    text,
    rate_day       date,
    earned         bigint NOT NULL,
    amount         bigint NOT NULL,
    status         text NOT NULL CONSTRAINT commission_status CHECK (status IN ('waiting', 'held', 'due', 'invoiced', 'paid', 'reversed')),
    hold_days      int NOT NULL, -- frozen at the moment of sale, like the partner and the currency
    refunds        text NOT NULL,
    payable_on     date NOT NULL,
    matured        boolean NOT NULL DEFAULT false,
    disputed       boolean NOT NULL DEFAULT false, -- a dispute is open: not payable
    holds          int NOT NULL DEFAULT 0, -- how often due money was put back on hold
    steps          jsonb NOT NULL,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (company_id, mode, id),
    CONSTRAINT commission_once UNIQUE (company_id, mode, payment_id, partner_id),
    CONSTRAINT commission_not_negative CHECK (amount >= 0 AND share >= 0),
    FOREIGN KEY (company_id, mode, payment_id) REFERENCES payments (company_id, mode, id),
    FOREIGN KEY (company_id, mode, partner_id) REFERENCES partners (company_id, mode, id)
);
CREATE INDEX commissions_listed ON commissions (company_id, mode, id);
CREATE INDEX commissions_of_partner ON commissions (company_id, mode, partner_id, id DESC);
CREATE INDEX commissions_waiting ON commissions (company_id, mode, payment_id) WHERE status = 'waiting';
CREATE INDEX commissions_held ON commissions (payable_on) WHERE NOT matured AND NOT disputed;

CREATE TABLE invoices (
    company_id        uuid NOT NULL,
    mode              text NOT NULL,
    id                uuid NOT NULL,
    number            text NOT NULL,
    partner_id        uuid NOT NULL,
    currency          text NOT NULL,
    total             bigint NOT NULL,
    status            text NOT NULL CONSTRAINT invoice_status CHECK (status IN ('review', 'approved', 'processing', 'paid', 'failed', 'void')),
    until             date NOT NULL,
    drawn_at          timestamptz NOT NULL,
    approved_by       text,
    approved_at       timestamptz,
    approved_hash     text,
    paid_by           text,
    paid_at           timestamptz,
    paid_how          text CONSTRAINT invoice_paid_how CHECK (paid_how IN ('stripe', 'manual')),
    payment_reference text,
    because           text,
    PRIMARY KEY (company_id, mode, id),
    CONSTRAINT invoice_number UNIQUE (company_id, mode, number),
    CONSTRAINT invoice_total CHECK (total >= 0),
    CONSTRAINT invoice_paid_whole CHECK ((status = 'paid') = (paid_at IS NOT NULL)),
    FOREIGN KEY (company_id, mode, partner_id) REFERENCES partners (company_id, mode, id)
);
CREATE INDEX invoices_listed ON invoices (company_id, mode, drawn_at DESC, id DESC);
CREATE INDEX invoices_of_partner ON invoices (company_id, mode, partner_id, drawn_at DESC, id DESC);
CREATE INDEX invoices_by_status ON invoices (company_id, mode, status, drawn_at DESC, id DESC);

CREATE TABLE invoice_numbers (
    company_id uuid NOT NULL,
    mode       text NOT NULL,
    year       int  NOT NULL,
    last       int  NOT NULL,
    PRIMARY KEY (company_id, mode, year)
);

CREATE TABLE commission_entries (
    company_id    uuid NOT NULL,
    mode          text NOT NULL,
    commission_id uuid NOT NULL,
    seq           int  NOT NULL,
    partner_id    uuid NOT NULL,
    kind          text NOT NULL CONSTRAINT entry_kind CHECK (kind IN ('earned', 'refund', 'correction')),
    amount        bigint NOT NULL CONSTRAINT entry_not_zero CHECK (amount <> 0),
    currency      text NOT NULL,
    because       text NOT NULL,
    payable_on    date NOT NULL,
    at            timestamptz NOT NULL,
    invoice_id    uuid,
    PRIMARY KEY (company_id, mode, commission_id, seq),
    FOREIGN KEY (company_id, mode, commission_id) REFERENCES commissions (company_id, mode, id),
    FOREIGN KEY (company_id, mode, invoice_id) REFERENCES invoices (company_id, mode, id)
);
CREATE INDEX entries_to_invoice ON commission_entries (company_id, mode, partner_id, currency, payable_on) WHERE invoice_id IS NULL;
CREATE INDEX entries_of_invoice ON commission_entries (company_id, mode, invoice_id) WHERE invoice_id IS NOT NULL;

-- The books. Rows are added, never changed.
CREATE TABLE transfers (
    company_id   uuid NOT NULL,
    mode         text NOT NULL,
    key          text NOT NULL,
    from_account text NOT NULL,
    to_account   text NOT NULL,
    amount       bigint NOT NULL CONSTRAINT transfer_above_zero CHECK (amount > 0),
    currency     text NOT NULL,
    cause        text NOT NULL,
    at           timestamptz NOT NULL,
    digest       bytea NOT NULL,
    PRIMARY KEY (company_id, mode, key),
    CONSTRAINT transfer_two_accounts CHECK (from_account <> to_account)
);
CREATE INDEX transfers_by_cause ON transfers (company_id, mode, cause);

-- What each account holds: the sum of its transfers, kept in the same transaction. `portal books` proves that it is.
CREATE TABLE balances (
    company_id uuid NOT NULL,
    mode       text NOT NULL,
    account    text NOT NULL,
    currency   text NOT NULL,
    minor      bigint NOT NULL,
    PRIMARY KEY (company_id, mode, account, currency)
);

-- One attempt a time: an invoice that is being paid, or was, cannot be paid again.
CREATE TABLE attempts (
    company_id      uuid NOT NULL,
    mode            text NOT NULL,
    id              uuid NOT NULL,
    invoice_id      uuid NOT NULL,
    kind            text NOT NULL CONSTRAINT attempt_kind CHECK (kind IN ('stripe', 'manual')),
    status          text NOT NULL CONSTRAINT attempt_status CHECK (status IN ('live', 'succeeded', 'failed')),
    amount          bigint NOT NULL CONSTRAINT attempt_amount CHECK (amount > 0),
    currency        text NOT NULL,
    stripe_customer text NOT NULL DEFAULT '',
    stripe_method   text NOT NULL DEFAULT '',
    stripe_account  text NOT NULL DEFAULT '',
    stripe_intent   text,
    started_by      text NOT NULL,
    started_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    because         text,
    PRIMARY KEY (company_id, mode, id),
    FOREIGN KEY (company_id, mode, invoice_id) REFERENCES invoices (company_id, mode, id)
);
CREATE UNIQUE INDEX attempt_one_live ON attempts (company_id, mode, invoice_id) WHERE status IN ('live', 'succeeded');
CREATE INDEX attempts_live ON attempts (started_at) WHERE status = 'live';

CREATE TABLE cards (
    company_id      uuid NOT NULL,
    mode            text NOT NULL,
    stripe_customer text NOT NULL,
    stripe_method   text NOT NULL,
    brand           text NOT NULL,
    last4           text NOT NULL,
    PRIMARY KEY (company_id, mode)
);

CREATE TABLE audit (
    company_id uuid NOT NULL,
    id         uuid NOT NULL,
    at         timestamptz NOT NULL,
    person_id  uuid,
    actor      text NOT NULL,
    action     text NOT NULL,
    object     text NOT NULL,
    note       text NOT NULL,
    PRIMARY KEY (company_id, id)
);
CREATE INDEX audit_of_object ON audit (company_id, object, at);

CREATE TABLE api_answers (
    company_id uuid NOT NULL,
    program_id uuid NOT NULL,
    mode       text NOT NULL,
    key        text NOT NULL,
    request    bytea NOT NULL,
    status     int,
    answer     bytea,
    at         timestamptz NOT NULL,
    PRIMARY KEY (company_id, program_id, mode, key)
);
CREATE INDEX api_answers_old ON api_answers (at);

-- Events of the platform's own Stripe, kept before anything is made of them.
CREATE TABLE platform_events (
    id                uuid PRIMARY KEY,
    provider_event_id text NOT NULL CONSTRAINT platform_event_once UNIQUE,
    type              text NOT NULL,
    body              bytea NOT NULL,
    received_at       timestamptz NOT NULL,
    done_at           timestamptz
);
