package models

import "time"

// SyncKind is what is brought from a provider.
type SyncKind string

// The kinds of syncs.
const (
	SyncOfCustomers SyncKind = "customers" // F5, F32
	SyncOfCatalog   SyncKind = "catalog"   // products, prices, coupons and promotion codes: F17, F33
)

// SyncState is how far a sync has come.
type SyncState string

// The states of a sync.
const (
	SyncRunning   SyncState = "running"
	SyncPaused    SyncState = "paused"
	SyncDone      SyncState = "done"
	SyncFailed    SyncState = "failed" // somebody must do something first; then it goes on where it was
	SyncCancelled SyncState = "cancelled"
)

// Sync is the run that is under way, or the last one, of one kind in one program and mode.
type Sync struct {
	Tenant
	Program    ProgramID  `db:"program_id"`
	Kind       SyncKind   `db:"kind"`
	State      SyncState  `db:"state"`
	Cursor     string     `db:"cursor"`     // the last thing that was read; empty before the first
	ReachedAt  *time.Time `db:"reached_at"` // when that was made at the provider
	Seen       int        `db:"seen"`
	Fresh      int        `db:"fresh"`    // of them, that were not here before
	Updated    int        `db:"updated"`  // of them, that were here and are told otherwise now
	Expected   int        `db:"expected"` // how many the run before found; 0 when there was none
	Because    string     `db:"because"`  // what stands in the way, in a sentence
	MadeBy     string     `db:"made_by"`
	StartedAt  time.Time  `db:"started_at"`
	BeatAt     time.Time  `db:"beat_at"` // when it last came on
	FinishedAt *time.Time `db:"finished_at"`
}

// SyncCustomers is the job that brings a program's customers from Stripe, and keeps its place as it goes.
type SyncCustomers struct {
	Company CompanyID `json:"company"`
	Mode    Mode      `json:"mode"`
	Program ProgramID `json:"program"`
}

// Kind names the job in the queue.
func (SyncCustomers) Kind() string { return "sync_customers" }

// SyncCatalog is the job that brings a program's products, prices, coupons and promotion codes from Stripe.
type SyncCatalog struct {
	Company CompanyID `json:"company"`
	Mode    Mode      `json:"mode"`
	Program ProgramID `json:"program"`
}

// Kind names the job in the queue.
func (SyncCatalog) Kind() string { return "sync_catalog" }

// KeepCatalog is the job that keeps what one event says of a product, a price, a coupon or a promotion code.
type KeepCatalog struct {
	Company CompanyID `json:"company"`
	Mode    Mode      `json:"mode"`
	Event   EventID   `json:"event"`
}

// Kind names the job in the queue.
func (KeepCatalog) Kind() string { return "keep_catalog" }

// CarrySyncs is the job that takes up syncs that were cut off, and brings every connection's catalog once a day.
type CarrySyncs struct{}

// Kind names the job in the queue.
func (CarrySyncs) Kind() string { return "carry_syncs" }

// ToldCustomer is a customer as the provider's list tells of them.
type ToldCustomer struct {
	ID    string `json:"id"`
	Email string `json:"email,omitempty"`
	Name  string `json:"name,omitempty"`
}
