-- +goose Up

-- An import of what was paid before: listed from the provider, looked at, and then entered into the inbox.
CREATE TABLE imports (
    company_id   uuid NOT NULL,
    mode         text NOT NULL,
    id           uuid NOT NULL,
    program_id   uuid NOT NULL,
    source       text NOT NULL,
    since        timestamptz NOT NULL,
    until        timestamptz NOT NULL,
    connected_at timestamptz NOT NULL, -- what was paid before earns nothing, unless commissions are asked for
    state        text NOT NULL CONSTRAINT import_state CHECK (state IN ('listing', 'listed', 'entering', 'done', 'cancelled')),
    paused       boolean NOT NULL DEFAULT false,
    step         int NOT NULL DEFAULT 0,         -- the list that is under way
    after_id     text NOT NULL DEFAULT '',       -- the last object of it that is through
    rows         int NOT NULL DEFAULT 0,         -- objects that were listed
    entered      int NOT NULL DEFAULT 0,         -- objects that were entered
    fresh        int NOT NULL DEFAULT 0,         -- of them, those that said something new
    waits        text,                           -- why the provider cannot be asked now
    found        jsonb NOT NULL DEFAULT '{}',    -- what entering them would do, once all are listed
    commissions  boolean NOT NULL DEFAULT false, -- what was paid before the connection earns, too
    made_by      text NOT NULL,
    made_at      timestamptz NOT NULL,
    committed_by text,
    committed_at timestamptz,
    finished_at  timestamptz,
    moved_at     timestamptz NOT NULL DEFAULT now(), -- when it last went on
    PRIMARY KEY (company_id, mode, id),
    FOREIGN KEY (company_id, program_id) REFERENCES programs (company_id, id)
);
CREATE UNIQUE INDEX import_one_open ON imports (company_id, mode, program_id) WHERE state IN ('listing', 'listed', 'entering');

-- What an import has listed and not let go yet.
CREATE TABLE import_objects (
    company_id uuid NOT NULL,
    mode       text NOT NULL,
    import_id  uuid NOT NULL,
    n          int NOT NULL,
    kind       text NOT NULL, -- as the provider calls it
    object     text NOT NULL,
    currency   text NOT NULL,
    amount     bigint NOT NULL,
    at         timestamptz NOT NULL, -- paid, or made
    listed_at  timestamptz NOT NULL,
    body       bytea NOT NULL,
    PRIMARY KEY (company_id, mode, import_id, n),
    FOREIGN KEY (company_id, mode, import_id) REFERENCES imports (company_id, mode, id)
);
CREATE INDEX import_objects_named ON import_objects (company_id, mode, import_id, object);
ALTER TABLE import_objects ALTER COLUMN body SET STATISTICS 0;

-- A comparison of what the provider lists with the payments and reversals here, by day and currency.
CREATE TABLE reconciliations (
    company_id  uuid NOT NULL,
    mode        text NOT NULL,
    id          uuid NOT NULL,
    program_id  uuid NOT NULL,
    source      text NOT NULL,
    since       timestamptz NOT NULL,
    until       timestamptz NOT NULL,
    state       text NOT NULL CONSTRAINT reconciliation_state CHECK (state IN ('running', 'clean', 'differs', 'waits')),
    waits       text,
    days        jsonb NOT NULL DEFAULT '[]',
    differences jsonb NOT NULL DEFAULT '[]',
    healed      int NOT NULL DEFAULT 0, -- objects that were missing or told otherwise, and are right now
    open        int NOT NULL DEFAULT 0, -- objects that differ still
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (company_id, mode, id),
    FOREIGN KEY (company_id, program_id) REFERENCES programs (company_id, id)
);
CREATE INDEX reconciliations_of ON reconciliations (company_id, mode, program_id, source, id DESC);

-- Which payments and reversals a comparison has met. Rows go with its end.
CREATE UNLOGGED TABLE reconciled (
    company_id uuid NOT NULL,
    mode       text NOT NULL,
    run        uuid NOT NULL,
    key        text COLLATE "C" NOT NULL, -- as payments and reversals have theirs, so that the index serves; the payment's id, or the reversal's key
    PRIMARY KEY (company_id, mode, run, key)
);

-- A reversal by what it is the state of.
CREATE INDEX reversals_keyed ON reversals (company_id, mode, key);
