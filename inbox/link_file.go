package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"portal/models"
	"portal/store"
)

// rowsAtOnce is how many rows of a file one statement keeps, judges or links.
const rowsAtOnce = 5000

// Upload is a file of links as it is sent.
type Upload struct {
	Name string
	File io.Reader
	// Replaces tells, once the file is read, whether customers of another partner are linked anew.
	Replaces func() (bool, error)
}

// linkFileDone is what a part of a file linked, as it stands on the tape under "link_file".
type linkFileDone struct {
	From  time.Time        `json:"from"`
	Links []store.LinkMade `json:"links"`
}

// KeepLinkFile keeps the rows of a file of links as they are read, and promises to check them: nothing is linked yet (B4).
// What is no such file is a FieldErrors on "file", and nothing of it is kept.
func (in *Inbox) KeepLinkFile(ctx context.Context, t models.Tenant, up Upload, who models.Actor) (f models.LinkFile, err error) {
	f = models.LinkFile{Tenant: t, ID: models.NewID[models.LinkFileID](in.Now()), Name: up.Name, State: models.FileChecking, MadeBy: who.Name, MadeAt: in.now()}
	err = in.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.AddLinkFile(ctx, f); err != nil {
			return fmt.Errorf("keep file %q: %w", f.Name, err)
		}
		if f.Rows, err = keepRows(ctx, tx, f, up.File); err != nil {
			return err
		}
		if f.Rows == 0 {
			return models.Invalid("file", "has no row below the first, which names the columns")
		}
		if f.Replaces, err = up.Replaces(); err != nil {
			return err
		}
		return errors.Join(tx.SaveLinkFile(ctx, f), in.promise(ctx, tx, f),
			tx.Audited(ctx, t.Company, who, "links.uploaded", f.ID.String(), fmt.Sprintf("%s, %d rows", f.Name, f.Rows), f.MadeAt))
	})
	return f, err
}

func keepRows(ctx context.Context, tx *store.Store, f models.LinkFile, file io.Reader) (count int, err error) {
	rows := make([]models.LinkRow, 0, rowsAtOnce)
	for row, err := range ReadLinks(file) {
		if err != nil {
			return count, err
		}
		count++
		if rows = append(rows, row); len(rows) == rowsAtOnce {
			if err := tx.KeepLinkRows(ctx, f, rows); err != nil {
				return count, err
			}
			rows = rows[:0]
		}
	}
	if len(rows) == 0 {
		return count, nil
	}
	return count, tx.KeepLinkRows(ctx, f, rows)
}

func (in *Inbox) promise(ctx context.Context, tx *store.Store, f models.LinkFile) error {
	return tx.Enqueue(ctx, models.CarryLinkFile{Company: f.Company, Mode: f.Mode, File: f.ID}, nil)
}

// CheckLinkFile checks a file anew that is not linking yet: things may have changed, or customers of another partner are
// to be linked anew after all, or not.
func (in *Inbox) CheckLinkFile(ctx context.Context, t models.Tenant, id models.LinkFileID, replaces bool, who models.Actor) error {
	return in.changeFile(ctx, t, id, func(tx *store.Store, f *models.LinkFile) error {
		f.State, f.Progress, f.Replaces = models.FileChecking, 0, replaces
		return tx.Audited(ctx, t.Company, who, "links.checked", f.ID.String(), fmt.Sprintf("%s, replaces %v", f.Name, replaces), in.now())
	})
}

// CommitLinkFile lets a checked file link, from now on (F86). A file that links already, or has nothing to link, is an ErrConflict.
func (in *Inbox) CommitLinkFile(ctx context.Context, t models.Tenant, id models.LinkFileID, who models.Actor) error {
	return in.changeFile(ctx, t, id, func(tx *store.Store, f *models.LinkFile) error {
		will := f.Counts[models.WillLink] + f.Counts[models.WillReplace]
		if will == 0 {
			return models.Refuse(models.ErrConflict, "No row of this file would link anything.")
		}
		f.State, f.Progress, f.CommittedBy, f.CommittedAt = models.FileLinking, 0, &who.Name, new(in.moment())
		return tx.Audited(ctx, t.Company, who, "links.committed", f.ID.String(), fmt.Sprintf("%s, %d rows to link", f.Name, will), in.now())
	})
}

// changeFile changes a checked file and promises the work that follows.
func (in *Inbox) changeFile(ctx context.Context, t models.Tenant, id models.LinkFileID, fn func(tx *store.Store, f *models.LinkFile) error) error {
	return in.Store.InTx(ctx, func(tx *store.Store) error {
		f, err := tx.LockLinkFile(ctx, t, id)
		if err != nil {
			return err
		}
		switch f.State {
		case models.FileChecking:
			return models.Refuse(models.ErrConflict, "This file is still being checked.")
		case models.FileLinking, models.FileDone:
			return models.Refuse(models.ErrConflict, "This file links already. Upload it again to check it anew.")
		}
		if err := fn(tx, &f); err != nil {
			return err
		}
		return errors.Join(tx.SaveLinkFile(ctx, f), in.promise(ctx, tx, f))
	})
}

