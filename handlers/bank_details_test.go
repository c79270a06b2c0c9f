package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"testing"

	"portal/models"
	"portal/store"
)

const rightPassword = "correct horse battery staple"

// withPassword signs somebody in who has a password of their own.
func (w *companyWorld) withPassword(name string, role models.Role, partner *models.PartnerID) *http.Cookie {
	w.t.Helper()
	t := w.caller.Tenant
	person := models.Person{ID: models.NewID[models.PersonID](w.clock), Email: name + "@" + t.Company.String() + ".example", Name: name, Password: HashPassword(rightPassword)}
	place := store.Place{Company: t.Company, Mode: "both", Role: role, Partner: partner}
	if partner != nil {
		place.Mode = string(t.Mode)
	}
	if err := errors.Join(w.Store.AddPerson(w.t.Context(), person, w.clock), w.Store.AddPlace(w.t.Context(), person.ID, place, w.clock)); err != nil {
		w.t.Fatal(err)
	}
	return w.signedIn(name, t, role, partner)
}

func germanBank(iban, password string) url.Values {
	return url.Values{"country": {"DE"}, "holder": {"Ann Lind"}, "iban": {iban}, "password": {password}}
}

// F101, B17: an IBAN that is wrong by one digit, or a wrong password, changes nothing and what was typed stays; the right ones are saved, and
// shown by their last four only, to the partner and to the company; a mail goes to every address.
func TestAPartnerGivesBankDetailsWithThePasswordAndNobodySeesThemAgain(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	ann := w.withPassword("ann", models.PartnerMember, &w.ann.ID)
	const at = "/partner/payouts/bank"
	wants(t, "at first", w.words(ann, "/partner/payouts"), "Bank account Not given yet", "Give bank details", "Give billing details")
	wants(t, "the country first", w.words(ann, at), "Country of the account", "Go on")
	wants(t, "an account in the US", w.words(ann, at+"?country=US"), "Routing number", "Account number", "in the first 3 days")
	wants(t, "an account in India", w.words(ann, at+"?country=IN"), "Name of the bank", "Also called SWIFT code")
	for name, form := range map[string]url.Values{"the IBAN": germanBank("de89 3704 0044 0532 0130 01", rightPassword), "the password": germanBank("de89 3704 0044 0532 0130 00", "guessed")} {
		page := bodyOf(t, w.expect(http.StatusUnprocessableEntity, ann, at, form))
		sentence := map[string]string{"the IBAN": "Is not right: a digit or a letter is wrong", "the password": "Is not the password that you sign in with; nothing was changed."}[name]
		wants(t, name, textOf(t, page), sentence)
		wants(t, "what was typed", page, form.Get("iban"), `value="Ann Lind"`)
		lacks(t, "the password", page, "guessed", rightPassword)
		wants(t, "afterwards", w.words(ann, "/partner/payouts"), "Not given yet")
	}
	wants(t, "saved", w.after(ann, w.ask(ann, at, germanBank("de89 3704 0044 0532 0130 00", rightPassword))), "The bank details were saved", "Account in Germany ending 3000", "Ann Lind", "From 23 ", "UTC")
	owner, finance := w.withPassword("olivia", models.Owner, nil), w.as(w.caller.Tenant, models.Finance)
	partner := "/admin/partners/" + w.ann.ID.String()
	wants(t, "the company's page", w.words(finance, partner), "ending 3000", "Ann Lind", "Until then nothing is paid to it outside Stripe")
	lacks(t, "finance's page", bodyOf(t, w.expect(http.StatusOK, finance, partner, nil)), "/end-hold")
	for _, page := range []string{bodyOf(t, w.expect(http.StatusOK, ann, at, nil)), bodyOf(t, w.expect(http.StatusOK, ann, "/partner/payouts", nil)), bodyOf(t, w.expect(http.StatusOK, owner, partner, nil)), w.everything()} {
		lacks(t, "a page or the database", page, "370400440532013000", "3704 0044", rightPassword)
	}
	mails, err := w.Store.NewestMails(t.Context(), 10)
	if err != nil || len(mails) != 2 || mails[0].Message.Kind != "bank_changed" || mails[0].To == mails[1].To {
		t.Errorf("mails %+v, %v", mails, err)
	}
	hold := partner + "/end-hold"
	wants(t, "without a reason", textOf(t, bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, hold, url.Values{"password": {rightPassword}}))), "Say how you know")
	wants(t, "with a wrong password", textOf(t, bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, hold, url.Values{"reason": {"Rang her"}, "password": {"x"}}))), "Is not the password")
	wants(t, "ended", w.after(owner, w.ask(owner, hold, url.Values{"reason": {"Rang her"}, "password": {rightPassword}})), "The wait was ended", "Can be paid to Now")
	w.expect(http.StatusConflict, owner, hold, url.Values{"reason": {"Rang her"}, "password": {rightPassword}})
}

