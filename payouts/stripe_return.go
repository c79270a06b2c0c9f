package payouts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stripe/stripe-go/v76"

	"portal/models"
)

// noRecord is why a return that is too old to be asked for has ended.
const noRecord = "Stripe has no record of it. Nothing moved."

// Reverse takes a return's amount back from the transfer; the application fee stays.
func (s Stripe) Reverse(ctx context.Context, a models.Attempt, r models.Return, late bool) (reversal, because string, err error) {
	found, err := s.reversal(ctx, a, r)
	if err != nil || found != "" {
		return found, "", err
	}
	if late {
		return "", noRecord, nil
	}
	amount, err := s.inTransfer(ctx, a, r.Minor)
	if err != nil {
		return "", "", err
	}
	params := &stripe.TransferReversalParams{ID: a.Transfer, Amount: stripe.Int64(amount)}
	params.Context = ctx
	params.SetIdempotencyKey(r.ID.String() + "-reversal")
	params.AddMetadata("return", r.ID.String())
	made, err := s.api.TransferReversals.New(params)
	if err != nil {
		because, err = refusedForGood(err, "reverse a transfer")
		return "", because, err
	}
	return made.ID, "", nil
}

// reversal looks one up among those of its transfer.
func (s Stripe) reversal(ctx context.Context, a models.Attempt, r models.Return) (string, error) {
	params := &stripe.TransferReversalListParams{ID: a.Transfer}
	params.Context = ctx
	all := s.api.TransferReversals.List(params)
	for all.Next() {
		if one := all.TransferReversal(); one.Metadata["return"] == r.ID.String() {
			return one.ID, nil
		}
	}
	return "", all.Err()
}

// inTransfer is an amount of an attempt in the currency of its transfer.
func (s Stripe) inTransfer(ctx context.Context, a models.Attempt, amount int64) (int64, error) {
	params := &stripe.TransferParams{}
	params.Context = ctx
	t, err := s.api.Transfers.Get(*a.Transfer, params)
	if err != nil {
		return 0, fmt.Errorf("read transfer %s: %w", *a.Transfer, err)
	}
	if models.Currency(t.Currency) != a.Currency {
		return part(t.Amount, amount, a.Amount), nil
	}
	return amount, nil
}

// Refund gives a return's amount back to the card. Stripe keeps its own fee, and so the platform keeps what covers it.
func (s Stripe) Refund(ctx context.Context, a models.Attempt, r models.Return, both, late bool) (refund, because string, err error) {
	refunds, err := s.refunds(ctx, *a.ChargedBy)
	if err != nil {
		return "", "", fmt.Errorf("look up the refunds of %s: %w", *a.ChargedBy, err)
	}
	for _, one := range refunds {
		if one.Metadata["return"] == r.ID.String() {
			return one.ID, "", nil
		}
	}
	if late {
		return "", noRecord, nil
	}
	params := &stripe.RefundParams{Charge: a.ChargedBy, Amount: stripe.Int64(r.Minor)}
	if both {
		params.ReverseTransfer = stripe.Bool(true)
	}
	params.Context = ctx
	params.SetIdempotencyKey(r.ID.String() + "-refund")
	params.AddMetadata("return", r.ID.String())
	params.AddMetadata("attempt", a.ID.String())
	made, err := s.api.Refunds.New(params)
	if err != nil {
		because, err = refusedForGood(err, "refund")
		return "", because, err
	}
	return made.ID, "", nil
}

func (s Stripe) refunds(ctx context.Context, charge string) (list []*stripe.Refund, err error) {
	params := &stripe.RefundListParams{Charge: stripe.String(charge)}
	params.Context = ctx
	params.Limit = stripe.Int64(100)
	all := s.api.Refunds.List(params)
	for all.Next() {
		list = append(list, all.Refund())
	}
	return list, all.Err()
}

// Standing reads the charge, its refunds and disputes, and the transfer.
func (s Stripe) Standing(ctx context.Context, a models.Attempt) (Standing, error) {
	var st Standing
	if a.ChargedBy != nil {
		st.Charge = *a.ChargedBy
	} else if a.Intent != nil { // as attempts were kept at first
		intent, err := s.intent(ctx, *a.Intent)
		if err != nil || intent.LatestCharge == nil {
			return st, fmt.Errorf("look up the charge of %s: %w", a.ID, errors.Join(err, models.ErrLater))
		}
		st.Charge = intent.LatestCharge.ID
	}
	params := &stripe.ChargeParams{}
	params.Context = ctx
	c, err := s.api.Charges.Get(st.Charge, params)
	if err != nil {
		return st, fmt.Errorf("read charge %s: %w", st.Charge, err)
	}
	st.Charged, st.Left = c.Amount, c.Amount-c.AmountRefunded
	if a.Transfer != nil {
		st.Transfer = *a.Transfer
	} else if c.Transfer != nil && a.Deliveries == 0 {
		st.Transfer = c.Transfer.ID
	}
	if c.AmountRefunded > 0 {
		err = s.given(ctx, a, &st)
	}
	return st, errors.Join(err, s.doubted(ctx, c, &st), s.reversed(ctx, a, &st))
}

