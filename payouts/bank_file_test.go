package payouts_test

import (
	"context"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/rates"
	"portal/store/storetest"
)

// paidByFile is a house with an approved invoice of each of these partners, all with bank details whose hold has ended.
func paidByFile(t testing.TB, names map[string]models.Currency) (h *house, invoices []models.Invoice) {
	t.Helper()
	h = newHouse(t)
	ctx := context.Background()
	h.inbox.Rates = &rates.Rates{Store: h.Store, Now: h.Now}
	n := 1
	for name, currency := range names {
		n++
		p := storetest.Partner(t, h.Store, h.caller.Tenant, "P"+string(rune('A'+n)), currency)
		p.Name = name
		if err := h.Store.SavePartner(ctx, p, h.at); err != nil {
			t.Fatal(err)
		}
		if _, err := h.inbox.Adjust(ctx, models.Adjustment{Tenant: h.caller.Tenant, ID: models.NewID[models.AdjustmentID](h.at), Partner: p.ID, Program: &h.caller.Program,
			Minor: int64(1000*n) + 5, Currency: currency, Reason: "Thanks"}, h.who); err != nil {
			t.Fatal(err)
		}
		if currency == "eur" {
			h.bank(p, "DE", germanAccount)
		} else {
			h.bank(p, "IN", models.BankNumbers{Account: "0001234567", Bank: "=HYPERLINK(1)", BIC: "BKIDINBB"})
		}
	}
	h.at = h.at.AddDate(0, 0, 3)
	list, err := h.DrawUp(ctx, h.caller.Tenant, h.at, 0, h.who)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range list {
		if i, err = h.Approve(ctx, h.caller.Tenant, i.ID, h.who); err != nil {
			t.Fatal(err)
		}
		if i.Partner != h.partner.ID {
			invoices = append(invoices, i)
		}
	}
	slices.SortFunc(invoices, func(a, b models.Invoice) int { return strings.Compare(a.Number, b.Number) })
	return h, invoices
}

func (h *house) debtor() {
	h.t.Helper()
	if err := h.SetDebtor(context.Background(), models.DebtorAccount{Tenant: h.caller.Tenant, Holder: "Ακμή & Söhne GmbH", Country: "PL",
		Numbers: models.BankNumbers{IBAN: "PL61109010140000071219812874", BIC: "PKOPPLPW"}}, h.who); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) file(o models.BankFileKind, again bool, list ...models.Invoice) (models.BankFile, error) {
	var ids []models.InvoiceID
	for _, i := range list {
		ids = append(ids, i.ID)
	}
	return h.MakeBankFile(context.Background(), h.caller.Tenant, fileOrder(o, again, ids), h.who)
}

// painOrder is the order of elements in pain.001.001.09, of those that a SEPA credit transfer uses, by their parent.
var painOrder = map[string]string{
	"Document": "CstmrCdtTrfInitn", "CstmrCdtTrfInitn": "GrpHdr PmtInf", "GrpHdr": "MsgId CreDtTm NbOfTxs CtrlSum InitgPty",
	"PmtInf":      "PmtInfId PmtMtd NbOfTxs CtrlSum PmtTpInf ReqdExctnDt Dbtr DbtrAcct DbtrAgt ChrgBr CdtTrfTxInf",
	"CdtTrfTxInf": "PmtId Amt CdtrAgt Cdtr CdtrAcct RmtInf", "PmtId": "EndToEndId", "Amt": "InstdAmt", "FinInstnId": "BICFI Othr",
}

type element struct {
	name, text string
	attrs      []xml.Attr
	children   []*element
}

func parse(t *testing.T, body []byte) *element {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(body)))
	stack := []*element{{}}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return stack[0].children[0]
		} else if err != nil {
			t.Fatal(err)
		}
		top := stack[len(stack)-1]
		switch v := token.(type) {
		case xml.StartElement:
			if v.Name.Space != "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09" {
				t.Errorf("%s is of %q", v.Name.Local, v.Name.Space)
			}
			e := &element{name: v.Name.Local, attrs: v.Attr}
			top.children, stack = append(top.children, e), append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += strings.TrimSpace(string(v))
		}
	}
}

var sepaLetters = regexp.MustCompile(`^[a-zA-Z0-9/\-?:().,'+ ]*$`)

