// Package storetest gives each test a PostgreSQL database of its own, sample nouns, and the proof of the books after
// every test. It is for tests only.
package storetest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jmoiron/sqlx"

	"portal/books"
	"portal/localdb"
	"portal/store"
)

// cluster is one PostgreSQL a test process, with a migrated template that each test's database is cloned from.
type cluster struct {
	dir    string
	server *localdb.Server
	admin  *sqlx.DB
	count  atomic.Int64
	clone  sync.Mutex
}

var (
	theCluster = sync.OnceValues(start)
	running    *cluster
)

// Main runs a package's tests and clears the cluster away after them. Call it from TestMain.
func Main(m *testing.M) {
	code := m.Run()
	if running != nil {
		_ = running.admin.Close()
		_ = running.server.Stop()
		_ = os.RemoveAll(running.dir)
	}
	os.Exit(code)
}

// start makes the cluster in memory where it can.
func start() (*cluster, error) {
	ctx := context.Background()
	parent := "/dev/shm"
	if syscall.Access(parent, 2) != nil {
		parent = os.TempDir()
	}
	sweep(parent)
	dir := filepath.Join(parent, fmt.Sprintf("portal-test-%d", os.Getpid()))
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return nil, err
	}
	server, err := localdb.Start(ctx, dir, localdb.WithFastTests())
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(ctx, server.URL()); err != nil {
		return nil, err
	}
	admin, err := sqlx.Connect("postgres", named(server.URL(), "postgres"))
	if err != nil {
		return nil, err
	}
	running = &cluster{dir: dir, server: server, admin: admin}
	return running, nil
}

// sweep removes what test processes left that were killed.
func sweep(parent string) {
	left, _ := filepath.Glob(filepath.Join(parent, "portal-test-*"))
	for _, dir := range left {
		var pid int
		if _, err := fmt.Sscanf(filepath.Base(dir), "portal-test-%d", &pid); err == nil && syscall.Kill(pid, 0) == syscall.ESRCH {
			_ = os.RemoveAll(dir)
		}
	}
}

// named is the address of another database of the same cluster.
func named(address, database string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	u.Path = "/" + database
	return u.String()
}

// URL makes a fresh, migrated database for one test and gives its address. It is dropped after the test.
func URL(t testing.TB) string {
	t.Helper()
	c, err := theCluster()
	if err != nil {
		t.Fatalf("start PostgreSQL for the tests: %v", err)
	}
	name := fmt.Sprintf("test_%d", c.count.Add(1))
	c.clone.Lock()
	_, err = c.admin.Exec(`CREATE DATABASE ` + name + ` TEMPLATE portal STRATEGY FILE_COPY`)
	c.clone.Unlock()
	if err != nil {
		t.Fatalf("make a database: %v", err)
	}
	t.Cleanup(func() { _, _ = c.admin.Exec(`DROP DATABASE ` + name + ` WITH (FORCE)`) })
	return named(c.server.URL(), name)
}

// OpenUnproved is Open for a test that breaks the books on purpose, or books what has no cause.
func OpenUnproved(t testing.TB) *store.Store {
	t.Helper()
	s := connect(t, URL(t))
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// Open gives a store on a database of the test's own. After the test its books must be proved.
func Open(t testing.TB) *store.Store {
	t.Helper()
	return OpenAt(t, URL(t))
}

// OpenAt is Open on a database that URL gave.
func OpenAt(t testing.TB, address string) *store.Store {
	t.Helper()
	s := connect(t, address)
	t.Cleanup(func() {
		CheckBooks(t, s)
		_ = s.Close()
	})
	return s
}

func connect(t testing.TB, address string) *store.Store {
	t.Helper()
	ring, err := store.NewKeyring([]string{"1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(context.Background(), address, ring)
	if err != nil {
		t.Fatalf("open the database: %v", err)
	}
	return s
}

// CheckBooks fails the test when the books do not balance, naming what differs, and gives their hash.
func CheckBooks(t testing.TB, s *store.Store) string {
	t.Helper()
	report, err := books.Prove(context.Background(), s)
	if err != nil {
		t.Errorf("prove the books: %v", err)
	}
	for _, difference := range report.Differences {
		t.Errorf("the books differ: %s", difference)
	}
	return report.Hash
}
