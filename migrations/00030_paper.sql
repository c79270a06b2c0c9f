-- +goose Up

-- Which mails that are not essential somebody does not want from a company. By address: who gets a mail need not sign in.
CREATE TABLE mail_refusals (
    company_id uuid NOT NULL REFERENCES companies (id),
    email      text NOT NULL,
    topic      text NOT NULL CONSTRAINT mail_topic CHECK (topic IN ('review', 'approved', 'onboarding')),
    refused_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, email, topic)
);

-- What was said when, of what is said again only after a time, or never.
CREATE TABLE reminders (
    company_id uuid NOT NULL REFERENCES companies (id),
    mode       text NOT NULL CONSTRAINT reminder_mode CHECK (mode IN ('test', 'live')),
    about      text NOT NULL,
    said_at    timestamptz NOT NULL,
    PRIMARY KEY (company_id, mode, about)
);

-- What went to partners, or came back from them: a statement reads it by account.
CREATE INDEX transfers_paid_to ON transfers (company_id, mode, to_account, at) WHERE to_account LIKE 'stripe/%' OR to_account LIKE 'manual/%';
CREATE INDEX transfers_paid_from ON transfers (company_id, mode, from_account, at) WHERE from_account LIKE 'stripe/%' OR from_account LIKE 'manual/%';
