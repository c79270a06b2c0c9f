-- +goose Up

-- In which program a customer was linked: where several share one account of the provider's, the oldest link to the partner
-- says in which of them a payment earns (D15).
ALTER TABLE links ADD COLUMN program_id uuid;
UPDATE links l SET program_id = p.program_id FROM payments p WHERE p.company_id = l.company_id AND p.mode = l.mode AND p.id = l.payment_id;
CREATE INDEX integrations_of_account ON integrations (company_id, mode, source, account) WHERE account IS NOT NULL;

-- Who shares an account stands on the tape, so that a replay finds it.
INSERT INTO actions (company_id, mode, kind, at, body)
    SELECT company_id, mode, 'account', updated_at, jsonb_build_object('company_id', company_id, 'program_id', program_id, 'mode', mode, 'source', source, 'account', account)
    FROM integrations WHERE account IS NOT NULL ORDER BY company_id, program_id, mode, source;
