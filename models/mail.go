package models

import (
	"strings"
	"time"
)

// MailState is how far a mail has come.
type MailState string

// The states of a mail.
const (
	MailQueued  MailState = "queued"  // to be sent, or to be tried again
	MailSending MailState = "sending" // somebody has it in hand
	MailSent    MailState = "sent"    // the mail server took it
	MailFailed  MailState = "failed"  // it is not sent any more; Because says why
	MailKept    MailState = "kept"    // no mail server was configured: it is not sent any more
)

// Mail is one message to one person. It is sent once or not at all.
type Mail struct {
	Tenant
	ID        MailID     `db:"id"`
	To        string     `db:"recipient"`
	Name      string     `db:"name"`
	State     MailState  `db:"state"`
	Tries     int        `db:"tries"`
	Because   *string    `db:"because"` // why it was not sent, or not yet
	QueuedAt  time.Time  `db:"queued_at"`
	ClaimedAt *time.Time `db:"claimed_at"`
	SentAt    *time.Time `db:"sent_at"`
	Message   Message    `db:"-"`
}

// Message is what a mail tells: its kind names a template of the room mail, and its facts fill that.
type Message struct {
	Kind  string
	Facts map[string]string // a fact of several lines is a list
}

// SendMail is the job that sends one mail.
type SendMail struct {
	Company CompanyID `json:"company"`
	Mail    MailID    `json:"mail"`
}

// Kind names the job in the queue.
func (SendMail) Kind() string { return "send_mail" }

// KeyRefused tells a company's people that nothing can be asked of their provider any more, for it refuses the key.
func KeyRefused(company Company, program Program, mode Mode) Message {
	return broken(company, program, mode, "Stripe refuses the API key that Portal was given: it was rolled or deleted. Until another one is connected, nothing can be asked of Stripe.",
		"What comes in by webhook still counts while its signing secret holds. What only Stripe can answer waits: a charge whose invoice is not known earns nobody anything yet, and events that did not come cannot be fetched.")
}

// AccessRevoked tells a company's people that the access by OAuth was taken away.
func AccessRevoked(company Company, program Program, mode Mode) Message {
	return broken(company, program, mode, "The access that Portal had to the Stripe account was taken away, in Stripe's own settings. Until it is connected again, Stripe tells Portal nothing.",
		"Payments from now on are not seen, so they earn nobody anything yet, and refunds and disputes are not seen either.")
}

// PlatformRefused tells a company's people that Portal's own key, by which their account is reached, is refused.
func PlatformRefused(company Company, program Program, mode Mode) Message {
	return broken(company, program, mode, "Stripe refuses the key of Portal itself, by which your account is reached. You need not do anything: tell whoever runs this Portal.",
		"What only Stripe can answer waits: a charge whose invoice is not known earns nobody anything yet, and events that did not come cannot be fetched.")
}

func broken(company Company, program Program, mode Mode, why, costs string) Message {
	m := aboutConnection("connection_broken", company, program, mode)
	m.Facts["why"], m.Facts["costs"] = why, costs
	return m
}

// ConnectionMended tells those who were told that a connection broke that it works again.
func ConnectionMended(company Company, program Program, mode Mode) Message {
	return aboutConnection("connection_mended", company, program, mode)
}

// RightsLost tells a company's people that their key lost rights that it had, by Stripe's names.
func RightsLost(company Company, program Program, mode Mode, rights []string) Message {
	m := aboutConnection("rights_lost", company, program, mode)
	var lines []string
	for _, name := range rights {
		lines = append(lines, strings.TrimSuffix(RightWord(name)+" ("+name+"): "+RightCost(name), ": "))
	}
	m.Facts["rights"] = strings.Join(lines, "\n")
	return m
}

func aboutConnection(kind string, company Company, program Program, mode Mode) Message {
	return Message{Kind: kind, Facts: map[string]string{"company": company.Name, "program": program.Name, "program_id": program.ID.String(), "mode": string(mode)}}
}
