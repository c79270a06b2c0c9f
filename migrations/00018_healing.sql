-- +goose Up

-- Up to when all events that a provider made are known to be here. What it made before the connection is not asked for.
ALTER TABLE integrations ADD COLUMN connected_at timestamptz,
    ADD COLUMN healed_to timestamptz,
    ADD COLUMN healed_at timestamptz,
    ADD COLUMN healed_events int NOT NULL DEFAULT 0; -- that were missing, so far
UPDATE integrations SET connected_at = updated_at WHERE status = 'connected';
