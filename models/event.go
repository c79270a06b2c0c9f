package models

import "time"

// EventStatus is how far a kept event has come.
type EventStatus string

// The states of a kept event.
const (
	EventPending EventStatus = "pending"
	EventDone    EventStatus = "done"
	EventIgnored EventStatus = "ignored"
	EventFailed  EventStatus = "failed"
)

// Event is money news as it came: the exact bytes, kept before anything is made of them.
type Event struct {
	Tenant
	ID         EventID     `db:"id"`
	Bucket     int         `db:"bucket"` // what is decided one after the other: the events of one company and mode
	Program    ProgramID   `db:"program_id"`
	Source     SourceName  `db:"source"`
	ProviderID string      `db:"provider_event_id"`
	Type       string      `db:"type"`
	Body       []byte      `db:"body"`
	ReceivedAt time.Time   `db:"received_at"`
	Status     EventStatus `db:"status"`
	Because    *string     `db:"because"`
	Answer     []byte      `db:"answer"` // what the provider said when it was asked; kept so that a replay needs no network
	Tries      int         `db:"tries"`
	Stray      bool        `db:"stray"` // it is of one side and came signed for the other: it counts nowhere (D16)
	Turn       *int64      `db:"turn"`  // its place on the tape, once it counts
}

// Bucket is where a mode's events queue: each company's live and test money are decided apart, each in its own order.
func (t Tenant) Bucket() int {
	if t.Mode == Live {
		return 0
	}
	return 1
}

// PayInvoice is the job that carries a payment attempt to its end, should the request that began it have died.
type PayInvoice struct {
	Company CompanyID `json:"company"`
	Mode    Mode      `json:"mode"`
	Attempt AttemptID `json:"attempt"`
}

// Kind names the job in the queue.
func (PayInvoice) Kind() string { return "pay_invoice" }

// EndHolds is the job that turns held commissions into due ones when their day has come.
type EndHolds struct{}

// Kind names the job in the queue.
func (EndHolds) Kind() string { return "end_holds" }

// DrawScheduled is the job that begins what companies' schedules ask for, and takes up runs whose own job is gone.
type DrawScheduled struct{}

// Kind names the job in the queue.
func (DrawScheduled) Kind() string { return "draw_scheduled" }

// CarryRun is the job that draws up the invoices of a run.
type CarryRun struct {
	Company CompanyID `json:"company"`
	Mode    Mode      `json:"mode"`
	Run     RunID     `json:"run"`
}

// Kind names the job in the queue.
func (CarryRun) Kind() string { return "carry_run" }

// CarryAttempts is the job that looks again at payments without an outcome, should their own job have given up.
type CarryAttempts struct{}

// Kind names the job in the queue.
func (CarryAttempts) Kind() string { return "carry_attempts" }

// FetchRates is the job that brings the newest exchange rates and prices what waited for one.
type FetchRates struct{}

// Kind names the job in the queue.
func (FetchRates) Kind() string { return "fetch_rates" }

// CarryLinkFile is the job that checks a file of links, or links by it, and keeps its place as it goes.
type CarryLinkFile struct {
	Company CompanyID  `json:"company"`
	Mode    Mode       `json:"mode"`
	File    LinkFileID `json:"file"`
}

// Kind names the job in the queue.
func (CarryLinkFile) Kind() string { return "carry_link_file" }

// Heal is the job that fetches from a connection's provider the events that did not come; from every connection's, where it
// names none.
type Heal struct {
	Company CompanyID  `json:"company,omitzero"`
	Mode    Mode       `json:"mode,omitzero"`
	Program ProgramID  `json:"program,omitzero"`
	Source  SourceName `json:"source,omitzero"`
}

// Kind names the job in the queue.
func (Heal) Kind() string { return "heal" }

// Tidy is the job that forgets what nobody may use any more: old answers, sessions and sign-in tries.
type Tidy struct{}

// Kind names the job in the queue.
func (Tidy) Kind() string { return "tidy" }
