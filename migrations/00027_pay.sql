-- +goose Up

-- What is kept of a payment beyond its outcome (MONEY.md 4.5, 4.7).
ALTER TABLE attempts
    ADD COLUMN deliveries  int NOT NULL DEFAULT 0, -- transfers that were begun of money charged before; each has a key of its own
    ADD COLUMN delivery_at timestamptz,            -- when the last of them was begun
    ADD COLUMN delivering  boolean NOT NULL DEFAULT false, -- whether the last of them may be made: its answer is not known
    ADD COLUMN held        boolean NOT NULL DEFAULT false, -- charged money that is not sent on by itself: somebody took the transfer back
    ADD COLUMN refunded    bigint NOT NULL DEFAULT 0 CONSTRAINT attempt_refunded CHECK (refunded BETWEEN 0 AND amount), -- of the amount, back with the company
    ADD COLUMN disputed    text NOT NULL DEFAULT '' CONSTRAINT attempt_disputed CHECK (disputed IN ('', 'open', 'lost')),
    ADD COLUMN blocked     boolean NOT NULL DEFAULT false, -- the card's bank wants no further try with this card
    ADD COLUMN looks       int NOT NULL DEFAULT 0,         -- how often what became of it was kept: who read before that reads again
    ADD COLUMN received    bigint,                 -- what arrived, where it is known
    ADD COLUMN received_in text,
    ADD CONSTRAINT attempt_received_whole CHECK ((received IS NULL) = (received_in IS NULL));
CREATE INDEX attempts_blocked ON attempts (company_id, mode, stripe_method) WHERE blocked;

-- A press on "Pay" for many invoices. Its page can be left and found again; a job carries it.
CREATE TABLE pay_runs (
    company_id    uuid NOT NULL REFERENCES companies (id),
    mode          text NOT NULL CONSTRAINT pay_run_mode CHECK (mode IN ('test', 'live')),
    id            uuid NOT NULL,
    stripe_method text NOT NULL, -- the card that was shown
    fee_percent   text NOT NULL, -- that was shown
    started_by    text NOT NULL,
    started_at    timestamptz NOT NULL,
    begun_at      timestamptz,   -- when its charges were written down
    PRIMARY KEY (company_id, mode, id)
);
CREATE TABLE pay_run_items (
    company_id uuid NOT NULL,
    mode       text NOT NULL,
    run_id     uuid NOT NULL,
    invoice_id uuid NOT NULL,
    seen       bigint NOT NULL, -- the total that was shown
    attempt_id uuid,            -- that pays it
    because    text,            -- why it is not paid in this run
    PRIMARY KEY (company_id, mode, run_id, invoice_id),
    FOREIGN KEY (company_id, mode, run_id) REFERENCES pay_runs (company_id, mode, id),
    FOREIGN KEY (company_id, mode, invoice_id) REFERENCES invoices (company_id, mode, id)
);
ALTER TABLE charges ADD COLUMN run_id uuid NOT NULL, ADD COLUMN blocked boolean NOT NULL DEFAULT false;
CREATE INDEX charges_of_run ON charges (company_id, mode, run_id);

-- Money of a payment on its way back. Each is written down before Stripe is asked, under an id that is also Stripe's key.
CREATE TABLE returns (
    company_id      uuid NOT NULL,
    mode            text NOT NULL,
    id              uuid NOT NULL,
    attempt_id      uuid NOT NULL,
    kind            text NOT NULL CONSTRAINT return_kind CHECK (kind IN ('refund', 'give_back', 'withdrawn')),
    status          text NOT NULL CONSTRAINT return_status CHECK (status IN ('live', 'done', 'failed')),
    amount          bigint NOT NULL CONSTRAINT return_amount CHECK (amount > 0),
    currency        text NOT NULL,
    again           boolean NOT NULL, -- what it paid is payable again; else it is given up
    reason          text NOT NULL CONSTRAINT return_reason CHECK (reason <> ''),
    stripe_reversal text,
    stripe_refund   text,
    started_by      text NOT NULL,
    started_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    because         text,
    PRIMARY KEY (company_id, mode, id),
    FOREIGN KEY (company_id, mode, attempt_id) REFERENCES attempts (company_id, mode, id)
);
CREATE UNIQUE INDEX return_one_live ON returns (company_id, mode, attempt_id) WHERE status = 'live';
CREATE INDEX returns_live ON returns (started_at) WHERE status = 'live';

-- What Stripe sent from partners' accounts to their banks and the bank sent back (MONEY.md 4.7).
CREATE TABLE bank_payouts (
    company_id   uuid NOT NULL,
    mode         text NOT NULL,
    partner_id   uuid NOT NULL,
    stripe_id    text NOT NULL,
    amount       bigint NOT NULL,
    currency     text NOT NULL,
    status       text NOT NULL,
    failure_code text NOT NULL,
    made_at      timestamptz NOT NULL,
    PRIMARY KEY (company_id, mode, partner_id, stripe_id),
    FOREIGN KEY (company_id, mode, partner_id) REFERENCES partners (company_id, mode, id)
);

-- An adjustment may tell that a part of a payment came back: paid money is due again. It hangs on the attempt.
ALTER TABLE adjustments DROP COLUMN kind, ADD COLUMN attempt_id uuid,
    ADD COLUMN kind text NOT NULL GENERATED ALWAYS AS (CASE WHEN attempt_id IS NOT NULL AND program_id IS NULL THEN 'returned'
        WHEN program_id IS NULL THEN 'write_off' WHEN amount > 0 THEN 'bonus' ELSE 'deduction' END) STORED,
    ADD CONSTRAINT adjustment_of_attempt FOREIGN KEY (company_id, mode, attempt_id) REFERENCES attempts (company_id, mode, id);
CREATE INDEX adjustments_of_attempt ON adjustments (company_id, mode, attempt_id) WHERE attempt_id IS NOT NULL;
