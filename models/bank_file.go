package models

import "time"

type bankFileNoun struct{}

func (bankFileNoun) prefix() string { return "bnk" }

// BankFileID names a file made for a company's bank.
type BankFileID = ID[bankFileNoun]

// DebtorAccount is the account that a company pays from, as its bank's files name it.
type DebtorAccount struct {
	Tenant
	ID      DetailsID   `db:"id"`
	Holder  string      `db:"holder"`
	Country string      `db:"country"`
	Numbers BankNumbers `db:"-"` // IBAN and BIC; sealed in the database
	Last4   string      `db:"last4"`
	SetBy   string      `db:"set_by"`
	SetAt   time.Time   `db:"set_at"`
}

// BankFileKind is what a bank file is written as.
type BankFileKind string

// The kinds of bank file.
const (
	SEPAFile BankFileKind = "sepa" // pain.001, euro to IBANs
	CSVFile  BankFileKind = "csv"
)

// BankFile is a batch of transfers that a company gave to its bank. What stands in it never changes.
type BankFile struct {
	Tenant
	ID      BankFileID   `db:"id"`
	Kind    BankFileKind `db:"kind"`
	State   string       `db:"state"` // open, settled, cancelled
	Hash    string       `db:"hash"`  // SHA-256 of Body
	Body    []byte       `db:"-"`     // sealed in the database
	MadeBy  string       `db:"made_by"`
	MadeAt  time.Time    `db:"made_at"`
	EndedBy *string      `db:"ended_by"`
	EndedAt *time.Time   `db:"ended_at"`
}

// The states of a bank file, and of its lines.
const (
	FileOpen      = "open"
	FileSettled   = "settled"
	FileCancelled = "cancelled"
	LinePaid      = "paid" // marked as paid, as it was in the file
	LineLeft      = "left" // it is not what it was in the file; Because says why
)

// BankFileLine is one transfer of a bank file: an invoice as it was when the file was made (P42).
type BankFileLine struct {
	File     BankFileID `db:"file_id"`
	Invoice  InvoiceID  `db:"invoice_id"`
	Number   string     `db:"number"`
	Partner  string     `db:"partner_name"`
	Details  DetailsID  `db:"details_id"`
	Last4    string     `db:"last4"`
	Minor    int64      `db:"amount"`
	Currency Currency   `db:"currency"`
	Hash     string     `db:"approved_hash"`
	State    string     `db:"state"`
	Because  string     `db:"because"`
}

// Amount is what is transferred.
func (l BankFileLine) Amount() Money { return Money{l.Minor, l.Currency} }

// Filed is where an invoice stands in a bank file that is not settled yet.
type Filed struct {
	Invoice InvoiceID  `db:"invoice_id"`
	File    BankFileID `db:"id"`
	MadeBy  string     `db:"made_by"`
	MadeAt  time.Time  `db:"made_at"`
}
