package models

import (
	"bytes"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// PayMethod is how an invoice was paid outside Portal (F107).
type PayMethod string

// The methods, in the order in which a form offers them.
const (
	ByTransfer PayMethod = "bank_transfer"
	ByPayPal   PayMethod = "paypal"
	ByWise     PayMethod = "wise"
	ByCheck    PayMethod = "check"
	ByCash     PayMethod = "cash"
	ByOther    PayMethod = "other" // Words say which
)

// PayMethods are all of them, with their words.
var PayMethods = []struct {
	Method PayMethod
	Word   string
}{{ByTransfer, "Bank transfer"}, {ByPayPal, "PayPal"}, {ByWise, "Wise"}, {ByCheck, "Check"}, {ByCash, "Cash"}, {ByOther, "Another way"}}

// PaidElsewhere is what a person says of a payment made outside Portal.
type PaidElsewhere struct {
	Attempt   AttemptID  `db:"attempt_id"`
	Reference string     `db:"reference"`
	PaidAt    time.Time  `db:"paid_at"`
	Method    *PayMethod `db:"method"` // nil: not said
	Words     string     `db:"words"`  // which other method
	Note      string     `db:"note"`
	File      *Attachment
}

// How is the method in words; empty when it was not said.
func (p PaidElsewhere) How() string {
	if p.Method == nil {
		return ""
	}
	if *p.Method == ByOther {
		return p.Words
	}
	for _, m := range PayMethods {
		if m.Method == *p.Method {
			return m.Word
		}
	}
	return ""
}

// Check brings the words into form, and says what is wrong by field: paid_at, reference, method, words, note, file.
func (p *PaidElsewhere) Check(now time.Time) error {
	if p.PaidAt.After(now.Add(time.Minute)) {
		return Invalid("paid_at", "lies in the future; give the day on which it was paid")
	}
	var wrong FieldErrors
	say := func(field, message string) { wrong = append(wrong, FieldError{field, message}) }
	p.Reference, p.Words, p.Note = strings.TrimSpace(p.Reference), strings.TrimSpace(p.Words), strings.TrimSpace(p.Note)
	if p.Reference == "" {
		say("reference", "must say how it was paid, such as the transfer's reference")
	}
	if p.Method != nil && *p.Method != ByOther {
		p.Words = ""
	}
	switch {
	case p.Method != nil && *p.Method == ByOther && p.Words == "":
		say("words", "say how it was paid")
	case p.Method != nil && p.How() == "":
		say("method", "is not one of bank_transfer, paypal, wise, check, cash, other")
	}
	for field, text := range map[string]string{"reference": p.Reference, "words": p.Words} {
		if utf8.RuneCountInString(text) > 200 {
			say(field, "use 200 characters at most")
		}
	}
	if utf8.RuneCountInString(p.Note) > 2000 {
		say("note", "use 2,000 characters at most")
	}
	for field, text := range map[string]string{"reference": p.Reference, "words": p.Words, "note": p.Note} {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) }) {
			say(field, "holds characters that are no text")
		}
	}
	if p.File != nil {
		if err := p.File.check(); err != nil {
			wrong = append(wrong, err.(FieldErrors)...)
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}

// AttachmentLimit is the most bytes that an attachment may have.
const AttachmentLimit = 5 << 20

// Attachment is a paper that proves a payment made outside Portal.
type Attachment struct {
	Name   string    `db:"name"`
	Kind   string    `db:"kind"` // application/pdf, image/png or image/jpeg, by its content
	Body   []byte    `db:"body"`
	KeptAt time.Time `db:"kept_at"`
}

// check finds the kind by the content, whatever the name says, and leaves of the name what is to be seen.
func (a *Attachment) check() error {
	a.Name = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1 // what ends a line, turns the writing round, or is no text
	}, strings.ToValidUTF8(a.Name, ""))
	if len(a.Body) > AttachmentLimit {
		return Invalid("file", "is larger than 5 MB")
	}
	for kind, begins := range map[string]string{"application/pdf": "%PDF-", "image/png": "\x89PNG\r\n\x1a\n", "image/jpeg": "\xff\xd8\xff"} {
		if bytes.HasPrefix(a.Body, []byte(begins)) {
			a.Kind = kind
			return nil
		}
	}
	return Invalid("file", "is no PDF, PNG or JPEG")
}
