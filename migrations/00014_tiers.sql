-- +goose Up

-- Which payments a rule covered: tiers count them. And since when a decision and a commission are what they are.
ALTER TABLE payments ADD COLUMN earns boolean NOT NULL DEFAULT false, ADD COLUMN decided_at timestamptz;
ALTER TABLE commissions ADD COLUMN rule_version int NOT NULL DEFAULT 0, -- frozen like the hold; 0: not known
    ADD COLUMN decided_at timestamptz;

-- The steps of an earning stand behind those of the decision only when it came to nothing.
UPDATE payments SET earns = true WHERE counted AND partner_id IS NOT NULL AND NOT steps @> '[{"rule": "rule"}]' AND NOT steps @> '[{"rule": "amount"}]';
UPDATE commissions SET rule_version = coalesce(substring(steps::text FROM ', rule version ([0-9]+)"')::int, 0);
