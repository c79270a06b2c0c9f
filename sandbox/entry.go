package sandbox

import (
	"fmt"
	"slices"
	"strings"
)

// entry is a form with its fields: those in a column, those of what is sold and of the amount in lines, and those most people leave alone.
type entry struct {
	Name, Title, Why, Button, Look, Account string
	Fields, Goods, Amount, More             []field
}

// Open tells whether the fields that most leave alone must be seen.
func (e entry) Open() bool {
	return slices.ContainsFunc(e.More, func(f field) bool { return f.Error != "" || !f.Options[0].Chosen })
}

type field struct {
	ID, Name, Label, Hint, Type, Value, Error, List string
	Figures, Focus                                  bool
	Options                                         []option
}

type option struct {
	Value, Label string
	Chosen       bool
}

// forms are what can be sold to a customer of the account. The first field that is wrong gets the cursor.
func (s *Sandbox) forms(a *account, v visit) []entry {
	forms := []entry{s.saleForm(a, v), s.subscriptionForm(a, v)}
	for _, e := range forms {
		for _, fields := range [][]field{e.Fields, e.Goods, e.Amount, e.More} {
			if i := slices.IndexFunc(fields, func(f field) bool { return f.Error != "" }); i >= 0 {
				fields[i].Focus = true
				return forms
			}
		}
	}
	return forms
}

func (s *Sandbox) saleForm(a *account, v visit) entry {
	f := filled{"sales", v}
	return entry{"sales", "Make a sale", "A customer whom a partner sent pays once.", "Make the sale", "btn-primary", a.ID,
		[]field{
			f.text("email", "Customer e-mail", "Made up. With one from below, that customer buys again.", "email", madeUp(2*a.last["cus_"])),
			s.partnerField(f)},
		[]field{productField(f, "Order"), codeField(f)},
		f.amounts(a, "100.00"),
		[]field{f.choice("told", "How the code reaches Portal", option{"metadata", "Metadata of the Checkout session", true},
			option{"client_reference", "Client reference of the Checkout session", false},
			option{"", "Not at all: the customer is known, or nobody sent them", false})}}
}

func (s *Sandbox) subscriptionForm(a *account, v visit) entry {
	f := filled{"subscriptions", v}
	return entry{"subscriptions", "Start a subscription", "The first period is paid at once; the next ones when you press Renew, or a month later.",
		"Start the subscription", "btn-plain", a.ID,
		[]field{
			f.text("email", "Customer e-mail", "Made up. With one from below, that customer subscribes.", "email", madeUp(2*a.last["cus_"]+1)),
			s.partnerField(f)},
		[]field{productField(f, "Subscription"), codeField(f),
			f.choice("interval", "Every", option{"month", "Month", true}, option{"year", "Year", false}), f.text("trial", "Free days first", "", "text", "0")},
		f.amounts(a, "50.00"),
		[]field{f.choice("told", "How the code reaches Portal", option{"metadata", "Metadata of the Checkout session", true},
			option{"client_reference", "Client reference of the Checkout session", false},
			option{"subscription", "Metadata of the subscription", false},
			option{"", "Not at all", false})}}
}

// partnerField offers the codes the sandbox was told of; any other may be typed.
func (s *Sandbox) partnerField(f filled) field {
	hint, first := "Of the partner who sent the customer; empty for none.", ""
	if len(s.partners) > 0 {
		first, _, _ = strings.Cut(s.partners[0], " ")
		hint = either(s.partners) + "; empty for none."
	}
	out := f.text("partner", "Partner code", hint, "text", first)
	if len(s.partners) > 0 {
		out.List = "partners"
	}
	return out
}

// productField offers what was sold before; any other name becomes a product.
func productField(f filled, first string) field {
	out := f.text("product", "Product", "A new name becomes a product.", "text", first)
	out.List = "products"
	return out
}

func codeField(f filled) field {
	return f.text("code", "Promotion code", "The amount is what is left after it.", "text", "")
}

func either(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

var (
	firstNames = strings.Fields("ada ben carla dev elif finn grace hugo iris jonas kira liam mina")
	lastNames  = strings.Fields("archer brook castle dale ellis frost grove hill irving lake moss")
)

// madeUp is an e-mail address nobody has, another for each number.
func madeUp(n int) string {
	return fmt.Sprintf("%s.%s%d@example.com", firstNames[n%len(firstNames)], lastNames[n%len(lastNames)], n+1)
}

// filled makes fields that keep what was typed into their form and say what is wrong with it.
type filled struct {
	form string
	v    visit
}

func (f filled) text(name, label, hint, kind, first string) field {
	out := field{ID: f.form + "-" + name, Name: name, Label: label, Hint: hint, Type: kind, Value: first}
	if f.v.form == f.form {
		out.Value, out.Error = f.v.typed.Get(name), f.v.wrong[name]
	}
	return out
}

func (f filled) amounts(a *account, first string) []field {
	out := []field{f.text("amount", "Amount, with tax", "", "text", first), f.text("tax", "Tax in it", "", "text", "0"),
		f.text("currency", "Currency", "", "text", a.DefaultCurrency)}
	out[0].Figures, out[1].Figures = true, true
	return out
}

func (f filled) choice(name, label string, options ...option) field {
	out := f.text(name, label, "", "", "")
	for i := range options {
		if f.v.form == f.form {
			options[i].Chosen = options[i].Value == out.Value
		}
	}
	out.Options = options
	return out
}
