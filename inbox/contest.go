package inbox

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"portal/models"
	"portal/store"
)

// Contest keeps what a partner says against one line of an invoice of theirs (B20). Another's invoice, or a line that is not on
// it, is an ErrNotFound; a line that is contested already, or has gone to a later invoice, an ErrConflict. Nothing else changes:
// the invoice can still be approved and paid.
func (in *Inbox) Contest(ctx context.Context, c models.Contest, who models.Actor) (models.Contest, error) {
	var err error
	if c.Words, err = words("words", c.Words); err != nil {
		return c, err
	}
	err = in.alone(ctx, c.Tenant, func(tx *store.Store) error {
		i, err := tx.InvoiceOfPartner(ctx, c.Tenant, c.Partner, c.Invoice)
		if err != nil {
			return err
		}
		if i.Status == models.Void || i.Status == models.Refunded {
			return models.Refuse(models.ErrConflict, i.Number+" is not paid any more. What it gathered comes on a later invoice: contest it there.")
		}
		lines, err := tx.InvoiceLines(ctx, c.Tenant, c.Invoice)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(lines, c.Is) {
			return fmt.Errorf("a line of %s to contest: %w", i.Number, models.ErrNotFound)
		}
		c.ID, c.AskedBy, c.AskedAt, c.Status = models.NewID[models.ContestID](in.now()), who.Name, in.now(), models.ContestOpen
		if err := tx.AddContest(ctx, c); err != nil {
			return err
		}
		return tx.Audited(ctx, c.Company, who, "invoice.contested", i.ID.String(), c.ID.String()+": "+c.Words, in.now())
	})
	return c, err
}

// AnswerContest ends a contest with a reason, and with a posting too where one is given: an adjustment of the partner's in their
// currency, whose reason is the answer. An answer is kept as it is; a second one is an ErrConflict.
func (in *Inbox) AnswerContest(ctx context.Context, t models.Tenant, id models.ContestID, answer string, posting *models.Adjustment, who models.Actor) (models.Contest, error) {
	var c models.Contest
	answer, err := words("answer", answer)
	if err != nil {
		return c, err
	}
	err = in.alone(ctx, t, func(tx *store.Store) error {
		if c, err = tx.Contest(ctx, t, id); err != nil {
			return err
		}
		if c.Status != models.ContestOpen {
			return models.Refuse(models.ErrConflict, *c.AnsweredBy+" answered this already.")
		}
		if posting != nil {
			a := *posting
			a.Tenant, a.Partner, a.Reason = t, c.Partner, answer
			if a, err = in.adjustBy(ctx, tx, a, who); err != nil {
				return err
			}
			c.Posting = &a.ID
		}
		c.Status, c.Answer, c.AnsweredBy, c.AnsweredAt = models.ContestAnswered, &answer, &who.Name, new(in.now())
		if err := tx.AnswerContest(ctx, c); err != nil {
			return fmt.Errorf("answer contest %s: %w", id, err)
		}
		return tx.Audited(ctx, t.Company, who, "invoice.answered", c.Invoice.String(), id.String()+": "+answer, in.now())
	})
	return c, err
}

// words is what somebody wrote, on one line.
func words(field, text string) (string, error) {
	text = strings.Join(strings.Fields(text), " ")
	if text == "" || utf8.RuneCountInString(text) > 500 || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return text, models.Invalid(field, "say why, in 500 characters at most")
	}
	return text, nil
}
