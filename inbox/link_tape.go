package inbox

import (
	"context"

	"portal/store"
)

// playLinks does again what the tape tells of links and backfills.
func (in *Inbox) playLinks(ctx context.Context, tx *store.Store, turn store.Taped) error {
	switch turn.Kind {
	case "link":
		return play(turn, func(done linkDone) error { return in.linkAgain(ctx, tx, turn.Tenant, done) })
	case "link_file":
		return play(turn, func(done linkFileDone) error { return in.linkFileAgain(ctx, tx, turn.Tenant, done) })
	case "backfill":
		return play(turn, func(done backfillDone) error { return in.backfillAgain(ctx, tx, turn.Tenant, done) })
	}
	return play(turn, func(done backfillUndone) error { return in.backfillUndoneAgain(ctx, tx, turn.Tenant, done) })
}
