-- +goose Up

-- Which payments a rule covered: tiers count them. And since when a decision and a commission are what they are.
ALTER TABLE payments ADD COLUMN earns boolean NOT NULL DEFAULT false, ADD COLUMN decided_at timestamptz;
ALTER TABLE commissions ADD COLUMN rule_version int NOT NULL DEFAULT 0, -- frozen like the hold; 0: not known
    ADD COLUMN decided_at timestamptz;

UPDATE payments p SET earns = true WHERE EXISTS (SELECT 1 FROM commissions c
    WHERE c.company_id = p.company_id AND c.mode = p.mode AND c.payment_id = p.id AND c.partner_id = p.partner_id AND c.first_share > 0);
UPDATE commissions SET rule_version = coalesce(substring(steps::text FROM ', rule version ([0-9]+)"')::int, 0);
