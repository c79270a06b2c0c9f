package handlers

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
)

const (
	sessionCookie = "portal_session"
	sessionLife   = 14 * 24 * time.Hour
)

// visits keeps sessions in a table: the cookie holds a random token and nothing else, the table its hash. It is a
// gorilla/sessions Store whose one value is the models.Session.
type visits struct {
	store  *store.Store
	now    func() time.Time
	secure bool
}

const visited = "session" // the name of that value

func (h *House) visits() visits {
	return visits{h.Store, h.Now, strings.HasPrefix(h.PublicURL, "https://")}
}

// Get gives the request's session, read once.
func (v visits) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(v, name)
}

// New reads the session that the cookie names; a new one when it names none that still holds.
func (v visits) New(r *http.Request, name string) (*sessions.Session, error) {
	s := sessions.NewSession(v, name)
	s.Options = &sessions.Options{Path: "/", MaxAge: int(sessionLife.Seconds()), HttpOnly: true, Secure: v.secure, SameSite: http.SameSiteLaxMode}
	s.IsNew = true
	cookie, err := r.Cookie(name)
	if err != nil || cookie.Value == "" {
		return s, nil
	}
	se, err := v.store.Session(r.Context(), cookie.Value, v.now())
	if errors.Is(err, models.ErrNotFound) {
		return s, nil
	} else if err != nil {
		return s, fmt.Errorf("load the session: %v", err) // not wrapped: a database that cannot answer has signed nobody out
	}
	s.ID, s.IsNew, s.Values[visited] = cookie.Value, false, se
	return s, nil
}

// Save opens a session under a fresh token, or closes it when its age is below zero.
func (v visits) Save(r *http.Request, w http.ResponseWriter, s *sessions.Session) error {
	if s.Options.MaxAge < 0 {
		http.SetCookie(w, sessions.NewCookie(s.Name(), "", s.Options))
		return v.store.CloseSession(r.Context(), s.ID)
	}
	se, _ := s.Values[visited].(models.Session)
	s.ID = newToken(32)
	se.ExpiresAt = v.now().Add(sessionLife)
	if err := v.store.OpenSession(r.Context(), s.ID, se, shortened(r.UserAgent(), 200), v.now()); err != nil {
		return fmt.Errorf("open a session: %w", err)
	}
	http.SetCookie(w, sessions.NewCookie(s.Name(), s.ID, s.Options))
	return nil
}

// session is who is signed in, or ErrSignedOut.
func (h *House) session(c echo.Context) (models.Session, error) {
	s, err := h.visits().Get(c.Request(), sessionCookie)
	if err != nil {
		return models.Session{}, err
	}
	se, ok := s.Values[visited].(models.Session)
	if !ok {
		return se, models.ErrSignedOut
	}
	return se, nil
}

// enter signs a browser in: what it held before is closed, and its token is new.
func (h *House) enter(c echo.Context, se models.Session) error {
	s, err := h.visits().Get(c.Request(), sessionCookie)
	if err != nil {
		return err
	}
	if !s.IsNew {
		if err := h.Store.CloseSession(c.Request().Context(), s.ID); err != nil {
			return fmt.Errorf("close the session before: %w", err)
		}
	}
	s.Values[visited] = se
	return s.Save(c.Request(), c.Response())
}

// leave signs a browser out.
func (h *House) leave(c echo.Context) error {
	s, err := h.visits().Get(c.Request(), sessionCookie)
	if err != nil || s.IsNew {
		return err
	}
	s.Options.MaxAge = -1
	return s.Save(c.Request(), c.Response())
}

// token is the signed-in browser's secret, for the statements that change its row.
func (h *House) token(c echo.Context) string {
	s, _ := h.visits().Get(c.Request(), sessionCookie)
	return s.ID
}

// actor is who does something here, for the audit row.
func actor(se models.Session) models.Actor {
	return models.Actor{Person: &se.Person, Name: se.Email, Role: se.Role}
}

// newToken is a random text of n bytes' strength.
func newToken(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw)
	return base64.RawURLEncoding.EncodeToString(raw)
}

func shortened(s string, most int) string {
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
}
