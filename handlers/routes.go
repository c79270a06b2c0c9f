// Package handlers answers HTTP: pages for people, the JSON API for scripts, webhooks for providers. This file is the
// site map: every URL and who may use it. Handlers ask store, inbox and payouts; no rule and no SQL lives here.
package handlers

import (
	"log/slog"
	"net/http"
	"time"

	"portal/inbox"
	"portal/integrations"
	"portal/payouts"
	"portal/store"
)

// House is what the pages and the API are served from.
type House struct {
	Store        *store.Store
	Inbox        *inbox.Inbox
	Payouts      *payouts.Payouts
	Integrations *integrations.Integrations
	Now          func() time.Time
	Log          *slog.Logger
	PublicURL    string // what links and cookies are made for
	Version      string
	// PlatformSecret proves webhooks of the platform's own Stripe; empty refuses them all.
	PlatformSecret string
	// SignIns are shown on the sign-in page of the demo; nil elsewhere.
	SignIns []SignIn
	// Sandbox is the demo's Stripe page, mounted at /sandbox/; nil elsewhere.
	Sandbox http.Handler
}

// SignIn is one made-up person of the demo.
type SignIn struct{ Role, Email, Password string }
