package handlers

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"portal/views"
)

// show answers with a page, or with the part of it that htmx asks for; a nil part has the whole page sent. It is
// rendered before anything is sent, so that an error never leaves half a page.
func show(c echo.Context, status int, page, part templ.Component) error {
	if asked := c.Request().Header; part != nil && asked.Get("HX-Request") == "true" && asked.Get("HX-Boosted") == "" &&
		asked.Get("HX-History-Restore-Request") == "" {
		page = part
	}
	var body bytes.Buffer
	if err := page.Render(c.Request().Context(), &body); err != nil {
		return err
	}
	c.Response().Header().Add("Vary", "HX-Request")
	return c.HTMLBlob(status, body.Bytes())
}

// flashes are the sentences that a page may be asked to say after something was done, by code: the cookie carries the
// code, and where the sentence counts something a number, never a text.
var flashes = map[string]func(n int) views.Flash{
	"drawn": func(n int) views.Flash {
		return done(views.Count(n, "invoice was", "invoices were") + " drawn up. Look through them, then approve all of them at once or those that you tick.")
	},
	"none": func(int) views.Flash {
		return views.Flash{Tone: views.Telling, Text: "Nothing is payable up to that day, so no invoice was drawn up."}
	},
	"approved": func(n int) views.Flash { return done(views.Count(n, "invoice was", "invoices were") + " approved.") },
	"paid":     func(int) views.Flash { return done("Paid. The partner can see it now.") },
	"sent": func(int) views.Flash {
		return views.Flash{Tone: views.Telling, Text: "The payment is under way. Stripe has not said yet how it ended."}
	},
	"refused": func(int) views.Flash {
		return views.Flash{Tone: views.Bad, Text: "The payment did not go through. Nothing was paid; the reason stands below."}
	},
	"asks": func(int) views.Flash {
		return views.Flash{Tone: views.Careful, Text: "The card's bank asks the card holder to confirm. Nothing was charged yet."}
	},
	"marked": func(int) views.Flash { return done("Marked as paid.") },
	"first": func(int) views.Flash {
		return done("Your approval is kept. The amount is above the limit for one approval, so another person must approve it too.")
	},
	"firsts": func(n int) views.Flash {
		return done("Your approval of " + views.Count(n, "invoice", "invoices") + " is kept. They are above the limit for one approval: another person must approve them too.")
	},
	"left": func(n int) views.Flash {
		return views.Flash{Tone: views.Careful, Text: "What could be approved was. " + views.Count(n, "invoice was", "invoices were") + " left for review: another person must approve them, or they have changed."}
	},
	"voided": func(int) views.Flash { return done("The invoice is void. All that it gathered is due again.") },
	"reissued": func(int) views.Flash {
		return done("The invoice before is void. This one stands for it; review and approve it.")
	},
	"run-begun": func(int) views.Flash {
		return views.Flash{Tone: views.Telling, Text: "Invoices are being drawn up. You can leave this page; it goes on, and stands under Runs."}
	},
	"contested":      func(int) views.Flash { return done("Sent. You see the answer here, beside the line.") },
	"answered":       func(int) views.Flash { return done("Answered. The partner can see it.") },
	"settings-saved": func(int) views.Flash { return done("The settings were saved.") },
	"minimum-saved": func(int) views.Flash {
		return done("The minimum was saved. It holds from the next time invoices are drawn up.")
	},
	"mark-undone": func(int) views.Flash {
		return done("Undone. What was booked is booked back, and the invoice waits to be paid.")
	},
	"billing-saved": func(int) views.Flash {
		return done("The billing details were saved. Invoices drawn up from now on bear them.")
	},
	"bank-saved":    func(int) views.Flash { return done("The bank details were saved, and a mail says so.") },
	"account-saved": func(int) views.Flash { return done("The account was saved. Files made from now on name it.") },
	"hold-ended":    func(int) views.Flash { return done("The wait was ended. The bank details can be paid to now.") },
	"file-made": func(int) views.Flash {
		return done("The file was made. Download it, give it to your bank, and mark it as paid once it went through.")
	},
	"file-paid": func(int) views.Flash {
		return done("The file is settled. What was left as it was, and why, stands on its line.")
	},
	"file-cancelled": func(int) views.Flash { return done("The file was cancelled. Its invoices can go into another one.") },
	"given": func(int) views.Flash {
		return done("The payment was given to the partner. What it earned before is booked back.")
	},
	"withdrawn": func(int) views.Flash { return done("The approval was withdrawn. The invoice waits for review again.") },
	"bonus":     func(int) views.Flash { return done("The bonus was booked. It is due now, and the partner can see it.") },
	"deduction": func(int) views.Flash {
		return done("The deduction was booked. It comes off what is due, and the partner can see it.")
	},
	"asked": func(int) views.Flash {
		return done("Asked for. Another person must approve or refuse the write-off.")
	},
	"writtenoff": func(int) views.Flash { return done("Written off. The partner can see it.") },
	"notwritten": func(int) views.Flash { return done("The write-off was refused. What is owed stays as it is.") },
	"rate": func(n int) views.Flash {
		if n == 0 {
			return done("The rate was entered. Nothing waited for it.")
		}
		return done("The rate was entered, and " + views.Count(n, "commission that waited was", "commissions that waited were") + " priced with it.")
	},
	"linked": func(n int) views.Flash {
		if n == 0 {
			return views.Flash{Tone: views.Telling, Text: "They belong to this partner already."}
		}
		return done(views.Count(n, "customer is", "customers are") + " linked from now on. What they paid before stays as it is; a backfill counts it too.")
	},
	"moved-on": func(int) views.Flash {
		return views.Flash{Tone: views.Telling, Text: "This file had moved on already. Here is how it stands."}
	},
	"import-moved": func(int) views.Flash {
		return views.Flash{Tone: views.Telling, Text: "This import had moved on already. Here is how it stands."}
	},
	"comparing": func(int) views.Flash {
		return views.Flash{Tone: views.Telling, Text: "The comparison begins. It takes seconds; reload this page to see how it ended."}
	},
	"backfilled": func(n int) views.Flash {
		return done(views.Count(n, "payment was", "payments were") + " backfilled. It can be undone as one while nothing of it is paid.")
	},
	"undone": func(int) views.Flash {
		return done("The backfill was undone. All that was counted by it is booked back.")
	},
	"partner": func(int) views.Flash { return done("The partner was added.") },
	"code-added": func(int) views.Flash {
		return done("The code was added. It counts for payments from now on.")
	},
	"code-made": func(int) views.Flash {
		return done("The code was made in Stripe. A sale with it is this partner's.")
	},
	"code-ended": func(int) views.Flash {
		return done("The code was deactivated in Stripe. What was sold with it stays this partner's.")
	},
	"coupon-chosen": func(int) views.Flash { return done("Codes are given of this coupon from now on.") },
	"catalog": func(int) views.Flash {
		return done("Products, prices, coupons and codes are being brought from Stripe. It takes seconds; reload this page.")
	},
	"rules-saved":  func(int) views.Flash { return done("The rules were saved. They hold for payments from now on.") },
	"key-saved":    func(int) views.Flash { return done("The key was checked and saved.") },
	"secret-saved": func(int) views.Flash { return done("The signing secret was saved.") },
	"disconnected": func(int) views.Flash {
		return done("Stripe is disconnected. Key and signing secret are forgotten; everything that came in stays.")
	},
	"disconnected-left": func(int) views.Flash {
		return views.Flash{Tone: views.Careful, Text: "Stripe is disconnected, but it refused the key, so the webhook endpoint could not be deleted there. Delete it in Stripe, under Developers, Webhooks."}
	},
	"not-connected": func(int) views.Flash {
		return views.Flash{Tone: views.Telling, Text: "Stripe was not connected. Nothing was changed."}
	},
	"code-removed": func(int) views.Flash { return done("The code was removed. What it earned stays.") },
	"test":         func(int) views.Flash { return views.Flash{Tone: views.Telling, Text: "You see test data now."} },
	"live": func(int) views.Flash {
		return views.Flash{Tone: views.Telling, Text: "You see live data now. What you do here is real."}
	},
	"mail-saved": func(int) views.Flash { return done("Saved. It holds from the next mail on.") },
	"signedout":  func(int) views.Flash { return done("You are signed out.") },
}

func done(text string) views.Flash { return views.Flash{Tone: views.Good, Text: text} }

// goTo leads to a page that then says what was done, once.
func goTo(c echo.Context, path, code string, n int) error {
	c.SetCookie(&http.Cookie{Name: "flash", Value: code + "." + strconv.Itoa(n), Path: "/", MaxAge: 60, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return c.Redirect(http.StatusSeeOther, path)
}

// takeFlash is what the page before left to be said here.
func takeFlash(c echo.Context) []views.Flash {
	cookie, err := c.Cookie("flash")
	if err != nil {
		return nil
	}
	c.SetCookie(&http.Cookie{Name: "flash", Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	code, number, _ := strings.Cut(cookie.Value, ".")
	n, err := strconv.Atoi(number)
	say, known := flashes[code]
	if !known {
		say, known = authorised[code]
	}
	if !known {
		say, known = paidThrough[code]
	}
	if !known || err != nil {
		return nil
	}
	return []views.Flash{say(n)}
}
