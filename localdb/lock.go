package localdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	shared    = syscall.LOCK_SH
	exclusive = syscall.LOCK_EX
)

const (
	patience = 30 * time.Second       // how long one portal waits for another to start the cluster, to leave it or to end
	moment   = 500 * time.Millisecond // how long a killed portal's newborn child may keep its locks, until it is a postgres
)

// errHeld says that another process is in the way just now.
var errHeld = errors.New("another process does not let go")

// retry calls try until it returns something else than errHeld, for as long as d and ctx last.
func retry(ctx context.Context, d time.Duration, try func() error) error {
	for deadline := time.Now().Add(d); ; {
		err := try()
		if !errors.Is(err, errHeld) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for another process: %w", context.Cause(ctx))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// lock is a held lock file. The kernel releases it when the process dies, so that none is ever stale.
type lock struct{ file *os.File }

// lock takes the named lock file of the data directory or returns errHeld at once.
func (h home) lock(name string, how int) (*lock, error) {
	f, err := h.open(name, os.O_RDWR)
	if err != nil {
		return nil, err
	}
	for err = syscall.EINTR; err == syscall.EINTR; {
		err = syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
	}
	if err != nil {
		f.Close()
		if err == syscall.EWOULDBLOCK {
			return nil, errHeld
		}
		return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	if how == exclusive { // the process id is for people only; nothing is decided by it
		_ = f.Truncate(0)
		_, _ = fmt.Fprintln(f, os.Getpid())
	}
	return &lock{f}, nil
}

// waitLock takes the named lock file for itself alone, or returns errHeld after d.
func (h home) waitLock(ctx context.Context, name string, d time.Duration) (l *lock, err error) {
	err = retry(ctx, d, func() error { l, err = h.lock(name, exclusive); return err })
	return l, err
}

func (l *lock) release() error { return l.file.Close() }

// holder names the process that holds a lock, as the end of a sentence; empty when it is not known.
func (h home) holder(name string) string {
	b, _ := os.ReadFile(filepath.Join(h.dir, name))
	if pid := strings.TrimSpace(string(b)); pid != "" {
		return " (process " + pid + ")"
	}
	return ""
}
