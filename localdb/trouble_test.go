package localdb

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const stranger = 65534 // an ordinary user that every system has: nobody

func TestALongDataDirectoryGetsAShortSocket(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(roomFor(t), strings.Repeat("long", 30), "data")
	s := start(t, dir)
	add(t, s.URL())
	p := another(t, os.Args[0], "join", dir, 0)
	if got := add(t, p.said); got != 2 {
		t.Errorf("the joined process sees %d rows, want 2", got)
	}
	socket := socketOf(t, s.URL())
	if strings.HasPrefix(socket, dir) {
		t.Errorf("the socket is in %s", socket)
	}
	must(t, s.Stop())
	if _, err := os.Stat(socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the server leaves its socket's directory behind: %v", err)
	}
}

func TestAnOrdinaryUserHasItsOwnServer(t *testing.T) {
	t.Parallel()
	room, binary, uid := roomFor(t), os.Args[0], uint32(0)
	if os.Geteuid() == 0 {
		binary, uid = copyBinary(t), stranger
		must(t, os.Chown(room, stranger, stranger))
	}
	dir := filepath.Join(room, "data")
	for want := 1; want <= 2; want++ {
		p := another(t, binary, "serve", dir, uid)
		if !strings.HasPrefix(p.said, "postgres:") {
			t.Fatal(p.said)
		}
		if got := add(t, p.said); got != want {
			t.Errorf("start %d finds %d rows", want, got)
		}
		p.end(t)
	}
	st, err := os.Stat(dir)
	must(t, err)
	if st.Mode().Perm() != 0o700 {
		t.Errorf("the data directory has rights %v", st.Mode())
	}
	if got := add(t, start(t, dir).URL()); got != 3 { // as root: runs it as its owner
		t.Errorf("the last start finds %d rows, want 3", got)
	}
}

func TestAClusterOfAnotherUserIsRefusedWithASentence(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		_, err := accountFor("/") // belongs to root
		wantSentence(t, fmt.Sprint(err), "belongs to user root: run portal as that user")
		return
	}
	dir := filepath.Join(roomFor(t), "data")
	must(t, start(t, dir).Stop())
	p := another(t, copyBinary(t), "serve", dir, stranger)
	wantSentence(t, p.said, "belongs to user", "run portal as that user or as root")
}

func TestAParentThatPostgreSQLMayNotEnterIsNamed(t *testing.T) {
	t.Parallel()
	closed := filepath.Join(roomFor(t), "closed")
	must(t, os.MkdirAll(filepath.Join(closed, "below"), 0o755))
	must(t, os.Chmod(closed, 0o700))
	err := account{name: "postgres", uid: uint32(os.Geteuid()) + 1, gid: uint32(os.Getegid()) + 1, other: true}.mayEnter(filepath.Join(closed, "below"))
	wantSentence(t, fmt.Sprint(err), "runs as user postgres, who may not enter "+closed+":", "chmod o+x "+closed)
}

func TestWithoutPostgreSQLOneLineSaysWhatToInstall(t *testing.T) {
	t.Parallel()
	_, err := newest(inspect([]string{t.TempDir()}))
	wantSentence(t, fmt.Sprint(err), "apt-get install postgresql")
	if strings.Contains(fmt.Sprint(err), "\n") {
		t.Errorf("more than one line: %v", err)
	}
}

func TestTheNewestBinariesWinAndLinksAreFollowed(t *testing.T) {
	t.Parallel()
	old, recent, older, linked := fakeBinaries(t, 15), fakeBinaries(t, 17), fakeBinaries(t, 9), t.TempDir()
	must(t, os.Symlink(filepath.Join(recent, "postgres"), filepath.Join(linked, "postgres")))
	b, err := newest(inspect([]string{old, linked, older}))
	must(t, err)
	if b.Major != 17 || b.Initdb != filepath.Join(recent, "initdb") {
		t.Errorf("got %+v", b)
	}
	_, err = newest(inspect([]string{older}))
	wantSentence(t, fmt.Sprint(err), "15 or newer", "found only PostgreSQL 9")
}

func TestAClusterIsOpenedByItsOwnMajorVersionOnly(t *testing.T) {
	t.Parallel()
	h := home{name: "data", dir: t.TempDir()}
	must(t, os.Mkdir(h.cluster(), 0o700))
	must(t, os.WriteFile(filepath.Join(h.cluster(), "PG_VERSION"), []byte("16\n"), 0o600))
	b, made, err := h.binaries(inspect([]string{fakeBinaries(t, 16), fakeBinaries(t, 17)}))
	if err != nil || !made || b.Major != 16 {
		t.Errorf("got %+v, %v, %v", b, made, err)
	}
	_, _, err = h.binaries(inspect([]string{fakeBinaries(t, 17)}))
	wantSentence(t, fmt.Sprint(err), "data/postgres was made by PostgreSQL 16", "apt-get install postgresql-16")
}

