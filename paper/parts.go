package paper

import (
	"strings"

	"portal/models"
)

// fact is a value with its label.
type fact struct{ label, value string }

// party is one side of a paper.
type party struct {
	label string
	models.BillingDetails
}

// masthead says what the paper is, and its number or month.
func (s *sheet) masthead(title, name string) {
	s.write(muted, "", 10)
	s.CellFormat(right-left, 5, title, "", 2, "L", false, 0, "")
	s.write(ink, "B", 18)
	for _, l := range s.lines(name, right-left) {
		s.CellFormat(right-left, 9, l, "", 2, "L", false, 0, "")
	}
	s.SetXY(left, s.GetY()+5)
}

// parties sets two sides beside each other.
func (s *sheet) parties(both ...party) {
	const width = 82.0
	y := s.GetY()
	end := y
	for n, p := range both {
		x := left + float64(n)*(width+10)
		s.write(muted, "", 8.5)
		at := s.text(x, y, width, p.label)
		s.write(ink, "B", 10)
		at = s.text(x, at, width, p.Name)
		s.write(ink, "", 9.5)
		for l := range strings.Lines(p.Address) {
			at = s.text(x, at, width, l)
		}
		if country := models.CountryName(p.Country); country != "" {
			at = s.text(x, at, width, country)
		}
		if p.TaxNumber != "" {
			at = s.text(x, at, width, "Tax number "+p.TaxNumber)
		}
		end = max(end, at)
	}
	s.SetXY(left, end+6)
}

// facts lists labelled values.
func (s *sheet) facts(list []fact) {
	const label = 38.0
	for _, f := range list {
		s.write(ink, "", 9.5)
		s.room(leading * float64(len(s.lines(f.value, right-left-label))))
		y := s.GetY()
		s.write(muted, "", 9.5)
		s.text(left, y, label, f.label)
		s.write(ink, "", 9.5)
		s.SetXY(left, s.text(left+label, y, right-left-label, f.value)+0.6)
	}
	s.SetXY(left, s.GetY()+5)
}

// heading stands over a part; it is never the last on its page.
func (s *sheet) heading(text string) {
	s.room(24)
	s.write(ink, "B", 11)
	s.SetXY(left, s.text(left, s.GetY(), right-left, text)+2)
}

// note is a sentence at the end.
func (s *sheet) note(text string) {
	s.write(muted, "", 9)
	s.room(leading * float64(len(s.lines(text, right-left))))
	s.write(muted, "", 9) // a new page may have set another
	s.SetXY(left, s.text(left, s.GetY(), right-left, text)+2)
}

// cell is one cell of a row: its first text, and a smaller one below it.
type cell struct {
	text, below string
	width       float64
	right       bool
}

// row draws cells beside each other, wrapped, on a new page if they do not fit on this one.
func (s *sheet) row(style string, cells ...cell) {
	const pad, gap = 1.6, 3.0
	type laid struct{ text, below []string }
	var all []laid
	height := 0.0
	for _, c := range cells {
		s.write(ink, style, 9)
		l := laid{text: s.lines(c.text, c.width-gap)}
		s.write(muted, "", 8)
		if c.below != "" {
			l.below = s.lines(c.below, c.width-gap)
		}
		all = append(all, l)
		height = max(height, leading*float64(len(l.text)+len(l.below)))
	}
	s.room(height + 2*pad)
	x, y := left, s.GetY()+pad
	for n, c := range cells {
		align := "L"
		width := c.width - gap
		if c.right {
			align, width = "R", c.width
		}
		at := y
		s.write(ink, style, 9)
		for _, l := range all[n].text {
			s.SetXY(x, at)
			s.CellFormat(width, leading, l, "", 0, align, false, 0, "")
			at += leading
		}
		s.write(muted, "", 8)
		for _, l := range all[n].below {
			s.SetXY(x, at)
			s.CellFormat(width, leading, l, "", 0, align, false, 0, "")
			at += leading
		}
		x += c.width
	}
	s.SetXY(left, y+height+pad)
	s.line()
}

// head draws the head of a table, now and on every page that follows.
func (s *sheet) head(cells ...cell) {
	draw := func() {
		s.SetFillColor(245, 247, 248)
		s.Rect(left, s.GetY(), right-left, leading+3, "F")
		s.SetXY(left, s.GetY()+1.5)
		x, y := left, s.GetY()
		s.write(muted, "", 8.5)
		for _, c := range cells {
			s.SetXY(x, y)
			s.CellFormat(c.width, leading, c.text, "", 0, map[bool]string{true: "R", false: "L"}[c.right], false, 0, "")
			x += c.width
		}
		s.SetXY(left, y+leading+1.5)
		s.line()
	}
	s.room(24)
	draw()
	s.repeat = draw
}

// table lists what an invoice gathers.
func (s *sheet) table(lines []Line) {
	const dated, sale, amount = 24.0, 44.0, 34.0
	const what = right - left - dated - sale - amount
	s.head(cell{text: "Customer paid", width: dated}, cell{text: "For", width: what}, cell{text: "Sale", width: sale, right: true}, cell{text: "Amount", width: amount, right: true})
	for _, l := range lines {
		of, rate := saleOf(l)
		s.row("", cell{text: shortDay(l.At), width: dated}, cell{text: l.What, below: l.Reason, width: what},
			cell{text: of, below: rate, width: sale, right: true}, cell{text: l.Amount.Text(), width: amount, right: true})
	}
	if len(lines) == 0 {
		s.row("", cell{text: "Nothing is left on it: all that it gathered was taken off.", width: right - left})
	}
	s.repeat = nil
}

// saleOf is what the customer paid, and the rate that stands between it and the partner's currency.
func saleOf(l Line) (sale, rate string) {
	if l.Sale != nil {
		sale = l.Sale.Text()
	}
	if l.Rate != nil {
		rate = "at " + l.Rate.Value + ", " + rateSource(l.Rate.Source) + " of " + shortDay(l.Rate.Date)
	}
	return sale, rate
}

func rateSource(source string) string {
	if source == models.RateECB {
		return "ECB"
	}
	return source
}

// total closes a table; it stays with nothing above it torn off.
func (s *sheet) total(label string, m models.Money) {
	s.row("B", cell{text: label, width: 100}, cell{text: m.Text(), width: right - left - 100, right: true})
}
