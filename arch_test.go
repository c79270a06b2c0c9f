package portal_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// The house: every room, and the rooms it may import. DESIGN.md 2 and the README print the same table.
var arrows = map[string]string{
	"models":          "",
	"migrations":      "",
	"static":          "",
	"attribution":     "models",
	"commission":      "models",
	"ledger":          "models",
	"sources":         "models",
	"store":           "models migrations",
	"books":           "models store ledger commission sources",
	"store/storetest": "models migrations ledger localdb store books",
	"replay":          "models store inbox books rates",
	"doctor":          "models store integrations commission mail",
	"rates":           "models store",
	"mail":            "models store",
	"localdb":         "models",
	"views":           "models static",
	"inbox":           "models sources store attribution commission ledger rates",
	"integrations":    "models sources store inbox",
	"payouts":         "models store ledger commission rates",
	"jobs":            "models store inbox integrations payouts rates mail",
	"handlers":        "models store inbox integrations payouts doctor views static mail paper",
	"paper":           "models",
	"sandbox":         "models",
	"cmd/portal":      "*", // wiring: the only room that knows all others
	".":               "*", // no room: this test
}

// Tests of every room may also import these.
const forTests = "store/storetest sandbox localdb inbox payouts sources rates replay"

// What a room's own code may not import, or, with a dot, name. "modules" is everything beyond the standard library.
// It keeps database, network and clock out of the rules.
const (
	inRules = "modules context net net/http database/sql time.Now time.Since time.Until"
	network = "net http.Get http.Post http.PostForm http.Head http.NewRequest http.NewRequestWithContext http.Client http.DefaultClient http.Transport http.DefaultTransport"
)

var bans = map[string]string{
	"models":      "modules context",
	"attribution": inRules, "commission": inRules, "ledger": inRules,
	"sources":  network,
	"views":    "database/sql",
	"handlers": "database/sql github.com/jmoiron/sqlx github.com/jackc/pgx/v5",
}

