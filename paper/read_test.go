package paper

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"
)

var (
	streams = regexp.MustCompile(`\nstream\r?\n`)
	shown   = regexp.MustCompile(`(?s)\(((?:\\.|[^\\()])*)\) ?Tj`)
	escaped = regexp.MustCompile(`(?s)\\(.)`)
)

// pagesOf reads a PDF of ours back: the words of each page, in the order in which they were drawn. Its fonts are subsets whose
// codes are Unicode, two bytes a letter.
func pagesOf(t *testing.T, pdf []byte) []string {
	t.Helper()
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) || !bytes.HasSuffix(bytes.TrimSpace(pdf), []byte("%%EOF")) {
		t.Fatalf("no PDF: %.20q … %.20q", pdf, pdf[max(0, len(pdf)-20):])
	}
	var pages []string
	for _, at := range streams.FindAllIndex(pdf, -1) {
		inflated, err := zlib.NewReader(bytes.NewReader(pdf[at[1]:]))
		if err != nil {
			continue // a font
		}
		page, err := io.ReadAll(inflated)
		if err != nil || !bytes.Contains(page, []byte(")Tj")) {
			continue
		}
		var words []string
		for _, m := range shown.FindAllSubmatch(page, -1) {
			words = append(words, decoded(escaped.ReplaceAllFunc(m[1], func(e []byte) []byte {
				if e[1] == 'r' {
					return []byte{'\r'}
				}
				return e[1:]
			})))
		}
		pages = append(pages, strings.Join(words, "\n"))
	}
	return pages
}

func decoded(raw []byte) string {
	var units []uint16
	for n := 0; n+1 < len(raw); n += 2 {
		units = append(units, uint16(raw[n])<<8|uint16(raw[n+1]))
	}
	return string(utf16.Decode(units))
}
