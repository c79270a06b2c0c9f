package main

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// F33, F60: a code is given to a partner on their page, refused beside its field when it stands for somebody already, and
// removed. It works without JavaScript, and a long code does not push a phone's page apart.
func (s site) codes(t *testing.T) {
	const add = "Add code"
	long := "SUMMER-" + strings.Repeat("0123456789", 8)
	owner := s.visitor(t)
	owner.withoutScript()
	owner.signIn(signIns[0])
	owner.partnerNamed("Nora Lindqvist")
	owner.sees("No coupon or promotion code stands for this partner")
	for _, code := range []string{"Save20", long} {
		owner.fill(add, "New code", code)
		owner.press(add)
		owner.sees("The code was added", code)
	}
	owner.fill(add, "New code", "SAVE20")
	owner.refused(add, "New code", "SAVE20", "stands for a partner already")
	owner.keeps(add, "New code", "SAVE20")
	owner.do("on a phone", chromedp.EmulateViewport(390, 900))
	owner.partnerNamed("Nora Lindqvist")
	owner.sees("Save20")
	if wide := ask[float64](owner, "document.documentElement.scrollWidth"); wide > 390 {
		t.Errorf("the page is %v px wide on a phone\n%s", wide, owner.picture())
	}
	for _, code := range []string{"Save20", long} {
		owner.press("Remove " + code)
		owner.sees("The code was removed")
	}
	owner.sees("No coupon or promotion code stands for this partner")
}
