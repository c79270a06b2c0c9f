-- +goose Up

-- Whether somebody set a customer's address by hand: then payments do not change it. Of those from before, which no payment bears, that is taken for true.
ALTER TABLE customers ADD COLUMN email_set boolean NOT NULL DEFAULT false;
UPDATE customers c SET email_set = true WHERE email IS NOT NULL AND NOT EXISTS (SELECT 1 FROM payments p
    WHERE p.company_id = c.company_id AND p.mode = c.mode AND p.customer_id = c.id AND p.customer_email = lower(btrim(c.email)));
