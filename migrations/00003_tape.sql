-- +goose Up

-- The tape: everything that what Portal derives is derived from, in the order in which it was taken in. Kept events take
-- their turn when they are carried; what people and the API set is an action. `portal replay` plays both again.
CREATE SEQUENCE tape;

ALTER TABLE events ADD COLUMN turn bigint, ADD COLUMN carried_at timestamptz;
CREATE INDEX events_by_turn ON events (company_id, turn) WHERE turn IS NOT NULL;

CREATE TABLE actions (
    company_id uuid NOT NULL,
    turn       bigint NOT NULL DEFAULT nextval('tape'),
    mode       text, -- none: it holds for both sides
    kind       text NOT NULL,
    at         timestamptz NOT NULL,
    body       jsonb NOT NULL,
    PRIMARY KEY (company_id, turn)
);

-- When a partner earned: spans of time, each from a moment (none: from the start of time) until another (none: until now).
ALTER TABLE partners ADD COLUMN active jsonb NOT NULL DEFAULT '[]';
UPDATE partners SET active = CASE WHEN status = 'pending' THEN '[]'
    ELSE jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('from', active_since, 'until', active_until))) END;
ALTER TABLE partners DROP COLUMN active_since, DROP COLUMN active_until;

-- What people set before there was a tape goes to its beginning, and the events that were carried follow.
INSERT INTO actions (company_id, kind, at, body)
    SELECT company_id, 'program', created_at, to_jsonb(p) FROM programs p ORDER BY created_at, id;
INSERT INTO actions (company_id, mode, kind, at, body)
    SELECT company_id, mode, 'rules', saved_at, to_jsonb(r) FROM rule_sets r ORDER BY saved_at, version;
INSERT INTO actions (company_id, mode, kind, at, body)
    SELECT company_id, mode, 'partner', created_at, to_jsonb(p) FROM partners p ORDER BY created_at, id;
INSERT INTO actions (company_id, kind, at, body)
    SELECT company_id, 'rate', set_at, to_jsonb(o) FROM own_rates o ORDER BY set_at;
INSERT INTO actions (company_id, mode, kind, at, body)
    SELECT c.company_id, c.mode, 'customer', coalesce(l.linked_at, c.stripe_id_since, c.created_at), jsonb_strip_nulls(jsonb_build_object('key', c.key,
        'email', c.email, 'name', c.name, 'stripe_id', c.stripe_customer_id, 'partner', r.key, 'origin', coalesce(l.origin, 'api')))
    FROM customers c
    LEFT JOIN links l ON l.company_id = c.company_id AND l.mode = c.mode AND l.customer_id = c.id AND l.origin IN ('api', 'person')
    LEFT JOIN partners r ON r.company_id = l.company_id AND r.mode = l.mode AND r.id = l.partner_id
    WHERE NOT c.composite AND (l.customer_id IS NOT NULL OR c.stripe_id_since IS NOT NULL OR c.key NOT LIKE 'stripe\_%' AND c.key NOT LIKE 'guest\_%')
    ORDER BY c.created_at, l.linked_at;
UPDATE events e SET turn = o.turn, carried_at = e.received_at
    FROM (SELECT company_id, bucket, id, nextval('tape') AS turn FROM (SELECT company_id, bucket, id FROM events WHERE status = 'done' ORDER BY received_at, id) done) o
    WHERE e.company_id = o.company_id AND e.bucket = o.bucket AND e.id = o.id;
INSERT INTO actions (company_id, mode, kind, at, body)
    SELECT company_id, mode, 'given', chosen_at, jsonb_build_object('payment', key, 'choice', jsonb_build_object('Partner', chosen_partner, 'Reason', chosen_reason, 'By', chosen_by, 'At', chosen_at))
    FROM payments WHERE chosen_at IS NOT NULL ORDER BY chosen_at;
