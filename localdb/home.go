package localdb

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// home is a data directory and who runs PostgreSQL in it.
type home struct {
	name    string // as the person wrote it
	dir     string // absolute, without links
	account account
	closed  bool // the account may not pass to dir, so each child is handed its directory
}

// handed is where a child finds the open directory that it inherits. That way leads through no parent, and needs /proc.
const handed = "/proc/self/fd/3"

func (h home) cluster() string { return filepath.Join(h.dir, "postgres") }

// openHome makes the data directory when there is none and checks that PostgreSQL will be able to reach it. When
// PostgreSQL runs as another user, that one may pass through the directory, not list it.
func openHome(dataDir string) (home, error) {
	h := home{name: dataDir}
	mode := fs.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711
	}
	if err := os.MkdirAll(dataDir, mode); err != nil {
		return h, fmt.Errorf("make the data directory: %w", err)
	}
	dir, err := filepath.EvalSymlinks(dataDir)
	if err == nil {
		h.dir, err = filepath.Abs(dir)
	}
	if err != nil {
		return h, fmt.Errorf("find the data directory: %w", err)
	}
	if h.account, err = accountFor(h.cluster()); err != nil {
		return h, err
	}
	if err = h.account.mayEnter(h.dir); err != nil {
		if _, noProc := os.Stat(filepath.Dir(handed)); noProc == nil {
			h.closed, err = true, nil
		}
	}
	return h, err
}

// open opens a file of the data directory, and makes it the account's: what root leaves there must not keep an ordinary
// user out later. It follows no link, since the directory may belong to somebody whom root should not trust.
func (h home) open(name string, flag int) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(h.dir, name), flag|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err == nil && h.account.other {
		err = f.Chown(int(h.account.uid), int(h.account.gid))
	}
	if err != nil {
		return nil, fmt.Errorf("open a file of the data directory: %w", err)
	}
	return f, nil
}

// binaries returns the newest PostgreSQL, or the one that made the existing cluster.
func (h home) binaries(found []Binaries) (b Binaries, made bool, err error) {
	v, err := os.ReadFile(filepath.Join(h.cluster(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		b, err = newest(found)
		return b, false, err
	}
	if err != nil {
		return b, false, fmt.Errorf("read the cluster's version: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(v)))
	if err != nil {
		return b, false, fmt.Errorf("read the cluster's version: %w", err)
	}
	b, err = ofMajor(found, major, filepath.Join(h.name, "postgres"))
	return b, true, err
}

// initdb makes the cluster under another name and moves it into place when it is whole, so that a first start which
// is cut off leaves nothing that looks like a cluster. It is ended by SIGTERM: then it lets its own child finish and
// removes what it made, while SIGKILL would leave that child writing for a moment.
func (h home) initdb(ctx context.Context, b Binaries) error {
	dir, err := os.MkdirTemp(h.dir, "initdb-")
	if err == nil {
		err = h.account.own(dir)
	}
	if err != nil {
		return fmt.Errorf("make a place for the cluster: %w", err)
	}
	cmd := exec.CommandContext(ctx, b.Initdb, append([]string{"--username=portal", "--auth=trust", "--encoding=UTF8",
		"--no-sync", "--no-instructions"}, locale...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	p, err := h.spawn(cmd, dir, syscall.SIGTERM)
	if err != nil {
		return fmt.Errorf("run initdb: %w", err)
	}
	<-p.done
	if p.err != nil {
		return fmt.Errorf("run initdb: %w", p.failure())
	}
	if err := os.Rename(dir, h.cluster()); err != nil {
		return fmt.Errorf("move the new cluster into place: %w", err)
	}
	return nil
}

// sweep removes what first starts left that were cut off. It runs when the server is up, since an initdb of a portal
// that was killed may still be ending; what cannot be removed now is removed by the next start.
func (h home) sweep() {
	half, _ := filepath.Glob(filepath.Join(h.dir, "initdb-*"))
	for _, dir := range half {
		_ = os.RemoveAll(dir)
	}
}

// shortSocket names the directory of the socket where that cannot be in the data directory.
func (h home) shortSocket() string {
	sum := sha256.Sum256([]byte(h.dir))
	return fmt.Sprintf("portal-%x", sum[:8])
}

// socketDir makes the directory of the socket: in the data directory, or a short one where that path is too long for
// the kernel or closed to the account. Its name is no secret, so what stands there must belong to the account and to
// nobody else. The caller holds cluster.lock and no server runs.
func (h home) socketDir() (string, error) {
	dir := filepath.Join(h.dir, "run")
	for _, temp := range []string{os.TempDir(), "/tmp"} {
		short := len(dir)+len("/.s.PGSQL.5432") < len(syscall.RawSockaddrUnix{}.Path)
		if short && h.account.mayEnter(filepath.Dir(dir)) == nil {
			break
		}
		dir = filepath.Join(temp, h.shortSocket())
	}
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		err = h.account.own(dir)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make the socket's directory: %w", err)
	}
	st, err := os.Lstat(dir)
	if err != nil {
		return "", fmt.Errorf("look at the socket's directory: %w", err)
	}
	if !st.IsDir() || st.Mode().Perm() != 0o700 || st.Sys().(*syscall.Stat_t).Uid != h.account.uid {
		return "", fmt.Errorf("%s must be a directory of user %s that nobody else may enter: remove it", dir, h.account.name)
	}
	for _, stale := range []string{".s.PGSQL.5432", ".s.PGSQL.5432.lock"} {
		_ = os.Remove(filepath.Join(dir, stale)) // postgres would take the process id in it for a server's
	}
	return dir, h.account.mayEnter(dir)
}
