package localdb

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the user that PostgreSQL runs as. Portal as root needs another one, since postgres refuses root.
type account struct {
	name     string
	uid, gid uint32
	other    bool // not the user that Portal runs as
}

// accountFor chooses who runs the cluster: this user; or, for root, the owner of an existing cluster, postgres, nobody.
func accountFor(cluster string) (account, error) {
	me := account{name: "uid " + strconv.Itoa(os.Geteuid()), uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}
	owner, err := ownerOf(cluster)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return account{}, fmt.Errorf("look at the cluster: %w", err)
	}
	exists := err == nil
	if me.uid != 0 {
		if exists && owner.uid != me.uid {
			return account{}, fmt.Errorf("%s belongs to user %s: run portal as that user or as root, or set another database.data_dir", cluster, owner.name)
		}
		return me, nil
	}
	if exists && owner.uid != 0 {
		return owner, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			return account{name: name, uid: number(u.Uid), gid: number(u.Gid), other: true}, nil
		}
	}
	return account{}, errors.New("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as: add one, or run portal as an ordinary user")
}

func ownerOf(path string) (account, error) {
	st, err := os.Stat(path)
	if err != nil {
		return account{}, err
	}
	sys := st.Sys().(*syscall.Stat_t)
	a := account{name: "uid " + strconv.Itoa(int(sys.Uid)), uid: sys.Uid, gid: sys.Gid, other: sys.Uid != uint32(os.Geteuid())}
	if u, err := user.LookupId(strconv.Itoa(int(sys.Uid))); err == nil {
		a.name, a.gid = u.Username, number(u.Gid)
	}
	return a, nil
}

// number reads a user or group id; macOS writes that of nobody as -2.
func number(id string) uint32 {
	n, _ := strconv.ParseInt(id, 10, 64)
	return uint32(n)
}

// credential is nil when no change of user is needed.
func (a account) credential() *syscall.Credential {
	if !a.other {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid}
}

// own gives the account everything under dir, unless dir is its own already.
func (a account) own(dir string) error {
	if owner, err := ownerOf(dir); err != nil || owner.uid == a.uid {
		return err
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(a.uid), int(a.gid))
	})
}

// mayEnter returns an error that names the first directory on the way to dir which the account may not pass.
func (a account) mayEnter(dir string) error {
	if !a.other {
		return nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := a.mayEnter(parent); err != nil {
			return err
		}
	}
	st, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("look at the way to the data directory: %w", err)
	}
	sys, need := st.Sys().(*syscall.Stat_t), fs.FileMode(0o001)
	switch {
	case sys.Uid == a.uid:
		need = 0o100
	case sys.Gid == a.gid:
		need = 0o010
	}
	if st.Mode().Perm()&need == 0 {
		return fmt.Errorf("PostgreSQL runs as user %s, who may not enter %s: allow it with chmod o+x %[2]s, or set database.data_dir to a directory elsewhere, such as /var/lib/portal", a.name, dir)
	}
	return nil
}
