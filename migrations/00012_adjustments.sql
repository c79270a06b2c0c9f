-- +goose Up

-- What a partner is due, or owes, although no payment changed: a bonus, a deduction, or a debt written off. Rows are
-- added, never changed; an invoice gathers them beside the entries of commissions, whatever day it is drawn up to.
CREATE TABLE adjustments (
    company_id uuid NOT NULL,
    mode       text NOT NULL,
    id         uuid NOT NULL,
    partner_id uuid NOT NULL,
    program_id uuid, -- whose money it is; none: a write-off
    amount     bigint NOT NULL CONSTRAINT adjustment_not_zero CHECK (amount <> 0),
    currency   text NOT NULL,
    kind       text NOT NULL GENERATED ALWAYS AS (CASE WHEN program_id IS NULL THEN 'write_off' WHEN amount > 0 THEN 'bonus' ELSE 'deduction' END) STORED,
    reason     text NOT NULL CONSTRAINT adjustment_reason CHECK (reason <> ''),
    made_by    text NOT NULL,
    made_at    timestamptz NOT NULL,
    invoice_id uuid,
    PRIMARY KEY (company_id, mode, id),
    FOREIGN KEY (company_id, program_id) REFERENCES programs (company_id, id),
    FOREIGN KEY (company_id, mode, partner_id) REFERENCES partners (company_id, mode, id),
    FOREIGN KEY (company_id, mode, invoice_id) REFERENCES invoices (company_id, mode, id)
);
CREATE INDEX adjustments_of_partner ON adjustments (company_id, mode, partner_id, id DESC);
CREATE INDEX adjustments_to_invoice ON adjustments (company_id, mode, partner_id, currency) WHERE invoice_id IS NULL;
CREATE INDEX adjustments_of_invoice ON adjustments (company_id, mode, invoice_id) WHERE invoice_id IS NOT NULL;

-- Debts that somebody asked to write off. Another person decides; an approved one is booked as an adjustment.
CREATE TABLE write_offs (
    company_id     uuid NOT NULL,
    mode           text NOT NULL,
    id             uuid NOT NULL,
    partner_id     uuid NOT NULL,
    amount         bigint NOT NULL CONSTRAINT write_off_above_zero CHECK (amount > 0),
    currency       text NOT NULL,
    reason         text NOT NULL CONSTRAINT write_off_reason CHECK (reason <> ''),
    asked_person   uuid NOT NULL,
    asked_by       text NOT NULL,
    asked_at       timestamptz NOT NULL,
    status         text NOT NULL CONSTRAINT write_off_status CHECK (status IN ('asked', 'approved', 'refused')),
    decided_person uuid,
    decided_by     text,
    decided_at     timestamptz,
    adjustment_id  uuid,
    PRIMARY KEY (company_id, mode, id),
    CONSTRAINT write_off_decided CHECK ((status = 'asked') = (decided_at IS NULL) AND (status = 'approved') = (adjustment_id IS NOT NULL)),
    CONSTRAINT write_off_two_people CHECK (decided_person <> asked_person),
    FOREIGN KEY (company_id, mode, partner_id) REFERENCES partners (company_id, mode, id),
    FOREIGN KEY (company_id, mode, adjustment_id) REFERENCES adjustments (company_id, mode, id)
);
CREATE UNIQUE INDEX write_off_one_open ON write_offs (company_id, mode, partner_id, currency) WHERE status = 'asked';
CREATE INDEX write_offs_listed ON write_offs (company_id, mode, asked_at DESC, id DESC);
