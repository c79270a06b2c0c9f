package inbox

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"portal/models"
)

// The bounds of one row of a file of links: a quote that is never closed spoils its own row and no other.
const (
	rowBytes  = 16 << 10
	rowLines  = 20
	longestID = 320 // of a customer or a partner, in bytes
)

// linkColumns are the names under which the two columns may stand.
var linkColumns = [2][]string{
	{"customer", "customer_key", "customer key", "customer_id", "stripe_customer_id", "email", "e-mail"},
	{"partner", "partner_key", "partner key"},
}

// ReadLinks reads a file of links row by row, as spreadsheets write them: with or without a byte order mark, separated by
// commas, semicolons or tabs, fields quoted or not, lines ended in any way, columns in any order, others beside them. A
// row that cannot be used comes with the verdict Malformed and what is wrong; empty lines are counted and left out. The
// error, a FieldErrors on "file", is of a file that is no such list at all; it ends the rows.
func ReadLinks(file io.Reader) iter.Seq2[models.LinkRow, error] {
	return func(yield func(models.LinkRow, error) bool) {
		r := csvReader{in: bufio.NewReaderSize(file, 64<<10)}
		at, err := r.head()
		if err != nil {
			yield(models.LinkRow{}, err)
			return
		}
		for {
			fields, wrong, err := r.next()
			if errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				yield(models.LinkRow{}, fmt.Errorf("read the file: %w", err))
				return
			}
			if wrong == "" && blank(fields) {
				continue
			}
			if !yield(linkRow(r.row, at, fields, wrong), nil) {
				return
			}
		}
	}
}

// columns are where the customer and the partner stand, and how many columns the head names.
type columns struct{ customer, partner, all int }

func linkRow(n int, at columns, fields []string, wrong string) models.LinkRow {
	row := models.LinkRow{N: n}
	field := func(i int) string {
		if i >= len(fields) {
			return ""
		}
		return strings.TrimSpace(fields[i])
	}
	row.Customer, row.Partner = field(at.customer), field(at.partner)
	switch {
	case wrong != "":
	case len(fields) <= max(at.customer, at.partner):
		wrong = fmt.Sprintf("it has %d of the %d columns that the first row names", len(fields), at.all)
	case len(fields) > at.all && !blank(fields[at.all:]):
		wrong = fmt.Sprintf("it has %d columns and the first row names %d: put text that holds the separator in quotes", len(fields), at.all)
	case !readable(row.Customer) || !readable(row.Partner):
		wrong = "it cannot be read as UTF-8 text: save the file as CSV in UTF-8"
	case row.Customer == "":
		wrong = "the customer is empty"
	case row.Partner == "":
		wrong = "the partner is empty"
	case len(row.Customer) > longestID || len(row.Partner) > longestID:
		wrong = fmt.Sprintf("a customer or partner has at most %d characters", longestID)
	}
	if wrong != "" {
		row.Verdict, row.Because = models.Malformed, wrong
		row.Customer, row.Partner = shown(row.Customer), shown(row.Partner)
		return row
	}
	if strings.Contains(row.Customer, "@") {
		row.Address = models.NormalEmail(row.Customer)
	}
	return row
}

