-- +goose Up

-- A new webhook secret leaves the former one valid for a day: Stripe goes on signing with both (MONEY.md 1.4).
ALTER TABLE integrations ADD COLUMN former_webhook_secret bytea, -- sealed
    ADD COLUMN former_until timestamptz,
    ADD CONSTRAINT integration_former CHECK ((former_webhook_secret IS NULL) = (former_until IS NULL));

-- An event that waits for nothing is no business of this index; most never do.
DROP INDEX events_waiting;
CREATE INDEX events_waiting ON events USING gin (waits_for) WHERE status = 'pending' AND waits_for IS NOT NULL;
