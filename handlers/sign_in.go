package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// How many failed tries are borne in a quarter of an hour, for one address and from one machine.
const (
	triesWindow  = 15 * time.Minute
	triesAddress = 10
	triesMachine = 30
)

// wrongPassword and tooMany say the same whether or not somebody has the address.
const (
	wrongPassword = "This e-mail address and password do not belong together. Check both and try again."
	tooMany       = "Too many tries. Wait 15 minutes, then try again."
)

func (h *House) signInForm(c echo.Context, _ models.Session) error {
	se, err := h.session(c)
	next := c.QueryParam("next")
	switch {
	case err == nil:
		return c.Redirect(http.StatusSeeOther, landing(se, next))
	case !errors.Is(err, models.ErrSignedOut):
		return err
	}
	return h.showSignIn(c, http.StatusOK, views.SignIn{Next: localPath(next), Flash: takeFlash(c)})
}

func (h *House) showSignIn(c echo.Context, status int, v views.SignIn) error {
	for _, s := range h.SignIns {
		v.Known = append(v.Known, views.KnownPerson{Role: s.Role, Email: s.Email, Password: s.Password})
	}
	v.Sandbox = h.Sandbox != nil
	return show(c, status, views.SignInPage(v), nil)
}

// signIn compares the password, at the same cost for an address that nobody has, and counts what fails.
func (h *House) signIn(c echo.Context, _ models.Session) error {
	v := views.SignIn{Email: shortened(strings.TrimSpace(c.FormValue("email")), 320), Next: localPath(c.FormValue("next"))}
	var person models.Person
	err := inTurn(c.Request().Context(), func() (err error) {
		person, err = h.prove(c.Request().Context(), v.Email, c.RealIP(), c.FormValue("password"))
		return err
	})
	switch {
	case errors.Is(err, errTooMany):
		v.Error = tooMany
		c.Response().Header().Set("Retry-After", "900")
		return h.showSignIn(c, http.StatusTooManyRequests, v)
	case errors.Is(err, models.ErrSignedOut):
		v.Error = wrongPassword
		return h.showSignIn(c, http.StatusUnprocessableEntity, v)
	case err != nil:
		return err
	}
	se, err := h.firstPlace(c.Request().Context(), person)
	if errors.Is(err, models.ErrNotFound) {
		v.Error = "Your account is not part of any company now. Ask whoever invited you."
		return h.showSignIn(c, http.StatusForbidden, v)
	} else if err != nil {
		return err
	}
	if err := h.enter(c, se); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, landing(se, v.Next))
}

var errTooMany = errors.New("too many tries")

// prove gives the person an address and a password belong to, ErrSignedOut for any other pair, errTooMany after many.
func (h *House) prove(ctx context.Context, email, machine, password string) (models.Person, error) {
	who, from := "address "+models.NormalEmail(email), "machine "+machine
	for key, most := range map[string]int{who: triesAddress, from: triesMachine} {
		n, err := h.Store.SignInTries(ctx, key, h.Now().Add(-triesWindow))
		if err != nil {
			return models.Person{}, fmt.Errorf("count the tries: %w", err)
		}
		if n >= most {
			return models.Person{}, errTooMany
		}
	}
	person, err := h.Store.PersonByEmail(ctx, email)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return person, fmt.Errorf("find who signs in: %w", err)
	}
	if err != nil {
		person.Password = nobody()
	}
	if isPassword(person.Password, password) && err == nil {
		return person, nil
	}
	for _, key := range []string{who, from} {
		if err := h.Store.AddSignInTry(ctx, key, h.Now()); err != nil {
			return models.Person{}, fmt.Errorf("count a try: %w", err)
		}
	}
	return models.Person{}, models.ErrSignedOut
}

// firstPlace is where somebody begins: their first place, on the live side when the company is connected there.
func (h *House) firstPlace(ctx context.Context, p models.Person) (models.Session, error) {
	places, err := h.Store.PlacesOf(ctx, p.ID)
	if err != nil {
		return models.Session{}, fmt.Errorf("list the places of %s: %w", p.ID, err)
	}
	if len(places) == 0 {
		return models.Session{}, models.ErrNotFound
	}
	first := places[0]
	se := models.Session{Person: p.ID, Name: p.Name, Email: p.Email, Company: first.Company, Role: first.Role, Partner: first.Partner, Mode: models.Mode(first.Mode)}
	if first.Partner == nil {
		se.Mode, err = h.startMode(ctx, first)
	}
	return se, err
}

// startMode is live as soon as one of the company's programs is connected live.
func (h *House) startMode(ctx context.Context, place store.Place) (models.Mode, error) {
	programs, err := h.Store.Programs(ctx, place.Company)
	if err != nil {
		return "", fmt.Errorf("list the programs of %s: %w", place.Company, err)
	}
	for _, p := range programs {
		i, err := h.Store.Integration(ctx, models.Tenant{Company: place.Company, Mode: models.Live}, p.ID, models.SourceStripe)
		if err == nil && i.Status == "connected" {
			return models.Live, nil
		} else if err != nil && !errors.Is(err, models.ErrNotFound) {
			return "", err
		}
	}
	return models.Test, nil
}

func (h *House) signOut(c echo.Context, _ models.Session) error {
	if err := h.leave(c); err != nil {
		return err
	}
	return goTo(c, "/", "signedout", 0)
}

// landing is where somebody goes after signing in: where they wanted to go, when it is on their side of the house.
func landing(se models.Session, next string) string {
	home := "/admin"
	if se.Role == models.PartnerMember {
		home = "/partner"
	}
	if next = localPath(next); next == home || strings.HasPrefix(next, home+"/") || strings.HasPrefix(next, home+"?") {
		return next
	}
	return home
}

// localPath passes a path of this site and nothing that a browser could take for another one.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(next, "/") ||
		strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return ""
	}
	return next
}
