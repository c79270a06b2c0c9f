package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// step is one call of a method, and what it answers.
type step struct {
	name string
	call func(context.Context, *store.Store) (any, error)
}

// tell makes the call and tells the answer in words.
func (s step) tell(ctx context.Context, tx *store.Store) string {
	answer, err := s.call(ctx, tx)
	if errors.Is(err, models.ErrNotFound) {
		return s.name + ": not found"
	} else if err != nil {
		return s.name + ": " + err.Error()
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return err.Error()
	}
	return s.name + ": " + strings.ReplaceAll(string(text), "[]", "null")
}

// refused tells of an answer that the database refused what was drawn.
func refused(said string) bool {
	return strings.Contains(said, "pq: ") || strings.Contains(said, "exists already")
}

var errUndone = errors.New("undone")

// play makes the calls in one transaction that is undone in the end, and tells every answer and every row. The first part
// is what was there before; the others are remembered, each by itself, unless abouts is nil.
func (m *mix) play(t *testing.T, s *store.Store, parts [][]step, abouts []store.About) (said []string) {
	t.Helper()
	ctx := context.Background()
	err := s.InTx(ctx, func(tx *store.Store) error {
		for n, part := range parts {
			all := func() error {
				for _, one := range part {
					said = append(said, one.tell(ctx, tx))
				}
				return nil
			}
			if abouts == nil || n == 0 {
				_ = all()
			} else if err := tx.Remembering(ctx, m.Tenant, abouts[n], all); err != nil {
				return err
			}
		}
		rows, err := store.AllRows(ctx, tx)
		said = append(said, rows...)
		return errors.Join(errUndone, err)
	})
	if err.Error() != errUndone.Error() {
		said = append(said, err.Error())
	}
	return said
}

// shorter leaves out of a tale what is not needed to show that memory answers otherwise.
func (m *mix) shorter(t *testing.T, s *store.Store, parts [][]step, abouts []store.About) {
	t.Helper()
	for n := range parts {
		for at := 0; at < len(parts[n]); {
			kept := parts[n]
			if strings.Contains(kept[at].name, "add ") { // others need it
				at++
				continue
			}
			parts[n] = slices.Delete(slices.Clone(kept), at, at+1)
			if said := m.play(t, s, parts, nil); slices.ContainsFunc(said, refused) || differ(said, m.play(t, s, parts, abouts)) == "" {
				parts[n] = kept
				at++
			}
		}
	}
}

// differ tells where two ways to do the same begin to differ.
func differ(want, got []string) string {
	for n := range min(len(want), len(got)) {
		if want[n] != got[n] {
			return fmt.Sprintf("\n%s\nthe database says\n%s\nmemory\n%s", strings.Join(want[:n], "\n"), want[n], got[n])
		}
	}
	if len(want) != len(got) {
		return fmt.Sprintf("%d answers and rows, of memory %d: %s", len(want), len(got), got[len(got)-1])
	}
	return ""
}

// Whatever is asked and told, in whatever order: memory answers as the database would, and leaves the same rows.
func TestMemoryAnswersAsTheDatabaseWould(t *testing.T) {
	t.Parallel()
	mixes := 40 // unless PORTAL_MIXES says otherwise
	if n, err := strconv.Atoi(os.Getenv("PORTAL_MIXES")); err == nil {
		mixes = n
	}
	s, m := newMix(t)
	for seed := range uint64(mixes) {
		m.Rand, m.is, m.n = rand.New(rand.NewPCG(seed, 13)), drawn{map[int]models.Customer{}, map[int]bool{}, map[int]int{}}, 0
		parts, abouts := make([][]step, 3), make([]store.About, 3)
		for n := range parts {
			for range 30 + 20*n {
				parts[n] = append(parts[n], m.draw()...)
			}
			abouts[n] = m.about()
		}
		want := m.play(t, s, parts, nil)
		if n := slices.IndexFunc(want, refused); n >= 0 {
			t.Fatalf("seed %d: %s", seed, strings.Join(want[:n+1], "\n"))
		}
		if differ(want, m.play(t, s, parts, abouts)) != "" {
			m.shorter(t, s, parts, abouts)
			t.Fatalf("seed %d, recalled %+v: %s", seed, abouts, differ(m.play(t, s, parts, nil), m.play(t, s, parts, abouts)))
		}
	}
}

// about is what memory recalls at once: often nothing, and sometimes too much.
func (m *mix) about() (about store.About) {
	if m.half() {
		return about
	}
	for range 3 {
		about.Aliases, about.StripeIDs = append(about.Aliases, m.alias()), append(about.StripeIDs, m.one("cus_1", "cus_2", "cus_3"))
		about.Keys, about.Emails = append(about.Keys, fmt.Sprint("key_", m.IntN(mixed))), append(about.Emails, m.one("a@x", "b@x", "é@x"))
		about.Subjects, about.Told = append(about.Subjects, m.subject()), append(about.Told, m.subject())
	}
	return about
}

// newMix is a company with two partners and some events, and names for all else.
func newMix(t *testing.T) (*store.Store, *mix) {
	t.Helper()
	s := storetest.OpenUnproved(t)
	m := &mix{Caller: storetest.Company(t, s)}
	for _, key := range []string{"A", "B"} {
		m.partners = append(m.partners, storetest.Partner(t, s, m.Tenant, key, "usd").ID)
	}
	for n := range 2 * mixed {
		at := storetest.Day.Add(time.Duration(n) * time.Millisecond)
		m.customers, m.payments = append(m.customers, models.NewID[models.CustomerID](at)), append(m.payments, models.NewID[models.PaymentID](at))
		m.commissions = append(m.commissions, models.NewID[models.CommissionID](at))
	}
	for n := range 3 {
		e := models.Event{Tenant: m.Tenant, ID: models.NewID[models.EventID](storetest.Day), Bucket: m.Tenant.Bucket(), Program: m.Program, Source: models.SourceStripe,
			ProviderID: fmt.Sprint("evt_", n), Body: []byte("{}"), ReceivedAt: storetest.Day, Status: models.EventPending}
		if _, err := s.KeepEvent(context.Background(), e); err != nil {
			t.Fatal(err)
		}
		m.events = append(m.events, e)
	}
	return s, m
}
