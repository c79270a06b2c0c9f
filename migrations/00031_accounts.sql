-- +goose Up

-- The accounts at the platform's Stripe on which partners are paid, and what Stripe last said of each (MONEY.md 4.1). A row is
-- written before Stripe is asked to make its account. A partner has one that is not left behind.
CREATE TABLE payout_accounts (
    company_id       uuid NOT NULL,
    mode             text NOT NULL CONSTRAINT payout_account_mode CHECK (mode IN ('test', 'live')),
    partner_id       uuid NOT NULL,
    number           int  NOT NULL CONSTRAINT payout_account_number CHECK (number > 0), -- the partner's first, second …
    country          text NOT NULL,
    recipient        boolean NOT NULL DEFAULT false, -- it can only receive: its owner accepted Stripe's recipient agreement
    account          text,  -- none until Stripe's answer is known
    begun_by         text NOT NULL,
    begun_at         timestamptz NOT NULL,
    submitted        boolean NOT NULL DEFAULT false,
    transfers        text NOT NULL DEFAULT '', -- the capability: active, inactive, pending
    payouts_enabled  boolean NOT NULL DEFAULT false,
    disabled_reason  text NOT NULL DEFAULT '',
    requirements     jsonb NOT NULL DEFAULT '{}',
    deadline         timestamptz,
    default_currency text NOT NULL DEFAULT '',
    bank_name        text NOT NULL DEFAULT '',
    bank_last4       text NOT NULL DEFAULT '',
    gone             boolean NOT NULL DEFAULT false, -- Stripe knows it no more
    changed_at       timestamptz, -- when it was first read to stand so
    read_at          timestamptz, -- when Stripe was asked last
    left_at          timestamptz, -- when another took its place
    PRIMARY KEY (company_id, mode, partner_id, number),
    FOREIGN KEY (company_id, mode, partner_id) REFERENCES partners (company_id, mode, id)
);
CREATE UNIQUE INDEX payout_account_one ON payout_accounts (company_id, mode, partner_id) WHERE left_at IS NULL;
CREATE INDEX payout_accounts_by_account ON payout_accounts (account) WHERE account IS NOT NULL;
CREATE INDEX payout_accounts_to_read ON payout_accounts (mode, read_at NULLS FIRST) WHERE left_at IS NULL AND account IS NOT NULL;
INSERT INTO payout_accounts (company_id, mode, partner_id, number, country, account, begun_by, begun_at)
    SELECT company_id, mode, id, 1, coalesce(country, ''), stripe_account, 'Portal', created_at FROM partners WHERE stripe_account IS NOT NULL;

-- The company as a customer of the platform's Stripe, and its card. The row is written before Stripe is asked to make the customer.
ALTER TABLE cards
    ADD COLUMN exp_month int NOT NULL DEFAULT 0, -- 0: not known yet
    ADD COLUMN exp_year  int NOT NULL DEFAULT 0,
    ADD COLUMN begun_at  timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN set_up_at timestamptz, -- when Stripe began to save the card: of two, the newer one holds
    ADD COLUMN saved_by  text NOT NULL DEFAULT '',
    ADD COLUMN saved_at  timestamptz,
    ADD COLUMN read_at   timestamptz, -- when Stripe was asked about it last
    ADD COLUMN lost      text NOT NULL DEFAULT '', -- why the card that was there is not any more; empty while there is one
    ADD COLUMN session   text NOT NULL DEFAULT '', -- on Stripe's page, where somebody saves a card; empty when nobody does
    ADD COLUMN session_by text NOT NULL DEFAULT '';
CREATE INDEX cards_by_customer ON cards (stripe_customer) WHERE stripe_customer <> '';
CREATE INDEX cards_by_method ON cards (stripe_method) WHERE stripe_method <> '';
