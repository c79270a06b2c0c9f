package handlers

import (
	"errors"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"portal/models"
)

// apiWrong gathers what is wrong with the fields of a request.
type apiWrong models.FieldErrors

func (w *apiWrong) say(field, message string) {
	*w = append(*w, models.FieldError{Field: field, Message: message})
}

// take adds what another check found, under its field.
func (w *apiWrong) take(err error) error {
	var fields models.FieldErrors
	if !errors.As(err, &fields) {
		return err
	}
	*w = append(*w, fields...)
	return nil
}

func (w apiWrong) err() error {
	if len(w) == 0 {
		return nil
	}
	return models.FieldErrors(w)
}

// text is a trimmed text of 1 to most printable characters.
func (w *apiWrong) text(field, text string, most int) string {
	text = strings.TrimSpace(text)
	if text == "" || utf8.RuneCountInString(text) > most || strings.ContainsFunc(text, unicode.IsControl) {
		w.say(field, "must be 1 to "+strconv.Itoa(most)+" printable characters")
	}
	return text
}

func (w *apiWrong) email(field, text string) string {
	text = strings.TrimSpace(text)
	if address, err := mail.ParseAddress(text); err != nil || address.Address != text || len(text) > 320 {
		w.say(field, "must be an e-mail address such as name@example.com")
	}
	return text
}

func (w *apiWrong) country(field, text string) string {
	text = strings.ToUpper(strings.TrimSpace(text))
	if len(text) != 2 || strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		w.say(field, "must be a country's two letters, such as DE")
	}
	return text
}

func (w *apiWrong) currency(field, text string) models.Currency {
	c, err := models.ParseCurrency(text)
	var fields models.FieldErrors
	if errors.As(err, &fields) {
		w.say(field, fields[0].Message)
	}
	return c
}

func (w *apiWrong) webAddress(field, text string) string {
	text = strings.TrimSpace(text)
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || len(text) > 2000 {
		w.say(field, "must be a web address that begins with https://")
	}
	return text
}

// moment reads a time (RFC 3339) or a day.
func (w *apiWrong) moment(field, text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		at, err = time.Parse(time.DateOnly, text)
	}
	return w.sensible(field, at.UTC(), err, "must be a time such as 2026-11-30T12:00:00Z, or a day such as 2026-11-30")
}

func (w *apiWrong) day(field, text string) time.Time {
	at, err := time.Parse(time.DateOnly, text)
	return w.sensible(field, at, err, "must be a day such as 2026-11-30")
}

func (w *apiWrong) sensible(field string, at time.Time, err error, message string) time.Time {
	if err == nil && (at.Year() < 2000 || at.Year() > 2200) {
		err, message = models.ErrInvalid, "must lie between 2000 and 2200"
	}
	if err != nil {
		w.say(field, message)
	}
	return at
}
