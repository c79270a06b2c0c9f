package models

import "time"

// RunStatus is how far a run has come.
type RunStatus string

// The states of a run.
const (
	RunGoing RunStatus = "running"
	RunDone  RunStatus = "done"
)

// Run is the drawing up of a company's invoices up to a day, by its schedule or by hand, carried in pieces (F105).
type Run struct {
	Tenant
	ID        RunID      `db:"id"`
	Scheduled bool       `db:"scheduled"`
	Until     time.Time  `db:"until"`
	Least     int64      `db:"least"` // that its caller asks for, in each currency's smallest unit, beside what the settings do
	Status    RunStatus  `db:"status"`
	Partners  int        `db:"partners"` // that there were when it began
	Looked    int        `db:"looked"`   // at how many of them
	Invoices  int        `db:"invoices"`
	Below     int        `db:"below"`        // who waits because less than the minimum is due
	Last      PartnerID  `db:"last_partner"` // up to whom it has come; zero at first
	Person    *PersonID  `db:"started_person"`
	By        string     `db:"started_by"`
	StartedAt time.Time  `db:"started_at"`
	MovedAt   time.Time  `db:"moved_at"`
	EndedAt   *time.Time `db:"ended_at"`
}

// Actor is who began the run.
func (r Run) Actor() Actor { return Actor{Person: r.Person, Name: r.By} }
