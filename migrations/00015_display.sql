-- +goose Up

-- A payment in the company's display currency (F110): its amounts at a rate that is frozen when it is first known (D11).
-- Of a payment in that very currency there is nothing to turn, and nothing is kept.
ALTER TABLE payments
    ADD COLUMN shown_currency text,
    ADD COLUMN shown_rate     text,
    ADD COLUMN shown_source   text,
    ADD COLUMN shown_day      date,
    ADD COLUMN shown_gross    bigint,
    ADD COLUMN shown_base     bigint,
    ADD COLUMN shown_refunded bigint,
    ADD COLUMN shown_waits    boolean NOT NULL DEFAULT false, -- for a rate
    ADD CONSTRAINT payment_shown CHECK (num_nulls(shown_currency, shown_rate, shown_source, shown_day, shown_gross, shown_base, shown_refunded) IN (0, 7));
UPDATE payments p SET shown_waits = true FROM companies c WHERE c.id = p.company_id AND p.counted AND p.currency <> c.currency;
CREATE INDEX payments_shown_waits ON payments (company_id, mode, id) WHERE shown_waits;
