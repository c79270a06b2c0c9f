package payouts

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strconv"

	"github.com/stripe/stripe-go/v76"

	"portal/models"
)

// refusedForGood gives the words of a refusal that settles the matter; else the error stands.
func refusedForGood(err error, doing string) (because string, _ error) {
	var refused *stripe.Error
	if errors.As(err, &refused) && isFinal(refused) && refused.Type != stripe.ErrorTypeIdempotency {
		return refusal(refused), nil
	}
	return "", fmt.Errorf("%s: %w", doing, err)
}

// Settles reads the platform's balance, which has a line for each currency.
func (s Stripe) Settles(ctx context.Context) ([]models.Currency, error) {
	params := &stripe.BalanceParams{}
	params.Context = ctx
	b, err := s.api.Balance.Get(params)
	if err != nil {
		return nil, fmt.Errorf("read the balance: %w", err)
	}
	var list []models.Currency
	for _, a := range b.Available {
		list = append(list, models.Currency(a.Currency))
	}
	return list, nil
}

func deliveryKey(a models.Attempt) string { return fmt.Sprintf("%s-%d", a.ID, a.Deliveries) }

// group ties a charge and its transfers together.
func group(a models.Attempt) string {
	if a.Charge != nil {
		return a.Charge.String()
	}
	return a.Invoice.String()
}

// Send makes a transfer from the charge, which cannot take more than the charge brought (MONEY.md 4.4).
func (s Stripe) Send(ctx context.Context, a models.Attempt) (transfer, because string, err error) {
	amount, currency := a.Amount, a.Currency
	if a.Charge == nil { // money that went straight to the partner at first lies where the charge settled
		if amount, currency, err = s.settled(ctx, a); err != nil {
			return "", "", err
		}
	}
	params := &stripe.TransferParams{Amount: stripe.Int64(amount), Currency: stripe.String(string(currency)), Destination: stripe.String(a.Account),
		SourceTransaction: a.ChargedBy, TransferGroup: stripe.String(group(a))}
	params.Context = ctx
	params.SetIdempotencyKey(deliveryKey(a))
	for name, value := range map[string]string{"company": a.Company.String(), "mode": string(a.Mode), "invoice": a.Invoice.String(), "attempt": a.ID.String(), "delivery": strconv.Itoa(a.Deliveries)} {
		params.AddMetadata(name, value)
	}
	made, err := s.api.Transfers.New(params)
	if err != nil {
		because, err = refusedForGood(err, "transfer")
		return "", because, err
	}
	return made.ID, "", nil
}

// settled is an attempt's share of its charge in the currency in which the platform has it.
func (s Stripe) settled(ctx context.Context, a models.Attempt) (int64, models.Currency, error) {
	params := &stripe.ChargeParams{}
	params.Context = ctx
	params.AddExpand("balance_transaction")
	c, err := s.api.Charges.Get(*a.ChargedBy, params)
	if err != nil {
		return 0, "", fmt.Errorf("read charge %s: %w", *a.ChargedBy, err)
	}
	t := c.BalanceTransaction
	if t == nil || models.Currency(t.Currency) == a.Currency {
		return a.Amount, a.Currency, nil
	}
	return part(t.Amount, a.Amount, c.Amount), models.Currency(t.Currency), nil
}

// part is a share of a whole, rounded down.
func part(whole, share, of int64) int64 {
	n := new(big.Int).Mul(big.NewInt(whole), big.NewInt(share))
	return n.Div(n, big.NewInt(of)).Int64()
}

// Sent looks a delivery up among the transfers of its group.
func (s Stripe) Sent(ctx context.Context, a models.Attempt) (string, error) {
	params := &stripe.TransferListParams{TransferGroup: stripe.String(group(a))}
	params.Context = ctx
	params.Limit = stripe.Int64(100)
	all := s.api.Transfers.List(params)
	for all.Next() {
		if t := all.Transfer(); t.Metadata["attempt"] == a.ID.String() && t.Metadata["delivery"] == strconv.Itoa(a.Deliveries) {
			return t.ID, nil
		}
	}
	if err := all.Err(); err != nil {
		return "", fmt.Errorf("look up the transfer of %s: %w", a.ID, err)
	}
	return "", nil
}

// Arrived reads the payment that the transfer became on the partner's account.
func (s Stripe) Arrived(ctx context.Context, a models.Attempt) (models.Money, error) {
	params := &stripe.TransferParams{}
	params.Context = ctx
	t, err := s.api.Transfers.Get(*a.Transfer, params)
	if err != nil || t.DestinationPayment == nil {
		return models.Money{}, fmt.Errorf("read transfer %s: %w", *a.Transfer, errors.Join(err, models.ErrLater))
	}
	there := &stripe.ChargeParams{}
	there.Context = ctx
	there.SetStripeAccount(a.Account)
	there.AddExpand("balance_transaction")
	c, err := s.api.Charges.Get(t.DestinationPayment.ID, there)
	if err != nil || c.BalanceTransaction == nil {
		return models.Money{}, fmt.Errorf("read payment %s of %s: %w", t.DestinationPayment.ID, a.Account, errors.Join(err, models.ErrLater))
	}
	return models.Money{Minor: c.BalanceTransaction.Net, Currency: models.Currency(c.BalanceTransaction.Currency)}, nil
}