// CarryLinkFile checks a file's rows, or links by them, some thousand in one transaction, until the step is through. Cut
// off, it goes on where it was.
func (in *Inbox) CarryLinkFile(ctx context.Context, t models.Tenant, id models.LinkFileID) error {
	if err := in.countTables(ctx, t, id); err != nil {
		return err
	}
	for more := true; more; {
		if err := in.Store.InTx(ctx, func(tx *store.Store) error {
			// The queue first, and then the file: the order in which everybody takes them.
			f, err := tx.LinkFile(ctx, t, id)
			if err == nil && f.State == models.FileLinking {
				err = tx.LockBucket(ctx, t)
			}
			if err != nil {
				return err
			}
			if f, err = tx.LockLinkFile(ctx, t, id); err != nil {
				return err
			}
			more, err = in.carryFile(ctx, tx, &f)
			return errors.Join(err, tx.SaveLinkFile(ctx, f))
		}); err != nil {
			return fmt.Errorf("carry file %s: %w", id, err)
		}
	}
	return nil
}

// countTables lets PostgreSQL count its tables before a long file: its rows have just come, and without that each look-up
// is planned as if the file had a few.
func (in *Inbox) countTables(ctx context.Context, t models.Tenant, id models.LinkFileID) error {
	f, err := in.Store.LinkFile(ctx, t, id)
	if err != nil || f.Rows < 1000 {
		return err
	}
	return in.Store.Analyze(ctx, "link_rows")
}

// carryFile does the next part of a file's step, and tells whether there is more to do.
func (in *Inbox) carryFile(ctx context.Context, tx *store.Store, f *models.LinkFile) (more bool, err error) {
	var only []models.Verdict
	switch f.State {
	case models.FileLinking: // what was checked may be otherwise by now
		only = []models.Verdict{models.WillLink, models.WillReplace}
	case models.FileChecked, models.FileDone:
		return false, nil
	}
	through, err := tx.JudgeLinkRows(ctx, *f, f.Progress, rowsAtOnce, only, in.moment())
	switch {
	case errors.Is(err, models.ErrNotFound):
		return false, in.endStep(ctx, tx, f)
	case err != nil:
		return false, err
	case f.State == models.FileLinking:
		err = in.linkRows(ctx, tx, *f, through)
	}
	f.Progress = through
	return true, err
}

// linkRows links by the rows up to one. Payments that came since the file was confirmed are decided anew.
func (in *Inbox) linkRows(ctx context.Context, tx *store.Store, f models.LinkFile, through int) error {
	made, err := tx.MakeLinks(ctx, f, f.Progress, through)
	if err != nil || len(made) == 0 {
		return err
	}
	if err := tx.Record(ctx, f.Tenant, "link_file", in.now(), linkFileDone{From: *f.CommittedAt, Links: made}); err != nil {
		return err
	}
	return in.linkedSince(ctx, tx, f.Tenant, made, *f.CommittedAt)
}

// linkedSince decides anew what these customers paid since they were linked.
func (in *Inbox) linkedSince(ctx context.Context, tx *store.Store, t models.Tenant, made []store.LinkMade, from time.Time) error {
	var ids []models.CustomerID
	for _, l := range made {
		ids = append(ids, l.ID)
	}
	paying, err := tx.PayingSince(ctx, t, ids, from)
	if err != nil {
		return err
	}
	for _, c := range paying {
		if err := in.redecideKin(ctx, tx, c, since{at: from}); err != nil {
			return fmt.Errorf("decide anew for %s: %w", c.Key, err)
		}
	}
	return nil
}

// endStep ends the checking or the linking of a file.
func (in *Inbox) endStep(ctx context.Context, tx *store.Store, f *models.LinkFile) (err error) {
	if f.State == models.FileChecking {
		if err := tx.MarkRepeats(ctx, *f); err != nil {
			return err
		}
		f.State = models.FileChecked
	} else {
		f.State, f.FinishedAt = models.FileDone, new(in.now())
	}
	f.Counts, err = tx.CountVerdicts(ctx, *f)
	return err
}

// linkFileAgain does what the tape tells of a part of a file.
func (in *Inbox) linkFileAgain(ctx context.Context, tx *store.Store, t models.Tenant, done linkFileDone) error {
	for i, l := range done.Links {
		c, err := tx.CustomerByKey(ctx, t, l.Customer)
		if err != nil {
			return err
		}
		to, err := tx.PartnerByKey(ctx, t, l.Partner)
		if err != nil {
			return err
		}
		if err := tx.AddLink(ctx, t, models.Link{Customer: c.ID, Partner: to.ID, From: done.From, Origin: "person"}); err != nil {
			return err
		}
		done.Links[i].ID = c.ID
	}
	return in.linkedSince(ctx, tx, t, done.Links, done.From)
}
