package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// A check that panics, hangs or fails says so, and those after it are made all the same; what needs it is skipped.
func TestABrokenCheckStopsNoOther(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	defer close(hang)
	s := subject{checks: []check{
		{"breaks", "", func(context.Context) (Finding, error) { panic("broken") }},
		{"hangs", "", func(context.Context) (Finding, error) { <-hang; return ok("late"), nil }},
		{"fails", "", func(context.Context) (Finding, error) { return ok("well"), errors.New("no answer") }},
		{"needs it", "fails", func(context.Context) (Finding, error) { return ok("well"), nil }},
		{"warns", "", func(context.Context) (Finding, error) { return warning("something is missing", "add it"), nil }},
		{"goes on", "warns", func(context.Context) (Finding, error) { return ok("well"), nil }},
	}}
	r := report([][]Finding{nil, s.run(context.Background(), 50*time.Millisecond)})
	want := []string{"breaks failed The check itself broke.", "hangs failed The check did not end within 50ms.", "fails failed It could not be looked at: no answer",
		"warns warning something is missing", "goes on ok well", `needs it skipped Not looked at: "fails" comes first.`}
	var got []string
	for _, f := range r.Findings {
		got = append(got, f.Name+" "+string(f.Verdict)+" "+f.Found)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") || r.OK || r.Failed != 3 || r.Warnings != 1 || r.Checks != 6 {
		t.Errorf("%+v", r)
	}
}

// What is about one thing stays together, and what failed comes first.
func TestWhatFailedComesFirst(t *testing.T) {
	t.Parallel()
	named := func(name string, f Finding) Finding { f.Name = name; return f }
	r := report([][]Finding{{named("a1", ok("")), named("a2", warning("", ""))}, {named("b1", ok("")), named("b2", failed("", ""))}, {named("c1", ok(""))}})
	var got []string
	for _, f := range r.Findings {
		got = append(got, f.Name)
	}
	if strings.Join(got, " ") != "b2 b1 a2 a1 c1" {
		t.Errorf("%v", got)
	}
}

// Rates come on working days: a weekend between is none.
func TestWorkingDays(t *testing.T) {
	t.Parallel()
	friday := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	for after, want := range map[int]int{0: 0, 1: 0, 2: 0, 3: 1, 4: 2, 6: 4, 7: 5, 10: 6} {
		if got := workingDays(friday, friday.AddDate(0, 0, after).Add(20*time.Hour)); got != want {
			t.Errorf("%d days after a Friday: %d, want %d", after, got, want)
		}
	}
}
