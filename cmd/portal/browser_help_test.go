package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"portal/handlers"
)

// patience is how long a page may take before a test gives up on it. It measures nothing: the machine may be busy.
const patience = 20 * time.Second

// neighbourhood is one demo and one Chromium, which the browser tests share.
type neighbourhood struct {
	*running
	chromium context.Context
}

func newNeighbourhood(t *testing.T) neighbourhood {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-gpu", true), chromedp.CombinedOutput(io.Discard))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, end := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(end)
	ctx, end = chromedp.NewContext(ctx)
	t.Cleanup(end)
	started := make(chan error, 1)
	go func() { started <- chromedp.Do(ctx) }() // while the demo makes its year
	demo := newPlace(t).start("demo")
	t.Cleanup(func() {
		demo.kill()
		if t.Failed() {
			t.Logf("what the demo wrote: %s", demo.log)
		}
	})
	if err := <-started; err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return neighbourhood{demo, ctx}
}

// chromium finds the browser. A test that needs one does not pass without it.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("The browser tests need Chromium or Chrome, and none was found. On Debian: sudo apt-get install chromium.")
	return ""
}

// visitor is somebody with a tab and cookies of their own.
type visitor struct {
	neighbourhood
	t   *testing.T
	tab context.Context
}

// visitor opens a tab. Whatever its pages throw, or try against the content policy, fails the test.
func (n neighbourhood) visitor(t *testing.T) *visitor {
	t.Helper()
	tab, end := chromedp.NewContext(n.chromium, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	v := &visitor{n, t, tab}
	v.do("open a tab", chromedp.EmulateViewport(1440, 900))
	var wrong []string
	err := chromedp.Listen(tab, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			wrong = append(wrong, (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
		case *cdplog.EventEntryAdded:
			if e.Entry.Source == cdplog.EntrySourceSecurity || strings.Contains(e.Entry.Text, "Content Security Policy") {
				wrong = append(wrong, e.Entry.Text)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		end() // after which nothing is told any more
		for _, w := range wrong {
			t.Errorf("a page wrote to the console: %s", w)
		}
	})
	return v
}

// withoutScript switches JavaScript off for the pages that come; the test itself can still look at them.
func (v *visitor) withoutScript() {
	v.t.Helper()
	v.do("switch JavaScript off", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
}

func (v *visitor) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	v.done(what, func(ctx context.Context) error { return chromedp.Do(ctx, steps...) })
}

// done lets something happen in the tab. When it cannot, the test ends with a picture of the page.
func (v *visitor) done(what string, act func(ctx context.Context) error) {
	v.t.Helper()
	ctx, end := v.tab, context.CancelFunc(func() {})
	if chromedp.FromContext(v.tab).Target != nil { // the first call makes the tab, which must outlive it
		ctx, end = context.WithTimeout(v.tab, patience)
	}
	defer end()
	if err := act(ctx); err != nil {
		v.t.Fatalf("%s: %v\n%s", what, err, v.picture())
	}
}

// failf ends the test with a picture of the page.
func (v *visitor) failf(format string, args ...any) {
	v.t.Helper()
	v.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), v.picture())
}

// picture keeps what the page shows in $PORTAL_SHOTS, or else among the temporary files, and tells where.
func (v *visitor) picture() string {
	ctx, end := context.WithTimeout(v.tab, patience)
	defer end()
	shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	where, _ := chromedp.Run(ctx, chromedp.Location())
	dir := cmp.Or(os.Getenv("PORTAL_SHOTS"), filepath.Join(os.TempDir(), "portal-shots"))
	name := filepath.Join(dir, strings.NewReplacer("/", "-", " ", "-", ",", "", "'", "").Replace(v.t.Name())+time.Now().Format("-150405.000")+".png")
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(name, shot, 0o644)
	}
	if err != nil {
		return fmt.Sprintf("at %s, of which no picture could be taken: %v", where, err)
	}
	return "at " + where + ", see " + name
}

// open goes to a page and gives its status.
func (v *visitor) open(path string) (status int64) {
	v.t.Helper()
	v.done("open "+path, func(ctx context.Context) error {
		answer, err := chromedp.Run(ctx, chromedp.NavigateResponse(v.url(path)))
		if err == nil {
			status = answer.Status
		}
		return err
	})
	return status
}

// read is the XPath of an element's text with plain spaces.
const read = "normalize-space(translate(., '\u00a0', ' '))"

// named is the XPath of a thing to press whose words, or name for those who cannot see it, begin so.
func named(element, name string) string {
	return fmt.Sprintf(`//%s[starts-with(%s, %q) or starts-with(@aria-label, %q)]`, element, read, name, name)
}

// press presses the button or link of that name and waits for the page that comes. It gives that page's status.
func (v *visitor) press(name string) (status int64) {
	v.t.Helper()
	return v.pressAt(named("*[self::button or self::a]", name))
}

// pressAt presses what the XPath finds first and waits for the page that comes.
func (v *visitor) pressAt(path string) (status int64) {
	v.t.Helper()
	v.done("press "+path, func(ctx context.Context) error {
		answer, err := chromedp.RunResponse(ctx, chromedp.Click("("+path+")[1]", chromedp.NodeVisible))
		if err == nil {
			status = answer.Status
		}
		return err
	})
	return status
}

