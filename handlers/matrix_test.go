package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store/storetest"
)

// matrix is every page and webhook of the site map, and the status that each role gets. The requests are such that
// nothing changes: a form that is allowed is refused for what stands in it, or finds nothing to do. "stranger" is the
// owner of another company, who asks for what is not theirs.
const matrix = `
                                                     nobody viewer finance admin owner partner stranger
GET  /                                                  200    303     303   303   303     303      303
POST /sign-in                                           422    422     422   422   422     422      422
POST /sign-out                                          303    303     303   303   303     303      303
GET  /healthz                                           200    200     200   200   200     200      200
GET  /readyz                                            200    200     200   200   200     200      200
GET  /dev/mail                                          404    404     404   404   404     404      404
GET  /dev/mail/{company}/{mail}                         404    404     404   404   404     404      404

GET  /settings/mail                                     303    200     200   200   200     200      200
POST /settings/mail                                     303    303     303   303   303     303      303
GET  /mail/stop/{token}                                 404    404     404   404   404     404      404
POST /mail/stop/{token}                                 404    404     404   404   404     404      404

GET  /admin                                             303    200     200   200   200     403      200
POST /admin/mode                                        303    422     422   422   422     403      422
GET  /admin/payments                                    303    200     200   200   200     403      200
GET  /admin/payments/{payment}                          303    200     200   200   200     403      404
POST /admin/payments/{payment}/partner                  303    403     403   422   422     403      404
GET  /admin/unattributed                                303    200     200   200   200     403      200
GET  /admin/unattributed/link                           303    303     303   303   303     403      303
POST /admin/unattributed/link                           303    403     403   422   422     403      422
GET  /admin/links                                       303    200     200   200   200     403      200
GET  /admin/links/new                                   303    403     403   200   200     403      200
POST /admin/links                                       303    403     403   422   422     403      422
GET  /admin/links/{file}                                303    200     200   200   200     403      404
GET  /admin/links/{file}/verdicts.csv                   303    200     200   200   200     403      404
POST /admin/links/{file}/check                          303    403     403   303   303     403      404
POST /admin/links/{file}/commit                         303    403     403   303   303     403      404
GET  /admin/backfills                                   303    200     200   200   200     403      200
GET  /admin/backfills/new                               303    403     403   200   200     403      200
POST /admin/backfills                                   303    403     403   422   422     403      422
GET  /admin/backfills/{backfill}                        303    200     200   200   200     403      404
GET  /admin/backfills/{backfill}/undo                   303    303     303   303   303     403      303
POST /admin/backfills/{backfill}/undo                   303    403     403   409   409     403      404
GET  /admin/partners                                    303    200     200   200   200     403      200
GET  /admin/partners/new                                303    403     403   200   200     403      200
POST /admin/partners                                    303    403     403   422   422     403      422
GET  /admin/partners/{partner}                          303    200     200   200   200     403      404
GET  /admin/partners/{partner}/statements               303    200     200   200   200     403      404
GET  /admin/partners/{partner}/statements/{month}       303    200     200   200   200     403      404
GET  /admin/partners/{partner}/statements/{month}/statement.pdf 303 200 200  200   200     403      404
POST /admin/partners/{partner}/codes                    303    403     403   422   422     403      404
POST /admin/partners/{partner}/codes/remove             303    403     403   422   422     403      404
POST /admin/partners/{partner}/codes/new                303    403     403   422   422     403      404
POST /admin/partners/{partner}/codes/end                303    403     403   422   422     403      404
GET  /admin/rules                                       303    200     200   200   200     403      200
POST /admin/rules                                       303    403     403   422   422     403      422
GET  /admin/rules/new                                   303    403     403   200   200     403      200
GET  /admin/rules/edit                                  303    403     403   422   422     403      422
GET  /admin/rules/remove                                303    303     303   303   303     403      303
POST /admin/rules/remove                                303    403     403   422   422     403      422
GET  /admin/coupons                                     303    200     200   200   200     403      200
GET  /admin/coupons/choose                              303    303     303   303   303     403      303
POST /admin/coupons/choose                              303    403     403   422   422     403      422
GET  /admin/coupons/make                                303    303     303   303   303     403      303
POST /admin/coupons/make                                303    403     403   422   422     403      422
POST /admin/catalog                                     303    403     403   303   303     403      303
GET  /admin/settings/payments                           303    200     200   200   200     403      200
GET  /admin/settings/payments/card                      303    403     303   303   303     403      303
POST /admin/settings/payments/card                      303    403     303   303   303     403      303
GET  /admin/settings/payments/remove                    303    303     303   303   303     403      303
POST /admin/settings/payments/remove                    303    403     409   409   409     403      409
GET  /partner/payouts/stripe                            303    403     403   403   403     303      403
POST /partner/payouts/stripe                            303    403     403   403   403     422      403
GET  /partner/payouts/return                            303    403     403   403   403     303      403
GET  /admin/partners/{partner}/account                  303    303     303   303   303     403      303
POST /admin/partners/{partner}/account                  303    403     409   409   409     403      404
GET  /admin/partners/{partner}/minimum                  303    303     303   303   303     403      303
POST /admin/partners/{partner}/minimum                  303    403     403   422   422     403      404
GET  /admin/settings/payouts                            303    200     200   200   200     403      200
POST /admin/settings/payouts                            303    403     403   422   422     403      422
GET  /admin/partners/{partner}/adjust                   303    403     200   200   200     403      404
POST /admin/partners/{partner}/adjust                   303    403     422   422   422     403      404
GET  /admin/partners/{partner}/write-off                303    403     200   200   200     403      404
POST /admin/partners/{partner}/write-off                303    403     422   422   422     403      404
GET  /admin/partners/{partner}/end-hold                  303    403     403   403   404     403      404
POST /admin/partners/{partner}/end-hold                  303    403     403   403   404     403      404
GET  /admin/write-offs                                  303    200     200   200   200     403      200
GET  /admin/write-offs/{writeoff}/approve               303    303     303   303   303     403      303
POST /admin/write-offs/{writeoff}/approve               303    403     409   409   409     403      404
GET  /admin/write-offs/{writeoff}/refuse                303    303     303   303   303     403      303
POST /admin/write-offs/{writeoff}/refuse                303    403     409   409   409     403      404
GET  /admin/calendar                                    303    200     200   200   200     403      200
GET  /admin/invoices                                    303    200     200   200   200     403      200
GET  /admin/invoices/new                                303    403     200   200   200     403      200
POST /admin/invoices                                    303    403     422   422   422     403      422
GET  /admin/invoices/approve                            303    303     303   303   303     403      303
POST /admin/invoices/approve                            303    403     422   422   422     403      422
GET  /admin/invoices/pay                                303    403     200   200   200     403      200
POST /admin/invoices/pay                                303    403     422   422   422     403      422
GET  /admin/pay-runs                                    303    200     200   200   200     403      200
GET  /admin/pay-runs/{payrun}                           303    200     200   200   200     403      404
GET  /admin/invoices/{invoice}/confirm                  303    403     303   303   303     403      404
POST /admin/invoices/{invoice}/confirm                  303    403     409   409   409     403      404
GET  /admin/invoices/{invoice}/confirmed                303    303     303   303   303     403      303
GET  /admin/invoices/{invoice}/give-up                  303    303     303   303   303     403      303
POST /admin/invoices/{invoice}/give-up                  303    403     409   409   409     403      404
GET  /admin/invoices/{invoice}/send-again               303    303     303   303   303     403      303
POST /admin/invoices/{invoice}/send-again               303    403     409   409   409     403      404
GET  /admin/invoices/{invoice}/give-back                303    303     303   303   303     403      303
POST /admin/invoices/{invoice}/give-back                303    403     422   422   422     403      404
GET  /admin/invoices/{invoice}/refund                   303    303     303   303   303     403      303
POST /admin/invoices/{invoice}/refund                   303    403     422   422   422     403      404
GET  /admin/invoices/runs                               303    200     200   200   200     403      200
GET  /admin/invoices/runs/{run}                         303    200     200   200   200     403      404
GET  /admin/invoices/runs/{run}/approve                 303    303     303   303   303     403      303
POST /admin/invoices/runs/{run}/approve                 303    403     409   409   409     403      404
GET  /admin/invoices/contests                           303    200     200   200   200     403      200
GET  /admin/invoices/contests/{contest}                 303    200     200   200   200     403      404
POST /admin/invoices/contests/{contest}                 303    403     422   422   422     403      404
GET  /admin/invoices/{invoice}/void                     303    303     303   303   303     403      303
POST /admin/invoices/{invoice}/void                     303    403     409   409   409     403      404
GET  /admin/invoices/{invoice}                          303    200     200   200   200     403      404
GET  /admin/invoices/{invoice}/invoice.pdf              303    200     200   200   200     403      404
GET  /admin/invoices/{invoice}/approve                  303    303     303   303   303     403      303
POST /admin/invoices/{invoice}/approve                  303    403     409   409   409     403      404
GET  /admin/invoices/{invoice}/withdraw                 303    303     303   303   303     403      303
POST /admin/invoices/{invoice}/withdraw                 303    403     409   409   409     403      404
GET  /admin/invoices/{invoice}/pay                      303    303     303   303   303     403      303
POST /admin/invoices/{invoice}/pay                      303    403     409   409   409     403      404
GET  /admin/invoices/{invoice}/mark-paid                303    303     303   303   303     403      303
POST /admin/invoices/{invoice}/mark-paid                303    403     409   409   409     403      404
GET  /admin/invoices/{invoice}/undo                      303    303     303   303   303     403      303
POST /admin/invoices/{invoice}/undo                      303    403     422   422   422     403      404
GET  /admin/invoices/{invoice}/attachments/{attempt}     303    404     404   404   404     403      404
GET  /admin/invoices/bank-file                           303    200     200   200   200     403      200
POST /admin/invoices/bank-file                           303    403     422   422   422     403      422
GET  /admin/invoices/bank-file/{bankfile}                303    200     200   200   200     403      404
GET  /admin/invoices/bank-file/{bankfile}/download       303    403     200   200   200     403      404
GET  /admin/invoices/bank-file/{bankfile}/paid           303    303     303   303   303     403      303
POST /admin/invoices/bank-file/{bankfile}/paid           303    403     409   409   409     403      404
GET  /admin/invoices/bank-file/{bankfile}/cancel         303    303     303   303   303     403      303
POST /admin/invoices/bank-file/{bankfile}/cancel         303    403     409   409   409     403      404
GET  /admin/settings/company                             303    200     200   200   200     403      200
POST /admin/settings/company                             303    403     403   422   422     403      422
GET  /admin/settings/company/account                     303    303     303   303   303     403      303
POST /admin/settings/company/account                     303    403     403   422   422     403      422
GET  /admin/rates                                       303    403     200   200   200     403      200
POST /admin/rates                                       303    403     422   422   422     403      422
GET  /admin/customers/sync                              303    200     200   200   200     403      200
POST /admin/customers/sync                              303    403     403   422   422     403      422
GET  /admin/customers/sync/steer                        303    303     303   303   303     403      303
POST /admin/customers/sync/steer                        303    403     403   404   404     403      404
GET  /admin/connection                                  303    200     200   200   200     403      200
GET  /admin/connection?program={program}                303    200     200   200   200     403      404
GET  /admin/connection/stripe                           303    303     303   303   303     403      303
POST /admin/connection/stripe                           303    403     403   409   409     403      409
GET  /admin/connection/stripe/callback                  303    403     403   303   303     403      303
GET  /admin/connection/key                              303    303     303   303   303     403      303
POST /admin/connection/key                              303    403     403   422   422     403      422
GET  /admin/connection/secret                           303    303     303   303   303     403      303
POST /admin/connection/secret                           303    403     403   422   422     403      422
GET  /admin/connection/disconnect                       303    303     303   303   303     403      303
POST /admin/connection/disconnect                       303    403     403   422   422     403      422
GET  /admin/doctor                                      303    200     200   200   200     403      200
GET  /admin/imports                                     303    200     200   200   200     403      200
POST /admin/imports                                     303    403     403   422   422     403      422
GET  /admin/imports/{import}                            303    200     200   200   200     403      404
POST /admin/imports/{import}/enter                      303    403     403   303   303     403      404
POST /admin/imports/{import}/pause                      303    403     403   303   303     403      404
POST /admin/imports/{import}/resume                     303    403     403   303   303     403      404
POST /admin/imports/{import}/cancel                     303    403     403   303   303     403      404
GET  /admin/reconciliation                              303    200     200   200   200     403      200
POST /admin/reconciliation                              303    403     403   303   303     403      303
GET  /admin/events                                      303    200     200   200   200     403      200
GET  /admin/events/{event}                              303    200     200   200   200     403      404

GET  /partner                                           303    403     403   403   403     200      403
GET  /partner/earnings                                  303    403     403   403   403     200      403
GET  /partner/earnings/{commission}                     303    403     403   403   403     200      403
GET  /partner/invoices                                  303    403     403   403   403     200      403
GET  /partner/invoices/{invoice}                        303    403     403   403   403     200      403
GET  /partner/invoices/{invoice}/contest                303    403     403   403   403     303      403
POST /partner/invoices/{invoice}/contest                303    403     403   403   403     404      403
GET  /partner/invoices/{invoice}/invoice.pdf            303    403     403   403   403     200      403
GET  /partner/invoices/{invoice}/attachments/{attempt}   303    403     403   403   403     404      403
GET  /partner/payouts                                    303    403     403   403   403     200      403
GET  /partner/payouts/billing                            303    403     403   403   403     200      403
POST /partner/payouts/billing                            303    403     403   403   403     422      403
GET  /partner/payouts/bank                               303    403     403   403   403     200      403
POST /partner/payouts/bank                               303    403     403   403   403     422      403
GET  /partner/calendar                                  303    403     403   403   403     200      403
GET  /partner/statements                                303    403     403   403   403     200      403
GET  /partner/statements/{month}                        303    403     403   403   403     200      403
GET  /partner/statements/{month}/statement.pdf          303    403     403   403   403     200      403

POST /v1/integrations/{source}/{program}/webhook        400    400     400   400   400     400      400
POST /v1/stripe/webhook                                 400    400     400   400   400     400      400
POST /v1/stripe/connect/webhook                         400    400     400   400   400     400      400
`

