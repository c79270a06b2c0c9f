-- +goose Up

-- Settings that act on new payments only: each payment keeps those it began with.
ALTER TABLE programs
    ADD COLUMN coupon_beats_link boolean NOT NULL DEFAULT false,
    ADD COLUMN self_referral     text    NOT NULL DEFAULT 'refuse' CONSTRAINT program_self_referral CHECK (self_referral IN ('refuse', 'flag')),
    ADD COLUMN count_shipping    boolean NOT NULL DEFAULT true,
    ADD COLUMN count_out_of_band boolean NOT NULL DEFAULT true;

ALTER TABLE payments
    ADD COLUMN terms            jsonb  NOT NULL DEFAULT '{}', -- a payment from before there were such settings keeps none
    ADD COLUMN subscription_ref text   NOT NULL DEFAULT '',   -- the provider's id of the subscription that this payment is for
    ADD COLUMN named_beside     text[] NOT NULL DEFAULT '{}'; -- what its clues name besides partner keys, in lower case: coupons, discounts, a click
CREATE INDEX payments_of_subscription ON payments (company_id, mode, subscription_ref, paid_at) WHERE subscription_ref <> '';
CREATE INDEX payments_of_customer_ref ON payments (company_id, mode, customer_ref, paid_at) WHERE customer_ref <> '';
CREATE INDEX payments_naming_beside ON payments USING gin (named_beside) WHERE named_beside <> '{}';

-- What is known of a customer, subscription, payment intent or discount beside the payments: the clues it gives from a
-- moment on, and what it gave before. Derived from events and from the answers kept with them; rows are added, never changed.
CREATE TABLE facts (
    company_id uuid NOT NULL,
    mode       text NOT NULL,
    subject    text NOT NULL,
    kind       text NOT NULL CONSTRAINT fact_kind CHECK (kind IN ('event', 'answer', 'session')),
    at         timestamptz NOT NULL,
    key        text NOT NULL,
    says       jsonb NOT NULL,
    before     jsonb, -- none: nobody knows what held before
    PRIMARY KEY (company_id, mode, subject, kind, at, key)
);

-- Which partner a coupon or promotion code stands for, from when until when (F33, F60).
CREATE TABLE codes (
    company_id uuid NOT NULL,
    mode       text NOT NULL,
    id         uuid NOT NULL,
    code       text NOT NULL,
    folded     text NOT NULL CONSTRAINT code_text CHECK (folded <> ''), -- as codes are compared: trimmed and in lower case
    partner_id uuid NOT NULL,
    made_at    timestamptz NOT NULL,
    removed_at timestamptz,
    PRIMARY KEY (company_id, mode, id),
    FOREIGN KEY (company_id, mode, partner_id) REFERENCES partners (company_id, mode, id)
);
CREATE UNIQUE INDEX code_once ON codes (company_id, mode, folded) WHERE removed_at IS NULL;
CREATE INDEX codes_by_text ON codes (company_id, mode, folded);
CREATE INDEX codes_of_partner ON codes (company_id, mode, partner_id) WHERE removed_at IS NULL;

-- Visits through partners' links, by the id that travels with the customer.
CREATE TABLE clicks (
    company_id uuid NOT NULL,
    mode       text NOT NULL,
    id         text NOT NULL CONSTRAINT click_id CHECK (id <> ''),
    partner_id uuid NOT NULL,
    at         timestamptz NOT NULL,
    PRIMARY KEY (company_id, mode, id),
    FOREIGN KEY (company_id, mode, partner_id) REFERENCES partners (company_id, mode, id)
);

-- Events that counted before all was answered are carried again: a replay finds by this that there is a later turn.
CREATE INDEX actions_again ON actions (company_id, (body->>'event')) WHERE kind = 'again';
