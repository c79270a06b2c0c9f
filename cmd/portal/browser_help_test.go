package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a page may take before a test gives up on it. It measures nothing: the machine may be busy.
const patience = 20 * time.Second

// site is one demo and one Chromium, which the browser tests share.
type site struct {
	*running
	chromium context.Context
}

func newSite(t *testing.T) site {
	t.Helper()
	browser, started := newBrowser(t)
	p := newPlace(t) // while the browser starts
	demo := p.start("demo")
	t.Cleanup(func() { demo.endsWell(t) })
	if err := <-started; err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return site{demo, browser}
}

// endsWell proves the books, whatever was done on the pages, and stops the program.
func (r *running) endsWell(t *testing.T) {
	for _, command := range []string{"books", "replay"} {
		if out, err := r.run(command); err != nil {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
	}
	r.kill()
	if t.Failed() {
		t.Logf("what Portal wrote: %s", r.log)
	}
}

// newBrowser starts a Chromium. It is there when started says so.
func newBrowser(t *testing.T) (ctx context.Context, started <-chan error) {
	t.Helper()
	dir, err := os.MkdirTemp("", "portal-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.UserDataDir(dir), chromedp.Env("TMPDIR="+dir),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-gpu", true), chromedp.CombinedOutput(io.Discard), chromedp.NoSandbox) // as root it needs that, and it shows no strangers' pages
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(end)
	ctx, end = chromedp.NewContext(allocator)
	t.Cleanup(func() { closeBrowser(ctx); end() })
	up := make(chan error, 1)
	go func() { up <- chromedp.Do(ctx) }()
	return ctx, up
}

// closeBrowser waits until Chromium has gone, so that its files can be removed.
func closeBrowser(ctx context.Context) {
	ctx, end := context.WithTimeout(ctx, patience)
	defer end()
	_ = chromedp.Cancel(ctx)
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
	site
	t   *testing.T
	tab context.Context
}

// visitor opens a tab. Whatever its pages throw, or try against the content policy, fails the test.
func (s site) visitor(t *testing.T) *visitor {
	t.Helper()
	tab, end := chromedp.NewContext(s.chromium, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	v := &visitor{s, t, tab}
	v.do("open a tab", chromedp.EmulateViewport(1440, 900))
	var (
		mu    sync.Mutex
		wrong []string
	)
	err := chromedp.Listen(tab, func(event any) {
		said := trouble(event)
		mu.Lock()
		defer mu.Unlock()
		if said != "" && !slices.Contains(wrong, said) {
			wrong = append(wrong, said)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, said := range wrong {
			t.Errorf("the console of a page: %s", said)
		}
	})
	return v
}

// trouble is what an event of the browser says of a page that does not keep to the rules; empty for any other.
func trouble(event any) string {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		return (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error()
	case *cdplog.EventEntryAdded:
		if e.Entry.Source == cdplog.EntrySourceSecurity || strings.Contains(e.Entry.Text, "Content Security Policy") {
			return e.Entry.Text + " " + e.Entry.URL
		}
	}
	return ""
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
