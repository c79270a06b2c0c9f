-- +goose Up

-- The day of the sale for which a rate was found: a sale that turns out to be of another day needs another one.
ALTER TABLE commissions ADD COLUMN rate_of date;
ALTER TABLE payments ADD COLUMN shown_of date;
UPDATE commissions c SET rate_of = (p.paid_at AT TIME ZONE 'UTC')::date FROM payments p
    WHERE p.company_id = c.company_id AND p.mode = c.mode AND p.id = c.payment_id AND c.rate IS NOT NULL;
UPDATE payments SET shown_of = (paid_at AT TIME ZONE 'UTC')::date WHERE shown_currency IS NOT NULL;
ALTER TABLE payments DROP CONSTRAINT payment_shown,
    ADD CONSTRAINT payment_shown CHECK (num_nulls(shown_currency, shown_rate, shown_source, shown_day, shown_gross, shown_base, shown_refunded, shown_of) IN (0, 8));
