package views

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"portal/models"
)

// evil stands in every text that a part is given: none of it may become markup.
const evil = `"><script>alert(1)</script><img src=x onerror=alert(1) style=color:red>`

var (
	noon = time.Date(2026, 12, 12, 12, 0, 0, 0, time.UTC)
	sum  = models.Money{Minor: -120450, Currency: "usd"}
	act  = Action{Label: evil, Icon: "check", Post: "/x", Name: evil, Value: evil, Kind: Danger}
)

// samples are all parts and frames, each with every piece of it filled in.
func samples() map[string]templ.Component {
	frame := Frame{Title: evil, Sentence: evil, Status: Badge("invoice", "review"), Back: Place{Label: evil, Href: "/admin"}, Primary: Button(act), More: []Action{act, {Label: evil, Href: "/x"}},
		Company: evil, Program: evil, Programs: []Place{{Label: evil, Href: "/x", Current: true}}, Side: AdminSide, Person: evil, Role: evil,
		Places: []Place{{Label: evil, Href: "/x", Icon: "house", Count: 3, Current: true}}, TestMode: true, SwitchMode: "/mode", Flash: []Flash{{Good, evil}}}
	return map[string]templ.Component{
		"page":      Page(frame),
		"live page": Page(Frame{Title: "Home", Side: PartnerSide, SwitchMode: "/mode"}),
		"bare":      Bare(frame),
		"error":     ErrorPage(Trouble{What: evil, Why: evil, Do: act, Request: evil}),
		"badge":     Badge("payment", "paid"),
		"words":     BadgeWords("commission", "held", evil),
		"unknown":   Badge(evil, evil),
		"money":     Money(sum),
		"time":      Time(noon, noon),
		"date":      Date(noon),
		"copy":      Copy(evil, evil),
		"button":    Button(Action{Label: evil, Href: "/x?a=" + evil, Narrow: true, Icon: "copy"}),
		"menu":      Menu(evil, []Action{act}),
		"card":      Card(evil, Button(act)),
		"facts":     Facts(),
		"fact":      Fact(evil),
		"notice":    Notice(Careful),
		"figures":   Figures([]Figure{{Label: evil, Value: evil, Code: evil, Change: evil, Href: "/x", Spark: []int64{1, 3, 2}}, MoneyFigure(evil, sum)}),
		"progress":  Progress(evil, 1204, 4500, evil),
		"table":     Table(evil),
		"head":      Head(Col{Label: evil}, Col{Label: evil, Money: true, Wide: true, Hidden: true}),
		"cell":      MoneyCell(sum),
		"empty":     Empty("inbox", evil, act),
		"filters":   Filters(evil, []Chip{{evil, "/x", 1204, true}, {evil, "/x", 0, false}}),
		"pager":     Pager(evil, "/x", "/y"),
		"field":     Field(TextField{Name: "name", Label: evil, Value: evil, Hint: evil, Error: evil, Autocomplete: "name", InputMode: "text", Required: true, Autofocus: true}),
		"pick":      PickPartner(PartnerPick{Label: evil, Offered: []Option{{evil, evil}}, Value: evil, Hint: evil, Error: evil, Autofocus: true}),
		"area":      Field(TextField{Name: "note", Label: evil, Value: evil, Rows: 3}),
		"select":    Select(Choice{Name: "c", Label: evil, Options: []Option{{evil, evil}}, Value: evil, Hint: evil, Error: evil}),
		"check":     Check("c", evil, true),
		"confirm":   Confirm(MoneyAction{Verb: evil, Amount: sum, To: evil, From: evil, Note: evil, Post: "/x", Hidden: []Hidden{{evil, evil}}, Typed: "amount", Error: evil}),
		"why":       WhyTimeline([]WhyStep{{evil, evil, evil, "matched", true}, {Question: evil, Answer: evil, Verdict: evil}}),
		"later":     WhyLater([]LaterStep{{evil, evil, noon, "undo-2", Careful, &sum}}, noon),
		"toast":     Toast(Flash{Bad, evil}),
	}
}

func render(t *testing.T, c templ.Component) string {
	t.Helper()
	var out bytes.Buffer
	if err := c.Render(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// elements parses a piece of HTML and gives every element in it.
func elements(t *testing.T, text string) []*html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var all []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			all = append(all, n)
		}
	}
	return all
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func TestNoPartHasInlineStyleOrScriptWhateverItIsGiven(t *testing.T) {
	t.Parallel()
	for name, part := range samples() {
		for _, n := range elements(t, render(t, part)) {
			if n.Data == "style" || n.Data == "img" || n.Data == "script" && !strings.HasPrefix(attr(n, "src"), "/static/") {
				t.Errorf("%s: <%s>", name, n.Data)
			}
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s: <%s %s>", name, n.Data, a.Key)
				}
			}
		}
	}
}

