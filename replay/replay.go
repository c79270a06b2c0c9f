// Package replay rebuilds everything that is derived from the tape (kept events, and what people and the API set) in a
// scratch schema, and compares. It changes nothing of what is kept, and asks nobody.
package replay

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
	"time"

	"portal/books"
	"portal/inbox"
	"portal/models"
	"portal/rates"
	"portal/store"
)

// Report is the outcome of a replay.
type Report struct {
	OK          bool     `json:"ok"`
	Differences []string `json:"differences"`
	Events      int      `json:"events"`
	Actions     int      `json:"actions"`
	Facts       int      `json:"facts"`
	Hash        string   `json:"hash"`         // of what is kept
	Rebuilt     string   `json:"rebuilt_hash"` // of what was rebuilt
}

const (
	turns = 100  // of the tape that one transaction takes
	most  = 1000 // differences that are told
)

// Run replays the whole tape and proves the books, kept and rebuilt. Direct is the address of the database itself.
// An error means that it could not be done, not that something differs.
func Run(ctx context.Context, live *store.Store, direct string) (r Report, err error) {
	r.Differences = []string{}
	scratch, err := live.OpenScratch(ctx, direct)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, scratch.Drop(context.WithoutCancel(ctx))) }()
	kept, rebuilt := sha256.New(), sha256.New()
	err = live.Snapshot(ctx, func(live *store.Store) error {
		companies, err := live.Companies(ctx)
		if err != nil {
			return err
		}
		for _, company := range companies {
			if err := r.play(ctx, live, scratch, company.ID); err != nil {
				return fmt.Errorf("replay %s: %w", company.Name, err)
			}
		}
		for _, company := range companies {
			for _, mode := range []models.Mode{models.Live, models.Test} {
				if err := r.compare(ctx, live, scratch.Store, company, mode, kept, rebuilt); err != nil {
					return err
				}
			}
		}
		return errors.Join(r.prove(ctx, "", live), r.prove(ctx, "rebuilt: ", scratch.Store))
	})
	if len(r.Differences) > most {
		r.Differences = append(r.Differences[:most], fmt.Sprintf("and %d more", len(r.Differences)-most))
	}
	r.OK, r.Hash, r.Rebuilt = len(r.Differences) == 0, hex.EncodeToString(kept.Sum(nil)), hex.EncodeToString(rebuilt.Sum(nil))
	return r, err
}

// play takes every turn of a company's tape again.
func (r *Report) play(ctx context.Context, live *store.Store, scratch *store.Scratch, company models.CompanyID) error {
	if err := scratch.ForgetRates(ctx); err != nil {
		return err
	}
	var after int64
	for {
		tape, err := live.Tape(ctx, company, after, turns)
		if err != nil {
			return err
		}
		if len(tape) == 0 {
			return r.price(ctx, scratch)
		}
		err = scratch.InTx(ctx, func(tx *store.Store) error {
			for _, turn := range tape {
				if err := scratch.BringRates(ctx, tx, turn.At); err != nil {
					return err
				}
				if err := inbox.Play(ctx, tx, turn); err != nil {
					return err
				}
				if turn.Kind == "event" {
					r.Events++
				} else {
					r.Actions++
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		after = tape[len(tape)-1].Turn
	}
}

// price turns what still waits for a rate, with all that are known by now.
func (r *Report) price(ctx context.Context, scratch *store.Scratch) error {
	return scratch.InTx(ctx, func(tx *store.Store) error {
		if err := scratch.BringRates(ctx, tx, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
			return err
		}
		in := inbox.Inbox{Store: tx, Now: time.Now, Rates: &rates.Rates{Store: tx, Now: time.Now}}
		return in.TurnWaiting(ctx)
	})
}

// compare names each fact of a tenant that differs between what is kept and what was rebuilt.
func (r *Report) compare(ctx context.Context, live, scratch *store.Store, company models.Company, mode models.Mode, kept, rebuilt hash.Hash) error {
	t := models.Tenant{Company: company.ID, Mode: mode}
	have, err := facts(ctx, live, t, kept)
	if err != nil {
		return err
	}
	want, err := facts(ctx, scratch, t, rebuilt)
	if err != nil {
		return err
	}
	r.Facts += len(have)
	for _, f := range have {
		state, known := want.find(f.Name)
		switch {
		case !known:
			r.Differences = append(r.Differences, fmt.Sprintf("%s, %s: %s is kept (%s), and was not rebuilt", company.Name, mode, f.Name, f.State))
		case state != f.State:
			r.Differences = append(r.Differences, fmt.Sprintf("%s, %s: %s is %s, rebuilt it is %s", company.Name, mode, f.Name, f.State, state))
		}
	}
	for _, f := range want {
		if _, known := have.find(f.Name); !known {
			r.Differences = append(r.Differences, fmt.Sprintf("%s, %s: %s is not kept, rebuilt it is %s", company.Name, mode, f.Name, f.State))
		}
	}
	return nil
}

// told is facts in the order of their names.
type told []store.Fact

func (t told) find(name string) (string, bool) {
	i, ok := slices.BinarySearchFunc(t, name, func(f store.Fact, name string) int { return strings.Compare(f.Name, name) })
	if !ok {
		return "", false
	}
	return t[i].State, true
}

func facts(ctx context.Context, s *store.Store, t models.Tenant, sum hash.Hash) (told, error) {
	var all told
	err := s.Derived(ctx, t, func(f store.Fact) error {
		all = append(all, f)
		return nil
	})
	slices.SortFunc(all, func(a, b store.Fact) int { return strings.Compare(a.Name, b.Name) })
	for _, f := range all {
		fmt.Fprintln(sum, f.Name, f.State)
	}
	return all, err
}

func (r *Report) prove(ctx context.Context, which string, s *store.Store) error {
	proof, err := books.Prove(ctx, s)
	for _, d := range proof.Differences {
		r.Differences = append(r.Differences, which+d)
	}
	return err
}