// checked walks a pain.001 and holds it against the rules of its schema that banks refuse files for.
func (e *element) checked(t *testing.T, texts map[string][]string) {
	t.Helper()
	order, at := strings.Fields(painOrder[e.name]), 0
	for _, c := range e.children {
		place := slices.Index(order, c.name)
		if len(order) > 0 && (place < at || place < 0) {
			t.Errorf("%s stands at the wrong place in %s", c.name, e.name)
		}
		at = max(at, place)
		c.checked(t, texts)
	}
	if len(e.children) == 0 {
		most := map[string]int{"MsgId": 35, "PmtInfId": 35, "EndToEndId": 35, "Nm": 70, "Ustrd": 140}[e.name]
		if e.text == "" || !sepaLetters.MatchString(e.text) || most > 0 && len(e.text) > most || strings.HasPrefix(e.text, "/") || strings.Contains(e.text, "//") {
			t.Errorf("%s is %q", e.name, e.text)
		}
		texts[e.name] = append(texts[e.name], e.text)
	}
}

// F107: a SEPA file is a pain.001 as its schema says, with its control sum, in letters that every bank takes.
func TestASEPAFileIsAsItsSchemaSays(t *testing.T) {
	t.Parallel()
	h, invoices := paidByFile(t, map[string]models.Currency{"Żółć Łukasz": "eur", "Παπαδόπουλος & Υιοί": "eur"})
	if _, err := h.file(models.SEPAFile, false, invoices...); !errors.Is(err, models.ErrConflict) || !strings.Contains(err.Error(), "account") {
		t.Errorf("without the company's account: %v", err)
	}
	h.debtor()
	f, err := h.file(models.SEPAFile, false, invoices...)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string][]string{}
	parse(t, f.Body).checked(t, texts)
	sum, count := models.Money{Currency: "eur"}, "2"
	var amounts []string
	for _, i := range invoices {
		sum.Minor += i.TotalMinor
		amounts = append(amounts, i.Total().Decimal())
	}
	names := texts["Nm"]
	slices.Sort(names)
	for name, want := range map[string][]string{"NbOfTxs": {count, count}, "CtrlSum": {sum.Decimal(), sum.Decimal()}, "InstdAmt": amounts, "EndToEndId": {invoices[0].Number, invoices[1].Number},
		"Nm": {"Akme + Sohne GmbH", "Akme + Sohne GmbH", "Papadopoulos + Uioi", "Zolc Lukasz"}, "IBAN": {"PL61109010140000071219812874", "DE89370400440532013000", "DE89370400440532013000"},
		"BICFI": {"PKOPPLPW"}, "Cd": {"SEPA"}, "ChrgBr": {"SLEV"}, "PmtMtd": {"TRF"}, "Dt": {h.at.Format(time.DateOnly)}} {
		if !slices.Equal(texts[name], want) {
			t.Errorf("%s: %q, want %q", name, texts[name], want)
		}
	}
	again, err := h.Store.BankFile(context.Background(), h.caller.Tenant, f.ID)
	if err != nil || string(again.Body) != string(f.Body) || again.Hash != f.Hash {
		t.Errorf("downloaded again it differs: %v", err)
	}
	var kept string
	if err := h.Store.DB().QueryRow(`SELECT string_agg(t::text, ' ') || (SELECT string_agg(b::text, ' ') FROM bank_details b) || (SELECT string_agg(d::text, ' ') FROM debtor_accounts d)
		FROM bank_files t`).Scan(&kept); err != nil || strings.Contains(kept, "DE8937") || strings.Contains(kept, "PL6110") {
		t.Errorf("an account number lies open in the database: %v", err)
	}
}

// F107: everybody whom SEPA does not reach stands in a CSV whose amounts have their currency's digits and whose texts are no formulas.
func TestACSVHoldsTheOthersWithTheirCurrencysDigits(t *testing.T) {
	t.Parallel()
	h, invoices := paidByFile(t, map[string]models.Currency{"@Tanaka, \"Yoko\"": "jpy", "Amal": "kwd"})
	h.debtor()
	if _, err := h.file(models.SEPAFile, false, invoices...); !errors.Is(err, models.ErrConflict) || !strings.Contains(err.Error(), "SEPA") {
		t.Errorf("in a SEPA file: %v", err)
	}
	f, err := h.file(models.CSVFile, false, invoices...)
	if err != nil || !strings.HasPrefix(string(f.Body), "\uFEFFinvoice,") || !strings.Contains(string(f.Body), "\r\n") {
		t.Fatalf("%q, %v", f.Body, err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(f.Body), "\uFEFF"))).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatal(rows, err)
	}
	for _, row := range rows[1:] {
		decimals := map[string]int{"JPY": 0, "KWD": 4}[row[10]] // with the point
		_, fraction, _ := strings.Cut(row[9], ".")
		if (decimals == 0) != (fraction == "") || decimals > 0 && len(fraction) != decimals-1 || row[7] != "0001234567" || row[8] != "'=HYPERLINK(1)" {
			t.Errorf("%q", row)
		}
		if row[10] == "JPY" && row[1] != "'@Tanaka, \"Yoko\"" {
			t.Errorf("%q", row)
		}
	}
}

