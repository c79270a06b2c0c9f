package sandbox

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// journal is an append-only file of JSON lines. One line holds all objects that one action changed, whole,
// so that an action is there completely or not at all, also after SIGKILL.
type journal struct{ file *os.File }

// change is one object as an action left it, with what replaying needs to know of it.
type change struct {
	Account string          `json:"account"`
	Kind    string          `json:"kind"`
	ID      string          `json:"id"`
	Prefix  string          `json:"prefix,omitempty"` // its id was the Nth of this prefix
	N       int             `json:"n,omitempty"`
	Object  json.RawMessage `json:"object,omitempty"`
	head    *head           // of the object, when it is known
}

// openJournal reads the journal into the sandbox, cuts off a torn last line, and is then ready to append. When most
// of a large journal is past, it is written anew with what is left.
func (s *Sandbox) openJournal(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	whole, err := readLines(f, s.replay)
	if err == nil {
		err = f.Truncate(whole)
	}
	if err == nil && whole > 1<<20 {
		if live := s.live(); int64(len(live)) < whole/2 {
			if err = rewrite(path, live); err == nil {
				_ = f.Close() // the old file, which is no longer there
				f, err = os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0o600)
			}
		}
	}
	if err != nil {
		_ = f.Close()
		return err
	}
	s.journal = &journal{f}
	return nil
}

// readLines returns how many bytes are whole lines.
func readLines(f io.Reader, replay func(change) error) (whole int64, err error) {
	r := bufio.NewReaderSize(f, 1<<16)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return whole, nil
		}
		if err != nil {
			return whole, err
		}
		var changes []change
		if err := json.Unmarshal(line, &changes); err != nil {
			return whole, fmt.Errorf("line %d: %w", n, err)
		}
		for _, c := range changes {
			if err := replay(c); err != nil {
				return whole, fmt.Errorf("line %d: %w", n, err)
			}
		}
		whole += int64(len(line))
	}
}

func (s *Sandbox) replay(c change) error {
	a := s.account(c.Account)
	if err := s.keep(a, c); err != nil || c.Kind != "event" {
		return err
	}
	e, err := decode(c.Object)
	if err != nil {
		return err
	}
	s.owe(a, e)
	s.forget(a, e) // when it is old and nobody was to hear of it
	return nil
}

// live is a journal of what there is now, without how it came about.
func (s *Sandbox) live() []byte {
	var out []byte
	add := func(c change) { out = append(append(out, encode([]change{c})...), '\n') }
	for _, a := range s.accounts {
		for prefix, n := range a.last {
			add(change{Account: a.ID, Kind: counterKind, Prefix: prefix, N: n})
		}
		if a.ahead != 0 {
			add(change{Account: a.ID, Kind: clockKind, ID: a.ID, Object: encode(object{"ahead": int64(a.ahead)})})
		}
		for key, one := range a.answers {
			add(change{Account: a.ID, Kind: answerKind, ID: key, Object: encode(one.object())})
		}
		for kind, all := range a.lists {
			for _, k := range all {
				add(change{Account: a.ID, Kind: kind, ID: k.id, Object: k.raw})
			}
		}
		for _, e := range a.all("event") {
			for _, to := range e.list("_to") {
				id := e.str("id")
				if _, owed := s.post.owed[id][to.(string)]; !owed {
					add(change{Account: a.ID, Kind: deliveryKind, ID: id, Object: encode(object{"endpoint": to, "status": map[bool]int{false: 200}[s.post.lost[id]]})})
				}
			}
		}
	}
	return out
}

// rewrite puts a file in the place of another in one step.
func rewrite(path string, with []byte) error {
	if err := os.WriteFile(path+".new", with, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// commit writes what the call changed.
func (c *call) commit() error {
	changes := c.changes
	c.changes = nil
	if c.journal == nil || len(changes) == 0 {
		return nil
	}
	if _, err := c.journal.file.Write(append(encode(changes), '\n')); err != nil {
		return fmt.Errorf("write sandbox journal: %w", err)
	}
	return nil
}

func (j *journal) close() error {
	if j == nil {
		return nil
	}
	return j.file.Close()
}