// F101: the password is asked for within the limits of signing in.
func TestPasswordsAreNotGuessedOnTheBankPage(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	ann := w.withPassword("ann", models.PartnerMember, &w.ann.ID)
	for n := range triesAddress {
		if r := w.ask(ann, "/partner/payouts/bank", germanBank("DE89370400440532013000", "guess")); r.StatusCode != http.StatusUnprocessableEntity {
			t.Fatalf("guess %d: %d", n, r.StatusCode)
		}
	}
	last := w.ask(ann, "/partner/payouts/bank", germanBank("DE89370400440532013000", rightPassword))
	wants(t, "the one after", textOf(t, bodyOf(t, last)), "Too many tries; wait 15 minutes")
	if last.StatusCode != http.StatusTooManyRequests || last.Header.Get("Retry-After") == "" {
		t.Errorf("%d %v", last.StatusCode, last.Header)
	}
	if _, err := w.Store.Bank(t.Context(), w.caller.Tenant, w.ann.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("it was saved: %v", err)
	}
}

// F101: a tax number is checked by its country, masked once it is saved, kept when the field is left empty, and removed on demand.
func TestBillingDetailsAreCheckedMaskedAndKept(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	ann, admin := w.signedIn("ann", w.caller.Tenant, models.PartnerMember, &w.ann.ID), w.as(w.caller.Tenant, models.Admin)
	const at = "/partner/payouts/billing"
	form := url.Values{"name": {"Ann Lind"}, "address": {"Hauptstr. 1\r\n\r\n 10115  Berlin"}, "country": {"DE"}, "tax_number": {"DE136695977"}}
	wants(t, "a wrong number", textOf(t, bodyOf(t, w.expect(http.StatusUnprocessableEntity, ann, at, form))), "Is not right: a digit is wrong")
	wants(t, "nothing typed", textOf(t, bodyOf(t, w.expect(http.StatusUnprocessableEntity, ann, at, url.Values{}))), "Give the name", "Give street", "Choose a country")
	form.Set("tax_number", "de 136 695 976")
	wants(t, "saved", w.after(ann, w.ask(ann, at, form)), "The billing details were saved", "Ann Lind", "Hauptstr. 1 10115 Berlin Germany", "DE••••••976")
	lacks(t, "a page or the database", w.everything()+bodyOf(t, w.expect(http.StatusOK, ann, at, nil))+bodyOf(t, w.expect(http.StatusOK, admin, "/admin/partners/"+w.ann.ID.String(), nil)), "136695976")
	form.Del("tax_number")
	form.Set("name", "Ann Lind-Berg")
	wants(t, "with the field empty", w.after(ann, w.ask(ann, at, form)), "Ann Lind-Berg", "DE••••••976")
	form.Set("country", "FR")
	wants(t, "moved to France", textOf(t, bodyOf(t, w.expect(http.StatusUnprocessableEntity, ann, at, form))), "Is not a VAT number of France")
	form.Set("no_tax", "yes")
	wants(t, "removed", w.after(ann, w.ask(ann, at, form)), "France", "None given")
	company := url.Values{"name": {"Acme GmbH"}, "address": {"Weg 7"}, "country": {"AT"}, "tax_number": {"ATU13585627"}}
	wants(t, "the company's", w.after(admin, w.ask(admin, companyAt, company)), "The billing details were saved", "Saved: AT••••••627")
	account := url.Values{"holder": {"Acme GmbH"}, "account_country": {"PL"}, "iban": {"PL61 1090 1014 0000 0712 1981 2875"}}
	wrong := bodyOf(t, w.expect(http.StatusUnprocessableEntity, admin, companyAt+"/account", account))
	wants(t, "a wrong account", textOf(t, wrong), "Is not right")
	wants(t, "what was typed", wrong, "1981 2875", "Acme GmbH", "Weg 7")
	account.Set("account_country", "US")
	wants(t, "one outside SEPA", textOf(t, bodyOf(t, w.expect(http.StatusUnprocessableEntity, admin, companyAt+"/account", account))), "Choose a country of the SEPA area")
	account.Set("account_country", "PL")
	account.Set("iban", "PL61 1090 1014 0000 0712 1981 2874")
	wants(t, "the account", w.after(admin, w.ask(admin, companyAt+"/account", account)), "Saved: account in Poland ending 2874, Acme GmbH.")
	lacks(t, "the database", w.everything(), "PL6110901014", "U13585627")
}
