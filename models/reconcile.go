package models

import "time"

// Reconciliation is one comparison of what a provider lists with the payments and refunds here (B11).
type Reconciliation struct {
	Tenant
	ID         ReconcileID `db:"id"`
	Program    ProgramID   `db:"program_id"`
	Source     SourceName  `db:"source"`
	Since      time.Time   `db:"since"`
	Until      time.Time   `db:"until"`
	State      string      `db:"state"` // running, clean, differs, waits
	Waits      *string     `db:"waits"` // why the provider could not be asked
	Healed     int         `db:"healed"`
	Open       int         `db:"open"`
	StartedAt  time.Time   `db:"started_at"`
	FinishedAt *time.Time  `db:"finished_at"`

	Days        []ReconciledDay `db:"-"`
	Differences []Difference    `db:"-"`
}

// The states of a comparison.
const (
	ReconcileRunning = "running"
	ReconcileClean   = "clean"   // all that is listed is here, with the same amounts
	ReconcileDiffers = "differs" // something differs still after healing
	ReconcileWaits   = "waits"   // the provider could not be asked
)

// ReconciledDay is one day in UTC, in one currency, of payments or of refunds.
type ReconciledDay struct {
	Day      string   `json:"day"`  // 2026-11-20
	Kind     string   `json:"kind"` // payment, refund
	Currency Currency `json:"currency"`
	Theirs   Tally    `json:"theirs"` // what the provider lists
	Before   Tally    `json:"before"` // what was here
	Ours     Tally    `json:"ours"`   // what is here after healing
}

// Tally is a count of objects and the sum of their amounts.
type Tally struct {
	Count int   `json:"count"`
	Sum   int64 `json:"sum"`
}

// Add counts an amount.
func (t *Tally) Add(m Money) { t.Count, t.Sum = t.Count+1, t.Sum+m.Minor }

// Difference is one object that is not here as the provider lists it, or is here and not listed.
type Difference struct {
	Object string    `json:"object"`
	Kind   string    `json:"kind"`
	At     time.Time `json:"at"`
	Theirs *Money    `json:"theirs"` // nil: not listed
	Ours   *Money    `json:"ours"`   // nil: not here
	Why    string    `json:"why"`
	Healed bool      `json:"healed"`
}

// Known is what is known here of an object that a provider lists.
type Known struct {
	Object    string        `db:"object"`
	Key       string        `db:"key"` // of its payment; of a reversal its own
	Counted   bool          `db:"counted"`
	Amount    int64         `db:"amount"`
	Currency  Currency      `db:"currency"`
	State     ReversalState `db:"state"`      // of a reversal
	NoOutside bool          `db:"no_outside"` // what was paid outside the provider is not counted
	PaidAt    time.Time     `db:"paid_at"`
}

// Money is its amount.
func (k Known) Money() Money { return Money{Minor: k.Amount, Currency: k.Currency} }

// Reconcile is the job that compares every connection with its provider's lists.
type Reconcile struct{}

// Kind names the job in the queue.
func (Reconcile) Kind() string { return "reconcile" }

// ReconcileOne is the job that compares one connection, because somebody asked.
type ReconcileOne struct {
	Company CompanyID  `json:"company"`
	Mode    Mode       `json:"mode"`
	Program ProgramID  `json:"program"`
	Source  SourceName `json:"source"`
}

// Kind names the job in the queue.
func (ReconcileOne) Kind() string { return "reconcile_one" }
