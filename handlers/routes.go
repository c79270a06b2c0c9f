// Package handlers answers HTTP: pages for people, the JSON API for scripts, webhooks for providers. This file is the
// site map: every URL and who may use it. Handlers ask store, inbox and payouts; no rule and no SQL lives here.
package handlers

import (
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"portal/doctor"
	"portal/inbox"
	"portal/integrations"
	"portal/models"
	"portal/payouts"
	"portal/store"
)

// House is what the pages and the API are served from.
type House struct {
	Store        *store.Store
	Inbox        *inbox.Inbox
	Payouts      *payouts.Payouts
	Integrations *integrations.Integrations
	Doctor       *doctor.Rounds
	Now          func() time.Time
	Log          *slog.Logger
	PublicURL    string // what links and cookies are made for
	Version      string
	// PlatformSecret proves webhooks of the platform's own Stripe; empty refuses them all.
	PlatformSecret string
	// ConnectSecret proves webhooks of the accounts that are connected to it; empty refuses them all.
	ConnectSecret string
	// SignIns are shown on the sign-in page of the demo; nil elsewhere.
	SignIns []SignIn
	// Sandbox is the demo's Stripe page, mounted at /sandbox/; nil elsewhere.
	Sandbox http.Handler
}

// SignIn is one made-up person of the demo.
type SignIn struct{ Role, Email, Password string }

// now is the clock in what the database can keep.
func (h *House) now() time.Time { return h.Now().UTC().Truncate(time.Microsecond) }

// who may use a URL: the roles it takes.
type who []models.Role

var (
	anyone   = who{"anyone"}                                                  // signed in or not
	senders  = who{"sender"}                                                  // no person: whoever signs the body with the right secret
	viewers  = who{models.Owner, models.Admin, models.Finance, models.Viewer} // the company's people
	money    = who{models.Owner, models.Admin, models.Finance}                // who may approve and pay, and change by hand what is due
	admins   = who{models.Owner, models.Admin}                                // who may change the program
	owners   = who{models.Owner}
	partners = who{models.PartnerMember}
	people   = append(slices.Clone(viewers), models.PartnerMember) // whoever is signed in
)

// takes tells whether the URL is for a role.
func (w who) takes(role models.Role) bool { return slices.Contains(w, role) }

// page answers one URL. The session is the zero one where no person is asked for.
type page func(c echo.Context, se models.Session) error

type route struct {
	method, path string
	who          who
	page         page
}