func TestEveryRouteAnswersEveryRoleAsTheMatrixSays(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.sell(w.sale(1, 60, "cus_1", "one@shop.example", "ANN_KEY"))
	ids := w.matrixIDs(w.drawUp()[0])
	stranger := w.anotherCompany()
	roles, rows := readMatrix(t)
	for _, row := range rows {
		for i, role := range roles {
			path := strings.NewReplacer(ids...).Replace(row.path)
			var form url.Values
			if row.method == http.MethodPost {
				form = url.Values{"mode": {"neither"}, "minimum": {"none"}, "paid_at": {w.clock.Format("2006-01-02")}}
			}
			answer := w.ask(w.cookieFor(role, stranger.Tenant), path, form)
			if answer.StatusCode != row.want[i] {
				t.Errorf("%s %s for %s: %d, want %d", row.method, row.path, role, answer.StatusCode, row.want[i])
			}
		}
	}
}

func TestTheMatrixHoldsEveryRouteThereIs(t *testing.T) {
	t.Parallel()
	_, rows := readMatrix(t)
	var written []string
	for _, row := range rows {
		written = append(written, row.method+" "+row.path)
	}
	for _, r := range (&House{}).routes() {
		if !slices.ContainsFunc(written, func(line string) bool { return sameRoute(line, r.method+" "+r.path) }) {
			t.Errorf("%s %s is not in the matrix", r.method, r.path)
		}
	}
}

