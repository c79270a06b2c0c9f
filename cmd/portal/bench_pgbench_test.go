package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"portal/localdb"
)

// cluster is the PostgreSQL of a place, which pgbench measures beside Portal.
type cluster struct {
	testing.TB
	url     string
	pgbench string
}

// beside joins the cluster of a place that a Portal runs.
func beside(p *place) *cluster {
	p.t.Helper()
	server, err := localdb.Join(context.Background(), p.dir)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = server.Stop() })
	started, err := os.ReadFile(filepath.Join(p.dir, "postgres", "postmaster.opts"))
	if err != nil {
		p.t.Fatal(err)
	}
	postgres, _, _ := strings.Cut(string(started), " ")
	return &cluster{p.t, server.URL(), filepath.Join(filepath.Dir(postgres), "pgbench")}
}

// named is the address of another database of the cluster.
func (c *cluster) named(database string) string {
	return strings.Replace(c.url, "postgres:///portal?", "postgres:///"+database+"?", 1)
}

// exec runs a statement in the house's own database.
func (c *cluster) exec(statement string, args ...any) {
	c.Helper()
	db, err := sql.Open("postgres", c.url)
	if err != nil {
		c.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(statement, args...); err != nil {
		c.Fatal(err)
	}
}

// run runs pgbench and gives what it wrote.
func (c *cluster) run(args ...string) string {
	c.Helper()
	out, err := exec.Command(c.pgbench, args...).CombinedOutput()
	if err != nil {
		c.Fatalf("pgbench: %v\n%.1000s", err, out)
	}
	return string(out)
}

// tps lets pgbench run for a while and gives its transactions per second.
func (c *cluster) tps(database string, clients int, of time.Duration, args ...string) float64 {
	c.Helper()
	args = append(args, "-n", "-c", strconv.Itoa(clients), "-j", "2", "-T", strconv.Itoa(int(of.Seconds())), c.named(database))
	out := c.run(args...)
	_, rest, _ := strings.Cut(out, "tps = ")
	var tps float64
	if _, err := fmt.Sscan(rest, &tps); err != nil {
		c.Fatalf("pgbench wrote %s", out)
	}
	return tps
}
