package handlers

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"portal/models"
	"portal/store"
)

// CONTRACT.md 3: in the demo, and nowhere else, /dev/mail shows what Portal wrote to people.
func TestTheDemoShowsItsMail(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	ctx := t.Context()
	read := func(path string, want int) (string, http.Header) {
		t.Helper()
		answer := w.ask(nil, path, nil)
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != want {
			t.Fatalf("%s: %d, want %d, %v", path, answer.StatusCode, want, err)
		}
		return string(body), answer.Header
	}
	read("/dev/mail", http.StatusNotFound)
	w.Sandbox = http.NotFoundHandler()
	if page, _ := read("/dev/mail", http.StatusOK); !strings.Contains(page, "No mail yet.") {
		t.Error("without mail the page does not say so")
	}
	company, err := w.Store.Company(ctx, w.caller.Company)
	if err != nil {
		t.Fatal(err)
	}
	message := models.KeyRefused(company, models.Program{ID: w.caller.Program, Name: "<b>Partners"}, models.Test)
	if err := w.Store.InTx(ctx, func(tx *store.Store) error {
		return tx.QueueMail(ctx, w.caller.Tenant, message, []models.Person{{Email: "olivia@acme.example", Name: "Olivia"}}, w.now())
	}); err != nil {
		t.Fatal(err)
	}
	page, _ := read("/dev/mail", http.StatusOK)
	for _, want := range []string{"To olivia@acme.example", "Test mode: Portal cannot reach", "Stripe refuses the API key", "&lt;b&gt;Partners", "Waiting to be sent"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	_, rest, _ := strings.Cut(page, `href="/dev/mail/`)
	path, _, _ := strings.Cut(rest, `"`)
	letter, head := read("/dev/mail/"+path, http.StatusOK)
	if !strings.Contains(letter, "&lt;b&gt;Partners") || !strings.Contains(letter, ">See the connection</a>") || strings.Contains(head.Get("Content-Security-Policy"), "script") {
		t.Errorf("%s\n%s", head.Get("Content-Security-Policy"), letter)
	}
	w.Sandbox = nil
	read("/dev/mail/"+path, http.StatusNotFound)
}