func TestTheAPIIsClosedToEverybodyWithoutAKeyOfTheProgram(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner := w.as(w.caller.Tenant, models.Owner)
	for _, r := range apiRoutes() {
		for name, cookie := range map[string]*http.Cookie{"nobody": nil, "an owner's browser": owner} {
			answer := w.ask(cookie, strings.NewReplacer("{", "", "}", "").Replace(r.path), nil, func(q *http.Request) { q.Method = r.method })
			if answer.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s %s for %s: %d, want 401", r.method, r.path, name, answer.StatusCode)
			}
		}
	}
}

func TestNothingIsServedThatNoMapNames(t *testing.T) {
	t.Parallel()
	known := []string{"GET /v1/openapi.json"}
	for _, r := range (&House{}).routes() {
		known = append(known, r.method+" "+r.path)
	}
	for _, r := range apiRoutes() {
		known = append(known, r.method+" "+strings.NewReplacer("{", ":", "}", "").Replace(r.path))
	}
	served := (&House{}).site()
	for _, r := range served.Routes() {
		if r.Path == "/static/*" || r.Method == echo.RouteNotFound || slices.Contains(known, r.Method+" "+r.Path) {
			continue
		}
		t.Errorf("%s %s is in no site map", r.Method, r.Path)
	}
}

