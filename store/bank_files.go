package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

func debtorLocked(d models.DebtorAccount) string {
	return fmt.Sprintf("debtor_accounts.numbers %s %s", d.Company, d.ID)
}

func bankFileLocked(f models.BankFile) string {
	return fmt.Sprintf("bank_files.body %s %s", f.Company, f.ID)
}

// EndBankHold lets be paid from a moment on to bank details that were on hold.
func (s *Store) EndBankHold(ctx context.Context, b models.BankDetails, at time.Time) error {
	return s.do(ctx, `UPDATE bank_details SET holds_until = $4 WHERE company_id = $1 AND mode = $2 AND id = $3`, b.Company, b.Mode, b.ID, at)
}

// AddDebtor keeps a newer account that a company pays from.
func (s *Store) AddDebtor(ctx context.Context, d models.DebtorAccount) error {
	numbers, err := json.Marshal(d.Numbers)
	if err != nil {
		return fmt.Errorf("keep the company's account: %w", err)
	}
	return s.do(ctx, `INSERT INTO debtor_accounts (company_id, mode, id, holder, country, numbers, last4, set_by, set_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		d.Company, d.Mode, d.ID, d.Holder, d.Country, s.keys.seal(string(numbers), debtorLocked(d)), d.Last4, d.SetBy, d.SetAt)
}

// Debtor loads the account that a company pays from. None is ErrNotFound.
func (s *Store) Debtor(ctx context.Context, t models.Tenant) (models.DebtorAccount, error) {
	var row struct {
		models.DebtorAccount
		Sealed []byte `db:"numbers"`
	}
	if err := s.get(ctx, &row, `SELECT company_id, mode, id, holder, country, numbers, last4, set_by, set_at FROM debtor_accounts
		WHERE company_id = $1 AND mode = $2 ORDER BY set_at DESC, id DESC LIMIT 1`, t.Company, t.Mode); err != nil {
		return row.DebtorAccount, fmt.Errorf("load the account of %s: %w", t.Company, err)
	}
	text, err := s.keys.open(row.Sealed, debtorLocked(row.DebtorAccount))
	if err == nil {
		err = json.Unmarshal([]byte(text), &row.Numbers)
	}
	return row.DebtorAccount, err
}

const bankFileColumns = `company_id, mode, id, kind, state, hash, made_by, made_at, ended_by, ended_at`

// AddBankFile keeps a file with what stands in it.
func (s *Store) AddBankFile(ctx context.Context, f models.BankFile, lines []models.BankFileLine) error {
	if err := s.do(ctx, `INSERT INTO bank_files (`+bankFileColumns+`, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		f.Company, f.Mode, f.ID, f.Kind, f.State, f.Hash, f.MadeBy, f.MadeAt, f.EndedBy, f.EndedAt, s.keys.seal(string(f.Body), bankFileLocked(f))); err != nil {
		return fmt.Errorf("keep bank file %s: %w", f.ID, err)
	}
	for _, l := range lines {
		if err := s.do(ctx, `INSERT INTO bank_file_lines (company_id, mode, file_id, invoice_id, number, partner_name, details_id, last4, amount, currency, approved_hash, state)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, f.Company, f.Mode, f.ID, l.Invoice, l.Number, l.Partner, l.Details, l.Last4,
			l.Minor, l.Currency, l.Hash, l.State); err != nil {
			return fmt.Errorf("keep %s in bank file %s: %w", l.Number, f.ID, err)
		}
	}
	return nil
}

// BankFile loads one, opened.
func (s *Store) BankFile(ctx context.Context, t models.Tenant, id models.BankFileID) (models.BankFile, error) {
	var row struct {
		models.BankFile
		Sealed []byte `db:"body"`
	}
	if err := s.get(ctx, &row, `SELECT `+bankFileColumns+`, body FROM bank_files WHERE company_id = $1 AND mode = $2 AND id = $3`, t.Company, t.Mode, id); err != nil {
		return row.BankFile, fmt.Errorf("load bank file %s: %w", id, err)
	}
	text, err := s.keys.open(row.Sealed, bankFileLocked(row.BankFile))
	row.Body = []byte(text)
	return row.BankFile, err
}

// BankFiles lists a page of them, without their content.
func (s *Store) BankFiles(ctx context.Context, t models.Tenant, page Page) ([]models.BankFile, error) {
	var list []models.BankFile
	err := s.list(ctx, &list, `SELECT `+bankFileColumns+` FROM bank_files WHERE company_id = $1 AND mode = $2 AND `+page.afterTime("made_at", "id", 3)+` LIMIT $5`,
		t.Company, t.Mode, page.At(), page.ID(), page.Limit+1)
	return list, err
}

// BankFileLines lists what stands in a file, by invoice number.
func (s *Store) BankFileLines(ctx context.Context, t models.Tenant, id models.BankFileID) ([]models.BankFileLine, error) {
	var list []models.BankFileLine
	err := s.list(ctx, &list, `SELECT file_id, invoice_id, number, partner_name, details_id, last4, amount, currency, approved_hash, state, because FROM bank_file_lines
		WHERE company_id = $1 AND mode = $2 AND file_id = $3 ORDER BY number, invoice_id LIMIT 10000`, t.Company, t.Mode, id)
	return list, err
}

// EndBankFile settles or cancels a file that is open. One that is not is an ErrConflict.
func (s *Store) EndBankFile(ctx context.Context, f models.BankFile) error {
	n, err := s.exec(ctx, `UPDATE bank_files SET state = $4, ended_by = $5, ended_at = $6 WHERE company_id = $1 AND mode = $2 AND id = $3 AND state = 'open'`,
		f.Company, f.Mode, f.ID, f.State, f.EndedBy, f.EndedAt)
	if err == nil && n == 0 {
		err = models.Refuse(models.ErrConflict, "This file is settled or cancelled already.")
	}
	return err
}

// EndBankLine keeps what became of a line that was open, in a file that is. It tells whether it was.
func (s *Store) EndBankLine(ctx context.Context, t models.Tenant, l models.BankFileLine) (bool, error) {
	n, err := s.exec(ctx, `UPDATE bank_file_lines SET state = $5, because = $6 WHERE company_id = $1 AND mode = $2 AND file_id = $3 AND invoice_id = $4 AND state = 'open'
		AND EXISTS (SELECT 1 FROM bank_files f WHERE f.company_id = $1 AND f.mode = $2 AND f.id = $3 AND f.state = 'open')`,
		t.Company, t.Mode, l.File, l.Invoice, l.State, l.Because)
	return n == 1, err
}

// BanksOf loads the newest bank details of each of some partners; those who have given none are left out.
func (s *Store) BanksOf(ctx context.Context, t models.Tenant, partners []models.PartnerID) (map[models.PartnerID]models.BankDetails, error) {
	var rows []bankRow
	if err := s.list(ctx, &rows, `SELECT DISTINCT ON (partner_id) `+bankColumns+` FROM bank_details
		WHERE company_id = $1 AND mode = $2 AND partner_id = ANY($3) ORDER BY partner_id, set_at DESC, id DESC`, t.Company, t.Mode, pq.Array(partners)); err != nil {
		return nil, fmt.Errorf("load bank details: %w", err)
	}
	all := map[models.PartnerID]models.BankDetails{}
	for _, r := range rows {
		b, err := s.bankOf(r)
		if err != nil {
			return nil, err
		}
		all[b.Partner] = b
	}
	return all, nil
}
