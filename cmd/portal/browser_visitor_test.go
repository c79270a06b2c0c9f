package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"portal/handlers"
)

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
