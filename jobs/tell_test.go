package jobs

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime/quotedprintable"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"portal/inbox"
	letters "portal/mail"
	"portal/models"
	"portal/payouts"
	"portal/sandbox"
	"portal/store"
	"portal/store/storetest"
)

// telling is a company with its people, a partner with theirs, 20.00 USD due, and a mail server that takes what is told.
type telling struct {
	*testing.T
	*payouts.Payouts
	store   *store.Store
	caller  models.Caller
	partner models.Partner
	office  *office
	work    *sendMail
	stripe  *sandbox.Sandbox
	clock   time.Time
	owner   models.Actor
}

func newTelling(t *testing.T) *telling {
	t.Helper()
	s := storetest.Open(t)
	w := &telling{T: t, store: s, caller: storetest.Company(t, s), clock: storetest.Day}
	now, log := func() time.Time { return w.clock }, slog.New(slog.DiscardHandler)
	office, at := newOffice(t)
	w.office, w.work = office, &sendMail{store: s, post: letters.Post{SMTPURL: at, From: "portal@acme.example", PublicURL: "https://portal.example", Patience: 2 * time.Second}}
	var err error
	if w.stripe, err = sandbox.Open(sandbox.Options{Now: now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.stripe.Close() })
	w.stripe.AddAccount(sandbox.Account{ID: "acct_platform", Name: "Portal", SecretKeys: []string{"sk_test_platform_key"}})
	api := httptest.NewServer(w.stripe.API())
	t.Cleanup(api.Close)
	w.Payouts = &payouts.Payouts{Store: s, Bank: payouts.NewStripe("sk_test_platform_key", api.URL), Mode: models.Test, Now: now, Log: log}
	w.partner = storetest.Partner(t, s, w.caller.Tenant, "PARTNER_A", "usd")
	w.owner = models.Actor{Name: "olivia@acme.example", Role: models.Owner, Person: new(w.person("olivia@acme.example", models.Owner, nil))}
	w.person("farid@acme.example", models.Finance, nil)
	w.person("vera@acme.example", models.Viewer, nil)
	in := &inbox.Inbox{Store: s, Now: now, Log: log}
	sold := storetest.Sold{N: 1, Customer: "cus_1", Email: "one@shop.example", Partner: "PARTNER_A", Gross: 10000, Currency: "usd", PaidAt: w.clock.AddDate(0, 0, -60)}
	for _, body := range [][]byte{sold.Session(storetest.Old), sold.Invoice(storetest.Old)} {
		if err := in.Accept(t.Context(), w.caller.Program, models.SourceStripe, storetest.Signed(storetest.Secret, body, w.clock), body); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(in.Drain(t.Context()), w.EndHolds(t.Context())); err != nil {
		t.Fatal(err)
	}
	return w
}

// person lets somebody in, of the company or of a partner.
func (w *telling) person(email string, role models.Role, partner *models.PartnerID) models.PersonID {
	w.Helper()
	name, _, _ := strings.Cut(email, "@")
	p := models.Person{ID: models.NewID[models.PersonID](w.clock), Email: email, Name: name, Password: "x"}
	mode := "both"
	if partner != nil {
		mode = "test"
	}
	if err := errors.Join(w.store.AddPerson(w.Context(), p, w.clock),
		w.store.AddPlace(w.Context(), p.ID, store.Place{Company: w.caller.Company, Mode: mode, Role: role, Partner: partner}, w.clock)); err != nil {
		w.Fatal(err)
	}
	return p.ID
}

// sent works every mail's job as the queue would, each twice, and gives what the mail server took since the last time: recipient,
// subject and text, with an empty line between.
func (w *telling) sent() []string {
	w.Helper()
	list, err := w.store.NewestMails(context.Background(), 100)
	if err != nil {
		w.Fatal(err)
	}
	for range 2 {
		for _, m := range list {
			job := &river.Job[models.SendMail]{JobRow: &rivertype.JobRow{Attempt: 1, MaxAttempts: 20}, Args: models.SendMail{Company: m.Company, Mail: m.ID}}
			if err := w.work.Work(context.Background(), job); err != nil {
				w.Fatal(err)
			}
		}
	}
	var all []string
	for n, m := range w.office.taken {
		text, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(w.office.bodies[n])))
		if err != nil {
			w.Fatal(err)
		}
		all = append(all, m.Header.Get("To")+"\n"+m.Header.Get("List-Unsubscribe")+"\n"+m.Header.Get("Subject")+"\n"+string(text))
	}
	w.office.taken, w.office.bodies = nil, nil
	return all
}

