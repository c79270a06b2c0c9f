package localdb

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestMain lets the test binary also be another portal: LOCALDB_AS=serve or join, on the directory in LOCALDB_DIR.
func TestMain(m *testing.M) {
	as := os.Getenv("LOCALDB_AS")
	if as == "" {
		os.Exit(m.Run())
	}
	open := func() (*Server, error) { return Start(context.Background(), os.Getenv("LOCALDB_DIR"), WithFastTests()) }
	if as == "join" {
		open = func() (*Server, error) { return Join(context.Background(), os.Getenv("LOCALDB_DIR")) }
	}
	s, err := open()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.URL())
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := s.Stop(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// portal is another process that has opened a data directory.
type portal struct {
	cmd   *exec.Cmd
	stdin io.Closer
	said  string // the URL, or the error
}

// another starts the helper as the given user id, or as the present one when uid is 0, and waits for its first line.
func another(t *testing.T, binary, as, dir string, uid uint32) *portal {
	t.Helper()
	cmd := exec.Command(binary)
	cmd.Dir = filepath.Dir(dir)
	cmd.Env = append(os.Environ(), "LOCALDB_AS="+as, "LOCALDB_DIR="+dir)
	if uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	}
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	cmd.Stderr = os.Stderr
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	return &portal{cmd: cmd, stdin: stdin, said: strings.TrimSpace(line)}
}

// end lets the helper stop its server and leave.
func (p *portal) end(t *testing.T) {
	t.Helper()
	p.stdin.Close()
	must(t, p.cmd.Wait())
}

// roomFor makes a directory that every user may pass, on a memory file system where there is one.
func roomFor(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "localdb-")
	if err != nil {
		dir, err = os.MkdirTemp("", "localdb-")
	}
	must(t, err)
	must(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func start(t *testing.T, dir string) *Server {
	t.Helper()
	s, err := Start(t.Context(), dir, WithFastTests())
	must(t, err)
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

func join(t *testing.T, dir string) *Server {
	t.Helper()
	s, err := Join(t.Context(), dir)
	must(t, err)
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

// add writes one row, making its table first, and returns how many rows there are.
func add(t *testing.T, url string) int {
	t.Helper()
	db, err := sql.Open("postgres", url)
	must(t, err)
	defer db.Close()
	_, err = db.Exec(`CREATE TABLE IF NOT EXISTS mark (at timestamptz NOT NULL DEFAULT now()); INSERT INTO mark DEFAULT VALUES`)
	must(t, err)
	var n int
	must(t, db.QueryRow(`SELECT count(*) FROM mark`).Scan(&n))
	return n
}

// socketOf reads the directory of the socket out of a server's URL.
func socketOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	return u.Query().Get("host")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantSentence(t *testing.T, got string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(got, part) {
			t.Errorf("got %q, want it to say %q", got, part)
		}
	}
}
