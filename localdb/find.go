package localdb

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// oldest is the first major version of PostgreSQL that Portal's schema runs on.
const oldest = 15

var errMissing = errors.New("PostgreSQL 15 or newer is not installed: apt-get install postgresql (Debian, Ubuntu), dnf install postgresql-server (Fedora), brew install postgresql (macOS), or set database.url")

// Binaries are the programs of one installed PostgreSQL.
type Binaries struct {
	Initdb   string // path of initdb
	Postgres string // path of postgres
	Major    int    // major version, such as 15
}

// elsewhere are the directories outside the PATH where packages put PostgreSQL.
var elsewhere = []string{
	"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// installed lists what is installed, newest first. pg_config is asked only when the usual places have nothing: on
// Debian it is a script that takes longer than the whole start.
func installed() []Binaries {
	dirs := filepath.SplitList(os.Getenv("PATH"))
	for _, g := range elsewhere {
		match, _ := filepath.Glob(g)
		dirs = append(dirs, match...)
	}
	found := inspect(dirs)
	if len(found) == 0 {
		if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
			found = inspect([]string{strings.TrimSpace(string(out))})
		}
	}
	return found
}

func newest(found []Binaries) (Binaries, error) {
	if len(found) == 0 {
		return Binaries{}, errMissing
	}
	if b := found[0]; b.Major < oldest {
		return Binaries{}, fmt.Errorf("%w (found only PostgreSQL %d in %s)", errMissing, b.Major, filepath.Dir(b.Postgres))
	}
	return found[0], nil
}

// ofMajor returns the programs for a cluster that a given major version has made: no other can open it.
func ofMajor(found []Binaries, major int, cluster string) (Binaries, error) {
	if i := slices.IndexFunc(found, func(b Binaries) bool { return b.Major == major }); i >= 0 {
		return found[i], nil
	}
	return Binaries{}, fmt.Errorf("%s was made by PostgreSQL %d, which is not installed: apt-get install postgresql-%d, or move the data with pg_upgrade", cluster, major, major)
}

// inspect returns those of the directories that hold both programs, newest version first. A postgres on the PATH may
// be a link to a directory where its initdb is, so links are resolved.
func inspect(dirs []string) []Binaries {
	var found []Binaries
	seen := map[string]bool{}
	for _, d := range dirs {
		postgres, err := filepath.EvalSymlinks(filepath.Join(d, "postgres"))
		if err != nil || !filepath.IsAbs(postgres) || seen[postgres] {
			continue
		}
		seen[postgres] = true
		b := Binaries{Postgres: postgres, Initdb: filepath.Join(filepath.Dir(postgres), "initdb")}
		if _, err := exec.LookPath(b.Initdb); err != nil {
			continue
		}
		if b.Major = version(postgres); b.Major > 0 {
			found = append(found, b)
		}
	}
	slices.SortStableFunc(found, func(a, b Binaries) int { return cmp.Compare(b.Major, a.Major) })
	return found
}

// version reads the major version out of "postgres (PostgreSQL) 15.13 (Debian 15.13-0)"; 0 when it cannot.
func version(postgres string) int {
	out, _ := exec.Command(postgres, "--version").Output()
	_, after, _ := strings.Cut(string(out), "(PostgreSQL) ")
	digits := after[:len(after)-len(strings.TrimLeft(after, "0123456789"))]
	major, _ := strconv.Atoi(digits)
	return major
}
