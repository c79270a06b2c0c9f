// Package mail writes messages and hands them to a mail server. Which is sent when, and that none is sent twice, is kept by
// store and jobs. A new message is a template in messages/ and a function in models that fills it.
package mail

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/mail"
	"net/url"
	"strings"
	plain "text/template"
	"unicode"

	"portal/models"
)

//go:embed messages/*.txt
var messages embed.FS

//go:embed layout.html
var layout string

var page = template.Must(template.New("layout").Parse(layout))

// Letter is a mail as it is sent: the same words as plain text and as HTML.
type Letter struct {
	To, ID              string // ID is the same at every try, so that who gets a mail twice all the same can tell
	Subject, Text, HTML string
	Stop                string // where whoever gets it can say that they want no more of its kind; empty for what is essential
}

// block is a part of a letter: a paragraph, a list, a link or the note at its end.
type block struct {
	Text  string
	Items []string
	URL   string
	Note  bool
	Small bool // a link beside the note
}

// Write makes a letter of a mail. Links lead to publicURL. What cannot be written is an ErrInvalid with a sentence.
//
// A template begins with its subject. Its blocks stand apart by an empty line: one that begins with "=> " is a link, a label
// and then a path; "* " is a list of the fact's lines; "~ " is the note at the end. What the facts hold changes no block.
func Write(m models.Mail, publicURL string) (Letter, error) {
	to, err := mail.ParseAddress(m.To)
	if err != nil || to.Name != "" || to.Address != m.To || strings.ContainsFunc(m.To, unicode.IsControl) {
		return Letter{}, models.Refuse(models.ErrInvalid, "This is not an e-mail address.")
	}
	source, err := fs.ReadFile(messages, "messages/"+m.Message.Kind+".txt")
	if err != nil {
		return Letter{}, models.Refuse(models.ErrInvalid, fmt.Sprintf("There is no message %q.", m.Message.Kind))
	}
	facts := map[string]string{"name": m.Name, "side": ""}
	if m.Mode == models.Test {
		facts["side"] = "Test mode: "
	}
	for key, value := range m.Message.Facts {
		facts[key] = value
	}
	subject, rest, _ := strings.Cut(strings.TrimPrefix(string(source), "Subject: "), "\n")
	l := Letter{To: m.To, ID: strings.TrimPrefix(m.ID.String(), "mail_") + "@" + hostOf(publicURL)}
	if l.Subject, err = filled(subject, facts); err != nil {
		return Letter{}, err
	}
	l.Subject = oneLine(l.Subject)
	var blocks []block
	for part := range strings.SplitSeq(strings.TrimSpace(rest), "\n\n") {
		b, err := written(part, facts, publicURL)
		if err != nil {
			return Letter{}, err
		}
		blocks = append(blocks, b)
	}
	if token := m.Message.Facts["stop"]; token != "" {
		l.Stop = strings.TrimSuffix(publicURL, "/") + "/mail/stop/" + token
		blocks = append(blocks, block{Text: "Stop mails of this kind", URL: l.Stop, Small: true})
	}
	l.Text = plainText(blocks)
	var html bytes.Buffer
	err = page.Execute(&html, map[string]any{"Subject": l.Subject, "Blocks": blocks})
	l.HTML = html.String()
	return l, err
}

// written is one block of a template, filled.
func written(part string, facts map[string]string, publicURL string) (block, error) {
	if link, ok := strings.CutPrefix(part, "=> "); ok {
		cut := strings.LastIndex(link, " ")
		label, err := filled(link[:cut], facts)
		if err != nil {
			return block{}, err
		}
		path, err := filled(link[cut+1:], facts)
		return block{Text: oneLine(label), URL: strings.TrimSuffix(publicURL, "/") + path}, err
	}
	if list, ok := strings.CutPrefix(part, "* "); ok {
		text, err := filled(list, facts)
		return block{Items: strings.Split(text, "\n")}, err
	}
	note, isNote := strings.CutPrefix(part, "~ ")
	text, err := filled(note, facts)
	return block{Text: oneLine(text), Note: isNote}, err
}

func filled(text string, facts map[string]string) (string, error) {
	t, err := plain.New("message").Option("missingkey=error").Parse(text)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	if err := t.Execute(&out, facts); err != nil {
		return "", models.Refuse(models.ErrInvalid, fmt.Sprintf("The message could not be written: %v.", err))
	}
	return out.String(), nil
}

// oneLine makes every run of spaces and control characters one space: no fact begins a line, or a header, of its own.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

func plainText(blocks []block) string {
	var parts []string
	for _, b := range blocks {
		switch {
		case b.Items != nil:
			parts = append(parts, "- "+strings.Join(b.Items, "\n- "))
		case b.URL != "":
			parts = append(parts, b.Text+":\n"+b.URL)
		case b.Note:
			parts = append(parts, "--\n"+b.Text)
		default:
			parts = append(parts, b.Text)
		}
	}
	return strings.Join(parts, "\n\n") + "\n"
}

// hostOf is the name that ids are made under.
func hostOf(publicURL string) string {
	if u, err := url.Parse(publicURL); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	return "portal.invalid"
}