func TestAFirstStartThatWasCutOffIsBegunAgain(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(roomFor(t), "data")
	half := filepath.Join(dir, "initdb-123", "base")
	must(t, os.MkdirAll(half, 0o755))
	must(t, os.Chmod(dir, 0o755))
	add(t, start(t, dir).URL())
	if _, err := os.Stat(half); err == nil {
		t.Error("the half cluster is still there")
	}
}

func TestAProcessIDThatAnotherProcessGotDoesNotBlockTheStart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(roomFor(t), "data")
	must(t, start(t, dir).Stop())
	sleep := exec.Command("sleep", "60")
	must(t, sleep.Start())
	t.Cleanup(func() { _ = sleep.Process.Kill(); _ = sleep.Wait() })
	stale := strconv.Itoa(sleep.Process.Pid) + "\n" + dir + "/postgres\n1\n5432\n/tmp\n\n  1  1\nready   \n"
	pidFile := filepath.Join(dir, "postgres", "postmaster.pid")
	must(t, os.WriteFile(pidFile, []byte(stale), 0o600))
	owner, err := ownerOf(filepath.Join(dir, "postgres"))
	must(t, err)
	must(t, os.Chown(pidFile, int(owner.uid), int(owner.gid)))
	must(t, os.Mkdir(filepath.Join(dir, "run"), 0o700))
	must(t, os.Chown(filepath.Join(dir, "run"), int(owner.uid), int(owner.gid)))
	must(t, os.WriteFile(filepath.Join(dir, "run", ".s.PGSQL.5432.lock"), []byte(stale), 0o600))
	add(t, start(t, dir).URL())
	must(t, sleep.Process.Signal(syscall.Signal(0)))
}

func TestAServerThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(roomFor(t), "data")
	must(t, start(t, dir).Stop())
	must(t, os.Truncate(filepath.Join(dir, "postgres", "pg_hba.conf"), 0))
	_, err := Start(t.Context(), dir)
	wantSentence(t, fmt.Sprint(err), "start PostgreSQL: exit status 1", "FATAL", "pg_hba.conf", "postgres.log")
	if _, err = Start(t.Context(), dir); errors.Is(err, ErrInUse) {
		t.Error("the failed start has kept its locks")
	}
}

func TestCtrlCIsForPortalAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(roomFor(t), "data")
	start(t, dir)
	h, err := openHome(dir)
	must(t, err)
	f, _ := h.pidFile()
	if group, err := syscall.Getpgid(f.pid); err != nil || group != f.pid {
		t.Errorf("the server %d is in the process group %d (%v), so a terminal would stop it first", f.pid, group, err)
	}
}

func TestWhatRootLeavesDoesNotKeepTheOwnerOut(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // an ordinary user has only itself
	}
	room, binary := roomFor(t), copyBinary(t)
	must(t, os.Chown(room, stranger, stranger))
	dir := filepath.Join(room, "data")
	another(t, binary, "serve", dir, stranger).end(t)
	must(t, join(t, dir).Stop())
	if p := another(t, binary, "join", dir, stranger); !strings.HasPrefix(p.said, "postgres:") {
		t.Error(p.said)
	}
}

func TestAServerThatOutlivedItsPortalIsStopped(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(roomFor(t), "data")
	must(t, start(t, dir).Stop())
	h, err := openHome(dir)
	must(t, err)
	orphan, url, err := h.run(t.Context(), defaults) // without a lock, as after its portal's death
	must(t, err)
	t.Cleanup(func() { _ = orphan.stop() })
	add(t, url)
	if got := add(t, start(t, dir).URL()); got != 2 {
		t.Errorf("the next start finds %d rows, want 2", got)
	}
	<-orphan.done
}

// copyBinary puts the test binary where an ordinary user may run it.
func copyBinary(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "localdb-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	from, err := os.Open(os.Args[0])
	must(t, err)
	defer from.Close()
	to, err := os.OpenFile(filepath.Join(dir, "portal"), os.O_CREATE|os.O_WRONLY, 0o755)
	must(t, err)
	_, err = io.Copy(to, from)
	must(t, err)
	must(t, to.Close())
	return to.Name()
}

// fakeBinaries makes a directory with programs that only know their version.
func fakeBinaries(t *testing.T, major int) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	script := fmt.Sprintf("#!/bin/sh\necho 'postgres (PostgreSQL) %d.4 (Debian)'\n", major)
	for _, name := range []string{"postgres", "initdb"} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755))
	}
	return dir
}
