-- +goose Up

-- In which program a customer was linked: where several share one account of the provider's, the oldest link to the partner
-- says in which of them a payment earns (D15).
ALTER TABLE links ADD COLUMN program_id uuid;
UPDATE links l SET program_id = p.program_id FROM payments p WHERE p.company_id = l.company_id AND p.mode = l.mode AND p.id = l.payment_id;
CREATE INDEX integrations_of_account ON integrations (company_id, mode, source, account) WHERE account IS NOT NULL;
