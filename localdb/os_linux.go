package localdb

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// Texts compare byte by byte: the order is that of C.UTF-8, and found without asking the C library each time.
var locale = []string{"--locale=C.UTF-8", "--lc-collate=C"}

// dyingWithUs lets the kernel signal the child when Portal dies, even by SIGKILL.
func dyingWithUs(death syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: death}
}

// commandLine returns the arguments of a live process; none for a dead one. Root in a container may read this of
// another user's process, but not its working directory.
func commandLine(pid int) []string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.Split(string(b), "\x00")
}
