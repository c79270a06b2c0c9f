-- +goose Up

-- An event of one side that came signed for the other one counts nowhere; signed for its own side it counts when it comes again.
ALTER TABLE events ADD COLUMN stray boolean NOT NULL DEFAULT false;
UPDATE events SET stray = true WHERE status = 'ignored' AND because LIKE 'a % event, signed for the % side: %';
