-- +goose Up

-- The drawing up of a company's invoices, by its schedule or by hand: carried in pieces, each a transaction of its own, in the
-- order of the partners' ids.
CREATE TABLE runs (
    company_id     uuid NOT NULL REFERENCES companies (id),
    mode           text NOT NULL CONSTRAINT run_mode CHECK (mode IN ('test', 'live')),
    id             uuid NOT NULL,
    scheduled      boolean NOT NULL,
    until          date NOT NULL,
    least          bigint NOT NULL DEFAULT 0, -- asked for by the caller, in each currency's smallest unit
    status         text NOT NULL CONSTRAINT run_status CHECK (status IN ('running', 'done')),
    partners       int NOT NULL,              -- that there were when it began
    looked         int NOT NULL DEFAULT 0,    -- at how many of them
    invoices       int NOT NULL DEFAULT 0,
    below          int NOT NULL DEFAULT 0,    -- who waits because less than the minimum is due
    last_partner   uuid,                      -- up to whom it has come
    started_person uuid,
    started_by     text NOT NULL,
    started_at     timestamptz NOT NULL,
    moved_at       timestamptz NOT NULL,
    ended_at       timestamptz,
    PRIMARY KEY (company_id, mode, id),
    CONSTRAINT run_whole CHECK ((status = 'done') = (ended_at IS NOT NULL))
);
CREATE INDEX runs_listed ON runs (company_id, mode, started_at DESC, id DESC);
CREATE INDEX runs_open ON runs (moved_at) WHERE status = 'running';
CREATE INDEX invoices_of_run ON invoices (company_id, mode, run_id, drawn_at DESC, id DESC) WHERE run_id IS NOT NULL;

-- Few commissions are disputed: what is drawn up looks for those, and not at each one.
CREATE INDEX commissions_disputed ON commissions (company_id, mode, id) WHERE disputed;

-- A void invoice has one that stands for it at most, and nobody is two people.
CREATE UNIQUE INDEX invoice_reissued ON invoices (company_id, mode, reissue_of) WHERE reissue_of IS NOT NULL;
ALTER TABLE invoices ADD CONSTRAINT invoice_two_people CHECK (approved_person <> first_person);

-- What a partner says against a line of an invoice, and what the company answered: a posting, or a reason (B20).
CREATE TABLE contests (
    company_id    uuid NOT NULL,
    mode          text NOT NULL,
    id            uuid NOT NULL,
    invoice_id    uuid NOT NULL,
    partner_id    uuid NOT NULL,
    commission_id uuid,             -- the line: an entry of a commission, with its seq,
    adjustment_id uuid,             -- or an adjustment, with seq 0
    seq           int  NOT NULL,
    words         text NOT NULL CONSTRAINT contest_words CHECK (words <> ''),
    asked_by      text NOT NULL,
    asked_at      timestamptz NOT NULL,
    status        text NOT NULL CONSTRAINT contest_status CHECK (status IN ('open', 'answered')),
    answer        text,
    posting_id    uuid,             -- the adjustment that answers it; none: a reason alone
    answered_by   text,
    answered_at   timestamptz,
    PRIMARY KEY (company_id, mode, id),
    CONSTRAINT contest_line CHECK ((commission_id IS NULL) <> (adjustment_id IS NULL)),
    CONSTRAINT contest_answered CHECK ((status = 'answered') = (answered_at IS NOT NULL) AND (answer IS NULL) = (answered_at IS NULL)
        AND (answered_by IS NULL) = (answered_at IS NULL) AND (posting_id IS NULL OR answered_at IS NOT NULL)),
    FOREIGN KEY (company_id, mode, invoice_id) REFERENCES invoices (company_id, mode, id),
    FOREIGN KEY (company_id, mode, partner_id) REFERENCES partners (company_id, mode, id),
    FOREIGN KEY (company_id, mode, posting_id) REFERENCES adjustments (company_id, mode, id)
);
CREATE UNIQUE INDEX contest_one_open ON contests (company_id, mode, coalesce(commission_id, adjustment_id), seq) WHERE status = 'open';
CREATE INDEX contests_listed ON contests (company_id, mode, asked_at DESC, id DESC);
CREATE INDEX contests_of_invoice ON contests (company_id, mode, invoice_id);
