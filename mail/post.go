package mail

import (
	"context"
	"errors"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	smtp "github.com/wneessen/go-mail"
	line "github.com/wneessen/go-mail/smtp"
)

// Post is the mail server that letters go by.
type Post struct {
	SMTPURL   string // smtp://user:password@host:587, or smtps://; empty sends nothing
	From      string
	PublicURL string        // what links lead to
	Patience  time.Duration // with a server that does not answer; 20 seconds when zero
}

// Line is an open connection to the mail server, over which one letter goes.
type Line struct {
	client *smtp.Client
	conn   *line.Client
	from   string
}

// Outcome is what became of a letter.
type Outcome int

// The outcomes.
const (
	Sent    Outcome = iota // the server took it
	Later                  // it did not, and may take it later
	Refused                // it did not, and never will
	Unknown                // it did not say whether it took it
)

// Open reaches the mail server and signs in. Nothing is sent yet, so a failure may be tried again.
func (p Post) Open(ctx context.Context) (*Line, error) {
	u, err := url.Parse(p.SMTPURL)
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("the address of the mail server cannot be read")
	}
	if _, err := mail.ParseAddress(p.From); err != nil {
		return nil, errors.New("the sender, mail.from, is not an e-mail address")
	}
	patience := p.Patience
	if patience == 0 {
		patience = 20 * time.Second
	}
	options := []smtp.Option{smtp.WithTimeout(patience), smtp.WithTLSPolicy(smtp.TLSOpportunistic), smtp.WithPort(587), smtp.WithoutNoop()}
	if u.Scheme == "smtps" {
		options = append(options, smtp.WithSSL(), smtp.WithPort(465))
	}
	if port, err := strconv.Atoi(u.Port()); err == nil {
		options = append(options, smtp.WithPort(port))
	}
	if password, set := u.User.Password(); set { // never in the clear
		options = append(options, smtp.WithSMTPAuth(smtp.SMTPAuthAutoDiscover), smtp.WithUsername(u.User.Username()), smtp.WithPassword(password))
	}
	client, err := smtp.NewClient(u.Hostname(), options...)
	if err != nil {
		return nil, err
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return nil, err
	}
	return &Line{client, conn, p.From}, nil
}

// Close says goodbye and hangs up, whatever the server says to it.
func (l *Line) Close() {
	_ = l.client.CloseWithSMTPClient(l.conn)
	_ = l.conn.Close()
}

// Send hands a letter over. The error says, for anything but Sent, what the server answered.
func (l *Line) Send(letter Letter, at time.Time) (Outcome, error) {
	m := smtp.NewMsg(smtp.WithNoDefaultUserAgent())
	if err := errors.Join(m.From(l.from), m.To(letter.To)); err != nil {
		return Refused, err
	}
	m.SetMessageIDWithValue(letter.ID)
	m.SetDateWithValue(at)
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	if letter.Stop != "" {
		m.SetGenHeader("List-Unsubscribe", "<"+letter.Stop+">")
		m.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	m.Subject(letter.Subject)
	m.SetBodyString(smtp.TypeTextPlain, letter.Text)
	m.AddAlternativeString(smtp.TypeTextHTML, letter.HTML)
	err := l.client.SendWithSMTPClient(l.conn, m)
	var trouble *smtp.SendError
	switch {
	case err == nil, m.IsDelivered():
		return Sent, nil
	case !errors.As(err, &trouble):
		return Unknown, err
	}
	said, _, _ := strings.Cut(err.Error(), ", affected ") // what follows is known
	err = errors.New(said)
	switch {
	case trouble.ErrorCode() >= 500:
		return Refused, err
	case trouble.ErrorCode() == 0 && trouble.Reason == smtp.ErrSMTPDataClose:
		return Unknown, err
	}
	return Later, err
}
