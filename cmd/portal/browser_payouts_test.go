package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"portal/handlers"
	"portal/models"
	"portal/store"
)

// Issue 5, "Done when": partners connect Stripe accounts and a company saves cards, on the pages of the sandbox, and every page that they see
// on the way has nothing serious for axe to find.
func TestGettingReadyToPayInARealBrowser(t *testing.T) {
	s := newSite(t)
	t.Run("a company saves, replaces and removes a card", s.card)
	t.Run("partners connect a Stripe account", s.onboarding)
}

// joins gives a partner, and a person who may sign in as them.
func (s site) joins(t *testing.T, key, country string, currency models.Currency) handlers.SignIn {
	t.Helper()
	ctx, now := context.Background(), time.Now().UTC().Truncate(time.Microsecond)
	c := defaults()
	c.Database.DataDir = s.dir
	b, err := open(ctx, c, join)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	}()
	companies, err := b.store.Companies(ctx)
	if err != nil {
		t.Fatal(err)
	}
	who := handlers.SignIn{Email: strings.ToLower(key) + "@partners.example", Password: "demo-partner-" + key}
	p := models.Partner{Tenant: models.Tenant{Company: companies[0].ID, Mode: models.Test}, ID: models.NewID[models.PartnerID](now), Key: key, Name: "Partner " + key, Email: &who.Email,
		Country: &country, Currency: currency, Status: models.PartnerActive, Active: models.Spans{{}}, CreatedAt: now}
	person := models.Person{ID: models.NewID[models.PersonID](now), Email: who.Email, Name: p.Name, Password: handlers.HashPassword(who.Password)}
	err = b.store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.AddPartner(ctx, p); err != nil {
			return err
		}
		if err := tx.AddPerson(ctx, person, now); err != nil {
			return err
		}
		return tx.AddPlace(ctx, person.ID, store.Place{Company: p.Company, Mode: "test", Role: models.PartnerMember, Partner: &p.ID}, now)
	})
	if err != nil {
		t.Fatal(err)
	}
	return who
}

// looking lets axe look on the way.
func (v *visitor) looking() inspector {
	v.t.Helper()
	axe, err := os.ReadFile("../../handlers/testdata/axe.min.js")
	if err != nil {
		v.t.Fatal(err)
	}
	return inspector{v, string(axe), &places{}}
}

// F100, F123, MONEY.md 4.1, 4.2, 4.8: complete; incomplete, then complete; verified first; rejected; a country that is not served, and one that Stripe
// refuses; a wrong country mended.
func (s site) onboarding(t *testing.T) {
	const leave, give, verify, reject = "Leave now and go on later", "Give everything and finish", "Give everything, Stripe verifies it first", "Give everything, Stripe rejects me"
	start := func(t *testing.T, key, country string, currency models.Currency) *visitor {
		who := s.joins(t, key, country, currency)
		v := s.visitor(t)
		v.signIn(who)
		v.sees("Nobody knows yet where to pay you")
		v.press("Say how you are paid")
		v.sees("Be paid through Stripe", "it cannot be changed later")
		return v
	}
	t.Run("incomplete, then complete", func(t *testing.T) {
		v := start(t, "IDA", "DE", "usd")
		v.looking().look()
		v.press("Go on at Stripe")
		v.sees("Set up your Stripe account", "Germany")
		v.press(leave)
		v.sees("How you are paid", "Stripe still asks for something", "You cannot be paid yet", "The address", "Agreement to Stripe's terms", "Your invoices are in USD, and your Stripe account is paid out in EUR")
		v.looking().look()
		v.open("/partner")
		v.sees("Your Stripe account cannot be paid yet")
		v.press("See what to do")
		v.press("Go on at Stripe")
		v.press(give)
		v.sees("Stripe says that you can be paid", "ending 3000", "Open your Stripe page")
		v.looking().look()
		v.press("Open your Stripe page")
		v.sees("Your Stripe account", "Express dashboard")
		v.open("/partner")
		v.sees("Your Stripe account can be paid")
	})
	t.Run("a link that was used leads on", func(t *testing.T) {
		v := start(t, "OTTO", "US", "usd")
		v.withoutScript()
		v.press("Go on at Stripe")
		used := ask[string](v, "location.pathname")
		v.open(used)
		v.sees("Set up your Stripe account") // with another link
		if again := ask[string](v, "location.pathname"); again == used {
			v.failf("the link worked twice")
		}
		v.press(verify)
		v.sees("Stripe is checking what you gave")
		platform := s.visitor(t)
		platform.open("/sandbox/?account=" + platformAccount)
		platform.pressAt(`//button[@aria-label="Verify: the account of otto@partners.example"]`)
		v.isShown("/partner/payouts", "You can be paid")
		platform.open("/sandbox/?account=" + platformAccount)
		platform.pressAt(`//button[@aria-label="Ask for a paper: the account of otto@partners.example"]`)
		owner := s.visitor(t)
		owner.signIn(signIns[0])
		owner.partnerNamed("Partner OTTO")
		owner.isShown(ask[string](owner, "location.pathname"), "Can be paid, Stripe asks for more", "an identity document by ") // told by Stripe's event
		v.isShown("/partner/payouts", "Stripe waits until", "An identity document")
	})
	t.Run("rejected", func(t *testing.T) {
		v := start(t, "RUDI", "US", "usd")
		v.press("Go on at Stripe")
		v.press(reject)
		v.sees("Stripe rejected the account", "That is final", "your bank details")
		if strings.Contains(v.text(), "Go on at Stripe") || strings.Contains(v.text(), "Use another account") {
			v.failf("a rejected partner is asked on: %s", v.text())
		}
		v.looking().look()
	})
	t.Run("a country that is not served", func(t *testing.T) {
		v := start(t, "BELA", "BY", "usd")
		if chosen := v.typed("Go on at Stripe", "country"); chosen != "BY" {
			v.failf("the partner's own country is not chosen, but %q", chosen)
		}
		v.sees("Belarus (bank details only)")
		for country, name := range map[string]string{"BY": "Belarus", "KZ": "Kazakhstan"} { // the second is refused by Stripe alone
			v.fill("Go on at Stripe", "country", country)
			v.refused("Go on at Stripe", "country", country, "Stripe pays nobody in "+name)
		}
		v.looking().look()
		v.fill("Go on at Stripe", "country", "FR")
		v.press("Go on at Stripe")
		v.sees("France")
		v.press(leave)
		v.unfold("Use another account")
		v.press("Close it and begin anew")
		v.sees("The account is closed", "Be paid through Stripe")
		v.fill("Go on at Stripe", "country", "IN") // a recipient
		v.press("Go on at Stripe")
		v.press(give)
		v.sees("Stripe says that you can be paid", "India")
	})
}

