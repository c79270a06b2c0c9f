package inbox_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"portal/replay"
)

const (
	stories = 100 // are drawn and played, unless PORTAL_STORIES says otherwise
	plays   = 3   // of each: the first in Stripe's own order, without accidents
	onStage = 20  // stories on one database

	shortening = 20 * time.Second // is spent on telling a failing story shorter
)

// DESIGN.md 4, B9, B10, D14, P9, P33, P46, P48: a story of sales, renewals, refunds, disputes, calls and links ends in the
// same books in whatever order its events come, however often, and wherever the machine stops on the way.
func TestStory(t *testing.T) {
	t.Parallel()
	if seed := number(t, "PORTAL_STORY", 0); seed > 0 {
		t.Log(draw(uint64(seed)))
		st := newStage(t)
		tellStory(t, st, uint64(seed))
		st.again(t)
		return
	}
	count := number(t, "PORTAL_STORIES", stories)
	t.Cleanup(func() {
		t.Logf("stories: %d, played %d times with %d acts, %d crashes and %d questions to Stripe", count, told.plays.Load(), told.acts.Load(), told.crashes.Load(), told.asked.Load())
	})
	for first := 1; first <= count; first += onStage {
		last := min(first+onStage-1, count)
		t.Run(fmt.Sprintf("%d to %d", first, last), func(t *testing.T) {
			t.Parallel()
			st := newStage(t)
			for seed := first; seed <= last; seed++ {
				tellStory(t, st, uint64(seed))
			}
			if first == 1 || count > stories { // it takes as long as all the plays
				st.again(t)
			}
		})
	}
}

// told sums up what all plays were.
var told struct{ plays, acts, crashes, asked atomic.Int64 }

// number is that of an environment variable, or another when it is not set.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// tellStory plays one story and fails the test when its plays do not end alike, with the shortest story that shows it.
func tellStory(t *testing.T, st *stage, seed uint64) {
	t.Helper()
	s := draw(seed)
	calm, err := perform(t, st, s, 0)
	for n := 1; n < plays; n++ {
		wrong := st.compare(t, s, n, calm, err)
		if wrong == "" {
			continue
		}
		end := time.Now().Add(shortening)
		for part := 0; time.Now().Before(end); {
			shorter, ok := s.without(part)
			if !ok {
				break
			}
			calm, err := perform(t, st, shorter, 0)
			if still := st.compare(t, shorter, n, calm, err); still != "" {
				s, wrong = shorter, still
			} else {
				part++
			}
		}
		t.Errorf("PORTAL_STORY=%d go test ./inbox -run TestStory\n%s\nPlay 0 (-) and play %d (+) of it:\n%s", seed, s, n, wrong)
		return
	}
}

// compare plays a story in another order than its own, and tells what is not as it ended in that.
func (st *stage) compare(t *testing.T, s story, n int, calm outcome, err error) string {
	t.Helper()
	if err != nil {
		return fmt.Sprintf("play 0: %v", err)
	}
	wild, err := perform(t, st, s, n)
	switch {
	case err != nil:
		return fmt.Sprintf("%v\n%s", err, strings.Join(wild.log, "\n"))
	case calm.end == wild.end:
		return ""
	}
	return differ(calm.end, wild.end) + fmt.Sprintf("play %d went:\n", n) + strings.Join(wild.log, "\n")
}

// again rebuilds all that was played on a stage from the tape, which must give the same (B9).
func (st *stage) again(t *testing.T) {
	t.Helper()
	r, err := replay.Run(context.Background(), st.proof, st.address)
	if err != nil {
		t.Errorf("replay: %v", err)
	}
	for _, difference := range r.Differences {
		t.Errorf("replay: %s", difference)
	}
}

// differ are the lines that only one of two ends has.
func differ(a, b string) string {
	var out strings.Builder
	for _, side := range []struct{ mark, has, not string }{{"-", a, b}, {"+", b, a}} {
		other := strings.Split(side.not, "\n")
		for line := range strings.SplitSeq(side.has, "\n") {
			if !slices.Contains(other, line) {
				out.WriteString(side.mark + " " + line + "\n")
			}
		}
	}
	return out.String()
}

// without is the story without its n-th sale, or act, or what was set before; false when it has no such part.
func (s story) without(n int) (story, bool) {
	if n < len(s.chapters) {
		gone := s.chapters[n].N
		s.chapters = slices.Delete(slices.Clone(s.chapters), n, n+1)
		s.acts = slices.DeleteFunc(slices.Clone(s.acts), func(a act) bool { return a.sale == gone })
		return s, true
	}
	if n -= len(s.chapters); n < len(s.acts) {
		s.acts = slices.Delete(slices.Clone(s.acts), n, n+1)
		return s, true
	}
	n -= len(s.acts)
	for i, a := range s.before {
		if strings.HasPrefix(a.name, "partner ") {
			continue // others name them
		}
		if n--; n < 0 {
			s.before = slices.Delete(slices.Clone(s.before), i, i+1)
			return s, true
		}
	}
	return s, false
}

// String tells the story in words.
func (s story) String() string {
	var b strings.Builder
	p := s.program
	fmt.Fprintf(&b, "Story %d: a %s-based program with a hold of %d days; coupons first %v, self-referral %s, shipping counts %v, out of band counts %v; Stripe is asked %v, and shows %v.\n",
		s.seed, p.AttributionModel, p.HoldDays, p.CouponBeatsLink, p.SelfReferral, p.CountShipping, p.CountOutOfBand, s.asks, s.keys)
	for _, a := range s.before {
		fmt.Fprintf(&b, "%s  %s\n", a.when.Format("2006-01-02 15:04:05"), a.name)
	}
	tell := func(sale int) {
		for _, a := range s.acts {
			if a.sale == sale {
				fmt.Fprintf(&b, "  %s\n", a)
			}
		}
	}
	for _, c := range s.chapters {
		fmt.Fprintf(&b, "%s\n", c)
		tell(c.N)
	}
	tell(0)
	return b.String()
}

func (a act) String() string {
	switch words := a.name; {
	case a.late:
		return words + ", after all else"
	case !a.when.IsZero():
		return words + ", at " + a.when.Format("2006-01-02 15:04:05")
	default:
		return words
	}
}
