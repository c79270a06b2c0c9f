package handlers

import (
	"encoding/json"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// apiField is a field of a PATCH: not given, null, or a value.
type apiField[T any] struct {
	Given, Null bool
	Value       T
}

// UnmarshalJSON is called only when the field is given.
func (f *apiField[T]) UnmarshalJSON(raw []byte) error {
	f.Given, f.Null = true, string(raw) == "null"
	if f.Null {
		return nil
	}
	return json.Unmarshal(raw, &f.Value)
}

// Schema is that of the value.
func (f apiField[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

// into sets a value that was given; null is refused.
func (f apiField[T]) into(w *apiWrong, field string, set func(T)) {
	switch {
	case !f.Given:
	case f.Null:
		w.say(field, "must not be null")
	default:
		set(f.Value)
	}
}

// orEmpty is nil when the field is not given, and the empty text for null.
func (f apiField[T]) orEmpty(check func(T) T) *T {
	switch {
	case f.Null:
		return new(T)
	case f.Given:
		return new(check(f.Value))
	}
	return nil
}

// apiOrNull sets a text that was given, and clears it with null.
func apiOrNull(f apiField[string], into **string, check func(text string) string) {
	switch {
	case f.Null:
		*into = nil
	case f.Given:
		text := check(f.Value)
		*into = &text
	}
}

// apiWhole is a whole number, however it is written: 30 or 30.0.
type apiWhole int

// UnmarshalJSON takes what the schema has found to be a whole number.
func (n *apiWhole) UnmarshalJSON(raw []byte) error {
	number, err := strconv.ParseFloat(string(raw), 64)
	*n = apiWhole(number)
	return err
}
