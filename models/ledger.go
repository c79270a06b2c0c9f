package models

import "time"

// Account is one account of a tenant's books, such as due/ptr_….
type Account string

// The accounts (DESIGN.md 3). Money flows from what a program owes to what was paid out.
func Owes(p ProgramID) Account         { return Account("owes/" + p.String()) }
func HeldFor(p PartnerID) Account      { return Account("held/" + p.String()) }
func DueTo(p PartnerID) Account        { return Account("due/" + p.String()) }
func OnInvoice(i InvoiceID) Account    { return Account("invoice/" + i.String()) }
func InDelivery(i InvoiceID) Account   { return Account("charged/" + i.String()) }
func PaidByStripe(p PartnerID) Account { return Account("stripe/" + p.String()) }
func PaidManually(p PartnerID) Account { return Account("manual/" + p.String()) }
func WrittenOff(p PartnerID) Account   { return Account("write-off/" + p.String()) }

// Transfer moves an amount above zero from one account to another in one currency, so the books balance by
// construction. Its key is unique in a tenant: booking it twice changes nothing. Transfers are never changed or deleted.
type Transfer struct {
	Key      string
	From, To Account
	Amount   Money
	Cause    string // what caused it: commission/cms_…, invoice/inv_…, adjustment/adj_…
	At       time.Time
	Digest   [32]byte // over the tenant and every other field; ledger makes and checks it
}