// F102, F103, F115, MONEY.md 4.3, 4.8: a declined card, one whose bank asks its holder, one in its place, and none.
func (s site) card(t *testing.T) {
	const save, page = "Save the card", "/admin/settings/payments"
	owner := s.visitor(t)
	owner.signIn(signIns[0])
	owner.open("/admin/invoices")
	owner.press("Settings")
	owner.sees("The card that pays your partners", "Visa ending 4242")
	owner.looking().look()
	owner.press("Replace the card")
	owner.sees("Save a card", "Portal keeps it at Stripe")
	owner.press("Back")
	owner.sees("Visa ending 4242", "The card that pays your partners")
	owner.press("Replace the card")
	owner.fill(save, "number", "4000 0000 0000 0002")
	owner.fill(save, "name", "Olivia Marsh")
	owner.press(save)
	owner.sees("declined")
	owner.fill(save, "number", "4000 0000 0000 3220")
	owner.press(save)
	owner.sees("Confirm that the card is yours")
	owner.press("Confirm")
	owner.sees("The card is saved", "Visa ending 3220", "by "+signIns[0].Email)

	finance := s.visitor(t)
	finance.withoutScript()
	finance.signIn(signIns[1])
	finance.open(page)
	finance.press("Replace the card")
	finance.fill(save, "number", "5555 5555 5555 4444")
	finance.fill(save, "name", "Farid Haddad")
	now := time.Now().UTC()
	finance.fill(save, "month", now.Format("1"))
	finance.fill(save, "year", now.Format("2006"))
	finance.press(save)
	month := now.Format("January 2006")
	finance.sees("Mastercard ending 4444", "Ends with "+month)
	owner.open(page)
	owner.looking().look()
	for _, path := range []string{"/admin/invoices", "/admin"} {
		finance.open(path)
		if told := strings.Contains(finance.text(), "ends with "+month); told != (path == "/admin/invoices") {
			finance.failf("%s tells that the card ends: %v", path, told)
		}
	}
	finance.open(page)
	finance.unfold("Remove the card")
	finance.press("Remove it now")
	finance.sees("The card is removed", "No card is saved")
	owner.open(page)
	owner.looking().look()
	owner.open("/admin/invoices?status=approved")
	owner.pressAt(`//main//tbody//a[starts-with(@href, "/admin/invoices/inv")]`)
	owner.sees("no card saved")
	owner.press("Save a card")
	owner.press("Save a card")
	owner.fill(save, "name", "Olivia Marsh")
	owner.press(save)
	owner.sees("The card is saved", "Visa ending 4242")
}