// P42: a file marks as paid what stands in it as it stood in it. What accrued or changed since is left, and named.
func TestAFileMarksAsPaidExactlyWhatStandsInIt(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h, invoices := paidByFile(t, map[string]models.Currency{"Ann": "eur", "Bob": "eur", "Cid": "eur"})
	h.debtor()
	f, err := h.file(models.SEPAFile, false, invoices...)
	if err != nil {
		t.Fatal(err)
	}
	ann, bob, cid := invoices[0], invoices[1], invoices[2]
	if _, err := h.inbox.Adjust(ctx, models.Adjustment{Tenant: h.caller.Tenant, ID: models.NewID[models.AdjustmentID](h.at), Partner: ann.Partner, Program: &h.caller.Program, Minor: 700, Currency: "eur", Reason: "Since"}, h.who); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Withdraw(ctx, h.caller.Tenant, bob.ID, h.who); err != nil {
		t.Fatal(err)
	}
	h.bank(models.Partner{Tenant: h.caller.Tenant, ID: cid.Partner, Name: "Cid"}, "NL", models.BankNumbers{IBAN: "NL91ABNA0417164300"})
	if err := h.MarkFilePaid(ctx, h.caller.Tenant, f.ID, h.at, h.who); err != nil {
		t.Fatal(err)
	}
	lines, err := h.Store.BankFileLines(ctx, h.caller.Tenant, f.ID)
	if err != nil || lines[0].State != models.LinePaid || lines[1].State != models.LineLeft || !strings.Contains(lines[1].Because, "waits for approval") ||
		lines[2].State != models.LineLeft || lines[2].Because == "" {
		t.Errorf("%+v, %v", lines, err)
	}
	if h.again(ann).Status != models.Paid || *h.again(ann).Reference != ann.Number || h.again(bob).Status != models.InReview || h.again(cid).Status == models.Paid {
		t.Errorf("%s %s %s", h.again(ann).Status, h.again(bob).Status, h.again(cid).Status)
	}
	next, err := h.DrawUp(ctx, h.caller.Tenant, h.at, 0, h.who)
	if err != nil || len(next) != 1 || next[0].TotalMinor != 700 {
		t.Errorf("what accrued since: %+v, %v", next, err)
	}
	if err := h.MarkFilePaid(ctx, h.caller.Tenant, f.ID, h.at, h.who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("marked twice: %v", err)
	}
	if err := h.CancelFile(ctx, h.caller.Tenant, f.ID, h.who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("cancelled afterwards: %v", err)
	}
}

// An invoice in a file that is not settled goes into no second one by accident; a file that is given up lets it go.
func TestAnInvoiceGoesIntoASecondFileOnlyWhenSaidSo(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h, invoices := paidByFile(t, map[string]models.Currency{"Ann": "eur"})
	f, err := h.file(models.CSVFile, false, invoices...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.file(models.CSVFile, false, invoices...); !errors.Is(err, models.ErrConflict) || !strings.Contains(err.Error(), "not settled") {
		t.Errorf("a second file: %v", err)
	}
	second, err := h.file(models.CSVFile, true, invoices...)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(h.CancelFile(ctx, h.caller.Tenant, f.ID, h.who), h.CancelFile(ctx, h.caller.Tenant, second.ID, h.who)); err != nil {
		t.Fatal(err)
	}
	if err := h.MarkFilePaid(ctx, h.caller.Tenant, f.ID, h.at, h.who); !errors.Is(err, models.ErrConflict) || h.again(invoices[0]).Status != models.Approved {
		t.Errorf("a file that was given up: %v", err)
	}
	if _, err := h.file(models.CSVFile, false, invoices...); err != nil {
		t.Errorf("a third: %v", err)
	}
	if _, err := h.file("sepa2", true, invoices...); !errors.Is(err, models.ErrInvalid) {
		t.Errorf("of no kind: %v", err)
	}
	if _, err := h.file(models.CSVFile, true); !errors.Is(err, models.ErrInvalid) {
		t.Errorf("of nothing: %v", err)
	}
}

// F106, F107: the card is not charged for what the bank may be paying.
func TestAnInvoiceInABankFileIsNotPaidByCardToo(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	h.bank(h.partner, "DE", germanAccount)
	h.at = h.at.AddDate(0, 0, 3)
	i := h.approved()
	f, err := h.file(models.CSVFile, false, i)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who); !errors.Is(err, models.ErrConflict) || !strings.Contains(err.Error(), "bank file") || h.moved() != 0 {
		t.Errorf("while it is in a file: %v", err)
	}
	if err := h.CancelFile(ctx, h.caller.Tenant, f.ID, h.who); err != nil {
		t.Fatal(err)
	}
	if paid, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who); err != nil || paid.Status != models.Paid {
		t.Errorf("%s, %v", paid.Status, err)
	}
}

