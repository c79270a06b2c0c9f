-- +goose Up

-- The states that an invoice paid in a batch, by a card that asks, or paid and given back goes through (CONTRACT.md 5).
ALTER TABLE invoices DROP CONSTRAINT invoice_status,
    ADD CONSTRAINT invoice_status CHECK (status IN ('review', 'approved', 'processing', 'needs_confirmation', 'charged', 'paid', 'failed', 'refunded', 'void')),
    DROP CONSTRAINT invoice_paid_whole,
    ADD CONSTRAINT invoice_paid_whole CHECK ((status IN ('paid', 'refunded')) = (paid_at IS NOT NULL)),
    ADD COLUMN approved_person uuid, -- who approved; none for an API key
    -- The first of two approvals, where an amount asks for four eyes (B17).
    ADD COLUMN first_person uuid,
    ADD COLUMN first_by     text,
    ADD COLUMN first_at     timestamptz,
    ADD COLUMN first_hash   text,
    ADD CONSTRAINT invoice_first_whole CHECK ((first_by IS NULL) = (first_at IS NULL) AND (first_by IS NULL) = (first_hash IS NULL)),
    -- What an invoice that is void or refunded gathered, as it stood then: its lines go to a later one.
    ADD COLUMN frozen       jsonb,
    ADD COLUMN reissue_of   uuid,   -- the void invoice that this one stands for
    ADD COLUMN run_id       uuid;   -- the run that drew it up; none for one drawn up by itself

-- One charge of the company's card on the platform's Stripe: for one invoice, whose money it sends on at once, or for a batch, each
-- of whose attempts has a transfer of its own (MONEY.md 4.4).
CREATE TABLE charges (
    company_id      uuid NOT NULL,
    mode            text NOT NULL CONSTRAINT charge_mode CHECK (mode IN ('test', 'live')),
    id              uuid NOT NULL,
    status          text NOT NULL CONSTRAINT charge_status CHECK (status IN ('live', 'needs_confirmation', 'succeeded', 'failed')),
    amount          bigint NOT NULL CONSTRAINT charge_amount CHECK (amount > 0), -- of all its attempts, and the fee
    fee             bigint NOT NULL DEFAULT 0 CONSTRAINT charge_fee CHECK (fee >= 0 AND fee < amount),
    currency        text NOT NULL,
    stripe_customer text NOT NULL,
    stripe_method   text NOT NULL,
    stripe_intent   text,
    stripe_charge   text,
    returned        bigint NOT NULL DEFAULT 0 CONSTRAINT charge_returned CHECK (returned BETWEEN 0 AND amount), -- refunded, or lost in a dispute
    started_by      text NOT NULL,
    started_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    because         text,
    PRIMARY KEY (company_id, mode, id)
);
CREATE INDEX charges_live ON charges (started_at) WHERE status IN ('live', 'needs_confirmation');

ALTER TABLE attempts DROP CONSTRAINT attempt_status,
    -- charged: the company has paid, the partner has not got it yet; undone: marked as paid by mistake; returned: given back whole.
    ADD CONSTRAINT attempt_status CHECK (status IN ('live', 'needs_confirmation', 'charged', 'succeeded', 'failed', 'undone', 'returned')),
    ADD COLUMN charge_id       uuid, -- of the batch that it is part of
    ADD COLUMN stripe_charge   text,
    ADD COLUMN stripe_transfer text,
    ADD COLUMN fee             bigint NOT NULL DEFAULT 0 CONSTRAINT attempt_fee CHECK (fee >= 0),
    ADD COLUMN returned        bigint NOT NULL DEFAULT 0 CONSTRAINT attempt_returned CHECK (returned BETWEEN 0 AND amount), -- reversed of the transfer
    ADD CONSTRAINT attempt_of_charge FOREIGN KEY (company_id, mode, charge_id) REFERENCES charges (company_id, mode, id);
DROP INDEX attempt_one_live;
CREATE UNIQUE INDEX attempt_one_live ON attempts (company_id, mode, invoice_id) WHERE status IN ('live', 'needs_confirmation', 'charged', 'succeeded');
DROP INDEX attempts_live;
CREATE INDEX attempts_live ON attempts (started_at) WHERE status IN ('live', 'needs_confirmation', 'charged');
CREATE INDEX attempts_of_charge ON attempts (company_id, mode, charge_id) WHERE charge_id IS NOT NULL;
CREATE INDEX attempts_by_transfer ON attempts (stripe_transfer) WHERE stripe_transfer IS NOT NULL;
CREATE INDEX attempts_by_charge ON attempts (stripe_charge) WHERE stripe_charge IS NOT NULL;

