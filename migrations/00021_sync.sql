-- +goose Up

-- The provider's id that its list of customers told of this record (F5): its own, or, of a record that somebody made, the
-- one of the same address.
ALTER TABLE customers ADD COLUMN told_id text;
CREATE INDEX customers_told ON customers (company_id, mode, told_id) WHERE told_id IS NOT NULL;

-- How far the bringing of a list from the provider has come, or its last run (F5, F17, F32, F33).
CREATE TABLE syncs (
    company_id  uuid NOT NULL,
    program_id  uuid NOT NULL,
    mode        text NOT NULL,
    kind        text NOT NULL CONSTRAINT sync_kind CHECK (kind IN ('customers', 'catalog')),
    state       text NOT NULL CONSTRAINT sync_state CHECK (state IN ('running', 'paused', 'done', 'failed', 'cancelled')),
    cursor      text NOT NULL DEFAULT '', -- the last thing that was read; the list goes on after it
    reached_at  timestamptz,              -- when that was made at the provider
    seen        int NOT NULL DEFAULT 0,
    fresh       int NOT NULL DEFAULT 0,
    updated     int NOT NULL DEFAULT 0,
    expected    int NOT NULL DEFAULT 0,   -- how many the run before found; 0 when there was none
    because     text NOT NULL DEFAULT '', -- what stands in the way, in a sentence
    made_by     text NOT NULL,
    started_at  timestamptz NOT NULL,
    beat_at     timestamptz NOT NULL,     -- when it last came on
    finished_at timestamptz,
    PRIMARY KEY (company_id, program_id, mode, kind)
);

-- Names for the ids of products and prices (F17). Nothing is decided by them.
CREATE TABLE products (
    company_id uuid NOT NULL,
    program_id uuid NOT NULL,
    mode       text NOT NULL,
    id         text NOT NULL,
    name       text NOT NULL,
    active     boolean NOT NULL,
    gone       boolean NOT NULL DEFAULT false, -- deleted at the provider
    told_at    timestamptz NOT NULL,
    PRIMARY KEY (company_id, program_id, mode, id)
);
CREATE TABLE prices (
    company_id uuid NOT NULL,
    program_id uuid NOT NULL,
    mode       text NOT NULL,
    id         text NOT NULL,
    product_id text NOT NULL,
    nickname   text NOT NULL,
    minor      bigint,                         -- null where the price has no single amount
    currency   text NOT NULL,
    every      text NOT NULL,                  -- "month", "3 months"; empty for a one-off price
    active     boolean NOT NULL,
    gone       boolean NOT NULL DEFAULT false,
    told_at    timestamptz NOT NULL,
    PRIMARY KEY (company_id, program_id, mode, id)
);
CREATE INDEX prices_product ON prices (company_id, program_id, mode, product_id);

-- The provider's coupons, and which of them a program gives its partners codes of (F33; MONEY.md 3.5).
CREATE TABLE coupons (
    company_id  uuid NOT NULL,
    program_id  uuid NOT NULL,
    mode        text NOT NULL,
    id          text NOT NULL,
    name        text NOT NULL,
    percent_off text NOT NULL,             -- a decimal; empty for an amount
    amount_off  bigint NOT NULL,           -- minor units of currency; 0 for a percentage
    currency    text NOT NULL,
    duration    text NOT NULL,             -- once, forever, repeating
    months      int NOT NULL DEFAULT 0,
    valid       boolean NOT NULL,
    gone        boolean NOT NULL DEFAULT false,
    told_at     timestamptz NOT NULL,
    PRIMARY KEY (company_id, program_id, mode, id)
);
CREATE TABLE program_coupons (
    company_id uuid NOT NULL,
    program_id uuid NOT NULL,
    mode       text NOT NULL,
    coupon_id  text NOT NULL,
    set_by     text NOT NULL,
    set_at     timestamptz NOT NULL,
    PRIMARY KEY (company_id, program_id, mode)
);

-- The provider's promotion codes that are, or were, a partner's. Whose a payment is says the code that stands for the
-- partner in codes, by this id; here stands what the provider tells of it.
CREATE TABLE promotion_codes (
    company_id     uuid NOT NULL,
    program_id     uuid NOT NULL,
    mode           text NOT NULL,
    id             text NOT NULL,
    code           text NOT NULL,
    coupon_id      text NOT NULL,
    partner_key    text NOT NULL,          -- of its metadata; empty where it names none
    active         boolean NOT NULL,
    inactive_since timestamptz,            -- when it was first told that it is not active any more
    redeemed       int NOT NULL DEFAULT 0,
    told_at        timestamptz NOT NULL,
    PRIMARY KEY (company_id, program_id, mode, id)
);
CREATE INDEX promotion_codes_of ON promotion_codes (company_id, mode, lower(id));
CREATE INDEX promotion_codes_coupon ON promotion_codes (company_id, program_id, mode, coupon_id);

-- +goose Down
DROP TABLE promotion_codes, program_coupons, coupons, prices, products, syncs;
ALTER TABLE customers DROP COLUMN told_id;