// unfold opens what stands folded under that name.
func (v *visitor) unfold(name string) {
	v.t.Helper()
	v.do("unfold "+name, chromedp.Click("("+named("summary", name)+")[1]", chromedp.NodeVisible))
}

// field is the XPath of the control that a label names, or that is sent under that name, in the form with that button.
func field(button, label string) string {
	return fmt.Sprintf(`//form[.%s]//*[@id=//label[normalize-space(.)=%q]/@for or @name=%q]`, named("button", button), label, label)
}

// fill puts a value into a field as a person would: typed into a line, picked in a list or a calendar.
func (v *visitor) fill(button, label, value string) {
	v.t.Helper()
	at := field(button, label)
	if kind := v.attribute(at, "type"); kind == "" || kind == "date" {
		v.do("choose "+label, chromedp.SetValue(at, value, chromedp.NodeVisible))
		return
	}
	v.do("fill "+label, chromedp.Clear(at, chromedp.NodeVisible), chromedp.Focus(at), chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: value})
		return err
	}))
}

// attribute reads an attribute of what the XPath finds first; empty when it has none.
func (v *visitor) attribute(path, name string) (value string) {
	v.t.Helper()
	v.done("read "+name+" of "+path, func(ctx context.Context) error {
		found, err := chromedp.Run(ctx, chromedp.AttributeValue("("+path+")[1]", name))
		value = found.Value
		return err
	})
	return value
}

// typed is what stands in a field.
func (v *visitor) typed(button, label string) (value string) {
	v.t.Helper()
	v.done("read "+label, func(ctx context.Context) (err error) {
		value, err = chromedp.Run(ctx, chromedp.Value(field(button, label)))
		return err
	})
	return value
}

// ask evaluates an expression on the page. The content policy does not hold for it, nor does the switch for JavaScript.
func ask[T any](v *visitor, expression string) (answer T) {
	v.t.Helper()
	v.done("evaluate "+expression[:min(len(expression), 60)], func(ctx context.Context) (err error) {
		answer, err = chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
		return err
	})
	return answer
}

// text is what a person reads on the page, with plain spaces.
func (v *visitor) text() string {
	v.t.Helper()
	return plain(ask[string](v, "document.body.innerText"))
}

// textAt is what a person reads of what the XPath finds first, with plain spaces.
func (v *visitor) textAt(path string) (text string) {
	v.t.Helper()
	v.done("read "+path, func(ctx context.Context) (err error) {
		text, err = chromedp.Run(ctx, chromedp.Text("("+path+")[1]", chromedp.NodeVisible))
		return err
	})
	return plain(text)
}

func plain(text string) string { return strings.Join(strings.Fields(text), " ") }

// sees fails the test unless all the words stand on the page.
func (v *visitor) sees(words ...string) {
	v.t.Helper()
	text := v.text()
	for _, w := range words {
		if !strings.Contains(text, w) {
			v.failf("%q is not on the page:\n%s", w, text)
		}
	}
}

// isShown loads a page again and again until all the words stand on it, and gives how long that took.
func (v *visitor) isShown(path string, words ...string) time.Duration {
	v.t.Helper()
	began := time.Now()
	for {
		v.open(path)
		text, missing := v.text(), ""
		for _, w := range words {
			if !strings.Contains(text, w) {
				missing = w
			}
		}
		if missing == "" {
			return time.Since(began)
		}
		if time.Since(began) > patience {
			v.failf("%q does not come:\n%s", missing, text)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// signIn signs in as one of the demo's people.
func (v *visitor) signIn(who handlers.SignIn) {
	v.t.Helper()
	v.open("/")
	v.fill("Sign in", "E-mail address", who.Email)
	v.fill("Sign in", "Password", who.Password)
	if status := v.press("Sign in"); status != 200 {
		v.failf("sign in as %s: %d", who.Email, status)
	}
}

// sells makes a sale in the sandbox, told by metadata, as it offers, and without tax.
func (v *visitor) sells(customer, partner, amount string) {
	v.t.Helper()
	const sale = "Make the sale"
	v.open("/sandbox/")
	v.fill(sale, "email", customer)
	v.fill(sale, "partner", partner)
	v.fill(sale, "amount", amount)
	v.fill(sale, "tax", "")
	if status := v.press(sale); status != 200 {
		v.failf("sell %s to %s: %d", amount, customer, status)
	}
	v.sees(customer)
}

// refundsHalf gives the customer's latest payment half back, in the sandbox.
func (v *visitor) refundsHalf(customer string) {
	v.t.Helper()
	v.open("/sandbox/")
	if status := v.pressAt(row(customer) + `//button[contains(normalize-space(.), "half")]`); status != 200 {
		v.failf("refund half to %s: %d", customer, status)
	}
}

// row is the XPath of a table's row in which a text stands.
func row(text string) string { return fmt.Sprintf(`//tr[contains(., %q)]`, text) }
