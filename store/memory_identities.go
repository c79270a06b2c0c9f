package store

import (
	"context"
	"slices"

	"github.com/lib/pq"

	"portal/models"
)

// recallStrays finds of which of these provider's ids there are payments that have nobody.
func (m *memory) recallStrays(ctx context.Context, about About) error {
	if len(about.StripeIDs) == 0 {
		return nil
	}
	var with []string
	if err := m.direct.list(ctx, &with, `SELECT DISTINCT customer_ref FROM payments WHERE company_id = $1 AND mode = $2 AND customer_ref = ANY($3) AND customer_ref <> ''
		AND customer_id IS NULL AND merged_into IS NULL`, m.tenant.Company, m.tenant.Mode, pq.Array(about.StripeIDs)); err != nil {
		return err
	}
	for _, id := range about.StripeIDs {
		m.strays[id] = slices.Contains(with, id)
	}
	return nil
}

// noneWaits tells that certainly no payment that has nobody came with a provider's id. Else the database must be asked.
func (m *memory) noneWaits(stripeID string, but models.PaymentID) bool {
	if came, asked := m.strays[stripeID]; came || !asked {
		return false
	}
	for _, p := range m.payments {
		if p.CustomerRef == stripeID && p.Customer == nil && p.ID != but {
			return false
		}
	}
	return true
}

// alone tells that certainly nobody but one customer is known by an address, and that one by no other. Else the database
// must be asked.
func (m *memory) alone(customer models.CustomerID, address string, but models.PaymentID) bool {
	return (address == "" || m.aloneWith(customer, address, but)) && m.knownBy(customer, address, but)
}

func (m *memory) aloneWith(customer models.CustomerID, address string, but models.PaymentID) bool {
	ids, known := m.withAddress(address)
	if !known || m.strays[address] {
		return false
	}
	for _, id := range ids {
		if k := m.customers[id]; id != customer && (k == nil || !k.Composite) {
			return false
		}
	}
	for _, p := range m.withEmail[address] {
		if p.Customer == nil && p.Email == address && p.ID != but {
			return false
		}
	}
	return true
}

// knownBy tells that certainly no payment of a customer came with another address.
func (m *memory) knownBy(customer models.CustomerID, address string, but models.PaymentID) bool {
	other := func(email string) bool { return email != "" && email != address }
	if k := m.customers[customer]; k == nil && !customer.IsZero() || k != nil && !(k.tailed && k.all) && (!k.addressed || slices.ContainsFunc(k.addresses, other)) {
		return false
	}
	for _, p := range m.ofCustomer[customer] {
		if p.Customer != nil && *p.Customer == customer && p.ID != but && other(p.Email) {
			return false
		}
	}
	return true
}

// recallAddresses reads by which addresses the payments of customers came that are not in memory whole.
func (m *memory) recallAddresses(ctx context.Context, of []*keptCustomer) error {
	var rows []struct {
		Customer models.CustomerID `db:"customer_id"`
		Address  string            `db:"customer_email"`
	}
	if err := m.direct.list(ctx, &rows, `SELECT DISTINCT customer_id, customer_email FROM payments WHERE company_id = $1 AND mode = $2 AND customer_id = ANY($3::uuid[]) AND customer_email <> ''`,
		m.tenant.Company, m.tenant.Mode, customerIDs(of)); err != nil {
		return err
	}
	for _, k := range of {
		k.addressed = true
	}
	for _, r := range rows {
		k := m.customers[r.Customer]
		k.addresses = append(k.addresses, r.Address)
	}
	return nil
}
