-- +goose Up

-- The account that a company pays from: it stands in the files for its bank. Each change is a row of its own; the newest one holds.
CREATE TABLE debtor_accounts (
    company_id uuid NOT NULL REFERENCES companies (id),
    mode       text NOT NULL CONSTRAINT debtor_mode CHECK (mode IN ('test', 'live')),
    id         uuid NOT NULL,
    holder     text NOT NULL,
    country    text NOT NULL,
    numbers    bytea NOT NULL, -- sealed: IBAN and BIC
    last4      text NOT NULL,
    set_by     text NOT NULL,
    set_at     timestamptz NOT NULL,
    PRIMARY KEY (company_id, mode, id)
);

-- What a person said of a payment made elsewhere, beside its reference (F107).
CREATE TABLE outside_payments (
    company_id uuid NOT NULL,
    mode       text NOT NULL,
    attempt_id uuid NOT NULL,
    method     text CONSTRAINT outside_method CHECK (method IN ('bank_transfer', 'paypal', 'wise', 'check', 'cash', 'other')), -- none: not said
    words      text NOT NULL DEFAULT '', -- which other method
    note       text NOT NULL DEFAULT '',
    paid_at    timestamptz NOT NULL,     -- as it was said; the invoice forgets it when it is undone
    reference  text NOT NULL,
    PRIMARY KEY (company_id, mode, attempt_id),
    FOREIGN KEY (company_id, mode, attempt_id) REFERENCES attempts (company_id, mode, id)
);
-- The paper that proves such a payment.
CREATE TABLE attachments (
    company_id uuid NOT NULL,
    mode       text NOT NULL,
    attempt_id uuid NOT NULL,
    name       text NOT NULL,
    kind       text NOT NULL CONSTRAINT attachment_kind CHECK (kind IN ('application/pdf', 'image/png', 'image/jpeg')), -- by content
    body       bytea NOT NULL CONSTRAINT attachment_size CHECK (octet_length(body) BETWEEN 1 AND 5242880),
    kept_at    timestamptz NOT NULL,
    PRIMARY KEY (company_id, mode, attempt_id),
    FOREIGN KEY (company_id, mode, attempt_id) REFERENCES attempts (company_id, mode, id)
);

-- A file made for the company's bank: what stands in it stays as it was then.
CREATE TABLE bank_files (
    company_id uuid NOT NULL REFERENCES companies (id),
    mode       text NOT NULL CONSTRAINT bank_file_mode CHECK (mode IN ('test', 'live')),
    id         uuid NOT NULL,
    kind       text NOT NULL CONSTRAINT bank_file_kind CHECK (kind IN ('sepa', 'csv')),
    state      text NOT NULL DEFAULT 'open' CONSTRAINT bank_file_state CHECK (state IN ('open', 'settled', 'cancelled')),
    hash       text NOT NULL,  -- SHA-256 of the file
    body       bytea NOT NULL, -- sealed: it holds account numbers
    made_by    text NOT NULL,
    made_at    timestamptz NOT NULL,
    ended_by   text,
    ended_at   timestamptz,
    PRIMARY KEY (company_id, mode, id),
    CONSTRAINT bank_file_ended CHECK ((state = 'open') = (ended_at IS NULL) AND (ended_by IS NULL) = (ended_at IS NULL))
);
CREATE INDEX bank_files_by_time ON bank_files (company_id, mode, made_at DESC, id DESC);

CREATE TABLE bank_file_lines (
    company_id    uuid NOT NULL,
    mode          text NOT NULL,
    file_id       uuid NOT NULL,
    invoice_id    uuid NOT NULL,
    number        text NOT NULL,
    partner_name  text NOT NULL,
    details_id    uuid NOT NULL, -- the bank details that it goes to
    last4         text NOT NULL,
    amount        bigint NOT NULL CONSTRAINT bank_file_amount CHECK (amount > 0),
    currency      text NOT NULL,
    approved_hash text NOT NULL, -- of what was approved then
    state         text NOT NULL DEFAULT 'open' CONSTRAINT bank_line_state CHECK (state IN ('open', 'paid', 'left')),
    because       text NOT NULL DEFAULT '', -- why it was left
    PRIMARY KEY (company_id, mode, file_id, invoice_id),
    FOREIGN KEY (company_id, mode, file_id) REFERENCES bank_files (company_id, mode, id),
    FOREIGN KEY (company_id, mode, invoice_id) REFERENCES invoices (company_id, mode, id)
);
CREATE INDEX bank_file_lines_by_invoice ON bank_file_lines (company_id, mode, invoice_id);