// readable tells that PostgreSQL can keep a text.
func readable(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

// shown is as much of a text as can be kept and looked at.
func shown(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	if len(text) > longestID {
		text = strings.ToValidUTF8(text[:longestID], "") + "…"
	}
	return text
}

func blank(fields []string) bool {
	return !slices.ContainsFunc(fields, func(f string) bool { return strings.TrimSpace(f) != "" })
}

// csvReader takes a file apart into rows, with no more than one row in memory.
type csvReader struct {
	in        *bufio.Reader
	separator byte
	row       int      // the number of the row that next gave
	back      []string // lines that were read ahead and belong to rows to come
}

// head reads the row that names the columns, and finds what separates them.
func (r *csvReader) head() (columns, error) {
	start, _ := r.in.Peek(3)
	if bytes.HasPrefix(start, []byte{0xFE, 0xFF}) || bytes.HasPrefix(start, []byte{0xFF, 0xFE}) {
		return columns{}, models.Invalid("file", "is in UTF-16: save it as CSV in UTF-8")
	}
	if bytes.Equal(start, []byte("\xEF\xBB\xBF")) {
		_, _ = r.in.Discard(3)
	}
	for {
		line, err := r.line()
		if errors.Is(err, io.EOF) {
			return columns{}, models.Invalid("file", "is empty: its first row must name the columns customer and partner")
		} else if err != nil {
			return columns{}, fmt.Errorf("read the file: %w", err)
		}
		r.row++
		if strings.Trim(line, " \t,;") == "" || strings.HasPrefix(strings.ToLower(line), "sep=") { // Excel's own first line
			continue
		}
		for _, r.separator = range []byte(",;\t") {
			fields, _ := split(line, r.separator)
			at := columns{columnNamed(fields, linkColumns[0]), columnNamed(fields, linkColumns[1]), len(fields)}
			if at.customer >= 0 && at.partner >= 0 {
				return at, nil
			}
		}
		return columns{}, models.Invalid("file", "has no columns customer and partner: its first row must name them, separated by commas or semicolons")
	}
}

// columnNamed is the first of the fields that bears the first of the names that any bears; -1 for none.
func columnNamed(fields, names []string) int {
	for _, name := range names {
		if i := slices.IndexFunc(fields, func(f string) bool { return strings.EqualFold(strings.TrimSpace(f), name) }); i >= 0 {
			return i
		}
	}
	return -1
}

// next gives the fields of the next row, or what is wrong with it. io.EOF ends the file.
func (r *csvReader) next() (fields []string, wrong string, err error) {
	first, err := r.line()
	if err != nil {
		return nil, "", err
	}
	r.row++
	text, ahead := first, []string{}
	for {
		fields, open := split(text, r.separator)
		switch {
		case len(text) > rowBytes:
			r.back = append(ahead, r.back...)
			return nil, fmt.Sprintf("it is longer than %d characters", rowBytes), nil
		case !open:
			return fields, "", nil
		}
		line, err := r.line()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, "", err
		}
		if err == nil {
			ahead = append(ahead, line)
		}
		if err != nil || len(ahead) > rowLines || len(text)+len(line) > rowBytes {
			r.back = append(ahead, r.back...)
			broken, _ := split(strings.ReplaceAll(first, `"`, ""), r.separator)
			return broken, "a quote is opened and never closed", nil
		}
		text += "\n" + line
	}
}

// line gives the next line without its end. Of one that is too long only the beginning is kept.
func (r *csvReader) line() (string, error) {
	if len(r.back) > 0 {
		line := r.back[0]
		r.back = r.back[1:]
		return line, nil
	}
	var line []byte
	for {
		c, err := r.in.ReadByte()
		switch {
		case errors.Is(err, io.EOF) && len(line) > 0, err == nil && c == '\n':
			return string(line), nil
		case err != nil:
			return "", err
		case c == '\r':
			if next, _ := r.in.Peek(1); len(next) == 1 && next[0] == '\n' {
				_, _ = r.in.Discard(1)
			}
			return string(line), nil
		case len(line) <= rowBytes:
			line = append(line, c)
		}
	}
}

// split takes a row apart. A quote counts at the beginning of a field; two inside one are one. Open tells that the row
// goes on in the next line.
func split(text string, separator byte) (fields []string, open bool) {
	for {
		var field string
		lead := strings.TrimLeft(text, " ")
		if !strings.HasPrefix(lead, `"`) {
			at := strings.IndexByte(text, separator)
			if at < 0 {
				return append(fields, text), false
			}
			field, text = text[:at], text[at+1:]
			fields = append(fields, field)
			continue
		}
		if field, text, open = quoted(lead[1:]); open {
			return fields, true
		}
		at := strings.IndexByte(text, separator)
		if at < 0 {
			return append(fields, field+text), false
		}
		fields = append(fields, field+text[:at])
		text = text[at+1:]
	}
}

// quoted reads up to the quote that closes a field, and gives what follows it.
func quoted(text string) (field, rest string, open bool) {
	var b strings.Builder
	for {
		at := strings.IndexByte(text, '"')
		if at < 0 {
			return "", "", true
		}
		b.WriteString(text[:at])
		if !strings.HasPrefix(text[at+1:], `"`) {
			return b.String(), text[at+1:], false
		}
		b.WriteByte('"')
		text = text[at+2:]
	}
}
