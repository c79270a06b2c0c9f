package payouts

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"portal/models"
	"portal/store"
)

// FileOrder asks for a file for a company's bank.
type FileOrder struct {
	Kind     models.BankFileKind
	Invoices []models.InvoiceID
	Again    bool // also those that stand in a file which is not settled
}

// fileMost is how many invoices one file holds at most.
const fileMost = 1000

// MakeBankFile writes approved invoices to partners with bank details into a file for the company's bank, and keeps it (F107). One that
// cannot go into it refuses the whole file, and so does one that stands in another file already, unless Again says so: it must not be
// paid twice. No money is booked before somebody marks the file as paid.
func (p *Payouts) MakeBankFile(ctx context.Context, t models.Tenant, o FileOrder, who models.Actor) (models.BankFile, error) {
	f := models.BankFile{Tenant: t, ID: models.NewID[models.BankFileID](p.now()), Kind: o.Kind, State: models.FileOpen, MadeBy: who.Name, MadeAt: p.now()}
	if len(o.Invoices) == 0 || len(o.Invoices) > fileMost {
		return f, models.Invalid("invoices", fmt.Sprintf("tick at least one invoice, and %d at most", fileMost))
	}
	return f, p.inTurn(ctx, t, func(tx *store.Store) error {
		if err := p.mayPay(ctx, tx, t, who); err != nil {
			return err
		}
		list, lines, err := p.transfers(ctx, tx, t, o)
		if err != nil {
			return err
		}
		company, err := tx.Company(ctx, t.Company)
		if err != nil {
			return err
		}
		if f.Body, err = p.written(ctx, tx, f, company.Name, list); err != nil {
			return err
		}
		sum := sha256.Sum256(f.Body)
		f.Hash = hex.EncodeToString(sum[:])
		if err := tx.AddBankFile(ctx, f, lines); err != nil {
			return err
		}
		return tx.Audited(ctx, t.Company, who, "bank_file.made", f.ID.String(), fmt.Sprintf("%s, %d transfers, %s", f.Kind, len(lines), f.Hash), p.now())
	})
}

// transfers loads what a file is asked of, and refuses what cannot go into it.
func (p *Payouts) transfers(ctx context.Context, tx *store.Store, t models.Tenant, o FileOrder) (list []transfer, lines []models.BankFileLine, err error) {
	filed, err := tx.FiledIn(ctx, t, o.Invoices)
	if err != nil {
		return nil, nil, err
	}
	seen := map[models.InvoiceID]bool{}
	for _, id := range o.Invoices {
		if seen[id] {
			continue
		}
		seen[id] = true
		i, err := tx.LockInvoice(ctx, t, id)
		if err != nil {
			return nil, nil, err
		}
		if in, ok := filed[id]; ok && !o.Again {
			return nil, nil, models.Refuse(models.ErrConflict, fmt.Sprintf("%s is in the file that %s made on %s and that is not settled. Leave it out, or say that it goes into a second file.",
				i.Number, in.MadeBy, in.MadeAt.UTC().Format("2 January 2006, 15:04 UTC")))
		}
		b, err := p.fileable(ctx, tx, i, o.Kind)
		if err != nil {
			return nil, nil, err
		}
		list = append(list, transfer{i, b})
		lines = append(lines, models.BankFileLine{Invoice: id, Number: i.Number, Partner: i.PartnerName, Details: b.ID, Last4: b.Last4,
			Minor: i.TotalMinor, Currency: i.Currency, Hash: *i.ApprovedHash, State: models.FileOpen})
	}
	return list, lines, nil
}

// fileable gives the account that an approved invoice can be paid to by a file, or says why none can.
func (p *Payouts) fileable(ctx context.Context, tx *store.Store, i models.Invoice, kind models.BankFileKind) (models.BankDetails, error) {
	if err := p.approved(ctx, tx, i); err != nil {
		return models.BankDetails{}, err
	}
	b, err := tx.Bank(ctx, i.Tenant, i.Partner)
	if errors.Is(err, models.ErrNotFound) {
		return b, models.Refuse(models.ErrConflict, i.PartnerName+" has given no bank details, so "+i.Number+" cannot go into a file.")
	} else if err != nil {
		return b, err
	}
	if err := p.cooled(ctx, tx, i, p.now()); err != nil {
		return b, err
	}
	if kind == models.SEPAFile && !BySEPA(i, b) {
		return b, models.Refuse(models.ErrConflict, i.Number+" is not in euro to an account in the SEPA area. Put it into a CSV file.")
	}
	return b, nil
}

// notFiled refuses to charge the card for an invoice that stands in a bank file which is not settled: the bank may pay it already.
func (p *Payouts) notFiled(ctx context.Context, tx *store.Store, i models.Invoice) error {
	filed, err := tx.FiledIn(ctx, i.Tenant, []models.InvoiceID{i.ID})
	if in, ok := filed[i.ID]; ok && err == nil {
		return models.Refuse(models.ErrConflict, fmt.Sprintf("%s is in the bank file that %s made on %s. Mark that as paid, or cancel it if the bank did not get it, before you pay in another way.",
			i.Number, in.MadeBy, in.MadeAt.UTC().Format("2 January 2006, 15:04 UTC")))
	}
	return err
}

// BySEPA tells whether a SEPA credit transfer can pay an invoice to an account.
func BySEPA(i models.Invoice, b models.BankDetails) bool {
	return i.Currency == "eur" && b.Kind == models.IBANAccount && models.InSEPA(b.Numbers.IBAN)
}

