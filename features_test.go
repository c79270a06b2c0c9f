package portal_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// claimed are the features of FEATURES.md that are said to be done, first and last of each stretch.
var claimed = [][2]int{{1, 17}, {28, 36}, {59, 76}, {81, 124}}

var feature = regexp.MustCompile(`\bF[0-9]+\b`)

func TestEveryClaimedFeatureIsNamedByATest(t *testing.T) {
	missing, err := unnamed(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	if len(missing) > 0 {
		t.Errorf("no test's comment names %s", strings.Join(missing, ", "))
	}
}

func TestOnlyTheCommentOfATestNamesAFeature(t *testing.T) {
	house := fstest.MapFS{
		"inbox/a_test.go": {Data: []byte("package inbox\n// F59, F60, F61-F76: neither end of a stretch stands for what lies between.\nvar x = `F81`\n")},
		"inbox/a.go":      {Data: []byte("package inbox\n// F82\n")},
	}
	missing, err := unnamed(house)
	if err != nil {
		t.Fatal(err)
	}
	got := " " + strings.Join(missing, " ") + " "
	for name, want := range map[string]bool{"F59": false, "F61": false, "F62": true, "F76": false, "F81": true, "F82": true, "F113": true, "F60": false} {
		if strings.Contains(got, " "+name+" ") != want {
			t.Errorf("%s: missing is %v; all that is missing: %s", name, !want, got)
		}
	}
}

// unnamed lists the claimed features that no comment of a *_test.go names.
func unnamed(house fs.FS) ([]string, error) {
	named := map[string]bool{}
	err := fs.WalkDir(house, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && (path[0] == '.' || path == "data" || entry.Name() == "node_modules"):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(house, path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		for _, group := range file.Comments {
			for _, name := range feature.FindAllString(group.Text(), -1) {
				named[name] = true
			}
		}
		return nil
	})
	var missing []string
	for _, stretch := range claimed {
		for n := stretch[0]; n <= stretch[1]; n++ {
			if name := fmt.Sprintf("F%d", n); !named[name] {
				missing = append(missing, name)
			}
		}
	}
	return missing, err
}
