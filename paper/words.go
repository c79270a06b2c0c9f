package paper

import (
	"strings"
	"time"
	"unicode"
)

// day is a date in UTC.
func day(t time.Time) string { return t.UTC().Format("2 January 2006") }

// shortDay is a date in a narrow column.
func shortDay(t time.Time) string { return t.UTC().Format("2 Jan 2006") }

// scripts are what the fonts have letters for.
var scripts = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x20, Hi: 0x7e, Stride: 1}, {Lo: 0xa0, Hi: 0x24f, Stride: 1}, {Lo: 0x250, Hi: 0x36f, Stride: 1},
	{Lo: 0x370, Hi: 0x52f, Stride: 1}, {Lo: 0x1e00, Hi: 0x1fff, Stride: 1}, {Lo: 0x2010, Hi: 0x205e, Stride: 1}, {Lo: 0x2070, Hi: 0x20bf, Stride: 1}, {Lo: 0x2113, Hi: 0x2126, Stride: 1},
	{Lo: 0x2212, Hi: 0x2212, Stride: 1}}}

// printable makes a text one that the fonts can show: one line, and a question mark for each letter that they lack.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			return ' '
		case r == 0xfe0f || r == 0x200d || r == 0xad: // what only joins or varies others
			return -1
		case !unicode.Is(scripts, r):
			return '?'
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	return strings.Join(strings.Fields(text), " ")
}
