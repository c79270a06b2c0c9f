package models

import "time"

// LinkFileState is how far a file of links has come.
type LinkFileState string

// The states of a file of links.
const (
	FileChecking LinkFileState = "checking" // its rows are looked up; nothing changes
	FileChecked  LinkFileState = "checked"  // each row has a verdict, and a person may let it link
	FileLinking  LinkFileState = "linking"
	FileDone     LinkFileState = "done"
)

// LinkFile is an uploaded list of customers and the partners they belong to from now on (B4).
type LinkFile struct {
	Tenant
	ID          LinkFileID    `db:"id"`
	Name        string        `db:"name"`
	Rows        int           `db:"rows"`
	Replaces    bool          `db:"replaces"`
	State       LinkFileState `db:"state"`
	Progress    int           `db:"progress"` // the last row that the step under way is through with
	MadeBy      string        `db:"made_by"`
	MadeAt      time.Time     `db:"made_at"`
	CommittedBy *string       `db:"committed_by"`
	CommittedAt *time.Time    `db:"committed_at"`
	FinishedAt  *time.Time    `db:"finished_at"`
	// Counts are the rows by verdict, known when a step has ended.
	Counts map[Verdict]int `db:"-"`
}

// Verdict is what becomes of one row of such a file.
type Verdict string

// The verdicts. Before the file is let link, WillLink and WillReplace are what it would do.
const (
	WillLink    Verdict = "link"
	WillReplace Verdict = "replace"
	Linked      Verdict = "linked"
	Replaced    Verdict = "replaced"
	Already     Verdict = "already"     // of this partner
	Kept        Verdict = "other"       // of another partner, who keeps the customer
	Repeated    Verdict = "duplicate"   // of a row before
	Contradicts Verdict = "contradicts" // a row before names another partner
	NoCustomer  Verdict = "no_customer"
	NoPartner   Verdict = "no_partner"
	NotActive   Verdict = "inactive" // the partner
	Malformed   Verdict = "malformed"
)

// Verdicts are all of them, in the order in which people look at them.
var Verdicts = []Verdict{Linked, Replaced, WillLink, WillReplace, Already, Kept, Contradicts, NoCustomer, NoPartner, NotActive, Malformed, Repeated}

// LinkRow is one row of the file with its verdict.
type LinkRow struct {
	N        int     `db:"n"` // its row in the file, the head being the first
	Customer string  `db:"customer"`
	Address  string  `db:"address"` // the customer as an e-mail address is compared; empty when it is none
	Partner  string  `db:"partner"`
	Verdict  Verdict `db:"verdict"`
	Because  string  `db:"because"` // what is wrong with a malformed row
	Holder   *string `db:"holder"`  // the key of the partner whose the customer is otherwise
	Like     *int    `db:"like_n"`  // the row before that names the same customer
}
