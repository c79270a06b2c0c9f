// Package doctor looks whether an installation and its companies' connections work (B18, F116-F123), and says of each thing
// that does not what was found and what to do about it. It looks only: nothing is changed, and no secret is told.
package doctor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"portal/integrations"
	"portal/models"
	"portal/store"
)

// Verdict is how a check ended.
type Verdict string

// The verdicts, the worst first. What is not configured is a warning or skipped; what is configured and does not work failed.
const (
	Failed  Verdict = "failed"
	Warning Verdict = "warning"
	OK      Verdict = "ok"
	Skipped Verdict = "skipped"
)

var order = []Verdict{Failed, Warning, OK, Skipped}

// Finding is what one check found.
type Finding struct {
	Name      string  `json:"name"`
	Verdict   Verdict `json:"verdict"`
	Found     string  `json:"found"`   // in one sentence
	Do        string  `json:"do"`      // in one sentence; empty when there is nothing to do
	Where     string  `json:"where"`   // a path of the product, or a configuration key
	Company   *string `json:"company"` // nil: it is about the installation
	CompanyID *string `json:"company_id"`
	Program   *string `json:"program"` // nil: it is about the whole side of the company
	ProgramID *string `json:"program_id"`
	Mode      *string `json:"mode"`
}

// Report is all that was found, by installation, company, program and side: those with a failure first, and failures first in each.
type Report struct {
	OK       bool      `json:"ok"` // nothing that is configured failed
	Checks   int       `json:"checks"`
	Failed   int       `json:"failed"`
	Warnings int       `json:"warnings"`
	Findings []Finding `json:"findings"`
}

// Settings are what the configuration says of the things that are looked at.
type Settings struct {
	PublicURL, StripeBase, StripeKey, PublishableKey, SMTPURL, MailFrom string

	HasPlatformSecret bool // events of the platform's own Stripe can be proved
}

// Doctor looks at one installation.
type Doctor struct {
	Store        *store.Store // nil when it cannot be reached
	NoStore      error        // why not
	NoKeys       error        // why the key ring cannot be read; nil when it can
	NoStripe     string       // why Stripe is not asked, in a sentence; empty when it is
	Integrations *integrations.Integrations
	Settings
	Now func() time.Time

	people bool // the findings are for a company's people, who are told no addresses and no other company's names
}

// patience is how long one check may take.
const patience = 10 * time.Second

// itself is where a check is that could not be made.
const itself = "portal check"

// check is one thing to look at. It is skipped unless those that it needs ended well or with a warning.
type check struct {
	name  string
	needs string
	ask   func(ctx context.Context) (Finding, error)
}

// subject is what checks are about: the installation, a company's side, or a program's.
type subject struct {
	company models.Company
	program models.Program
	mode    models.Mode
	checks  []check
}

// Run makes all checks.
func (d *Doctor) Run(ctx context.Context) Report {
	install := subject{checks: d.installation()}
	found := [][]Finding{install.run(ctx, patience)}
	subjects, trouble := d.subjects(ctx, found[0])
	found[0] = append(found[0], trouble...)
	rest := make([][]Finding, len(subjects))
	var group errgroup.Group
	group.SetLimit(4)
	for n, s := range subjects {
		group.Go(func() error {
			rest[n] = s.run(ctx, patience)
			return nil
		})
	}
	_ = group.Wait() // no check fails another
	return report(append(found, rest...))
}

func report(groups [][]Finding) Report {
	r := Report{OK: true, Findings: []Finding{}}
	for _, group := range groups {
		slices.SortStableFunc(group, worse)
	}
	slices.SortStableFunc(groups, func(a, b []Finding) int { // what is about one thing stays together
		return cmp.Compare(min(worst(a), 1), min(worst(b), 1))
	})
	for _, group := range groups {
		for _, f := range group {
			r.Checks++
			switch f.Verdict {
			case Failed:
				r.Failed, r.OK = r.Failed+1, false
			case Warning:
				r.Warnings++
			}
			r.Findings = append(r.Findings, f)
		}
	}
	return r
}

func worse(a, b Finding) int {
	return cmp.Compare(slices.Index(order, a.Verdict), slices.Index(order, b.Verdict))
}

// worst is the place of the worst verdict of findings that are in order.
func worst(group []Finding) int {
	if len(group) == 0 {
		return len(order)
	}
	return slices.Index(order, group[0].Verdict)
}

// run makes a subject's checks together, each after the one that it needs.
func (s subject) run(ctx context.Context, within time.Duration) []Finding {
	found, place, ended := make([]Finding, len(s.checks)), map[string]int{}, make([]chan struct{}, len(s.checks))
	for n, c := range s.checks {
		place[c.name], ended[n] = n, make(chan struct{})
	}
	for n, c := range s.checks {
		go func() {
			defer close(ended[n])
			f := skipped("Not looked at: \"" + c.needs + "\" comes first.")
			before := OK
			if c.needs != "" {
				<-ended[place[c.needs]]
				before = found[place[c.needs]].Verdict
			}
			if before == OK || before == Warning {
				f = c.within(ctx, within)
			}
			f.Name = c.name
			s.sign(&f)
			found[n] = f
		}()
	}
	for n := range ended {
		<-ended[n]
	}
	return found
}

// sign says on a finding what it is about.
func (s subject) sign(f *Finding) {
	if s.company.ID.IsZero() {
		return
	}
	f.Company, f.CompanyID = &s.company.Name, new(s.company.ID.String())
	if s.mode != "" {
		f.Mode = new(string(s.mode))
	}
	if !s.program.ID.IsZero() {
		f.Program, f.ProgramID = &s.program.Name, new(s.program.ID.String())
	}
}

// within makes one check, which may neither hang nor panic.
func (c check) within(ctx context.Context, patience time.Duration) Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ended := make(chan Finding, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				ended <- failed("The check itself broke.", "Tell Portal's makers: "+strings.SplitN(fmt.Sprint(p), "\n", 2)[0]).at(itself)
			}
		}()
		f, err := c.ask(ctx)
		if err != nil {
			f = failed("It could not be looked at: "+err.Error(), "Run the check again; if it stays, look at Portal's log.").at(itself)
		}
		ended <- f
	}()
	select {
	case f := <-ended:
		return f
	case <-ctx.Done():
		return failed(fmt.Sprintf("The check did not end within %s.", patience), "Run it again; if it stays, look at the network and the database.").at(itself)
	}
}

func ok(format string, args ...any) Finding {
	return Finding{Verdict: OK, Found: fmt.Sprintf(format, args...)}
}

func skipped(because string) Finding { return Finding{Verdict: Skipped, Found: because} }

func warning(found, do string) Finding { return Finding{Verdict: Warning, Found: found, Do: do} }

func failed(found, do string) Finding { return Finding{Verdict: Failed, Found: found, Do: do} }

// at says where to do it.
func (f Finding) at(where string) Finding {
	f.Where = where
	return f
}

// many is a count with its noun.
func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// Unreadable is the report on a configuration that cannot be read: nothing else can be looked at.
func Unreadable(err error) Report {
	f := failed(err.Error()+".", "Correct it; config.example.toml shows every key.").at("configuration")
	f.Name = "Configuration"
	return report([][]Finding{{f}})
}