type matrixRow struct {
	method, path string
	want         []int
}

func readMatrix(t *testing.T) (roles []string, rows []matrixRow) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(matrix), "\n")
	roles = strings.Fields(lines[0])
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		if len(cells) == 0 {
			continue
		}
		if len(cells) != 2+len(roles) {
			t.Fatalf("the row %q has %d cells, want %d", line, len(cells), 2+len(roles))
		}
		row := matrixRow{method: cells[0], path: cells[1]}
		for _, cell := range cells[2:] {
			status, err := strconv.Atoi(cell)
			if err != nil {
				t.Fatal(err)
			}
			row.want = append(row.want, status)
		}
		rows = append(rows, row)
	}
	return roles, rows
}

// sameRoute compares {name} with :name.
func sameRoute(a, b string) bool {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	return slices.EqualFunc(as, bs, func(x, y string) bool {
		return x == y || strings.HasPrefix(x, "{") && strings.HasPrefix(y, ":")
	})
}

// matrixIDs are what stands for the names in the matrix: things of the company that has one invoice in review.
func (w *companyWorld) matrixIDs(i models.Invoice) []string {
	w.t.Helper()
	contest := w.contested(i) // before what follows takes lines off the invoice
	payment := w.payments()[0]
	event, err := w.Store.Events(w.t.Context(), w.caller.Tenant, "", storetest.FirstPage())
	if err != nil {
		w.t.Fatal(err)
	}
	return []string{"{payment}", payment.ID.String(), "{partner}", w.ann.ID.String(), "{invoice}", i.ID.String(), "{month}", "2026-10", "{event}", event[0].ID.String(), "{writeoff}", w.decidedWriteOff(),
		"{commission}", w.earningsOf(w.ann)[0].ID.String(), "{file}", w.linked("customer,partner\ncus_1,BOB_KEY\n").ID.String(),
		"{backfill}", w.undone("cus_1").ID.String(), "{source}", "stripe", "{program}", w.caller.Program.String(), "{import}", w.imported().ID.String(),
		"{run}", i.Run.String(), "{contest}", contest.ID.String(),
		"{attempt}", models.NewID[models.AttemptID](w.clock).String(), "{bankfile}", w.cancelledFile().ID.String(), "{payrun}", w.payRun(i).ID.String()}
}

