package sources

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"portal/models"
)

// object is one JSON object of a payload, read by dotted paths. Where a meaning has two paths, the new one is given
// first (MONEY.md 1.2). The first thing wrong is noted and reading goes on with zero values: the reader asks at the end.
type object struct {
	fields map[string]any
	path   string // where it stands in the payload: "lines.data[2]."
	fault  *fault
}

// fault is the first thing found wrong with a payload.
type fault struct {
	of  string // "invoice in_1"
	err error
}

// parse reads one JSON object. Numbers keep their digits.
func parse(of string, body []byte) (object, error) {
	o := object{fault: &fault{of: of}}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	err := decoder.Decode(&o.fields)
	if err != nil || o.fields == nil || len(bytes.TrimSpace(body[decoder.InputOffset():])) > 0 {
		return o, models.Refuse(models.ErrInvalid, of+": the body is not a JSON object")
	}
	return o, nil
}

// named is the object under a path as a payload of its own: its complaints name it by its kind and id.
func (o object) named(kind, path string) object {
	fields, _ := o.value(path).(map[string]any)
	inner := object{fields: fields, fault: &fault{of: kind}}
	if fields == nil {
		inner.complain(path, "is missing")
	} else if id := inner.id("id"); id == "" {
		inner.complain("id", "is missing")
	} else {
		inner.fault.of = kind + " " + id
	}
	return inner
}

func (o object) complain(field, message string) {
	if o.fault.err == nil {
		o.fault.err = models.Refuse(models.ErrInvalid, fmt.Sprintf("%s: %s%s %s", o.fault.of, o.path, field, message))
	}
}

func (o object) err() error { return o.fault.err }

// value is what stands at the path; nil when nothing does.
func (o object) value(path string) any {
	var at any = o.fields
	for name := range strings.SplitSeq(path, ".") {
		fields, _ := at.(map[string]any)
		at = fields[name]
	}
	return at
}

func (o object) has(path string) bool { return o.value(path) != nil }

// text is the first of the paths that says something.
func (o object) text(paths ...string) string {
	for _, path := range paths {
		switch v := o.value(path).(type) {
		case nil:
		case string:
			if v = clean(v); v != "" {
				return v
			}
		default:
			o.complain(path, "is not a text")
		}
	}
	return ""
}

// clean drops what a database text cannot hold, and the space around.
func clean(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\x00", "")) }

// id is the first of the paths that names something: an id, or an object with one.
func (o object) id(paths ...string) string {
	for _, path := range paths {
		v := o.value(path)
		if inner, ok := v.(map[string]any); ok {
			v = inner["id"]
		}
		if v == nil || v == "" {
			continue
		}
		if id := word(v); id != "" {
			return id
		}
		o.complain(path, "is not an id")
	}
	return ""
}

// whole is a number that may be below zero, and whether one is there.
func (o object) whole(path string) (int64, bool) {
	v := o.value(path)
	if v == nil {
		return 0, false
	}
	number, ok := v.(json.Number)
	if !ok {
		o.complain(path, "is not a number")
		return 0, false
	}
	n, err := strconv.ParseInt(number.String(), 10, 64)
	if err == nil {
		return n, true
	}
	if strings.ContainsAny(number.String(), ".eE") {
		o.complain(path, "is not a whole number")
	} else {
		o.complain(path, "is too large")
	}
	return 0, false
}

// signed is an amount that must be there and may be below zero.
func (o object) signed(path string) int64 {
	n, ok := o.whole(path)
	if !ok {
		o.complain(path, "is missing")
	}
	return n
}

// amount is one that must be there and may not be below zero.
func (o object) amount(path string) int64 {
	n := o.signed(path)
	switch {
	case n < 0:
		o.complain(path, "is negative")
		return 0
	case n > most:
		o.complain(path, "is larger than any payment can be")
		return 0
	}
	return n
}

// most is the largest amount that is believed, in the smallest unit: far beyond what any provider takes, and so far
// under what a balance can hold that no honest sum overflows.
const most = 10_000_000_000_000_000

func (o object) flag(path string) bool {
	v := o.value(path)
	set, ok := v.(bool)
	if v != nil && !ok {
		o.complain(path, "is neither true nor false")
	}
	return set
}

// lastMoment is the end of the year 9999, after which times cannot be written.
const lastMoment = 253402300799

// moment is a Unix time; zero when none is there.
func (o object) moment(path string) time.Time {
	seconds, ok := o.whole(path)
	if !ok {
		return time.Time{}
	}
	if seconds < 0 || seconds > lastMoment {
		o.complain(path, "is not a date")
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// currency is a code Portal can count; empty when none is there.
func (o object) currency(path string) models.Currency {
	code := o.text(path)
	if code == "" {
		return ""
	}
	c, err := models.ParseCurrency(code)
	if err != nil {
		o.complain(path, "is not a currency that Portal knows")
	}
	return c
}

// money is an amount that must be there, in a currency that must be there.
func (o object) money(path, currency string) models.Money {
	m := models.Money{Minor: o.amount(path), Currency: o.currency(currency)}
	if m.Currency == "" {
		o.complain(currency, "is missing")
	}
	return m
}

// list is the objects of an array; an absent one is empty.
func (o object) list(path string) []object {
	v := o.value(path)
	items, ok := v.([]any)
	if v != nil && !ok {
		o.complain(path, "is not a list")
	}
	var all []object
	for i, item := range items {
		fields, ok := item.(map[string]any)
		if !ok {
			o.complain(fmt.Sprintf("%s[%d]", path, i), "is not an object")
			continue
		}
		all = append(all, object{fields, fmt.Sprintf("%s%s[%d].", o.path, path, i), o.fault})
	}
	return all
}

// sum adds up one field of a list.
func sum(items []object, field string) *big.Int {
	total := new(big.Int)
	for _, item := range items {
		total.Add(total, big.NewInt(item.signed(field)))
	}
	return total
}
