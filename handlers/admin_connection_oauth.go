package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/integrations"
	"portal/models"
	"portal/store"
	"portal/views"
)

// visitor is the browser in which somebody connects by OAuth.
func (h *House) visitor(c echo.Context, se models.Session) integrations.Visitor {
	return integrations.Visitor{Session: se, Token: h.token(c), Back: strings.TrimSuffix(h.PublicURL, "/") + connectionAt + "/stripe/callback"}
}

// adminConnectionStripe leads to Stripe's page, on which the company lets Portal in.
func (h *House) adminConnectionStripe(c echo.Context, se models.Session) error {
	p, _, err := h.programAsked(c, se)
	if err != nil {
		return err
	}
	address, err := h.Integrations.Authorize(c.Request().Context(), models.Caller{Tenant: se.Tenant(), Program: p.ID}, h.visitor(c, se))
	var no models.Refusal
	if errors.As(err, &no) {
		return h.showConnection(c, se, http.StatusConflict, views.ConnectionForm{}, &views.Flash{Tone: views.Bad, Text: no.Sentence})
	} else if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, address)
}

// adminConnectionStripeBack is where Stripe's page leads back to. What somebody had been sent there for decides what is connected,
// whatever they look at by now. However it ended, the connection page says so.
func (h *House) adminConnectionStripeBack(c echo.Context, se models.Session) error {
	ctx := context.WithoutCancel(c.Request().Context()) // a code that was exchanged is kept, also when nobody waits any more
	is, end, err := h.Integrations.Answered(ctx, c.QueryParams(), h.visitor(c, se))
	if err != nil {
		return err
	}
	side := 0
	if is.Mode != "" && is.Mode != se.Mode {
		side = map[models.Mode]int{models.Test: 1, models.Live: 2}[is.Mode]
	}
	at := url.Values{"program": {""}}
	if _, all, err := h.programAsked(c, se); err == nil && len(all) > 1 && !is.Program.IsZero() {
		at.Set("program", is.Program.String())
	}
	return goTo(c, withQuery(connectionAt, at), "oauth-"+string(end), side)
}

// allowAuthorize lets the page's form lead on to Stripe's, where companies can be led there.
func (h *House) allowAuthorize(c echo.Context) {
	if h.Integrations.Platform.ClientID != "" {
		h.allowStripe(c)
	}
}

// noAuthorise says why a side can be connected by key alone; empty when that is not worth a sentence.
func (h *House) noAuthorise(m models.Mode) string {
	other := map[models.Mode]models.Mode{models.Test: models.Live, models.Live: models.Test}[m]
	if h.Integrations.MayAuthorize(m) || !h.Integrations.MayAuthorize(other) {
		return ""
	}
	return "Only an API key can connect the " + string(m) + " side here: this Portal's own Stripe key is of " + string(other) + " mode, and so is Stripe's page."
}

func scopeWord(o store.OAuth) string {
	switch {
	case !o.Connected:
		return ""
	case o.RevokedAt != nil:
		return "The access was taken away"
	case o.Scope == "read_write":
		return "Portal may read and write"
	}
	return "Portal may read"
}

// accessLost says why a connection by OAuth is broken.
func accessLost(o store.OAuth, m models.Mode) string {
	if o.RevokedAt == nil {
		return "Stripe refuses the key of Portal's own account, so nothing can be asked of this company's Stripe. Whoever runs Portal must mend it; events that come in count all the same."
	}
	return "Stripe says that this company took Portal's access away on " + o.RevokedAt.UTC().Format("2 January 2006") + ". No payment of the " + string(m) +
		" side comes in by itself until you connect again; what happened meanwhile is then fetched."
}

const unheard = "This Portal does not hear what happens in the companies' Stripe accounts: the signing secret of its Connect endpoint is not set. What happened is fetched every six hours. Whoever runs Portal sets stripe.connect_webhook_secret."

// oauthNeed says what it means that a connection by OAuth is not well.
var oauthNeed = map[string]string{
	"broken": "Stripe does not let Portal into the account. The page says why, and what to do.",
	"silent": "This Portal's Connect endpoint has no signing secret. What happened is fetched every six hours.",
	"gaps":   "Portal may read the account, and not write. The page says what that costs.",
}

// sides are what is said after a sentence when it is about the side that is not looked at.
var sides = []string{"", " This was the test side; you look at the live side now.", " This was the live side; you look at the test side now."}

// sided is a sentence about a connection, with the side it was about.
func sided(tone views.Tone, text string) func(int) views.Flash {
	return func(n int) views.Flash {
		if n >= 0 && n < len(sides) {
			return views.Flash{Tone: tone, Text: text + sides[n]}
		}
		return views.Flash{Tone: tone, Text: text}
	}
}

const stays = " Nothing was changed."

// authorised are the sentences about connecting by OAuth, and changing to it and from it.
var authorised = map[string]func(int) views.Flash{
	"oauth-connected":     sided(views.Good, "Stripe is connected. What happened since it was last connected is being fetched."),
	"oauth-replaced":      sided(views.Good, "Stripe is connected with Stripe's page now. The API key is forgotten, and the webhook endpoint that it had made is deleted."),
	"oauth-replaced-left": sided(views.Careful, "Stripe is connected with Stripe's page now, and what connected it before is forgotten. A webhook endpoint is left in Stripe: delete it there, under Developers, Webhooks."),
	"oauth-denied":        sided(views.Telling, "Portal was not let in: the request was denied on Stripe's page."+stays),
	"oauth-incomplete":    sided(views.Bad, "What came back from Stripe is incomplete."+stays+" Begin again here."),
	"oauth-foreign":       sided(views.Bad, "This answer of Stripe's belongs to another browser, another sign-in or another company."+stays+" Begin again here."),
	"oauth-replayed":      sided(views.Bad, "This answer of Stripe's was used already. It counts once; how the connection stands is shown below."),
	"oauth-expired":       sided(views.Bad, "More than ten minutes passed on Stripe's page."+stays+" Begin again here."),
	"oauth-spent":         sided(views.Bad, "Stripe says that its answer was used already or is too old."+stays+" Begin again here."),
	"oauth-misfit":        sided(views.Bad, "Stripe does not take this Portal's own key or client id."+stays+" Whoever runs Portal must look at stripe.secret_key and stripe.client_id; an API key connects meanwhile."),
	"oauth-refused":       sided(views.Bad, "Stripe refused the request."+stays+" Begin again here, or connect with an API key."),
	"oauth-silent":        sided(views.Bad, "Stripe did not answer as it should."+stays+" Begin again in a minute; the answer that you gave is not used twice."),
	"oauth-other-mode":    sided(views.Bad, "Stripe granted access to the other mode, test or live."+stays+" Whoever runs Portal must look at stripe.client_id: there is one for each mode."),
	"oauth-taken":         sided(views.Bad, "Another company is connected to this Stripe account here. Its sales would count twice, so it was not connected again."+stays+" Disconnect it there first, or choose another account."),
	"oauth-ours":          sided(views.Bad, "This is an account from which, or to which, Portal pays partners. What comes in there is no revenue."+stays+" Choose the account that your customers pay to."),
	"key-instead":         sided(views.Good, "The key was checked and saved. It takes the place of the connection with Stripe's page, and that access is given back unless another program uses it."),
	"access-ended":        sided(views.Good, "Stripe is disconnected. Portal gave its access back, unless another program uses it; everything that came in stays."),
	"access-left":         sided(views.Careful, "Stripe is disconnected, but its access could not be given back. Remove Portal in Stripe, under Settings, Installed apps."),
}
