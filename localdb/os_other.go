//go:build !linux

package localdb

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

var locale = []string{"--locale=C", "--lc-ctype=UTF-8"}

// dyingWithUs can do nothing here: an orphan lives on until the next start stops it.
func dyingWithUs(syscall.Signal) *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

// commandLine returns the program, "-D" and the directory of a live postgres, which are its first arguments.
func commandLine(pid int) []string {
	out, _ := exec.Command("ps", "-ww", "-o", "args=", "-p", strconv.Itoa(pid)).Output()
	program, rest, _ := strings.Cut(strings.TrimSpace(string(out)), " -D ")
	dir, _, _ := strings.Cut(rest, " -k ")
	return []string{program, "-D", dir}
}
