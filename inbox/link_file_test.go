package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/store/storetest"
)

// uploaded keeps a file of links and checks it.
func (h *house) uploaded(text string, replaces bool) models.LinkFile {
	h.t.Helper()
	ctx := context.Background()
	f, err := h.KeepLinkFile(ctx, h.caller.Tenant, inbox.Upload{Name: "links.csv", File: strings.NewReader(text), Replaces: func() (bool, error) { return replaces, nil }}, somebody)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.carried(f)
}

// carried does the work that a file promises, and loads it.
func (h *house) carried(f models.LinkFile) models.LinkFile {
	h.t.Helper()
	ctx := context.Background()
	if err := h.CarryLinkFile(ctx, f.Tenant, f.ID); err != nil {
		h.t.Fatal(err)
	}
	f, err := h.Store.LinkFile(ctx, f.Tenant, f.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return f
}

// verdicts are a file's rows with what became of each.
func (h *house) verdicts(f models.LinkFile) string {
	h.t.Helper()
	rows, err := h.Store.LinkRows(context.Background(), f, "", 0, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	var said []string
	for _, r := range rows {
		line := fmt.Sprintf("%d %s", r.N, r.Verdict)
		if r.Like != nil {
			line += fmt.Sprint(" ", *r.Like)
		}
		if r.Holder != nil {
			line += " " + *r.Holder
		}
		said = append(said, line)
	}
	return strings.Join(said, ", ")
}

// known makes customers: key-1 with an address, cus_2 by a payment, theirs, whom PARTNER_B has.
func (h *house) known() {
	h.t.Helper()
	ctx := context.Background()
	storetest.Partner(h.t, h.Store, h.caller.Tenant, "PARTNER_B", "usd")
	paused := storetest.Partner(h.t, h.Store, h.caller.Tenant, "PAUSED", "usd")
	paused.Turn(models.PartnerPaused, h.Now().Add(-time.Hour))
	if err := h.Store.SavePartner(ctx, paused, h.Now()); err != nil {
		h.t.Fatal(err)
	}
	for key, change := range map[string]inbox.CustomerChange{"key-1": {Email: ptr("Ann@X.com")}, "theirs": {Partner: ptr("PARTNER_B"), Email: ptr("theirs@x.com")}} {
		if _, err := h.AddCustomer(ctx, h.caller.Tenant, key, change, "api", somebody); err != nil {
			h.t.Fatal(err)
		}
	}
	s := stranger(2, -2)
	s.Customer, s.Email = "cus_2", "two@x.com"
	h.post(s.Invoice(storetest.Old))
	h.drain()
}

const everySort = `customer,partner
key-1,PARTNER_A
 ANN@x.com ,PARTNER_A
key-1,PARTNER_B
cus_2,PARTNER_A
stripe_cus_2,PARTNER_A
theirs,PARTNER_A
theirs@x.com,PARTNER_B
nobody@x.com,PARTNER_A
cus_2,NOBODY
key-1,PAUSED
,PARTNER_A
`

// B4, F86, D10: a dry run changes nothing and has a verdict on each row; the commit links from now on; uploaded again,
// every row that linked is linked already.
func TestAFileOfLinksIsCheckedThenLinksAndMayComeAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.known()
	ctx, before := context.Background(), h.state()
	f := h.uploaded(everySort, false)
	const want = "2 link, 3 duplicate 2, 4 contradicts 2, 5 link, 6 duplicate 5, 7 other PARTNER_B, 8 contradicts 7 PARTNER_B, 9 no_customer, 10 no_partner, 11 inactive, 12 malformed"
	if got := h.verdicts(f); got != want || f.State != models.FileChecked || f.Rows != 11 {
		t.Errorf("%s, %d rows\n got %s\nwant %s", f.State, f.Rows, got, want)
	}
	if f.Counts[models.WillLink] != 2 || f.Counts[models.Malformed] != 1 {
		t.Errorf("counts %v", f.Counts)
	}
	if owned := h.owner("key-1"); owned != "" || h.state() != before {
		t.Errorf("the dry run linked key-1 to %q", owned)
	}
	if err := h.CommitLinkFile(ctx, f.Tenant, f.ID, somebody); err != nil {
		t.Fatal(err)
	}
	if err := h.CommitLinkFile(ctx, f.Tenant, f.ID, somebody); !errors.Is(err, models.ErrConflict) {
		t.Errorf("committed twice: %v", err)
	}
	f = h.carried(f)
	if got := h.verdicts(f); got != strings.ReplaceAll(want, " link", " linked") && got != strings.NewReplacer("2 link,", "2 linked,", "5 link,", "5 linked,").Replace(want) {
		t.Errorf("%s: %s", f.State, got)
	}
	if f.State != models.FileDone || f.FinishedAt == nil || h.owner("key-1") != "PARTNER_A" || h.owner("stripe_cus_2") != "PARTNER_A" || h.owner("theirs") != "PARTNER_B" {
		t.Errorf("%s: %q %q %q", f.State, h.owner("key-1"), h.owner("stripe_cus_2"), h.owner("theirs"))
	}
	if len(h.commissions()) != 0 {
		t.Error("a link by file reached back")
	}
	again := h.uploaded(everySort, false)
	if got := h.verdicts(again); got != strings.NewReplacer("2 link,", "2 already PARTNER_A,", "3 duplicate 2", "3 duplicate 2 PARTNER_A", "4 contradicts 2", "4 contradicts 2 PARTNER_A",
		"5 link,", "5 already PARTNER_A,", "6 duplicate 5", "6 duplicate 5 PARTNER_A", "10 no_partner", "10 no_partner PARTNER_A", "11 inactive", "11 inactive PARTNER_A").Replace(want) {
		t.Errorf("uploaded again: %s", got)
	}
	if err := h.CommitLinkFile(ctx, f.Tenant, again.ID, somebody); !errors.Is(err, models.ErrConflict) {
		t.Errorf("a file with nothing to link is committed: %v", err)
	}
}

// owner is the key of the partner whom a customer belongs to; empty for nobody's.
func (h *house) owner(key string) string {
	h.t.Helper()
	ctx := context.Background()
	c, err := h.Store.CustomerByKey(ctx, h.caller.Tenant, key)
	if err != nil {
		h.t.Fatal(err)
	}
	owned, err := h.Store.PartnersOfCustomers(ctx, h.caller.Tenant, []models.CustomerID{c.ID})
	if err != nil {
		h.t.Fatal(err)
	}
	return owned[c.ID]
}

// B4: whom another partner has is kept by them unless the file replaces, which may be said after the first check.
func TestAFileReplacesOnlyWhenItIsTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.known()
	f := h.uploaded("customer;partner\ntheirs;PARTNER_A\n", false)
	if got := h.verdicts(f); got != "2 other PARTNER_B" {
		t.Errorf("checked: %s", got)
	}
	ctx := context.Background()
	if err := h.CheckLinkFile(ctx, f.Tenant, f.ID, true, somebody); err != nil {
		t.Fatal(err)
	}
	if err := h.CommitLinkFile(ctx, f.Tenant, f.ID, somebody); !errors.Is(err, models.ErrConflict) {
		t.Errorf("committed while it is checked: %v", err)
	}
	if f = h.carried(f); h.verdicts(f) != "2 replace PARTNER_B" {
		t.Errorf("checked to replace: %s", h.verdicts(f))
	}
	if err := h.CommitLinkFile(ctx, f.Tenant, f.ID, somebody); err != nil {
		t.Fatal(err)
	}
	if f = h.carried(f); h.verdicts(f) != "2 replaced PARTNER_B" || h.owner("theirs") != "PARTNER_A" {
		t.Errorf("linked: %s, %s", h.verdicts(f), h.owner("theirs"))
	}
	if err := h.CheckLinkFile(ctx, f.Tenant, f.ID, false, somebody); !errors.Is(err, models.ErrConflict) {
		t.Errorf("checked after it linked: %v", err)
	}
}

