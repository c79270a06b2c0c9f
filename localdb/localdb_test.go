package localdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestASecondStartFindsTheRowsOfTheFirst(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(roomFor(t), "not", "yet", "data")
	for want := 1; want <= 3; want++ {
		begin := time.Now()
		s := start(t, dir)
		started := time.Since(begin)
		if got := add(t, s.URL()); got != want {
			t.Fatalf("start %d finds %d rows", want, got)
		}
		begin = time.Now()
		must(t, s.Stop())
		t.Logf("start %d took %v, stop %v", want, started.Round(time.Millisecond), time.Since(begin).Round(time.Millisecond))
		must(t, s.Stop())
	}
}

func TestTheServerListensOnItsSocketOnlyAndCountsInUTC(t *testing.T) {
	t.Parallel()
	s := start(t, filepath.Join(roomFor(t), "data"))
	db, err := sql.Open("postgres", s.URL())
	must(t, err)
	defer db.Close()
	for setting, want := range map[string]string{
		"listen_addresses": "", "unix_socket_permissions": "0700", "timezone": "UTC", "server_encoding": "UTF8",
		"lc_collate": "C", "fsync": "off",
	} {
		var got string
		must(t, db.QueryRow(`SELECT current_setting($1)`, setting).Scan(&got))
		if got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
}

func TestASecondServeIsRefusedWithASentence(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(roomFor(t), "data")
	s := start(t, dir)
	p := another(t, os.Args[0], "serve", dir, 0)
	want := fmt.Sprintf("another portal serve or demo is using %s (process %d)", dir, os.Getpid())
	if p.said != want {
		t.Errorf("got %q, want %q", p.said, want)
	}
	if _, err := Start(t.Context(), dir); !errors.Is(err, ErrInUse) {
		t.Errorf("in the same process: %v, want ErrInUse", err)
	}
	add(t, s.URL())
}

func TestJoinWorksBesideARunningServeAndLeavesItRunning(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(roomFor(t), "data")
	serve := start(t, dir)
	add(t, serve.URL())
	p := another(t, os.Args[0], "join", dir, 0)
	if got := add(t, p.said); got != 2 {
		t.Errorf("the joined process sees %d rows, want 2", got)
	}
	p.end(t)
	if got := add(t, serve.URL()); got != 3 {
		t.Errorf("after it has left the serve sees %d rows, want 3", got)
	}
}

func TestJoinAloneStartsAndStopsTheServer(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(roomFor(t), "data")
	for want := 1; want <= 2; want++ {
		s := join(t, dir)
		if got := add(t, s.URL()); got != want {
			t.Errorf("join %d sees %d rows", want, got)
		}
		must(t, s.Stop())
		if _, err := os.Stat(filepath.Join(dir, "postgres", "postmaster.pid")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the server was left running: %v", err)
		}
	}
}

func TestManyJoinsAtOnceAllGetTheSameDatabase(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(roomFor(t), "data")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 3 {
				s, err := Join(t.Context(), dir)
				if err != nil {
					t.Error(err)
					return
				}
				db, err := sql.Open("postgres", s.URL())
				if err == nil {
					_, err = db.Exec(`SELECT pg_sleep(0.01)`)
					db.Close()
				}
				if err = errors.Join(err, s.Stop()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func TestACommandThatRunsTheServerWaitsForTheOneThatJoinedIt(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(roomFor(t), "data")
	host, guest := join(t, dir), join(t, dir)
	stopped := make(chan error, 1)
	go func() { stopped <- host.Stop() }()
	time.Sleep(50 * time.Millisecond)
	add(t, guest.URL())
	must(t, guest.Stop())
	must(t, <-stopped)
}

func TestAServeTakesOverWhenTheCommandThatRunsTheServerEnds(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(roomFor(t), "data")
	host := join(t, dir)
	add(t, host.URL())
	go func() { time.Sleep(100 * time.Millisecond); _ = host.Stop() }()
	if got := add(t, start(t, dir).URL()); got != 2 {
		t.Errorf("the serve finds %d rows, want 2", got)
	}
}

func TestAServeThatWaitsForACommandGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(roomFor(t), "data")
	join(t, dir)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Start(ctx, dir); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's end", err)
	}
}

func TestAfterSIGKILLTheNextStartHasTheRows(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(roomFor(t), "data")
	for want := 1; want <= 6; want++ {
		p := another(t, os.Args[0], "serve", dir, 0)
		if !strings.HasPrefix(p.said, "postgres:") {
			t.Fatalf("start %d: %s", want, p.said)
		}
		if got := add(t, p.said); got != want {
			t.Fatalf("start %d finds %d rows", want, got)
		}
		must(t, p.cmd.Process.Signal(syscall.SIGKILL))
		_ = p.cmd.Wait()
	}
	if got := add(t, start(t, dir).URL()); got != 7 {
		t.Errorf("at the end there are %d rows, want 7", got)
	}
}

func TestSIGKILLOfPortalStopsTheServerCleanly(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(roomFor(t), "data")
	p := another(t, os.Args[0], "serve", dir, 0)
	must(t, p.cmd.Process.Signal(syscall.SIGKILL))
	_ = p.cmd.Wait()
	gone := func() bool {
		_, err := os.Stat(filepath.Join(dir, "postgres", "postmaster.pid"))
		return errors.Is(err, os.ErrNotExist)
	}
	for deadline := time.Now().Add(5 * time.Second); !gone(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the server still runs 5 s after its portal was killed")
		}
	}
}

func TestAFirstStartThatIsKilledLeavesNothingInTheWay(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{60, 150, 240, 330} {
		dir := filepath.Join(roomFor(t), "data")
		first := exec.Command(os.Args[0])
		first.Env = append(os.Environ(), "LOCALDB_AS=serve", "LOCALDB_DIR="+dir)
		must(t, first.Start())
		time.Sleep(after * time.Millisecond)
		_ = first.Process.Kill()
		_ = first.Wait()
		s := start(t, dir)
		add(t, s.URL())
		if left, _ := filepath.Glob(filepath.Join(dir, "initdb-*")); len(left) > 0 {
			t.Errorf("killed after %d ms, it leaves %v", after, left)
		}
		must(t, s.Stop())
	}
}