// given sums what is back with the company: of a charge for several attempts, only what names this one.
func (s Stripe) given(ctx context.Context, a models.Attempt, st *Standing) error {
	refunds, err := s.refunds(ctx, st.Charge)
	for _, r := range refunds {
		gone := r.Status == stripe.RefundStatusFailed || r.Status == stripe.RefundStatusCanceled
		if !gone && (a.Charge == nil || r.Metadata["attempt"] == a.ID.String()) {
			st.Refunded += r.Amount
		}
	}
	st.Refunded = min(st.Refunded, a.Amount)
	return err
}

// doubted reads whether the card holder's bank has taken the money.
func (s Stripe) doubted(ctx context.Context, c *stripe.Charge, st *Standing) error {
	if !c.Disputed {
		return nil
	}
	params := &stripe.DisputeListParams{Charge: stripe.String(c.ID)}
	params.Context = ctx
	all := s.api.Disputes.List(params)
	for all.Next() {
		d, taken := all.Dispute(), int64(0)
		for _, t := range d.BalanceTransactions {
			taken -= t.Amount
		}
		if taken <= 0 {
			continue // an inquiry, or money that came back
		}
		st.Withdrew += min(d.Amount, c.Amount)
		if d.Status == stripe.DisputeStatusLost && st.Disputed == "" {
			st.Disputed = "lost"
		} else if d.Status != stripe.DisputeStatusLost {
			st.Disputed = "open"
		}
	}
	return all.Err()
}

func (s Stripe) reversed(ctx context.Context, a models.Attempt, st *Standing) error {
	if st.Transfer == "" {
		return nil
	}
	params := &stripe.TransferParams{}
	params.Context = ctx
	t, err := s.api.Transfers.Get(st.Transfer, params)
	if err != nil {
		return fmt.Errorf("read transfer %s: %w", st.Transfer, err)
	}
	st.Reversed = t.AmountReversed
	if models.Currency(t.Currency) != a.Currency {
		st.Reversed = part(a.Amount, t.AmountReversed, t.Amount)
	}
	st.Reversed = min(st.Reversed, a.Amount)
	return nil
}

// Whose reads metadata. A transfer that a charge made by itself has none of its own.
func (s Stripe) Whose(ctx context.Context, object, id string) (map[string]string, error) {
	charge := id
	switch object {
	case "payment_intent":
		intent, err := s.intent(ctx, id)
		if err != nil {
			return nil, unknownIs(err)
		}
		return intent.Metadata, nil
	case "transfer":
		params := &stripe.TransferParams{}
		params.Context = ctx
		t, err := s.api.Transfers.Get(id, params)
		if err != nil {
			return nil, unknownIs(err)
		}
		if t.Metadata["attempt"] != "" || t.SourceTransaction == nil {
			return t.Metadata, nil
		}
		charge = t.SourceTransaction.ID
	}
	params := &stripe.ChargeParams{}
	params.Context = ctx
	c, err := s.api.Charges.Get(charge, params)
	if err != nil {
		return nil, unknownIs(err)
	}
	return c.Metadata, nil
}

// unknownIs tells that Stripe has no such thing as ErrNotFound.
func unknownIs(err error) error {
	var refused *stripe.Error
	if errors.As(err, &refused) && refused.Code == stripe.ErrorCodeResourceMissing {
		return fmt.Errorf("%w: %w", models.ErrNotFound, err)
	}
	return err
}

// BankPayout reads a payout of a partner's account.
func (s Stripe) BankPayout(ctx context.Context, account, id string) (models.BankPayout, error) {
	params := &stripe.PayoutParams{}
	params.Context = ctx
	params.SetStripeAccount(account)
	p, err := s.api.Payouts.Get(id, params)
	if err != nil {
		return models.BankPayout{}, fmt.Errorf("read payout %s of %s: %w", id, account, unknownIs(err))
	}
	return models.BankPayout{StripeID: p.ID, Minor: p.Amount, Currency: models.Currency(p.Currency), Status: string(p.Status), Failure: string(p.FailureCode),
		MadeAt: time.Unix(p.Created, 0).UTC()}, nil
}
