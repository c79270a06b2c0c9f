package localdb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// closedRoom makes a data directory below one that only its owner may pass, as a clone in /root is, with a file of
// Portal's in it already.
func closedRoom(t *testing.T) string {
	t.Helper()
	room := roomFor(t)
	must(t, os.Chmod(room, 0o700))
	dir := filepath.Join(room, "clone", "data")
	must(t, os.MkdirAll(dir, 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "secrets.keys"), []byte("secret"), 0o600))
	return dir
}

func TestBelowAClosedDirectoryEachStartFindsTheRows(t *testing.T) {
	t.Parallel()
	dir := closedRoom(t)
	for want := 1; want <= 3; want++ {
		s := start(t, dir)
		if got := add(t, s.URL()); got != want {
			t.Fatalf("start %d finds %d rows", want, got)
		}
		must(t, s.Stop())
	}
	for path, want := range map[string]os.FileMode{filepath.Dir(filepath.Dir(dir)): 0o700, dir: 0o700, filepath.Join(dir, "secrets.keys"): 0o600} {
		owner, err := ownerOf(path)
		must(t, err)
		st, err := os.Stat(path)
		must(t, err)
		if st.Mode().Perm() != want || owner.other {
			t.Errorf("%s has become %v of %s", path, st.Mode(), owner.name)
		}
	}
	if log, err := os.ReadFile(filepath.Join(dir, "postgres.log")); err != nil || !strings.Contains(string(log), "ready to accept connections") {
		t.Errorf("postgres.log: %v, %q", err, log)
	}
}

func TestBelowAClosedDirectoryACommandJoinsAndASecondServeIsRefused(t *testing.T) {
	t.Parallel()
	dir := closedRoom(t)
	s := start(t, dir)
	add(t, s.URL())
	guest := another(t, os.Args[0], "join", dir, 0)
	if got := add(t, guest.said); got != 2 {
		t.Errorf("the joined process sees %d rows, want 2", got)
	}
	second := another(t, os.Args[0], "serve", dir, 0)
	wantSentence(t, second.said, "another portal serve or demo is using "+dir)
	guest.end(t)
	if got := add(t, s.URL()); got != 3 {
		t.Errorf("after both have left the serve sees %d rows, want 3", got)
	}
}

func TestBelowAClosedDirectorySIGKILLLosesNothing(t *testing.T) {
	t.Parallel()
	dir := closedRoom(t)
	for want := 1; want <= 4; want++ {
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
	if got := add(t, start(t, dir).URL()); got != 5 {
		t.Errorf("at the end there are %d rows, want 5", got)
	}
}

func TestBelowAClosedDirectoryItsOwnOrphanIsStopped(t *testing.T) {
	t.Parallel()
	dir := closedRoom(t)
	must(t, start(t, dir).Stop())
	h, err := openHome(dir)
	must(t, err)
	orphan, url, err := h.run(t.Context(), defaults) // without a lock, as after its portal's death
	must(t, err)
	t.Cleanup(func() { _ = orphan.stop() })
	add(t, url)
	elsewhere, err := openHome(closedRoom(t))
	must(t, err)
	if !h.runs(orphan.cmd.Process.Pid) || elsewhere.runs(orphan.cmd.Process.Pid) {
		t.Error("the server is not told apart from that of another directory")
	}
	if got := add(t, start(t, dir).URL()); got != 2 {
		t.Errorf("the next start finds %d rows, want 2", got)
	}
	<-orphan.done
}

func TestBelowAClosedDirectoryAFailedStartSaysWhy(t *testing.T) {
	t.Parallel()
	dir := closedRoom(t)
	must(t, start(t, dir).Stop())
	must(t, os.Truncate(filepath.Join(dir, "postgres", "pg_hba.conf"), 0))
	_, err := Start(t.Context(), dir)
	wantSentence(t, fmt.Sprint(err), "start PostgreSQL: exit status 1", "FATAL", filepath.Join(dir, "postgres.log"))
	if errors.Is(err, ErrInUse) {
		t.Error("it is taken for a directory in use")
	}
}
