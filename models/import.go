package models

import "time"

// ImportState is how far an import of the past has come.
type ImportState string

// The states of an import.
const (
	ImportListing   ImportState = "listing"  // the provider is asked; nothing changes
	ImportListed    ImportState = "listed"   // what it would do is known, and a person may let it enter
	ImportEntering  ImportState = "entering" // what was listed goes into the inbox
	ImportDone      ImportState = "done"
	ImportCancelled ImportState = "cancelled"
)

// Import brings in what was paid before, from a provider's lists (MONEY.md 3.4).
type Import struct {
	Tenant
	ID          ImportID    `db:"id"`
	Program     ProgramID   `db:"program_id"`
	Source      SourceName  `db:"source"`
	Since       time.Time   `db:"since"`
	Until       time.Time   `db:"until"`
	ConnectedAt time.Time   `db:"connected_at"` // what was paid before earns nothing without Commissions
	State       ImportState `db:"state"`
	Paused      bool        `db:"paused"`
	Step        int         `db:"step"`     // the list that is under way
	After       string      `db:"after_id"` // the last object of it that is through
	Rows        int         `db:"rows"`     // objects that were listed
	Entered     int         `db:"entered"`  // of them, those that went into the inbox
	Fresh       int         `db:"fresh"`    // of those, the ones that said something new
	Waits       *string     `db:"waits"`    // why the provider cannot be asked now; nil when it can
	Commissions bool        `db:"commissions"`
	MadeBy      string      `db:"made_by"`
	MadeAt      time.Time   `db:"made_at"`
	CommittedBy *string     `db:"committed_by"`
	CommittedAt *time.Time  `db:"committed_at"`
	FinishedAt  *time.Time  `db:"finished_at"`
	Found       Found       `db:"-"`
}

// Open tells whether an import may still be changed.
func (i Import) Open() bool {
	return i.State == ImportListing || i.State == ImportListed || i.State == ImportEntering
}

// Found is what an import has listed, and what entering it would do.
type Found struct {
	Kinds     []FoundKind `json:"kinds"`
	Payments  int         `json:"payments"`  // that were tried
	Customers int         `json:"customers"` // of them, those who would find a partner
	Earned    []Money     `json:"earned"`    // what it would earn with commissions, by the partners' currencies
	Tried     int         `json:"tried"`     // objects that these were reckoned on: the newest
	Of        int         `json:"of"`        // objects there are
}

// FoundKind is what was listed of one kind in one currency.
type FoundKind struct {
	Kind     string   `json:"kind" db:"kind"`
	Currency Currency `json:"currency" db:"currency"`
	Count    int      `json:"count" db:"count"`
	Sum      int64    `json:"sum" db:"sum"`
	Here     int      `json:"here" db:"here"` // of them, those that are known already
}

// ImportObject is one object that an import has listed.
type ImportObject struct {
	N        int       `db:"n"`
	Kind     string    `db:"kind"`
	Object   string    `db:"object"`
	Currency Currency  `db:"currency"`
	Amount   int64     `db:"amount"`
	At       time.Time `db:"at"`
	ListedAt time.Time `db:"listed_at"`
	Body     []byte    `db:"body"`
}

// CarryImport is the job that lists and enters an import, and keeps its place as it goes.
type CarryImport struct {
	Company CompanyID `json:"company"`
	Mode    Mode      `json:"mode"`
	Import  ImportID  `json:"import"`
}

// Kind names the job in the queue.
func (CarryImport) Kind() string { return "carry_import" }

// CarryImports is the job that takes up imports whose own job is gone.
type CarryImports struct{}

// Kind names the job in the queue.
func (CarryImports) Kind() string { return "carry_imports" }
