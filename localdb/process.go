package localdb

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	_ "github.com/lib/pq"
)

// settings are name=value pairs of the server's configuration; a later one wins.
type settings []string

// defaults keep the server small and quiet. No huge pages: a container may promise more of them than it has.
var defaults = settings{
	"listen_addresses=", "unix_socket_permissions=0700", "max_connections=100",
	"shared_buffers=32MB", "huge_pages=off", "jit=off",
	"random_page_cost=1.1", // disks have no arm to move any more: an index is the way to a few hundred rows
	"timezone=UTC", "log_timezone=UTC", "log_checkpoints=off",
}

// process is a child and its end.
type process struct {
	cmd    *exec.Cmd
	log    string        // the file that it writes to
	from   int64         // where in it this child's lines begin
	done   chan struct{} // closed when the child has ended
	err    error         // how it ended; read after done
	socket string        // the directory of its socket
}

// spawn starts a child on a cluster directory as the account, in a process group of its own (the terminal's Ctrl-C is
// for Portal), with a signal that it gets when Portal dies. That signal is sent when the OS thread that started the
// child ends, so one thread is kept for starting and for waiting. What the child says goes to the log.
func (h home) spawn(cmd *exec.Cmd, dir string, death syscall.Signal) (*process, error) {
	log, err := h.open("postgres.log", os.O_APPEND|os.O_WRONLY)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	from, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL's log: %w", err)
	}
	if h.closed {
		open, err := os.Open(dir)
		if err != nil {
			return nil, fmt.Errorf("hand the cluster to PostgreSQL: %w", err)
		}
		defer open.Close()
		cmd.ExtraFiles, dir = []*os.File{open}, handed
	}
	cmd.Args = slices.Insert(cmd.Args, 1, "-D", dir)
	cmd.Dir, cmd.Stdout, cmd.Stderr = "/", log, log
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = dyingWithUs(death)
	cmd.SysProcAttr.Setpgid = true
	cmd.SysProcAttr.Credential = h.account.credential()
	p := &process{cmd: cmd, log: log.Name(), from: from, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	return p, <-started
}

// failure tells how a child ended that should not have, with the line of its log that says why.
func (p *process) failure() error {
	b, _ := os.ReadFile(p.log)
	lines := strings.Split(strings.TrimSpace(string(b[min(p.from, int64(len(b))):])), "\n")
	why := lines[len(lines)-1]
	for _, line := range lines {
		if strings.Contains(line, "FATAL: ") || strings.Contains(line, "PANIC: ") || strings.Contains(line, "error: ") {
			why = line
		}
	}
	return fmt.Errorf("%v: %s (more in %s)", p.err, why, p.log)
}

// stop shuts the server down: sessions are cut, a checkpoint is written. After half a minute it is stopped without.
func (p *process) stop() error {
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL} {
		_ = p.cmd.Process.Signal(sig)
		select {
		case <-p.done:
			_ = os.Remove(p.socket)
			if p.err != nil {
				return fmt.Errorf("stop PostgreSQL: %w", p.err)
			}
			return nil
		case <-time.After(30 * time.Second):
		}
	}
	return fmt.Errorf("stop PostgreSQL: process %d does not end", p.cmd.Process.Pid)
}

// run starts the cluster, making it when there is none, and returns when the database accepts connections. The caller
// holds cluster.lock.
func (h home) run(ctx context.Context, set settings) (*process, string, error) {
	b, made, err := h.binaries(installed())
	if err != nil {
		return nil, "", err
	}
	if !made {
		err = h.initdb(ctx, b)
	} else if err = h.clearOrphan(ctx); err == nil {
		err = h.account.own(h.cluster())
	}
	if err != nil {
		return nil, "", err
	}
	socket, err := h.socketDir()
	if err != nil {
		return nil, "", err
	}
	p, err := h.launch(ctx, b, socket, set)
	if err != nil {
		return nil, "", err
	}
	if err := makeDatabase(ctx, socket); err != nil {
		_ = p.stop()
		return nil, "", err
	}
	h.sweep()
	return p, address(socket, "portal"), nil
}

// launch starts postgres and waits until it says that it is ready, or ends.
func (h home) launch(ctx context.Context, b Binaries, socket string, set settings) (*process, error) {
	args := []string{"-k", socket, "-p", "5432"}
	for _, s := range set {
		args = append(args, "-c", s)
	}
	p, err := h.spawn(exec.Command(b.Postgres, args...), h.cluster(), syscall.SIGINT)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	p.socket = socket
	for {
		if f, ok := h.pidFile(); ok && f.pid == p.cmd.Process.Pid && f.ready {
			return p, nil
		}
		select {
		case <-p.done:
			_ = os.Remove(socket)
			return nil, fmt.Errorf("start PostgreSQL: %w", p.failure())
		case <-ctx.Done():
			_ = p.stop()
			return nil, fmt.Errorf("start PostgreSQL: %w", context.Cause(ctx))
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// address is what lib/pq needs to reach a database; every part is named, so that no PG* variable can change it.
func address(socket, database string) string {
	q := url.Values{"host": {socket}, "port": {"5432"}, "user": {"portal"}, "sslmode": {"disable"}}
	return "postgres:///" + database + "?" + q.Encode()
}

// makeDatabase makes the database "portal" when it is absent.
func makeDatabase(ctx context.Context, socket string) error {
	db, err := sql.Open("postgres", address(socket, "postgres"))
	if err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	defer db.Close()
	var exists bool
	err = db.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'portal')`).Scan(&exists)
	if err == nil && !exists {
		_, err = db.ExecContext(ctx, `CREATE DATABASE portal`)
	}
	if err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	return nil
}

// answering returns the address of the cluster that another process runs, once it accepts connections.
func (h home) answering(ctx context.Context) (string, bool) {
	f, ok := h.pidFile()
	if !ok || !f.ready {
		return "", false
	}
	url := address(f.socket, "portal")
	db, err := sql.Open("postgres", url)
	if err != nil {
		return "", false
	}
	defer db.Close()
	return url, db.PingContext(ctx) == nil
}