func TestEveryRoomImportsOnlyWhatTheTableAllows(t *testing.T) {
	found, err := violations(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	for _, violation := range found {
		t.Error(violation)
	}
}

func TestAPlantedViolationIsNamedByFileAndRoom(t *testing.T) {
	for name, c := range map[string]struct{ file, source, want string }{
		"a rule that imports the store":             {"commission/a.go", `import "portal/store"`, "commission/a.go: room commission may not import portal/store"},
		"a rule that imports another rule":          {"ledger/a.go", `import "portal/commission"`, "ledger/a.go: room ledger may not import portal/commission"},
		"a rule that imports context":               {"attribution/a.go", `import "context"`, "attribution/a.go: room attribution may not use context"},
		"a rule that speaks to the network":         {"commission/a.go", `import "net/http"`, "commission/a.go: room commission may not use net/http"},
		"a rule that imports a module":              {"ledger/a.go", `import "github.com/x/y"`, "ledger/a.go: room ledger may not use modules"},
		"a rule that looks at the clock":            {"ledger/a.go", "import \"time\"\nvar at = time.Now()", "ledger/a.go: room ledger may not use time.Now"},
		"a rule that renames the clock":             {"ledger/a.go", "import clock \"time\"\nvar now = clock.Now", "ledger/a.go: room ledger may not use time.Now"},
		"a noun that imports context":               {"models/a.go", `import "context"`, "models/a.go: room models may not use context"},
		"a source that calls out":                   {"sources/a.go", "import \"net/http\"\nvar _, _ = http.Get(\"\")", "sources/a.go: room sources may not use http.Get"},
		"a handler that imports a rule":             {"handlers/a.go", `import "portal/ledger"`, "handlers/a.go: room handlers may not import portal/ledger"},
		"a handler that imports a source":           {"handlers/a.go", `import "portal/sources"`, "handlers/a.go: room handlers may not import portal/sources"},
		"a handler that speaks SQL":                 {"handlers/a.go", `import "database/sql"`, "handlers/a.go: room handlers may not use database/sql"},
		"a sandbox that knows the house":            {"sandbox/a.go", `import "portal/payouts"`, "sandbox/a.go: room sandbox may not import portal/payouts"},
		"code that imports what only tests may":     {"inbox/a.go", `import "portal/sandbox"`, "inbox/a.go: room inbox may not import portal/sandbox"},
		"a test that goes sideways":                 {"payouts/a_test.go", `import "portal/handlers"`, "payouts/a_test.go: room payouts may not import portal/handlers"},
		"a folder that is no room":                  {"utils/a.go", "", "utils/a.go: utils is no room of the house"},
		"a test may import the sandbox":             {"inbox/a_test.go", `import "portal/sandbox"`, ""},
		"a test may import its own room":            {"ledger/a_test.go", `import "portal/ledger"`, ""},
		"a test may use modules and the clock":      {"ledger/a_test.go", "import \"time\"\nimport _ \"pgregory.net/rapid\"\nvar at = time.Now()", ""},
		"a source may name a header":                {"sources/a.go", "import \"net/http\"\nvar h http.Header", ""},
		"something of one's own called time is not": {"ledger/a.go", "var time clock\nvar at = time.Now()", ""},
		"files beside the house are not looked at":  {"static/css/node_modules/a.go", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := violations(fstest.MapFS{c.file: {Data: []byte("package a\n" + c.source)}})
			if got := strings.Join(found, "\n"); err != nil || got != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
	if _, err := violations(fstest.MapFS{"ledger/a.go": {Data: []byte("no Go")}}); err == nil {
		t.Error("a file that cannot be read passed")
	}
}

// violations are the imports and names in a tree that the tables do not allow, as sentences with file and room.
func violations(tree fs.FS) ([]string, error) {
	var found []string
	err := fs.WalkDir(tree, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && file != "." && (name[0] == '.' || name[0] == '_' || name == "testdata" || name == "node_modules") {
			return fs.SkipDir
		}
		if entry.IsDir() || path.Ext(name) != ".go" {
			return nil
		}
		source, err := fs.ReadFile(tree, file)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		found = append(found, judge(file, parsed)...)
		return nil
	})
	return found, err
}

func judge(file string, parsed *ast.File) []string {
	room, test := path.Dir(file), strings.HasSuffix(file, "_test.go")
	row, known := arrows[room]
	if !known {
		return []string{fmt.Sprintf("%s: %s is no room of the house", file, room)}
	}
	allowed := strings.Fields(row)
	if test {
		allowed = append(append(allowed, strings.Fields(forTests)...), room)
	}
	var found []string
	for _, spec := range parsed.Imports {
		whole := strings.Trim(spec.Path.Value, "\"`")
		if other, ours := strings.CutPrefix(whole, "portal/"); ours && row != "*" && !slices.Contains(allowed, other) {
			found = append(found, fmt.Sprintf("%s: room %s may not import %s", file, room, whole))
		}
	}
	if banned := strings.Fields(bans[room]); !test {
		for _, use := range uses(parsed) {
			if slices.Contains(banned, use) {
				found = append(found, fmt.Sprintf("%s: room %s may not use %s", file, room, use))
			}
		}
	}
	return found
}

// uses are the packages a file imports, "modules" for one beyond the standard library, and the names it takes from them.
func uses(parsed *ast.File) []string {
	var all []string
	packages := map[string]string{}
	for _, spec := range parsed.Imports {
		whole := strings.Trim(spec.Path.Value, "\"`")
		all = append(all, whole)
		if first, _, _ := strings.Cut(whole, "/"); strings.Contains(first, ".") {
			all = append(all, "modules")
		}
		local := path.Base(whole)
		if spec.Name != nil {
			local = spec.Name.Name
		}
		packages[local] = path.Base(whole)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if selected, ok := n.(*ast.SelectorExpr); ok {
			if from, ok := selected.X.(*ast.Ident); ok && packages[from.Name] != "" {
				all = append(all, packages[from.Name]+"."+selected.Sel.Name)
			}
		}
		return true
	})
	return all
}

// The README shows people the same table.
func TestTheReadmeShowsTheTable(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	for line := range strings.SplitSeq(string(text), "\n") {
		if cells := strings.Split(line, "|"); len(cells) == 5 {
			shown[strings.TrimSpace(cells[1])] = strings.Join(strings.Fields(strings.ReplaceAll(cells[3], ",", " ")), " ")
		}
	}
	for room, allowed := range arrows {
		if told, ok := shown[room]; allowed != "*" && (!ok || told != allowed) {
			t.Errorf("README says %q for %s, the table says %q", told, room, allowed)
		}
	}
}
