package inbox

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"portal/commission"
	"portal/models"
	"portal/store"
)

// CheckRules tells what is wrong with a list of rules as FieldErrors, whose fields are named like data[0].value; nil
// when they can be saved.
func CheckRules(rules []models.Rule) error { return commission.Validate(rules) }

// SaveRules keeps a new version of a program's rules. A first version counts for payments of any date, so those that are
// there already are decided by it; a later one holds from now on (D14).
func (in *Inbox) SaveRules(ctx context.Context, c models.Caller, rules []models.Rule, who models.Actor) error {
	had, err := in.Store.RuleSets(ctx, c.Tenant, c.Program)
	if err != nil {
		return err
	}
	err = in.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.LockBucket(ctx, c.Tenant); err != nil {
			return err
		}
		if err := tx.SaveRules(ctx, c.Tenant, c.Program, rules, who.Name, in.moment()); err != nil {
			return fmt.Errorf("save the rules of %s: %w", c.Program, err)
		}
		return tx.Audited(ctx, c.Company, who, "rules.saved", c.Program.String(), fmt.Sprintf("%d rules, %s", len(rules), c.Mode), in.now())
	})
	if err != nil || len(had) > 0 {
		return err
	}
	return in.settleAttributed(ctx, c)
}

// settled is how many payments one transaction decides anew.
const settled = 20

// settleAttributed decides anew what has a partner but was not priced yet, some at a time.
func (in *Inbox) settleAttributed(ctx context.Context, c models.Caller) error {
	var after models.PaymentID
	for {
		ids, err := in.Store.PaymentsAttributed(ctx, c.Tenant, c.Program, after, settled)
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := in.settleAll(ctx, c.Tenant, ids); err != nil {
			return err
		}
		after = ids[len(ids)-1]
	}
}

func (in *Inbox) settleAll(ctx context.Context, t models.Tenant, ids []models.PaymentID) error {
	return in.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.LockBucket(ctx, t); err != nil {
			return err
		}
		return in.settleEach(ctx, tx, t, ids)
	})
}

func (in *Inbox) settleEach(ctx context.Context, tx *store.Store, t models.Tenant, ids []models.PaymentID) error {
	return in.counted(ctx, tx, t, func(ctx context.Context) error {
		for _, id := range ids {
			if err := in.settle(ctx, tx, t, id); err != nil {
				return fmt.Errorf("settle payment %s anew: %w", id, err)
			}
		}
		return nil
	})
}

// AddPartner keeps a new partner. One who is active counts for payments of any date: those whose clues name the key are
// decided anew, whoever had them because nobody had the key (D14).
func (in *Inbox) AddPartner(ctx context.Context, p models.Partner, who models.Actor) error {
	return in.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.LockBucket(ctx, p.Tenant); err != nil {
			return err
		}
		if err := tx.AddPartner(ctx, p); err != nil {
			return fmt.Errorf("add partner %q: %w", p.Key, err)
		}
		if err := tx.Audited(ctx, p.Company, who, "partner.added", p.ID.String(), p.Key, in.now()); err != nil {
			return err
		}
		return in.settleNaming(ctx, tx, p.Tenant, p.Key)
	})
}

// settleNaming decides anew the payments whose clues name a key.
func (in *Inbox) settleNaming(ctx context.Context, tx *store.Store, t models.Tenant, key string) error {
	waiting, err := tx.PaymentsNaming(ctx, t, key)
	if err != nil {
		return err
	}
	return in.settleEach(ctx, tx, t, waiting)
}

// TurnWaiting prices anew what waits for a rate: a rate may have come. One payment's trouble is not another's.
func (in *Inbox) TurnWaiting(ctx context.Context) error {
	waiting, err := in.Store.WaitingPayments(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, w := range waiting {
		if err := in.settleAll(ctx, w.Tenant, []models.PaymentID{w.Payment}); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// Give gives one payment to a partner by hand, with a reason. What another partner earned from it is taken back and the
// new earning booked: nothing is edited, and both see it. The customer's link stays as it is.
func (in *Inbox) Give(ctx context.Context, t models.Tenant, id models.PaymentID, partner models.PartnerID, reason string, who models.Actor) error {
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > 500 {
		return models.Invalid("reason", "say why, in 500 characters at most")
	}
	return in.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.LockBucket(ctx, t); err != nil {
			return err
		}
		p, err := tx.Payment(ctx, t, id)
		if err != nil {
			return err
		}
		if !p.Counted {
			return fmt.Errorf("give payment %s: %w", id, models.ErrNotFound)
		}
		to, err := tx.Partner(ctx, t, partner)
		if err != nil {
			return err
		}
		choice := models.Choice{Partner: partner, Reason: reason, By: who.Name, At: in.now()}
		if err := errors.Join(tx.SaveChoice(ctx, t, id, choice), tx.Record(ctx, t, "given", choice.At, givenDone{p.Key, choice})); err != nil {
			return err
		}
		if err := tx.Audited(ctx, t.Company, who, "payment.given", id.String(), to.Key+": "+reason, in.now()); err != nil {
			return err
		}
		return in.settle(ctx, tx, t, id)
	})
}

// TiersInWords are the tiers of a rule in words; empty without tiers.
func TiersInWords(r models.Rule) string { return commission.TiersInWords(r) }