// B4, D14: what changed between the check and the linking is seen; a payment that came in between is decided anew.
func TestAFileLinksByHowThingsStandThen(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.known()
	f := h.uploaded("customer,partner\nkey-1,PARTNER_A\ncus_2,PARTNER_A\n", false)
	ctx := context.Background()
	if err := h.CommitLinkFile(ctx, f.Tenant, f.ID, somebody); err != nil {
		t.Fatal(err)
	}
	theirs, err := h.Store.PartnerByKey(ctx, f.Tenant, "PARTNER_B")
	if err != nil {
		t.Fatal(err)
	}
	ann, err := h.Store.CustomerByKey(ctx, f.Tenant, "key-1")
	if err != nil {
		t.Fatal(err)
	}
	h.link(theirs, ann.ID)
	late := stranger(3, 1)
	late.Customer, late.Email = "cus_2", "two@x.com"
	h.post(late.Invoice(storetest.Old))
	h.drain()
	if got := h.verdicts(h.carried(f)); got != "2 other PARTNER_B, 3 linked" {
		t.Errorf("linked: %s", got)
	}
	if c := h.only3(); c != "20.00 USD" {
		t.Errorf("the payment that came in between earned %s", c)
	}
}

// only3 is what the one commission of a house with several payments comes to.
func (h *house) only3() string {
	h.t.Helper()
	list := h.commissions()
	if len(list) != 1 {
		h.t.Fatalf("%d commissions", len(list))
	}
	return list[0].Amount.String()
}

// F70: records with one partner are nobody's to link, and another company's customers are not found.
func TestAFileFindsNoRecordOfOnePartnerAndNoStrangersCustomer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.model("transaction")
	s := sale()
	h.post(s.Session(storetest.Old), s.Invoice(storetest.Old))
	h.drain()
	other := storetest.Company(t, h.Store)
	if _, err := h.AddCustomer(context.Background(), other.Tenant, "elsewhere", inbox.CustomerChange{}, "api", somebody); err != nil {
		t.Fatal(err)
	}
	f := h.uploaded("customer,partner\nstripe_cus_1__pkey_PARTNER_A,PARTNER_A\nelsewhere,PARTNER_A\n", false)
	if got := h.verdicts(f); got != "2 no_customer, 3 no_customer" {
		t.Errorf("verdicts: %s", got)
	}
}

// B4: a file is read in parts that make no difference to what becomes of it.
func TestAFileLongerThanOnePartIsJudgedWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.known()
	var file strings.Builder
	file.WriteString("customer,partner\nkey-1,PARTNER_A\n")
	for n := range 11_000 {
		fmt.Fprintf(&file, "nobody-%d,PARTNER_A\n", n)
	}
	file.WriteString("key-1,PARTNER_B\ncus_2,PARTNER_B\n")
	f := h.uploaded(file.String(), false)
	if c := f.Counts; f.Rows != 11_003 || c[models.WillLink] != 2 || c[models.NoCustomer] != 11_000 || c[models.Contradicts] != 1 {
		t.Errorf("%d rows: %v", f.Rows, c)
	}
}
