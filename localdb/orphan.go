package localdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// pidFile is what a server writes about itself in postmaster.pid.
type pidFile struct {
	pid    int
	socket string
	ready  bool
}

func (h home) pidFile() (pidFile, bool) {
	b, err := os.ReadFile(filepath.Join(h.cluster(), "postmaster.pid"))
	lines := strings.Split(string(b), "\n")
	pid, bad := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || bad != nil || pid <= 0 {
		return pidFile{}, false
	}
	f := pidFile{pid: pid}
	if len(lines) > 7 { // pid, directory, start, port, socket directory, listen address, shared memory, status
		f.socket, f.ready = lines[4], strings.TrimSpace(lines[7]) == "ready"
	}
	return f, true
}

// clearOrphan stops a server that outlived its Portal, and makes a stale postmaster.pid harmless. The caller holds
// cluster.lock, so whatever still runs there belongs to a Portal that is dead.
func (h home) clearOrphan(ctx context.Context) error {
	f, ok := h.pidFile()
	if !ok {
		return nil
	}
	if h.runs(f.pid) {
		err := syscall.Kill(f.pid, syscall.SIGINT)
		if err == nil || errors.Is(err, syscall.ESRCH) {
			err = retry(ctx, patience, func() error {
				if h.runs(f.pid) {
					return errHeld
				}
				return nil
			})
		}
		if err != nil {
			return fmt.Errorf("stop the PostgreSQL that an earlier portal left (process %d): %w", f.pid, err)
		}
	}
	return h.disown(f.pid)
}

// disown handles a process id in postmaster.pid that is not our server. postgres ignores a dead one, but gives up on
// one that another process has got meanwhile, as happens in containers. It also ignores its parent's id, so ours is
// written there: removing the file would switch off its check for sessions that are still alive.
func (h home) disown(pid int) error {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return nil
	}
	path := filepath.Join(h.cluster(), "postmaster.pid")
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		_, rest, _ := strings.Cut(string(b), "\n")
		err = os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"+rest), 0o600)
	}
	if err != nil {
		return fmt.Errorf("clear the process id that an earlier PostgreSQL left: %w", err)
	}
	return nil
}

// runs says whether a process is a postgres that was started on this cluster. One that was handed its directory is
// known by its socket: root in a container may not look at what another user's process has open.
func (h home) runs(pid int) bool {
	args := commandLine(pid)
	if len(args) < 3 || filepath.Base(args[0]) != "postgres" || args[1] != "-D" {
		return false
	}
	if args[2] == handed {
		return len(args) > 4 && filepath.Base(args[4]) == h.shortSocket()
	}
	theirs, err := os.Stat(args[2])
	if err != nil {
		return false
	}
	ours, err := os.Stat(h.cluster())
	return err == nil && os.SameFile(ours, theirs)
}