// routes is the site map of the pages and webhooks. The JSON API, for holders of a key, maps its own in api.go.
func (h *House) routes() []route {
	return []route{
		{"GET", "/", anyone, h.signInForm},
		{"POST", "/sign-in", anyone, h.signIn},
		{"POST", "/sign-out", anyone, h.signOut},
		{"GET", "/healthz", anyone, h.healthz},
		{"GET", "/readyz", anyone, h.readyz},
		{"GET", "/dev/mail", anyone, h.devMail}, // these two in the demo only
		{"GET", "/dev/mail/:company/:id", anyone, h.devMailHTML},

		{"GET", "/settings/mail", people, h.mailSettings},
		{"POST", "/settings/mail", people, h.mailSettingsSave},
		{"GET", "/mail/stop/:token", anyone, h.mailStop}, // from a mail, without signing in
		{"POST", "/mail/stop/:token", anyone, h.mailStopDo},

		{"GET", "/admin", viewers, h.adminHome},
		{"POST", "/admin/mode", viewers, h.adminMode},
		{"GET", "/admin/payments", viewers, h.adminPayments},
		{"GET", "/admin/payments/:id", viewers, h.adminPayment},
		{"POST", "/admin/payments/:id/partner", admins, h.adminPaymentGive},
		{"GET", "/admin/unattributed", viewers, h.adminUnattributed},
		{"GET", "/admin/unattributed/link", viewers, h.adminUnattributedBack},
		{"POST", "/admin/unattributed/link", admins, h.adminUnattributedLink},
		{"GET", "/admin/links", viewers, h.adminLinks},
		{"GET", "/admin/links/new", admins, h.adminLinkNew},
		{"POST", "/admin/links", admins, h.adminLinkUpload},
		{"GET", "/admin/links/:id", viewers, h.adminLinkFile},
		{"GET", "/admin/links/:id/verdicts.csv", viewers, h.adminLinkFileVerdicts},
		{"POST", "/admin/links/:id/check", admins, h.adminLinkFileCheck},
		{"POST", "/admin/links/:id/commit", admins, h.adminLinkFileCommit},
		{"GET", "/admin/backfills", viewers, h.adminBackfills},
		{"GET", "/admin/backfills/new", admins, h.adminBackfillNew},
		{"POST", "/admin/backfills", admins, h.adminBackfillDo},
		{"GET", "/admin/backfills/:id", viewers, h.adminBackfill},
		{"GET", "/admin/backfills/:id/undo", viewers, h.adminBackfillBack},
		{"POST", "/admin/backfills/:id/undo", admins, h.adminBackfillUndo},
		{"GET", "/admin/customers/sync", viewers, h.adminSync},
		{"POST", "/admin/customers/sync", admins, h.adminSyncStart},
		{"GET", "/admin/customers/sync/steer", viewers, h.adminSyncBack},
		{"POST", "/admin/customers/sync/steer", admins, h.adminSyncSteer},
		{"GET", "/admin/partners", viewers, h.adminPartners},
		{"GET", "/admin/partners/new", admins, h.adminPartnerNew},
		{"POST", "/admin/partners", admins, h.adminPartnerAdd},
		{"GET", "/admin/partners/:id", viewers, h.adminPartner},
		{"GET", "/admin/partners/:id/statements", viewers, h.adminStatements},
		{"GET", "/admin/partners/:id/statements/:month", viewers, h.adminStatement},
		{"GET", "/admin/partners/:id/statements/:month/statement.pdf", viewers, h.adminStatementPaper},
		{"POST", "/admin/partners/:id/codes", admins, h.adminCodeAdd},
		{"POST", "/admin/partners/:id/codes/remove", admins, h.adminCodeRemove},
		{"POST", "/admin/partners/:id/codes/new", admins, h.adminCodeGive},
		{"POST", "/admin/partners/:id/codes/end", admins, h.adminCodeEnd},
		{"GET", "/admin/partners/:id/account", viewers, h.adminPartnerBack},
		{"POST", "/admin/partners/:id/account", money, h.adminPartnerAccount},
		{"GET", "/admin/partners/:id/minimum", viewers, h.adminPartnerBack},
		{"POST", "/admin/partners/:id/minimum", admins, h.adminPartnerMinimum},
		{"GET", "/admin/partners/:id/adjust", money, h.adminAdjustForm},
		{"POST", "/admin/partners/:id/adjust", money, h.adminAdjust},
		{"GET", "/admin/partners/:id/write-off", money, h.adminWriteOffForm},
		{"POST", "/admin/partners/:id/write-off", money, h.adminWriteOffAsk},
		{"GET", "/admin/partners/:id/end-hold", owners, h.adminEndHoldForm},
		{"POST", "/admin/partners/:id/end-hold", owners, h.adminEndHold},
		{"GET", "/admin/write-offs", viewers, h.adminWriteOffs},
		{"GET", "/admin/write-offs/:id/approve", viewers, h.adminWriteOffsBack},
		{"POST", "/admin/write-offs/:id/approve", money, h.adminWriteOffApprove},
		{"GET", "/admin/write-offs/:id/refuse", viewers, h.adminWriteOffsBack},
		{"POST", "/admin/write-offs/:id/refuse", money, h.adminWriteOffRefuse},
		{"GET", "/admin/calendar", viewers, h.adminCalendar},
		{"GET", "/admin/invoices", viewers, h.adminInvoices},
		{"GET", "/admin/invoices/new", money, h.adminInvoicesNew},
		{"POST", "/admin/invoices", money, h.adminInvoicesDraw},
		{"GET", "/admin/invoices/approve", viewers, h.adminInvoicesBack},
		{"POST", "/admin/invoices/approve", money, h.adminInvoicesApprove},
		{"GET", "/admin/invoices/pay", money, h.adminPayMany},
		{"POST", "/admin/invoices/pay", money, h.adminPayManyNow},
		{"GET", "/admin/pay-runs", viewers, h.adminPayRuns},
		{"GET", "/admin/pay-runs/:id", viewers, h.adminPayRun},
		{"GET", "/admin/invoices/runs", viewers, h.adminRuns},
		{"GET", "/admin/invoices/runs/:id", viewers, h.adminRun},
		{"GET", "/admin/invoices/runs/:id/approve", viewers, h.adminRunBack},
		{"POST", "/admin/invoices/runs/:id/approve", money, h.adminRunApprove},
		{"GET", "/admin/invoices/contests", viewers, h.adminContests},
		{"GET", "/admin/invoices/contests/:id", viewers, h.adminContest},
		{"POST", "/admin/invoices/contests/:id", money, h.adminContestAnswer},
		{"GET", "/admin/invoices/:id", viewers, h.adminInvoice},
		{"GET", "/admin/invoices/:id/confirm", money, h.adminInvoiceConfirm},
		{"POST", "/admin/invoices/:id/confirm", money, h.adminInvoiceConfirmNow},
		{"GET", "/admin/invoices/:id/confirmed", viewers, h.adminInvoiceConfirmedBack},
		{"GET", "/admin/invoices/:id/give-up", viewers, h.adminInvoiceBack},
		{"POST", "/admin/invoices/:id/give-up", money, h.adminInvoiceGiveUp},
		{"GET", "/admin/invoices/:id/send-again", viewers, h.adminInvoiceBack},
		{"POST", "/admin/invoices/:id/send-again", money, h.adminInvoiceSendAgain},
		{"GET", "/admin/invoices/:id/give-back", viewers, h.adminInvoiceBack},
		{"POST", "/admin/invoices/:id/give-back", money, h.adminInvoiceGiveBack},
		{"GET", "/admin/invoices/:id/refund", viewers, h.adminInvoiceBack},
		{"POST", "/admin/invoices/:id/refund", money, h.adminInvoiceRefund},
		{"GET", "/admin/invoices/:id/invoice.pdf", viewers, h.adminInvoicePaper},
		{"GET", "/admin/invoices/:id/approve", viewers, h.adminInvoiceBack},
		{"POST", "/admin/invoices/:id/approve", money, h.adminInvoiceApprove},
		{"GET", "/admin/invoices/:id/withdraw", viewers, h.adminInvoiceBack},
		{"POST", "/admin/invoices/:id/withdraw", money, h.adminInvoiceWithdraw},
		{"GET", "/admin/invoices/:id/void", viewers, h.adminInvoiceBack},
		{"POST", "/admin/invoices/:id/void", money, h.adminInvoiceVoid},
		{"GET", "/admin/invoices/:id/pay", viewers, h.adminInvoiceBack},
		{"POST", "/admin/invoices/:id/pay", money, h.adminInvoicePay},
		{"GET", "/admin/invoices/:id/mark-paid", viewers, h.adminInvoiceBack},
		{"POST", "/admin/invoices/:id/mark-paid", money, h.adminInvoiceMarkPaid},
		{"GET", "/admin/settings/payouts", viewers, h.adminPayoutSettings},
		{"POST", "/admin/settings/payouts", admins, h.adminPayoutSettingsSave},
		{"GET", "/admin/invoices/:id/undo", viewers, h.adminInvoiceBack},
		{"POST", "/admin/invoices/:id/undo", money, h.adminInvoiceUndo},
		{"GET", "/admin/invoices/:id/attachments/:attempt", viewers, h.adminAttachment},
		{"GET", "/admin/invoices/bank-file", viewers, h.adminBankFiles},
		{"POST", "/admin/invoices/bank-file", money, h.adminBankFileMake},
		{"GET", "/admin/invoices/bank-file/:file", viewers, h.adminBankFile},
		{"GET", "/admin/invoices/bank-file/:file/download", money, h.adminBankFileDownload},
		{"GET", "/admin/invoices/bank-file/:file/paid", viewers, h.adminBankFileBack},
		{"POST", "/admin/invoices/bank-file/:file/paid", money, h.adminBankFilePaid},
		{"GET", "/admin/invoices/bank-file/:file/cancel", viewers, h.adminBankFileBack},
		{"POST", "/admin/invoices/bank-file/:file/cancel", money, h.adminBankFileCancel},
		{"GET", "/admin/settings/company", viewers, h.adminCompany},
		{"POST", "/admin/settings/company", admins, h.adminCompanySave},
		{"GET", "/admin/settings/company/account", viewers, h.adminCompanyBack},
		{"POST", "/admin/settings/company/account", admins, h.adminCompanyAccount},
		{"GET", "/admin/rules", viewers, h.adminRules},
		{"POST", "/admin/rules", admins, h.adminRuleSave},
		{"GET", "/admin/rules/new", admins, h.adminRuleNew},
		{"GET", "/admin/rules/edit", admins, h.adminRuleEdit},
		{"GET", "/admin/rules/remove", viewers, h.adminRulesBack},
		{"POST", "/admin/rules/remove", admins, h.adminRuleRemove},
		{"GET", "/admin/coupons", viewers, h.adminCoupons},
		{"GET", "/admin/coupons/choose", viewers, h.adminCouponsBack},
		{"POST", "/admin/coupons/choose", admins, h.adminCouponChoose},
		{"GET", "/admin/coupons/make", viewers, h.adminCouponsBack},
		{"POST", "/admin/coupons/make", admins, h.adminCouponMake},
		{"POST", "/admin/catalog", admins, h.adminCatalog},
		{"GET", "/admin/settings/payments", viewers, h.adminCard},
		{"GET", "/admin/settings/payments/card", money, h.adminCardBack}, // from Stripe's page
		{"POST", "/admin/settings/payments/card", money, h.adminCardSave},
		{"GET", "/admin/settings/payments/remove", viewers, h.adminCardsBack},
		{"POST", "/admin/settings/payments/remove", money, h.adminCardRemove},
		{"GET", "/admin/rates", money, h.adminRates},
		{"POST", "/admin/rates", money, h.adminRateEnter},
		{"GET", "/admin/connection", viewers, h.adminConnection},
		{"GET", "/admin/connection/stripe", viewers, h.adminConnectionBack},
		{"POST", "/admin/connection/stripe", admins, h.adminConnectionStripe},
		{"GET", "/admin/connection/stripe/callback", admins, h.adminConnectionStripeBack},
		{"GET", "/admin/connection/key", viewers, h.adminConnectionBack},
		{"POST", "/admin/connection/key", admins, h.adminConnectionKey},
		{"GET", "/admin/connection/secret", viewers, h.adminConnectionBack},
		{"POST", "/admin/connection/secret", admins, h.adminConnectionSecret},
		{"GET", "/admin/connection/disconnect", viewers, h.adminConnectionBack},
		{"POST", "/admin/connection/disconnect", admins, h.adminConnectionEnd},
		{"GET", "/admin/doctor", viewers, h.adminDoctor},
		{"GET", "/admin/imports", viewers, h.adminImports},
		{"POST", "/admin/imports", admins, h.adminImportBegin},
		{"GET", "/admin/imports/:id", viewers, h.adminImport},
		{"POST", "/admin/imports/:id/enter", admins, h.adminImportEnter},
		{"POST", "/admin/imports/:id/pause", admins, h.adminImportPause},
		{"POST", "/admin/imports/:id/resume", admins, h.adminImportResume},
		{"POST", "/admin/imports/:id/cancel", admins, h.adminImportCancel},
		{"GET", "/admin/reconciliation", viewers, h.adminReconciliation},
		{"POST", "/admin/reconciliation", admins, h.adminReconciliationNow},
		{"GET", "/admin/events", viewers, h.adminEvents},
		{"GET", "/admin/events/:id", viewers, h.adminEvent},

		{"GET", "/partner", partners, h.partnerHome},
		{"GET", "/partner/earnings", partners, h.partnerEarnings},
		{"GET", "/partner/earnings/:id", partners, h.partnerEarning},
		{"GET", "/partner/invoices", partners, h.partnerInvoices},
		{"GET", "/partner/invoices/:id", partners, h.partnerInvoice},
		{"GET", "/partner/invoices/:id/contest", partners, h.partnerInvoiceBack},
		{"POST", "/partner/invoices/:id/contest", partners, h.partnerContest},
		{"GET", "/partner/invoices/:id/invoice.pdf", partners, h.partnerInvoicePaper},
		{"GET", "/partner/invoices/:id/attachments/:attempt", partners, h.partnerAttachment},
		{"GET", "/partner/payouts", partners, h.partnerPayouts},
		{"GET", "/partner/payouts/stripe", partners, h.partnerPayoutsAgainBack},
		{"POST", "/partner/payouts/stripe", partners, h.partnerPayoutsDo},
		{"GET", "/partner/payouts/return", partners, h.partnerPayoutsReturnBack}, // from Stripe's questions
		{"GET", "/partner/payouts/billing", partners, h.partnerBilling},
		{"POST", "/partner/payouts/billing", partners, h.partnerBillingSave},
		{"GET", "/partner/payouts/bank", partners, h.partnerBank},
		{"POST", "/partner/payouts/bank", partners, h.partnerBankSave},
		{"GET", "/partner/calendar", partners, h.partnerCalendar},
		{"GET", "/partner/statements", partners, h.partnerStatements},
		{"GET", "/partner/statements/:month", partners, h.partnerStatement},
		{"GET", "/partner/statements/:month/statement.pdf", partners, h.partnerStatementPaper},

		{"POST", "/v1/integrations/:source/:program/webhook", senders, h.programWebhook},
		{"POST", "/v1/stripe/webhook", senders, h.platformWebhook},
		{"POST", "/v1/stripe/connect/webhook", senders, h.connectWebhook},
	}
}

// Handler serves the whole site.
func (h *House) Handler() http.Handler { return h.fenced(h.site()) }

// site is everything that is mapped, not yet fenced.
func (h *House) site() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = h.fail
	e.IPExtractor = echo.ExtractIPFromXFFHeader()
	e.Use(h.observed, rescued)
	for _, r := range h.routes() {
		e.Add(r.method, r.path, h.guarded(r))
	}
	h.api(e)
	h.mount(e)
	return e
}
