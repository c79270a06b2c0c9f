package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/lib/pq"

	"portal/models"
)

// taxLocked and bankLocked bind what is sealed to its row.
func taxLocked(b models.BillingDetails) string {
	return fmt.Sprintf("billing_details.tax_number %s %s", b.Company, b.ID)
}

func bankLocked(b models.BankDetails) string {
	return fmt.Sprintf("bank_details.numbers %s %s", b.Company, b.ID)
}

// AddBilling keeps newer billing details of a partner, or of the company itself.
func (s *Store) AddBilling(ctx context.Context, b models.BillingDetails) error {
	return s.do(ctx, `INSERT INTO billing_details (company_id, mode, partner_id, id, name, address, country, tax_number, set_by, set_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, b.Company, b.Mode, b.Partner, b.ID, b.Name, b.Address, b.Country,
		s.keys.seal(b.TaxNumber, taxLocked(b)), b.SetBy, b.SetAt)
}

// Billing loads the newest billing details of a partner; of the company itself when partner is nil. None is ErrNotFound.
func (s *Store) Billing(ctx context.Context, t models.Tenant, partner *models.PartnerID) (models.BillingDetails, error) {
	var row struct {
		models.BillingDetails
		Tax []byte `db:"tax_number"`
	}
	err := s.get(ctx, &row, `SELECT company_id, mode, partner_id, id, name, address, country, tax_number, set_by, set_at FROM billing_details
		WHERE company_id = $1 AND mode = $2 AND partner_id IS NOT DISTINCT FROM $3 ORDER BY set_at DESC, id DESC LIMIT 1`, t.Company, t.Mode, partner)
	if err != nil {
		return row.BillingDetails, fmt.Errorf("load billing details: %w", err)
	}
	row.TaxNumber, err = s.keys.open(row.Tax, taxLocked(row.BillingDetails))
	return row.BillingDetails, err
}

// AddBank keeps newer bank details of a partner.
func (s *Store) AddBank(ctx context.Context, b models.BankDetails) error {
	numbers, err := json.Marshal(b.Numbers)
	if err != nil {
		return fmt.Errorf("keep bank details: %w", err)
	}
	return s.do(ctx, `INSERT INTO bank_details (company_id, mode, partner_id, id, holder, kind, country, numbers, last4, set_by, set_at, holds_until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, b.Company, b.Mode, b.Partner, b.ID, b.Holder, b.Kind, b.Country,
		s.keys.seal(string(numbers), bankLocked(b)), b.Last4, b.SetBy, b.SetAt, b.HoldsUntil)
}

const bankColumns = `company_id, mode, id, partner_id, holder, kind, country, numbers, last4, set_by, set_at, holds_until`

type bankRow struct {
	models.BankDetails
	Sealed []byte `db:"numbers"`
}

// bankOf opens what is sealed.
func (s *Store) bankOf(row bankRow) (models.BankDetails, error) {
	text, err := s.keys.open(row.Sealed, bankLocked(row.BankDetails))
	if err == nil {
		err = json.Unmarshal([]byte(text), &row.Numbers)
	}
	if err != nil {
		return row.BankDetails, fmt.Errorf("load the bank details of %s: %w", row.Partner, err)
	}
	return row.BankDetails, nil
}

// Destinations says, of each of these partners, where money would go now: the Stripe account and the id of the bank details in
// force, each empty where there is none.
func (s *Store) Destinations(ctx context.Context, t models.Tenant, partners []models.PartnerID) (map[models.PartnerID]string, error) {
	var rows []struct {
		Partner models.PartnerID  `db:"id"`
		Account string            `db:"account"`
		Bank    *models.DetailsID `db:"bank"`
	}
	if err := s.list(ctx, &rows, `SELECT r.id, coalesce(r.stripe_account, '') AS account, (SELECT b.id FROM bank_details b
			WHERE b.company_id = r.company_id AND b.mode = r.mode AND b.partner_id = r.id ORDER BY b.set_at DESC, b.id DESC LIMIT 1) AS bank
		FROM partners r WHERE r.company_id = $1 AND r.mode = $2 AND r.id = ANY($3::uuid[]) ORDER BY r.id`, t.Company, t.Mode, pq.Array(uuids(partners))); err != nil {
		return nil, fmt.Errorf("load where partners are paid: %w", err)
	}
	all := map[models.PartnerID]string{}
	for _, r := range rows {
		all[r.Partner] = "stripe " + r.Account + " bank"
		if r.Bank != nil {
			all[r.Partner] += " " + r.Bank.String()
		}
	}
	return all, nil
}

// Bank loads the newest bank details of a partner, opened. None is ErrNotFound.
func (s *Store) Bank(ctx context.Context, t models.Tenant, partner models.PartnerID) (models.BankDetails, error) {
	var row bankRow
	if err := s.get(ctx, &row, `SELECT `+bankColumns+` FROM bank_details
		WHERE company_id = $1 AND mode = $2 AND partner_id = $3 ORDER BY set_at DESC, id DESC LIMIT 1`, t.Company, t.Mode, partner); err != nil {
		return row.BankDetails, fmt.Errorf("load the bank details of %s: %w", partner, err)
	}
	return s.bankOf(row)
}
