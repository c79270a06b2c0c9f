-- +goose Up

-- Directory table: what one euro was worth on a day, as a source published it. Rows are added, never changed:
-- a decision made again finds the rate it found before.
CREATE TABLE fx_rates (
    day        date NOT NULL,
    source     text NOT NULL,
    currency   text NOT NULL,
    per_eur    numeric NOT NULL CONSTRAINT fx_rate_above_zero CHECK (per_eur > 0 AND per_eur < 1e18), -- NaN is above every number
    fetched_at timestamptz NOT NULL,
    PRIMARY KEY (source, day, currency)
);

-- Tenant table: what finance entered by hand.
CREATE TABLE own_rates (
    company_id    uuid NOT NULL,
    from_currency text NOT NULL,
    to_currency   text NOT NULL,
    day           date NOT NULL,
    rate          numeric NOT NULL CONSTRAINT own_rate_above_zero CHECK (rate > 0 AND rate < 1e18),
    set_by        text NOT NULL,
    set_at        timestamptz NOT NULL,
    PRIMARY KEY (company_id, from_currency, to_currency, day),
    CONSTRAINT own_rate_two_currencies CHECK (from_currency <> to_currency)
);
