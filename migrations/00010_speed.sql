-- +goose Up

-- A new webhook secret leaves the former one valid for a day: Stripe goes on signing with both (MONEY.md 1.4).
ALTER TABLE integrations ADD COLUMN former_webhook_secret bytea, -- sealed
    ADD COLUMN former_until timestamptz,
    ADD CONSTRAINT integration_former CHECK ((former_webhook_secret IS NULL) = (former_until IS NULL));

-- In the order in which they are carried, to the last column: else all that wait are sorted for each batch.
DROP INDEX events_pending;
CREATE INDEX events_pending ON events (company_id, bucket, next_try_at, id) WHERE status = 'pending';

-- An event that waits for nothing is no business of this index; most never do.
DROP INDEX events_waiting;
CREATE INDEX events_waiting ON events USING gin (waits_for) WHERE status = 'pending' AND waits_for IS NOT NULL;
CREATE INDEX events_any_waiting ON events (company_id, bucket) WHERE status = 'pending' AND waits_for IS NOT NULL;

-- What is only ever read back whole is not worth counting: it made up most of what ANALYZE took.
ALTER TABLE events ALTER COLUMN body SET STATISTICS 0, ALTER COLUMN answer SET STATISTICS 0, ALTER COLUMN because SET STATISTICS 0;
ALTER TABLE platform_events ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE payments ALTER COLUMN steps SET STATISTICS 0, ALTER COLUMN chosen_reason SET STATISTICS 0;
ALTER TABLE tellings ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE commissions ALTER COLUMN steps SET STATISTICS 0;
ALTER TABLE transfers ALTER COLUMN digest SET STATISTICS 0;
ALTER TABLE actions ALTER COLUMN body SET STATISTICS 0;