// contested is an open contest of the first line of an invoice.
func (w *companyWorld) contested(i models.Invoice) models.Contest {
	w.t.Helper()
	lines, err := w.Store.InvoiceLines(w.t.Context(), i.Tenant, i.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	x, err := w.Inbox.Contest(w.t.Context(), models.Contest{Tenant: i.Tenant, Invoice: i.ID, Partner: i.Partner, Commission: lines[0].Commission,
		Adjustment: lines[0].Adjustment, Seq: lines[0].Seq, Words: "This was more."}, models.Actor{Name: "ann"})
	if err != nil {
		w.t.Fatal(err)
	}
	return x
}

// payRun is a run of payments in which an invoice could not be paid.
func (w *companyWorld) payRun(i models.Invoice) models.PayRun {
	w.t.Helper()
	r := models.PayRun{Tenant: w.caller.Tenant, ID: models.NewID[models.PayRunID](w.clock), StartedBy: "Ann", StartedAt: w.clock, BegunAt: &w.clock}
	if err := w.Store.AddPayRun(w.t.Context(), r, []models.PayRunItem{{Invoice: i.ID, Seen: i.TotalMinor, Because: new("It was not approved.")}}); err != nil {
		w.t.Fatal(err)
	}
	return r
}

// cancelledFile is a bank file that was given up.
func (w *companyWorld) cancelledFile() models.BankFile {
	w.t.Helper()
	f := models.BankFile{Tenant: w.caller.Tenant, ID: models.NewID[models.BankFileID](w.clock), Kind: models.CSVFile, State: models.FileCancelled, Hash: strings.Repeat("0", 64),
		Body: []byte("invoice\r\n"), MadeBy: "Ann", MadeAt: w.clock, EndedBy: new("Ann"), EndedAt: &w.clock}
	if err := w.Store.AddBankFile(w.t.Context(), f, nil); err != nil {
		w.t.Fatal(err)
	}
	return f
}

// imported is an import that was cancelled.
func (w *companyWorld) imported() models.Import {
	w.t.Helper()
	i := models.Import{Tenant: w.caller.Tenant, ID: models.NewID[models.ImportID](w.clock), Program: w.caller.Program, Source: models.SourceStripe,
		Since: w.clock.AddDate(0, 0, -30), Until: w.clock, ConnectedAt: w.clock, State: models.ImportCancelled, MadeBy: "Ann", MadeAt: w.clock}
	if err := w.Store.AddImport(w.t.Context(), i); err != nil {
		w.t.Fatal(err)
	}
	return i
}

// cookieFor signs somebody of a role in, afresh for each request.
func (w *companyWorld) cookieFor(role string, stranger models.Tenant) *http.Cookie {
	w.t.Helper()
	switch role {
	case "nobody":
		return nil
	case "partner":
		return w.signedIn(role, w.ann.Tenant, models.PartnerMember, &w.ann.ID)
	case "stranger":
		return w.signedIn(role, stranger, models.Owner, nil)
	}
	return w.signedIn(fmt.Sprintf("%s of ours", role), w.caller.Tenant, models.Role(role), nil)
}
