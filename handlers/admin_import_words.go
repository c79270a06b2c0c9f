package handlers

import (
	"fmt"

	"portal/models"
	"portal/views"
)

// listedKinds are what an import lists, in the order in which it asks.
var listedKinds = []struct{ kind, many, label string }{
	{"invoice", "paid invoices", "Paid invoices"},
	{"charge", "charges without an invoice", "Charges without an invoice"},
	{"checkout.session", "checkouts", "Checkouts"},
	{"refund", "refunds", "Refunds"},
	{"dispute", "disputes", "Disputes"},
	{"credit_note", "credit notes", "Credit notes given back outside Stripe"},
	{"zero_invoice", "", "Invoices of zero, such as trials"},
}

const listsAsked = 6 // of these; invoices of zero are listed with the others

// importState is the state that people see: one that is paused, or waits, says so.
func importState(i models.Import) string {
	switch {
	case i.Paused:
		return "paused"
	case i.Waits != nil && i.State == models.ImportListing:
		return "waits"
	}
	return string(i.State)
}

// importStep says what is under way.
func importStep(i models.Import) (step, count string) {
	const leave = "You may leave this page: the work goes on, and the list of imports leads back here."
	if i.State == models.ImportEntering {
		return "Brought in, objects", leave
	}
	if step = "Reckoning what it would do"; i.Step < listsAsked {
		step = fmt.Sprintf("Listing %s, list %d of %d", listedKinds[i.Step].many, i.Step+1, listsAsked)
	}
	return step, views.Count(i.Rows, "object", "objects") + " found so far. Nothing is counted yet. " + leave
}

// importEnd says what an import did.
func importEnd(i models.Import) (tone views.Tone, ended, note string) {
	if i.State == models.ImportCancelled {
		note = "Nothing was brought in."
		if i.Entered > 0 {
			note = views.Count(i.Entered, "object was", "objects were") + " brought in before that, and stay."
		}
		return views.Plain, "This import was cancelled.", note
	}
	note = "What was paid before the connection earns nothing. A second import can ask for commissions."
	switch {
	case !i.Since.Before(i.ConnectedAt):
		note = "All of it was paid since Stripe was connected: it earns as if Stripe had told of it at once."
	case i.Commissions:
		note = "What was paid before the connection earns as if it had been told then."
	}
	return views.Good, views.Count(i.Entered, "object was", "objects were") + " brought in; " + newOnes(i.Found.Kinds), note
}

// newOnes says how many of the objects that were listed had not been here. What had been is not counted a second time.
func newOnes(kinds []models.FoundKind) string {
	missing, all := 0, 0
	for _, k := range kinds {
		missing, all = missing+k.Count-k.Here, all+k.Count
	}
	switch missing {
	case 0:
		return "all of them were here already, and are not counted twice."
	case all:
		return "none of them was here before."
	}
	return views.Count(missing, "was", "were") + " not here before. The others are not counted twice."
}

// foundLines are what was listed, by kind and currency; checkouts, whose money is counted elsewhere, are one line.
func foundLines(kinds []models.FoundKind) []views.FoundLine {
	var lines []views.FoundLine
	for _, known := range listedKinds {
		checkout := known.kind == "checkout.session"
		for _, k := range kinds {
			switch last := len(lines) - 1; {
			case k.Kind != known.kind:
			case checkout && last >= 0 && lines[last].NoSum:
				lines[last].Count, lines[last].Here = lines[last].Count+k.Count, lines[last].Here+k.Here
			default:
				lines = append(lines, views.FoundLine{Label: known.label, Count: k.Count, Here: k.Here, Sum: models.Money{Minor: k.Sum, Currency: k.Currency}, NoSum: checkout})
			}
		}
	}
	return lines
}