// got fails unless exactly these addresses got one mail each, with these words.
func (w *telling) got(what string, to []string, stoppable bool, words ...string) {
	w.Helper()
	mails := w.sent()
	if len(mails) != len(to) {
		w.Fatalf("%s: %d mails, want %d: %s", what, len(mails), len(to), mails)
	}
	for _, address := range to {
		found := 0
		for _, m := range mails {
			if !strings.HasPrefix(m, "<"+address+">\n") {
				continue
			}
			found++
			for _, word := range words {
				if !strings.Contains(m, word) {
					w.Errorf("%s to %s does not say %q:\n%s", what, address, word, m)
				}
			}
			if strings.Contains(m, "\n<https://portal.example/mail/stop/") != stoppable {
				w.Errorf("%s to %s: stoppable is %v", what, address, !stoppable)
			}
		}
		if found != 1 {
			w.Errorf("%s: %s got %d mails", what, address, found)
		}
	}
}

func (w *telling) draw() models.Invoice {
	w.Helper()
	list, err := w.DrawUp(w.Context(), w.caller.Tenant, w.clock, 0, w.owner)
	if err != nil || len(list) != 1 {
		w.Fatalf("drew up %d, %v", len(list), err)
	}
	return list[0]
}

// F105, F108, F109: each step of a payout is told to those whom it concerns, once, in the transaction that does it: to those who may
// approve, to the partner, to those who may pay. The partner's own address gets it until somebody signs in for them.
func TestEachStepOfAPayoutIsToldOnceToWhomItConcerns(t *testing.T) {
	t.Parallel()
	w := newTelling(t)
	ctx := t.Context()
	w.partner.Email = new("nora@partners.example")
	if err := w.store.SavePartner(ctx, w.partner, w.clock); err != nil {
		t.Fatal(err)
	}
	i := w.draw()
	w.got("drawn up", []string{"farid@acme.example"}, true, "Test mode: ", "1 invoice waits for your approval", "- 20.00 USD", "/admin/invoices?status=review")
	if _, err := w.Approve(ctx, w.caller.Tenant, i.ID, w.owner); err != nil {
		t.Fatal(err)
	}
	w.got("approved", []string{"nora@partners.example"}, true, i.Number, "20.00 USD", "/partner/invoices/"+i.ID.String())
	w.person("nina@partners.example", models.PartnerMember, &w.partner.ID)
	if _, err := w.MarkPaid(ctx, w.caller.Tenant, i.ID, "wire 7", w.clock, w.owner); err != nil {
		t.Fatal(err)
	}
	w.got("paid", []string{"nina@partners.example"}, false, "paid you 20.00 USD", "wire 7", "three working days")
	if again := w.sent(); len(again) > 0 {
		t.Errorf("sent again: %s", again)
	}
	if _, err := w.Undo(ctx, w.caller.Tenant, i.ID, "It never left", w.owner); err != nil {
		t.Fatal(err)
	}
	w.got("undone", []string{"nina@partners.example"}, false, "does not stand", i.Number, "marked as paid by mistake")
}

// F106, MONEY.md 4.5: a payment that fails is told to those who may pay, with the reason; what is undone with its transaction is not.
func TestAFailedPaymentIsToldToThoseWhoMayPay(t *testing.T) {
	t.Parallel()
	w := newTelling(t)
	ctx := t.Context()
	var err error
	w.partner.Country = new("US")
	if w.partner, err = w.ConnectPartner(ctx, w.partner); err != nil {
		t.Fatal(err)
	}
	if err := w.stripe.Onboard(*w.partner.StripeAccount, sandbox.Complete); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SaveCard(ctx, w.caller.Tenant, "pm_card_chargeCustomerFail"); err != nil {
		t.Fatal(err)
	}
	i := w.draw()
	if _, err := w.Approve(ctx, w.caller.Tenant, i.ID, w.owner); err != nil {
		t.Fatal(err)
	}
	w.sent()
	if i, err = w.Pay(ctx, w.caller.Tenant, i.ID, w.owner); err != nil || i.Status != models.Failed {
		t.Fatalf("%s, %v", i.Status, err)
	}
	w.got("failed", []string{"olivia@acme.example", "farid@acme.example"}, false, i.Number, "20.00 USD", "declined", "/admin/invoices/"+i.ID.String())
	undone := errors.New("undone")
	if err := w.store.InTx(ctx, func(tx *store.Store) error { return errors.Join(w.TellAsked(ctx, tx, i), undone) }); !errors.Is(err, undone) {
		t.Fatal(err)
	}
	if mails := w.sent(); len(mails) > 0 {
		t.Errorf("what was undone was told: %s", mails)
	}
	if err := w.store.InTx(ctx, func(tx *store.Store) error { return w.TellAsked(ctx, tx, i) }); err != nil {
		t.Fatal(err)
	}
	w.got("confirmation", []string{"olivia@acme.example", "farid@acme.example"}, false, "confirmed by the card holder", i.Number)
}

