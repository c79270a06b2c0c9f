package inbox

import (
	"context"
	"encoding/json"
	"fmt"

	"portal/models"
	"portal/store"
)

// LinksAgain does again what the tape tells of links and backfills: the kinds link, link_file, backfill and
// backfill_undone. Of any other kind it does nothing, and known is false. The caller holds the tenant's queue.
func (in *Inbox) LinksAgain(ctx context.Context, tx *store.Store, t models.Tenant, kind string, body []byte) (known bool, err error) {
	switch kind {
	case "link":
		err = again(body, func(done linkDone) error { return in.linkAgain(ctx, tx, t, done) })
	case "link_file":
		err = again(body, func(done linkFileDone) error { return in.linkFileAgain(ctx, tx, t, done) })
	case "backfill":
		err = again(body, func(done backfillDone) error { return in.backfillAgain(ctx, tx, t, done) })
	case "backfill_undone":
		err = again(body, func(done backfillUndone) error { return in.backfillUndoneAgain(ctx, tx, t, done) })
	default:
		return false, nil
	}
	if err != nil {
		return true, fmt.Errorf("do %s again: %w", kind, err)
	}
	return true, nil
}

func again[T any](body []byte, do func(T) error) error {
	var done T
	if err := json.Unmarshal(body, &done); err != nil {
		return err
	}
	return do(done)
}
