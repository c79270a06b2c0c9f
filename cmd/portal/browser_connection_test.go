package main

import (
	"strings"
	"testing"
	"time"
)

// Issue 4, F8, F29: a company disconnects its Stripe, connects it again by a key, sees it healthy and a sale come in by the endpoint that Portal made,
// and disconnects once more. It works without JavaScript.
func (s site) connection(t *testing.T) {
	const customer, connect, end = "ines@harbor-connect.example", "Connect Stripe", "Disconnect now"
	owner := s.visitor(t)
	owner.withoutScript()
	owner.signIn(signIns[0])
	owner.press("Connection")
	owner.sees("Connected", shopAccount, "ends in "+shopKey[len(shopKey)-4:], "4242 4242 4242 4242")
	disconnect := func() {
		owner.unfold("Disconnect Stripe")
		owner.sees("Payments, commissions, invoices and events stay as they are")
		owner.press(end)
		owner.sees("Stripe is disconnected", "Not connected", "Connect with an API key")
	}
	disconnect()
	owner.open("/admin")
	owner.press("Connect it")
	owner.unfold("Connect with an API key instead")
	for key, wrong := range map[string]string{"pk_test_0123456789": "is a publishable key", "sk_live_0123456789": "is not a key of test mode", "sk_test_nobody_knows": "is refused by Stripe"} {
		owner.fill(connect, "API key", key)
		owner.refused(connect, "API key", "", wrong) // a key does not come back in the page
	}
	owner.fill(connect, "API key", "  "+shopKey)
	owner.press(connect)
	owner.sees("The key was checked and saved", "Connected", shopAccount)
	if html := ask[string](owner, "document.documentElement.outerHTML"); strings.Contains(html, shopKey) {
		owner.failf("the page tells the key")
	}
	owner.sells(customer, "NORA", "80.00")
	owner.isShown("/admin/payments", customer)
	owner.isShown("/admin/connection", "Just now")
	disconnect()
	owner.sells("late-"+customer, "NORA", "80.00")
	time.Sleep(time.Second) // it would have been shown by now
	owner.open("/admin/payments")
	if strings.Contains(owner.text(), "late-"+customer) {
		owner.failf("a sale came in after Stripe was disconnected")
	}
	owner.authorises(customer)
}

// F6, F28, issue 4: on Stripe's page Portal is not let in, and then is: what was sold meanwhile is fetched, what is sold comes in by the Connect
// endpoint, and when the access is taken away in Stripe the page says so.
func (v *visitor) authorises(customer string) {
	const ask = "Connect with Stripe"
	v.open("/admin/connection")
	v.press(ask)
	v.sees("Connect with Portal", "asks to read and change", "Lumen Analytics, "+shopAccount)
	v.press("Deny")
	v.sees("Portal was not let in", "Nothing was changed", "Not connected")
	v.press(ask)
	v.press("Approve")
	v.sees("Stripe is connected", "Connected", shopAccount, "Portal may read and write", "Come in by Portal's own endpoint")
	v.isShown("/admin/payments", "late-"+customer)
	v.sells("oauth-"+customer, "NORA", "80.00")
	v.isShown("/admin/payments", "oauth-"+customer)
	v.open("/sandbox/oauth/applications")
	v.press("Take access away")
	v.sees("No application was let into any account yet")
	v.isShown("/admin/connection", "Broken", "took Portal's access away on")
	v.press(ask)
	v.press("Approve")
	v.sees("Stripe is connected", "Connected", shopAccount)
}
