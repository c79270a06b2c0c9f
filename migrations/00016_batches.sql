-- +goose Up

-- In the order in which they are carried, to the last column: else all that wait are sorted for each batch.
DROP INDEX events_pending;
CREATE INDEX events_pending ON events (company_id, bucket, next_try_at, id) WHERE status = 'pending';

-- Most often no event waits for anything: this tells so at once.
CREATE INDEX events_any_waiting ON events (company_id, bucket) WHERE status = 'pending' AND waits_for IS NOT NULL;

-- The primary key again.
DROP INDEX commissions_listed;

-- A partner of a new key gets also what went to another because nobody had the key.
DROP INDEX payments_naming;
CREATE INDEX payments_naming ON payments USING gin (named) WHERE named <> '{}';

-- Payments that were only to find a customer by a key of the API's are found when that customer is made.
CREATE INDEX tellings_finding ON tellings (company_id, mode, (body->'Customer'->>'Key')) WHERE body->'Customer'->>'FindOnly' = 'true';

-- What breaks ties between payments of one second is compared byte by byte, here as in Portal, whatever the database's language.
ALTER TABLE payments ALTER COLUMN key TYPE text COLLATE "C";
ALTER TABLE links ALTER COLUMN payment_key TYPE text COLLATE "C", ALTER COLUMN origin TYPE text COLLATE "C";
ALTER TABLE facts ALTER COLUMN key TYPE text COLLATE "C";
ALTER TABLE tellings ALTER COLUMN object TYPE text COLLATE "C";
ALTER TABLE reversals ALTER COLUMN key TYPE text COLLATE "C";

-- What is only ever read back whole is not worth counting: it made up most of what ANALYZE took.
ALTER TABLE events ALTER COLUMN body SET STATISTICS 0, ALTER COLUMN answer SET STATISTICS 0, ALTER COLUMN because SET STATISTICS 0;
ALTER TABLE platform_events ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE payments ALTER COLUMN steps SET STATISTICS 0, ALTER COLUMN terms SET STATISTICS 0, ALTER COLUMN chosen_reason SET STATISTICS 0;
ALTER TABLE facts ALTER COLUMN says SET STATISTICS 0, ALTER COLUMN before SET STATISTICS 0;
ALTER TABLE tellings ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE commissions ALTER COLUMN steps SET STATISTICS 0;
ALTER TABLE transfers ALTER COLUMN digest SET STATISTICS 0;
ALTER TABLE actions ALTER COLUMN body SET STATISTICS 0;
