package main

import (
	"context"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// inspector looks at pages with axe, as light and dark as they come, and wide and narrow.
type inspector struct {
	*visitor
	axe  string
	seen *places
}

// finding is a rule of axe that a page breaks.
type finding struct {
	ID, Impact, Help string
	Nodes            []string
}

// inspection is what axe says of a page as it stands.
type inspection struct {
	Passes   int
	Contrast bool // colours were among what was looked at
	Wide     int  // by how much the page, or a table that cannot be scrolled, is too wide
	Ground   string
	Found    []finding
}

const inspect = `document.getAnimations().forEach(a => a.finish()); axe.run(document, {resultTypes: ["violations"], preload: false}).then(r => JSON.stringify({
	passes: r.passes.length,
	contrast: [r.passes, r.violations, r.incomplete].some(list => list.some(rule => rule.id === "color-contrast")),
	wide: Math.max(document.documentElement.scrollWidth - document.documentElement.clientWidth,
		...[...document.querySelectorAll("table")].filter(t => getComputedStyle(t.parentElement).overflowX !== "auto").map(t => t.offsetWidth - t.parentElement.clientWidth)),
	ground: getComputedStyle(document.documentElement).backgroundColor,
	found: r.violations.map(v => ({id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.map(n => n.html.slice(0, 200) + " " + n.failureSummary)}))}))`

func (s site) accessible(t *testing.T) {
	axe, err := os.ReadFile("../../handlers/testdata/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	var seen places
	t.Run("pages of", func(t *testing.T) { // ends when all of them have
		for who, walk := range map[string]func(inspector){"a stranger": inspector.outside, "a partner": inspector.partner, "the company": inspector.company,
			"its finance team": inspector.finance, "the unattributed inbox": inspector.links, "a new company": inspector.empty} {
			t.Run(who, func(t *testing.T) {
				t.Parallel()
				walk(inspector{s.visitor(t), string(axe), &seen})
			})
		}
	})
	for _, path := range pagePaths(t) {
		if !t.Failed() && !slices.Contains(inItsMonth, path) && !slices.ContainsFunc(seen.paths, regexp.MustCompile("^"+path+"$").MatchString) {
			t.Errorf("the site map has a page that axe did not look at: %s", path)
		}
	}
}

// inItsMonth are the pages that TestAMonthIsPaidInARealBrowser has axe look at: there is something on them there.
var inItsMonth = []string{"/admin/pay-runs/[^/]+", "/admin/invoices/contests/[^/]+", "/admin/invoices/bank-file/[^/]+", "/admin/invoices/[^/]+/confirm", "/admin/partners/[^/]+/end-hold"}

// places are the paths that were looked at.
type places struct {
	mu    sync.Mutex
	paths []string
}

func (p *places) add(address string) {
	path, _, _ := strings.Cut(address, "?")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paths = append(p.paths, path)
}

// pagePaths are the pages of the site map, as patterns.
func pagePaths(t *testing.T) (patterns []string) {
	t.Helper()
	siteMap, err := os.ReadFile("../../handlers/routes.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`\{"GET", "(/(?:admin|partner)?(?:/[^"]*)?)", \w+, h\.(\w+)\}`).FindAllStringSubmatch(string(siteMap), -1) {
		if path, leadsBack := found[1], strings.HasSuffix(found[2], "Back"); path != "/healthz" && path != "/readyz" && !leadsBack && !isDownload(path) {
			patterns = append(patterns, regexp.MustCompile(`:\w+`).ReplaceAllString(path, "[^/]+"))
		}
	}
	if len(patterns) < 15 {
		t.Fatalf("only %d pages were found in the site map", len(patterns))
	}
	return patterns
}

// isDownload tells that a path gives a file and no page.
func isDownload(path string) bool {
	return strings.HasSuffix(path, ".csv") || strings.HasSuffix(path, ".pdf") || strings.HasSuffix(path, "/download") || strings.Contains(path, "/attachments/")
}

// outside is what anyone can reach.
func (in inspector) outside() {
	in.visit("/")
	in.fill("Sign in", "E-mail address", signIns[0].Email)
	in.fill("Sign in", "Password", "wrong")
	in.press("Sign in")
	in.look()
	in.meet(404, "/nothing/is/here")
	in.visit("/sandbox/")
	in.fill("Make the sale", "amount", "a hundred")
	in.press("Make the sale")
	in.look()
	in.visit("/sandbox/?account=" + platformAccount)
	in.visit("/dev/mail")
}

// company is what the company's people see of sales and partners.
func (in inspector) company() {
	in.signIn(signIns[0])
	for _, path := range []string{"/admin", "/admin/payments", "/admin/payments?show=unattributed"} {
		in.visit(path)
	}
	in.enter("/admin/payments/")
	in.open("/admin/payments?show=partly-refunded")
	in.enter("/admin/payments/")
	in.visit("/admin/rules")
	in.enter("/admin/rules/edit")
	in.visit("/admin/partners")
	in.enter("/admin/partners/")
	in.visit("/admin/doctor")
	in.visit("/admin/settings/payments")
	in.visit("/admin/settings/payouts")
	in.visit("/admin/settings/company")
	in.visit("/admin/reconciliation")
	in.visit("/admin/imports")
	in.press("List what was paid")
	in.look()
	in.visit("/admin/connection")
	in.fill("Check and save the key", "API key", "pk_test_0123456789")
	in.press("Check and save the key")
	in.look()
	in.visit("/admin/partners/new")
	in.fill("Add the partner", "Name", "Plain Words")
	in.fill("Add the partner", "Key", "two words")
	in.press("Add the partner")
	in.look()
	in.drawer()
}

// finance is what those who pay see.
func (in inspector) finance() {
	in.signIn(signIns[1])
	in.visit("/admin/invoices")
	for _, status := range []string{"review", "approved", "paid"} {
		in.visit("/admin/invoices?status=" + status)
		in.enter("/admin/invoices/inv")
	}
	in.visit("/admin/invoices?status=failed")
	in.visit("/admin/invoices/new")
	in.meet(422, "/admin/invoices/new?until=1999-12-31")
	in.visit("/admin/invoices/new?until=" + inDays(40))
	for _, path := range []string{"/admin/calendar", "/admin/invoices/pay", "/admin/pay-runs", "/admin/invoices/contests", "/admin/invoices/bank-file", "/admin/invoices/runs", "/admin/settings/company"} {
		in.visit(path)
	}
	in.open("/admin/invoices/runs")
	in.enter("/admin/invoices/runs/")
	in.visit("/admin/write-offs")
	in.visit("/admin/rates")
	in.fill("Enter the rate", "From", "dinar")
	in.fill("Enter the rate", "To", "USD")
	in.fill("Enter the rate", "rate", "1")
	in.press("Enter the rate")
	in.look()
	in.partnerNamed("Kenji Tanaka")
	in.look()
	in.press("Bonus or deduction")
	in.look()
	in.partnerNamed("Atlas Media")
	in.look()
	owing := ask[string](in.visitor, "location.pathname")
	in.visit(owing + "/write-off")
	in.visit(owing + "/statements")
	in.enter("/admin/partners/")
	in.visit("/admin/events")
	in.enter("/admin/events/")
	in.meet(404, "/admin/payments/pay_nothing")
	in.meet(403, "/partner")
}

// empty is what a company sees that has nothing yet.
func (in inspector) empty() {
	in.signIn(signIns[0])
	in.press("Switch to live data")
	for _, path := range []string{"/admin", "/admin/payments", "/admin/partners", "/admin/invoices", "/admin/invoices/new", "/admin/write-offs", "/admin/rates", "/admin/events",
		"/admin/unattributed", "/admin/links", "/admin/backfills", "/admin/connection", "/admin/doctor", "/admin/rules", "/admin/rules/new", "/admin/coupons", "/admin/customers/sync", "/admin/imports", "/admin/reconciliation",
		"/admin/calendar", "/admin/invoices/pay", "/admin/invoices/runs", "/admin/pay-runs", "/admin/invoices/contests", "/admin/invoices/bank-file", "/admin/settings/payments", "/admin/settings/payouts", "/admin/settings/company"} {
		in.visit(path)
	}
}

// drawer is the navigation as it opens over the page of a narrow window.
func (in inspector) drawer() {
	in.open("/admin")
	in.load()
	in.do("open the drawer", chromedp.EmulateViewport(390, 900), chromedp.Click(named("button", "Open the navigation"), chromedp.NodeVisible))
	for _, scheme := range []string{"light", "dark"} {
		in.judge("/admin with its navigation", 390, scheme)
	}
	in.pressAt(`//nav//a[@href="/admin/partners"]`)
	in.do("widen it", chromedp.EmulateViewport(1440, 900))
}

// partner is what a partner sees.
func (in inspector) partner() {
	in.signIn(signIns[2])
	for _, path := range []string{"/partner", "/partner/earnings"} {
		in.visit(path)
	}
	in.enter("/partner/earnings/")
	in.visit("/partner/invoices")
	in.enter("/partner/invoices/")
	for _, path := range []string{"/partner/payouts", "/partner/payouts/bank", "/partner/payouts/billing", "/partner/calendar", "/settings/mail"} {
		in.visit(path)
	}
	in.visit("/partner/statements")
	in.enter("/partner/statements/")
}

// visit opens a page and looks at it.
func (in inspector) visit(path string) {
	in.t.Helper()
	in.meet(200, path)
}

// meet looks at a page that comes with a status.
func (in inspector) meet(status int64, path string) {
	in.t.Helper()
	if got := in.open(path); got != status {
		in.failf("%s is answered %d, not %d", path, got, status)
	}
	in.look()
}

// enter follows the first link of the page's table whose address begins so, and looks at what it leads to.
func (in inspector) enter(prefix string) {
	in.t.Helper()
	if got := in.pressAt(`//main//tbody//a[starts-with(@href, "` + prefix + `")]`); got != 200 {
		in.failf("what lies behind %s is answered %d", prefix, got)
	}
	in.look()
}

// look lets axe look at the page with all that can be unfolded open.
func (in inspector) look() {
	in.t.Helper()
	in.load()
	ask[bool](in.visitor, `document.querySelectorAll("details").forEach(d => d.open = true) ?? true`)
	path := ask[string](in.visitor, "location.pathname + location.search")
	in.seen.add(path)
	for _, width := range []int64{1440, 390} {
		light, dark := in.judge(path, width, "light"), in.judge(path, width, "dark")
		if light == dark {
			in.t.Errorf("%s, %d px: the ground is %s, light and dark", path, width, light)
		}
	}
	in.do("widen it", chromedp.EmulateViewport(1440, 900))
}

// load puts axe into the page.
func (in inspector) load() {
	in.t.Helper()
	in.do("load axe", chromedp.Evaluate[chromedp.Void](in.axe))
}

// judge shows the page so and fails the test for what is serious. It gives the colour of the ground.
func (in inspector) judge(path string, width int64, scheme string) string {
	in.t.Helper()
	in.do("show it "+scheme, chromedp.EmulateViewport(width, 900), emulated(scheme))
	var said inspection
	if err := json.Unmarshal([]byte(ask[string](in.visitor, inspect)), &said); err != nil {
		in.t.Fatal(err)
	}
	if said.Passes == 0 || !said.Contrast {
		in.t.Errorf("%s, %d px, %s: axe looked at nothing: %+v", path, width, scheme, said)
	}
	for _, f := range said.Found {
		if f.Impact == "serious" || f.Impact == "critical" {
			in.t.Errorf("%s, %d px, %s: %s: %s (%s)\n\t%s\n%s", path, width, scheme, f.Impact, f.ID, f.Help, strings.Join(f.Nodes, "\n\t"), in.picture())
		}
	}
	if said.Wide > 0 {
		in.t.Errorf("%s is %d px too wide for a window of %d px\n%s", path, said.Wide, width, in.picture())
	}
	return said.Ground
}

// emulated lets pages come in a colour scheme, with nothing moving.
func emulated(scheme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		return err
	})
}