-- How a company pays its partners. No row: as the defaults say.
CREATE TABLE payout_settings (
    company_id       uuid NOT NULL REFERENCES companies (id),
    mode             text NOT NULL CONSTRAINT payout_settings_mode CHECK (mode IN ('test', 'live')),
    schedule         text NOT NULL DEFAULT 'manual' CONSTRAINT payout_schedule CHECK (schedule IN ('manual', 'weekly', 'monthly', 'quarterly')),
    schedule_day     int  NOT NULL DEFAULT 1 CONSTRAINT payout_schedule_day CHECK (schedule_day BETWEEN 1 AND 28), -- of the week from Monday, or of the month
    drawn_until      date,   -- up to which day the schedule has drawn up
    minimum          bigint NOT NULL DEFAULT 0 CONSTRAINT payout_minimum CHECK (minimum >= 0), -- in the company's currency
    four_eyes_above  bigint CONSTRAINT payout_four_eyes CHECK (four_eyes_above >= 0),          -- in the company's currency; none: one approval does
    approve_roles    text[] NOT NULL DEFAULT '{owner,admin,finance}',
    pay_roles        text[] NOT NULL DEFAULT '{owner,admin,finance}',
    cooling_days     int  NOT NULL DEFAULT 3 CONSTRAINT payout_cooling CHECK (cooling_days BETWEEN 0 AND 60), -- after new bank details
    self_billing     boolean NOT NULL DEFAULT true,  -- the invoice is made out by the company in the partner's name
    reverse_charge   boolean NOT NULL DEFAULT false, -- says so on invoices to partners with a tax number abroad
    tax_note         text NOT NULL DEFAULT '',
    PRIMARY KEY (company_id, mode)
);
-- A partner's own minimum, in the partner's currency.
CREATE TABLE partner_minimums (
    company_id uuid NOT NULL,
    mode       text NOT NULL,
    partner_id uuid NOT NULL,
    minimum    bigint NOT NULL CONSTRAINT partner_minimum CHECK (minimum >= 0),
    PRIMARY KEY (company_id, mode, partner_id),
    FOREIGN KEY (company_id, mode, partner_id) REFERENCES partners (company_id, mode, id)
);

-- Who an invoice is from or to, and where money that is paid outside Stripe goes. Each change is a row of its own; the newest one
-- holds. What is sealed opens with secrets.keys.
CREATE TABLE billing_details (
    company_id uuid NOT NULL REFERENCES companies (id),
    mode       text NOT NULL CONSTRAINT billing_mode CHECK (mode IN ('test', 'live')),
    partner_id uuid,          -- none: the company's own
    id         uuid NOT NULL,
    name       text NOT NULL, -- of the person or firm, as it stands on invoices
    address    text NOT NULL,
    country    text NOT NULL,
    tax_number bytea,         -- sealed
    set_by     text NOT NULL,
    set_at     timestamptz NOT NULL,
    PRIMARY KEY (company_id, mode, id),
    FOREIGN KEY (company_id, mode, partner_id) REFERENCES partners (company_id, mode, id)
);
CREATE INDEX billing_of ON billing_details (company_id, mode, partner_id, set_at DESC, id DESC);

CREATE TABLE bank_details (
    company_id uuid NOT NULL REFERENCES companies (id),
    mode       text NOT NULL CONSTRAINT bank_mode CHECK (mode IN ('test', 'live')),
    partner_id uuid NOT NULL,
    id         uuid NOT NULL,
    holder     text NOT NULL,
    kind       text NOT NULL CONSTRAINT bank_kind CHECK (kind IN ('iban', 'us', 'other')),
    country    text NOT NULL,
    numbers    bytea NOT NULL, -- sealed: IBAN and BIC, or routing and account number
    last4      text NOT NULL,
    set_by     text NOT NULL,
    set_at     timestamptz NOT NULL,
    holds_until timestamptz NOT NULL, -- until then nothing is paid to it: the cooling-off time
    PRIMARY KEY (company_id, mode, id),
    FOREIGN KEY (company_id, mode, partner_id) REFERENCES partners (company_id, mode, id)
);
CREATE INDEX bank_of ON bank_details (company_id, mode, partner_id, set_at DESC, id DESC);
