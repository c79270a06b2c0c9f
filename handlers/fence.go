package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/static"
)

// bodyLimit is the most that any request may carry, but for an uploaded file (CONTRACT.md 4).
const bodyLimit = 1 << 20

const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// fenced keeps strangers' forms out and sends the headers that every answer carries. Webhooks and the API are open to
// other origins: they carry a signature or a key, never a cookie.
func (h *House) fenced(e *echo.Echo) http.Handler {
	origin := http.NewCrossOriginProtection()
	origin.AddInsecureBypassPattern("/v1/")
	if u, err := url.Parse(h.PublicURL); err == nil && u.Host != "" {
		_ = origin.AddTrustedOrigin(u.Scheme + "://" + u.Host)
	}
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.fail(models.Refuse(models.ErrForbidden, "This form was sent from another site. Open the page on "+h.PublicURL+" and send it from there."), e.NewContext(r, w))
	}))
	inner := origin.Handler(e)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("X-Request-Id", newToken(9))
		head.Set("Content-Security-Policy", contentPolicy)
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "same-origin")
		head.Set("Cross-Origin-Opener-Policy", "same-origin")
		head.Set("Cache-Control", "no-store")
		if r.Method == http.MethodHead { // answered as GET; the server leaves the body out
			r = r.WithContext(r.Context())
			r.Method = http.MethodGet
		}
		limit := int64(bodyLimit)
		if r.Method == http.MethodPost && r.URL.Path == linkFilesAt {
			limit = linkFileLimit
		}
		if r.Method == http.MethodPost && markPaidAt.MatchString(r.URL.Path) {
			limit = markPaidLimit
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		inner.ServeHTTP(w, r)
	})
}

// mount adds the handlers that map their own paths.
func (h *House) mount(e *echo.Echo) {
	e.Any("/static/*", echo.WrapHandler(static.Handler()))
	if h.Sandbox == nil {
		return
	}
	e.Any("/sandbox/*", echo.WrapHandler(http.StripPrefix("/sandbox", h.Sandbox)))
	e.GET("/sandbox", func(c echo.Context) error { return c.Redirect(http.StatusSeeOther, "/sandbox/") })
}

// guarded lets those in whom the route is for: somebody signed out is sent to sign in, the wrong role is ErrForbidden.
// A form is read before its page sees it, and a body that a sender signed is left as it came.
func (h *House) guarded(r route) echo.HandlerFunc {
	return func(c echo.Context) error {
		if r.who.takes("sender") {
			return r.page(c, models.Session{})
		}
		if err := c.Request().ParseForm(); err != nil {
			return fmt.Errorf("%w: read the form: %w", models.ErrInvalid, err)
		}
		if r.who.takes("anyone") {
			return r.page(c, models.Session{})
		}
		se, err := h.session(c)
		if errors.Is(err, models.ErrSignedOut) {
			return askToSignIn(c)
		} else if err != nil {
			return err
		}
		if !r.who.takes(se.Role) {
			return models.Refuse(models.ErrForbidden, "Your role here does not allow this. Ask an owner of the company if you need it.")
		}
		if !legible(c.Request().PostForm) {
			return models.Refuse(models.ErrInvalid, "Something that was typed holds characters that are no text. Remove them, and send it again.")
		}
		return r.page(c, se)
	}
}

// legible tells whether a database can keep all that was typed as text.
func legible(form url.Values) bool {
	for _, values := range form {
		for _, text := range values {
			if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
				return false
			}
		}
	}
	return true
}

// askToSignIn leads to the sign-in page and from there back, when a page was asked for.
func askToSignIn(c echo.Context) error {
	to := "/"
	if c.Request().Method == http.MethodGet {
		to = "/?" + url.Values{"next": {c.Request().URL.RequestURI()}}.Encode()
	}
	if c.Request().Header.Get("HX-Request") != "" {
		c.Response().Header().Set("HX-Redirect", "/")
		return c.NoContent(http.StatusUnauthorized)
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// observed logs each request at debug, after its errors have been answered.
func (h *House) observed(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		h.Log.Debug("request", "id", requestID(c), "method", c.Request().Method, "path", c.Request().URL.Path,
			"status", c.Response().Status, "took", time.Since(began))
		return nil
	}
}

// rescued makes a panic an error like any other.
func rescued(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p)
			default:
				err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		return next(c)
	}
}

// requestID is what an answer and the log name a request by.
func requestID(c echo.Context) string { return c.Response().Header().Get("X-Request-Id") }