func TestAnAddressThatWouldRunScriptIsNotFollowed(t *testing.T) {
	t.Parallel()
	for name, part := range map[string]templ.Component{
		"button": Button(Action{Label: "x", Href: "javascript:alert(1)"}),
		"place":  Page(Frame{Places: []Place{{Label: "x", Href: "javascript:alert(1)"}}}),
		"chip":   Filters("x", []Chip{{Label: "x", Href: "javascript:alert(1)"}}),
	} {
		if strings.Contains(render(t, part), "javascript:") {
			t.Errorf("%s keeps a javascript: address", name)
		}
	}
}

func TestEveryControlHasANameToReadAloud(t *testing.T) {
	t.Parallel()
	for name, part := range samples() {
		all := elements(t, render(t, part))
		labelled, ids := map[string]bool{}, map[string]int{}
		for _, n := range all {
			if n.Data == "label" {
				labelled[attr(n, "for")] = true
			}
			if id := attr(n, "id"); id != "" {
				ids[id]++
			}
		}
		for id, times := range ids {
			if times > 1 {
				t.Errorf("%s: id %q %d times", name, id, times)
			}
		}
		for _, n := range all {
			for id := range strings.FieldsSeq(attr(n, "aria-describedby")) {
				if ids[id] == 0 {
					t.Errorf("%s: described by %q, which is not there", name, id)
				}
			}
			switch n.Data {
			case "input", "select", "textarea":
				if kind := attr(n, "type"); kind != "hidden" && kind != "checkbox" && !labelled[attr(n, "id")] {
					t.Errorf("%s: <%s> has no label", name, n.Data)
				}
			case "svg":
				if attr(n, "aria-hidden") != "true" {
					t.Errorf("%s: an icon is read aloud", name)
				}
			}
		}
	}
}

func TestAPasswordIsNeverSentBack(t *testing.T) {
	t.Parallel()
	if out := render(t, Field(TextField{Name: "password", Label: "Password", Type: "password", Value: "hunter2"})); strings.Contains(out, "hunter2") {
		t.Error(out)
	}
}

func TestEveryStateOfTheContractHasAWordAndAnIcon(t *testing.T) {
	t.Parallel()
	for noun, list := range map[string]string{
		"payment":         "paid partially_refunded refunded disputed",
		"commission":      "waiting held due invoiced paid reversed",
		"invoice":         "review approved processing needs_confirmation charged paid failed refunded void",
		"partner_invoice": "review approved processing needs_confirmation charged paid failed refunded void",
		"event":           "pending done ignored failed",
		"partner":         "pending active paused banned",
		"verdict":         "matched no_match skipped refused computed",
	} {
		for state := range strings.FieldsSeq(list) {
			s, ok := states[noun][state]
			if !ok || s.Word == "" || s.Tone == "" || iconPaths(s.Icon) == "" {
				t.Errorf("%s %s is shown as %+v", noun, state, s)
			}
		}
	}
	if got := StateOf("payment", "never_heard_of"); got.Word != "Never heard of" || got.Tone != Plain {
		t.Errorf("an unknown state is shown as %+v", got)
	}
}

func TestEveryIconThatIsNamedIsThere(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile(`(?:\bIcon\(|\bIcon: +|@Empty\()"([^"]+)"`)
	files, _ := filepath.Glob("*")
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || strings.HasSuffix(file, "_templ.go") {
			continue
		}
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range named.FindAllSubmatch(body, -1) {
			if iconPaths(string(found[1])) == "" {
				t.Errorf("%s names the icon %q: add it to static/css/vendor.mjs", file, found[1])
			}
		}
	}
}

func TestASparklineFillsItsFrame(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []int64
		want   string
	}{
		{[]int64{0, 10}, "0.0,26.0 100.0,2.0"},
		{[]int64{5, 5, 5}, "0.0,14.0 50.0,14.0 100.0,14.0"},
		{[]int64{-10, 0, 10}, "0.0,26.0 50.0,14.0 100.0,2.0"},
	} {
		if got := sparkPoints(c.values); got != c.want {
			t.Errorf("%v: %q, want %q", c.values, got, c.want)
		}
	}
}