// Issue 5: a program that dies after the commit and before the mail goes out sends it when it lives again, once: the job waits in
// the same database as what it tells of.
func TestAMailOutlivesACrashBetweenCommitAndSending(t *testing.T) {
	t.Parallel()
	w := newTelling(t)
	w.draw() // and here it died
	var waiting int
	if err := w.store.DB().QueryRow(`SELECT count(*) FROM river_job WHERE kind = 'send_mail' AND state = 'available'`).Scan(&waiting); err != nil || waiting != 1 {
		t.Fatalf("%d jobs wait, %v", waiting, err)
	}
	w.work = &sendMail{store: w.store, post: w.work.post} // another process
	w.got("after the crash", []string{"farid@acme.example"}, true, "1 invoice waits")
}

// F100: a partner to whom money is due and who gave no way to be paid, or left Stripe's questions open, is told so at most once a week,
// and no more once they have.
func TestAPartnerWithoutAWayToBePaidIsRemindedOnceAWeek(t *testing.T) {
	t.Parallel()
	w := newTelling(t)
	w.person("nina@partners.example", models.PartnerMember, &w.partner.ID)
	job := &remind{payouts: w.Payouts}
	remindOn := func(days int) []string {
		t.Helper()
		w.clock = storetest.Day.AddDate(0, 0, days)
		for range 2 {
			if err := job.Work(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		return w.sent()
	}
	for day, want := range []int{1, 0, 0, 0, 0, 0, 0, 1, 0} {
		if mails := remindOn(day); len(mails) != want || want == 1 && (!strings.Contains(mails[0], "- 20.00 USD") || !strings.Contains(mails[0], "/partner/payouts")) {
			t.Errorf("day %d: %s", day, mails)
		}
	}
	stop := store.Stop{Company: w.caller.Company, Email: "Nina@partners.example", Topic: models.TopicOnboarding}
	if err := w.store.RefuseMails(t.Context(), stop, w.clock); err != nil {
		t.Fatal(err)
	}
	if mails := remindOn(20); len(mails) != 0 {
		t.Errorf("stopped, and told: %s", mails)
	}
	if err := w.store.AllowMails(t.Context(), stop); err != nil {
		t.Fatal(err)
	}
	var err error
	w.partner.Country = new("US")
	if w.partner, err = w.ConnectPartner(t.Context(), w.partner); err != nil {
		t.Fatal(err)
	}
	if mails := remindOn(40); len(mails) != 1 || !strings.Contains(mails[0], "what Stripe still asks you for") {
		t.Errorf("begun at Stripe, and told: %s", mails)
	}
	if err := w.stripe.Onboard(*w.partner.StripeAccount, sandbox.Complete); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Refresh(t.Context(), w.caller.Tenant, w.partner.ID); err != nil {
		t.Fatal(err)
	}
	if mails := remindOn(60); len(mails) != 0 {
		t.Errorf("done at Stripe, and told: %s", mails)
	}
}

// F103: a card that ends is told of when a month is left and when a week is left, once each.
func TestACardThatEndsIsToldOfAMonthAndAWeekBefore(t *testing.T) {
	t.Parallel()
	w := newTelling(t)
	told := map[string]int{}
	for day := time.Date(2027, 1, 15, 0, 0, 0, 0, time.UTC); day.Month() < time.April; day = day.AddDate(0, 0, 1) {
		w.clock = day
		if err := w.TellCardExpiring(t.Context(), w.caller.Tenant, "visa", "4242", 2027, time.February); err != nil {
			t.Fatal(err)
		}
		if mails := w.sent(); len(mails) > 0 {
			told[day.Format(time.DateOnly)] = len(mails)
			if !strings.Contains(mails[0], "Visa ending 4242") || !strings.Contains(mails[0], "February 2027") {
				t.Error(mails[0])
			}
		}
	}
	if len(told) != 2 || told["2027-01-29"] != 2 || told["2027-02-22"] != 2 { // the owner and finance
		t.Errorf("told on %v", told)
	}
}
