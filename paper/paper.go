// Package paper prints what people keep: invoices and statements, as PDF. It is handed all that it prints, already permitted, and
// fetches nothing. The same invoice gives the same bytes.
package paper

import (
	"bytes"
	_ "embed"
	"fmt"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// Roboto, for its figures of one width: Latin, Greek and Cyrillic. Its licence stands beside it.
var (
	//go:embed fonts/regular.ttf
	regular []byte
	//go:embed fonts/semibold.ttf
	semibold []byte
)

// Sizes in millimetres on A4.
const (
	left, right = 18.0, 192.0
	top, bottom = 16.0, 276.0
	leading     = 4.4 // from line to line of the text
)

var (
	ink   = [3]int{24, 32, 38}
	muted = [3]int{85, 97, 107}
	rule  = [3]int{221, 226, 230}
	warn  = [3]int{138, 82, 0}
	bad   = [3]int{179, 38, 30}
)

// sheet is a paper under way.
type sheet struct {
	*fpdf.Fpdf
	foot   string // what every page says at its foot, before its number
	across string // what stands across every page; empty for nothing
	test   bool
	repeat func() // draws again on a new page what stands over the rows
}

// newSheet begins a paper with its first page. at is when it says that it was made.
func newSheet(title string, at time.Time, test bool) *sheet {
	s := &sheet{Fpdf: fpdf.New("P", "mm", "A4", ""), test: test}
	s.SetCreationDate(at.UTC())
	s.SetModificationDate(at.UTC())
	s.SetCatalogSort(true)
	s.SetCompression(true)
	s.SetProducer("Portal", true)
	s.SetTitle(title, true)
	s.SetLang("en")
	s.AddUTF8FontFromBytes("text", "", regular)
	s.AddUTF8FontFromBytes("text", "B", semibold)
	s.SetMargins(left, top, 210-right)
	s.SetAutoPageBreak(false, 0)
	s.SetCellMargin(0)
	s.newPage()
	return s
}

// newPage begins a page; those after the first repeat the heads.
func (s *sheet) newPage() {
	s.AddPage()
	s.SetXY(left, top)
	if s.test {
		s.write(warn, "B", 9)
		s.SetDrawColor(warn[0], warn[1], warn[2])
		s.SetLineWidth(0.2)
		s.CellFormat(right-left, 7, "Test mode. No real money moves.", "1", 2, "CM", false, 0, "")
		s.SetXY(left, s.GetY()+4)
	}
	if s.repeat != nil {
		s.repeat()
	}
}

// write sets how text looks from here on.
func (s *sheet) write(colour [3]int, style string, size float64) {
	s.SetFont("text", style, size)
	s.SetTextColor(colour[0], colour[1], colour[2])
}

// room makes sure that h millimetres are left on the page, on a new one if need be.
func (s *sheet) room(h float64) {
	if s.GetY()+h > bottom {
		s.newPage()
	}
}

// line draws a thin line over the whole width.
func (s *sheet) line() {
	s.SetDrawColor(rule[0], rule[1], rule[2])
	s.SetLineWidth(0.2)
	s.Line(left, s.GetY(), right, s.GetY())
}

// lines breaks a text at a width; what is too long to be a line of a table ends with an ellipsis.
func (s *sheet) lines(text string, width float64) []string {
	const most = 24
	all := s.SplitText(printable(text), width)
	if len(all) > most {
		all = append(all[:most-1], "…")
	}
	return all
}

// text writes a paragraph of a width at a place and gives where it ends.
func (s *sheet) text(x, y, width float64, text string) float64 {
	for _, l := range s.lines(text, width) {
		s.SetXY(x, y)
		s.CellFormat(width, leading, l, "", 0, "L", false, 0, "")
		y += leading
	}
	return y
}

// bytes ends the paper: pages are numbered, and marked where it is not what it seems.
func (s *sheet) bytes() ([]byte, error) {
	pages := s.PageCount()
	for n := 1; n <= pages; n++ {
		s.SetPage(n)
		s.mark()
		s.write(muted, "", 8)
		s.SetXY(left, 284)
		s.CellFormat(right-left, 4, s.fitted(s.foot, 140), "", 0, "L", false, 0, "")
		s.SetXY(left, 284)
		s.CellFormat(right-left, 4, fmt.Sprintf("Page %d of %d", n, pages), "", 0, "R", false, 0, "")
	}
	var out bytes.Buffer
	if err := s.Output(&out); err != nil {
		return nil, fmt.Errorf("print %s: %w", s.foot, err)
	}
	return out.Bytes(), nil
}

// mark writes across the page what the paper is not.
func (s *sheet) mark() {
	if s.across == "" {
		return
	}
	s.write(bad, "B", 76)
	s.SetAlpha(0.13, "Normal")
	s.TransformBegin()
	s.TransformRotate(45, 105, 150)
	s.SetXY(0, 135)
	s.CellFormat(210, 30, s.across, "", 0, "CM", false, 0, "")
	s.TransformEnd()
	s.SetAlpha(1, "Normal")
}

// fitted is a text cut to a width.
func (s *sheet) fitted(text string, width float64) string {
	if all := s.lines(text, width); len(all) > 1 {
		return all[0] + "…"
	}
	return printable(text)
}