// B17, F101: new bank details, the first ones too, hold what is paid outside Stripe; they are mailed to every address of the partner; an
// owner ends the wait with a reason; no number stands in the audit.
func TestNewBankDetailsHoldWhatIsPaidOutsideStripe(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	i := h.approved()
	h.at = h.at.Add(10 * time.Hour)
	b := h.bank(h.partner, "DE", germanAccount)
	if want := h.at.AddDate(0, 0, 3); !b.HoldsUntil.Equal(want) {
		t.Errorf("holds until %s, want %s", b.HoldsUntil, want)
	}
	if same := h.bank(h.partner, "DE", germanAccount); same.ID != b.ID {
		t.Error("the same details again are new ones")
	}
	i = h.approvedAgain(i)
	if _, err := h.MarkPaid(ctx, h.caller.Tenant, i.ID, "wire 7", h.at, h.who); !errors.Is(err, models.ErrConflict) || !strings.Contains(err.Error(), b.HoldsUntil.Format("2 January 2006")) {
		t.Errorf("while it holds: %v", err)
	}
	if _, err := h.file(models.CSVFile, false, i); !errors.Is(err, models.ErrConflict) {
		t.Errorf("in a file: %v", err)
	}
	mails, err := h.Store.NewestMails(ctx, 10)
	mails = slices.DeleteFunc(mails, func(m models.Mail) bool { return m.Message.Kind == "invoice_approved" })
	if err != nil || len(mails) != 1 || mails[0].To != *h.partner.Email || mails[0].Message.Kind != "bank_changed" || strings.Contains(mails[0].Message.Facts["change"], "DE89") {
		t.Errorf("mails %+v, %v", mails, err)
	}
	if err := h.EndHold(ctx, h.caller.Tenant, h.partner.ID, " ", h.who); !errors.Is(err, models.ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	if err := h.EndHold(ctx, h.caller.Tenant, h.partner.ID, "Rang them", h.who); err != nil {
		t.Fatal(err)
	}
	if err := h.EndHold(ctx, h.caller.Tenant, h.partner.ID, "Rang them", h.who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("ended twice: %v", err)
	}
	if _, err := h.MarkPaid(ctx, h.caller.Tenant, i.ID, "wire 7", h.at, h.who); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	audit, err := h.Store.AuditOf(ctx, h.caller.Company, h.partner.ID.String())
	audit = slices.DeleteFunc(audit, func(a models.Audit) bool { return !strings.HasPrefix(a.Action, "bank.") })
	if err != nil || len(audit) != 2 || audit[0].Action != "bank.changed" || strings.Contains(audit[0].Note, "3704") || audit[1].Note != "Rang them" {
		t.Errorf("audit %+v, %v", audit, err)
	}
}

// B17: what was paid on a day before the details changed went to no new account.
func TestWhatWasPaidBeforeTheDetailsChangedCanBeMarked(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	i := h.approved()
	h.bank(h.partner, "DE", germanAccount)
	i = h.approvedAgain(i)
	if _, err := h.MarkPaid(ctx, h.caller.Tenant, i.ID, "wire 7", h.at.AddDate(0, 0, -1), h.who); err != nil {
		t.Error(err)
	}
}

// approvedAgain approves an invoice anew whose approval a change has voided (B17).
func (h *house) approvedAgain(i models.Invoice) models.Invoice {
	h.t.Helper()
	ctx := context.Background()
	_, err := h.Withdraw(ctx, h.caller.Tenant, i.ID, h.who)
	if err == nil {
		i, err = h.Approve(ctx, h.caller.Tenant, i.ID, h.who)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return i
}
