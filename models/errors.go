package models

import (
	"errors"
	"strings"
)

// The errors that rooms return on purpose. Anything else is a fault of ours.
var (
	ErrNotFound  = errors.New("not found")
	ErrConflict  = errors.New("conflict")
	ErrInvalid   = errors.New("invalid")
	ErrForbidden = errors.New("forbidden")
	ErrSignedOut = errors.New("signed out")
	ErrLater     = errors.New("try again later")
)

// FieldError says what is wrong with one field of an input, in words that say what to do.
type FieldError struct{ Field, Message string }

// FieldErrors is an ErrInvalid that names the fields.
type FieldErrors []FieldError

// Error lists the fields.
func (e FieldErrors) Error() string {
	var parts []string
	for _, f := range e {
		parts = append(parts, f.Field+": "+f.Message)
	}
	return strings.Join(parts, "; ")
}

// Is makes every FieldErrors an ErrInvalid.
func (e FieldErrors) Is(target error) bool { return target == ErrInvalid }

// Invalid is a FieldErrors with one field.
func Invalid(field, message string) error { return FieldErrors{{field, message}} }

// Refusal is an ErrConflict or another sentinel with a sentence meant for the person who asked.
type Refusal struct {
	Kind     error
	Sentence string
}

// Error is the sentence.
func (r Refusal) Error() string { return r.Sentence }

// Unwrap gives the sentinel.
func (r Refusal) Unwrap() error { return r.Kind }

// Refuse makes a Refusal of one of the sentinels.
func Refuse(kind error, sentence string) error { return Refusal{kind, sentence} }