func (p *Payouts) written(ctx context.Context, tx *store.Store, f models.BankFile, company string, list []transfer) ([]byte, error) {
	switch f.Kind {
	case models.CSVFile:
		return csvFile(company, list)
	case models.SEPAFile:
	default:
		return nil, models.Invalid("kind", "is not sepa or csv")
	}
	from, err := tx.Debtor(ctx, f.Tenant)
	if errors.Is(err, models.ErrNotFound) {
		return nil, models.Refuse(models.ErrConflict, "A SEPA file names the account that pays. Enter your company's account under Settings, Company first.")
	} else if err != nil {
		return nil, err
	}
	return sepaFile(f.ID, from, company, list, p.now())
}

// csvFile writes transfers as RFC 4180 says, for banks and services that take no SEPA file.
func csvFile(company string, list []transfer) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("\uFEFF") // spreadsheets take it for UTF-8 then
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	rows := [][]string{{"invoice", "partner", "account_holder", "country", "iban", "bic", "routing_number", "account_number", "bank", "amount", "currency", "reference"}}
	for _, t := range list {
		n := t.to.Numbers
		rows = append(rows, []string{t.invoice.Number, plainCell(t.invoice.PartnerName), plainCell(t.to.Holder), t.to.Country, n.IBAN, n.BIC, n.Routing, n.Account, plainCell(n.Bank),
			t.invoice.Total().Decimal(), t.invoice.Currency.Code(), plainCell(t.invoice.Number + " " + company)})
	}
	err := w.WriteAll(rows)
	return out.Bytes(), err
}

// plainCell keeps a spreadsheet from taking a text for a formula.
func plainCell(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if strings.IndexAny(text, "=+-@|%") == 0 {
		return "'" + text
	}
	return text
}

// MarkFilePaid marks every invoice of a file as paid by bank transfer, exactly as it stands in the file: one whose total, lines, approval
// or bank details are others since is left, with the reason on its line (P42). Each has a transaction of its own, so that it can be
// pressed again where it stopped; the file is settled when no line is open.
func (p *Payouts) MarkFilePaid(ctx context.Context, t models.Tenant, id models.BankFileID, paidAt time.Time, who models.Actor) error {
	f, err := p.Store.BankFile(ctx, t, id)
	if err != nil {
		return err
	}
	if f.State != models.FileOpen {
		return models.Refuse(models.ErrConflict, "This file is settled or cancelled already.")
	}
	if paidAt.After(p.now().Add(time.Minute)) {
		return models.Invalid("paid_at", "lies in the future; give the day on which it was paid")
	}
	lines, err := p.Store.BankFileLines(ctx, t, id)
	if err != nil {
		return err
	}
	for _, l := range lines {
		if l.State != models.FileOpen {
			continue
		}
		if err := p.markLine(ctx, t, l, paidAt, who); err != nil {
			return fmt.Errorf("mark %s of file %s: %w", l.Number, id, err)
		}
	}
	return p.endFile(ctx, f, models.FileSettled, who)
}

func (p *Payouts) markLine(ctx context.Context, t models.Tenant, l models.BankFileLine, paidAt time.Time, who models.Actor) error {
	_, err := p.change(ctx, t, l.Invoice, func(tx *store.Store, i *models.Invoice) error {
		if err := p.mayPay(ctx, tx, t, who); err != nil {
			return err
		}
		why, err := p.differs(ctx, tx, *i, l)
		if err != nil {
			return err
		}
		l.State, l.Because = models.LineLeft, why
		if why == "" {
			l.State = models.LinePaid
		}
		if open, err := tx.EndBankLine(ctx, t, l); err != nil || !open || why != "" {
			return err
		}
		return p.paidElsewhere(ctx, tx, i, models.PaidElsewhere{Reference: l.Number, PaidAt: paidAt, Method: new(models.ByTransfer), Note: "By bank file " + l.File.String()}, who)
	})
	return err
}

// differs says how an invoice is not what stands in a file; empty when it is.
func (p *Payouts) differs(ctx context.Context, tx *store.Store, i models.Invoice, l models.BankFileLine) (string, error) {
	switch {
	case i.Status != models.Approved:
		return "It " + stands[i.Status] + ".", nil
	case i.TotalMinor != l.Minor:
		return "It is over " + i.Total().String() + " now; " + l.Amount().String() + " stands in the file.", nil
	case i.ApprovedHash == nil || *i.ApprovedHash != l.Hash:
		return "It was changed and approved again since.", nil
	}
	b, err := tx.Bank(ctx, i.Tenant, i.Partner)
	if err != nil {
		return "", err
	}
	if b.ID != l.Details {
		return "The bank details changed since; the file pays to the account ending " + l.Last4 + ".", nil
	}
	if err := p.approved(ctx, tx, i); errors.Is(err, models.ErrConflict) {
		return "It is not what was approved any more.", nil
	} else if err != nil {
		return "", err
	}
	return "", nil
}

// CancelFile gives a file up that was not given to the bank: its invoices can go into another one.
func (p *Payouts) CancelFile(ctx context.Context, t models.Tenant, id models.BankFileID, who models.Actor) error {
	f, err := p.Store.BankFile(ctx, t, id)
	if err != nil {
		return err
	}
	return p.endFile(ctx, f, models.FileCancelled, who)
}

func (p *Payouts) endFile(ctx context.Context, f models.BankFile, state string, who models.Actor) error {
	f.State, f.EndedBy, f.EndedAt = state, &who.Name, new(p.now())
	return p.inTurn(ctx, f.Tenant, func(tx *store.Store) error {
		if err := p.mayPay(ctx, tx, f.Tenant, who); err != nil {
			return err
		}
		if err := tx.EndBankFile(ctx, f); err != nil {
			return err
		}
		return tx.Audited(ctx, f.Company, who, "bank_file."+state, f.ID.String(), f.Hash, p.now())
	})
}
