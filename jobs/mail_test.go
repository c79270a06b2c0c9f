package jobs

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	letters "portal/mail"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// office is a mail server: it keeps what it takes, and does at each step what the test says.
type office struct {
	sync.Mutex
	taken     []*mail.Message
	bodies    []string
	atRcpt    func(to string) error
	afterData func() error
}

type counter struct{ *office }

func (counter) Reset()                               {}
func (counter) Logout() error                        { return nil }
func (counter) Mail(string, *smtp.MailOptions) error { return nil }
func (c counter) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.Lock()
	say := c.atRcpt
	c.Unlock()
	return say(to)
}

func (c counter) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		return err
	}
	c.Lock()
	c.taken, c.bodies = append(c.taken, m), append(c.bodies, string(body))
	say := c.afterData
	c.Unlock()
	return say()
}

func newOffice(t *testing.T) (*office, string) {
	t.Helper()
	o := &office{atRcpt: func(string) error { return nil }, afterData: func() error { return nil }}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return counter{o}, nil }))
	server.Domain, server.ErrorLog = "mail.example", log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return o, "smtp://" + l.Addr().String()
}

// desk is a company with one mail to its owner, and the work that sends it.
type desk struct {
	*testing.T
	store  *store.Store
	work   *sendMail
	caller models.Caller
	id     models.MailID
}

func newDesk(t *testing.T, smtpURL string) *desk {
	t.Helper()
	s := storetest.Open(t)
	d := &desk{T: t, store: s, caller: storetest.Company(t, s), work: &sendMail{store: s,
		post: letters.Post{SMTPURL: smtpURL, From: "Portal <portal@acme.example>", PublicURL: "https://portal.example", Patience: 300 * time.Millisecond}}}
	ctx := context.Background()
	company, err := s.Company(ctx, d.caller.Company)
	if err != nil {
		t.Fatal(err)
	}
	to := []models.Person{{Email: "olivia@acme.example", Name: "Olivia Ünal"}}
	if err := s.InTx(ctx, func(tx *store.Store) error {
		return tx.QueueMail(ctx, d.caller.Tenant, models.KeyRefused(company, models.Program{Name: "Partners"}, models.Live), to, time.Now())
	}); err != nil {
		t.Fatal(err)
	}
	d.id = d.mail().ID
	return d
}

// mail is the one mail, as it stands.
func (d *desk) mail() models.Mail {
	d.Helper()
	list, err := d.store.NewestMails(context.Background(), 10)
	if err != nil || len(list) != 1 {
		d.Fatalf("%d mails, %v", len(list), err)
	}
	return list[0]
}

// try works the job as the queue does, for the so manieth time.
func (d *desk) try(attempt int) error {
	job := &river.Job[models.SendMail]{JobRow: &rivertype.JobRow{Attempt: attempt, MaxAttempts: 20}, Args: models.SendMail{Company: d.caller.Company, Mail: d.id}}
	return d.work.Work(context.Background(), job)
}

func (d *desk) is(state models.MailState, because string) {
	d.Helper()
	m := d.mail()
	why := ""
	if m.Because != nil {
		why = *m.Because
	}
	if m.State != state || !strings.Contains(why, because) || because == "" && why != "" || (m.SentAt != nil) != (state == models.MailSent) {
		d.Errorf("the mail is %s (%s); want %s (%s)", m.State, why, state, because)
	}
}

// A mail goes out once, as text and HTML, under an id of its own, however often its job runs.
func TestAMailIsSentOnce(t *testing.T) {
	t.Parallel()
	o, at := newOffice(t)
	d := newDesk(t, at)
	for n := range 3 {
		if err := d.try(n + 1); err != nil {
			t.Fatal(err)
		}
	}
	d.is(models.MailSent, "")
	if len(o.taken) != 1 || d.mail().Tries != 1 {
		t.Fatalf("sent %d times in %d tries", len(o.taken), d.mail().Tries)
	}
	head := o.taken[0].Header
	id := "<" + strings.TrimPrefix(d.id.String(), "mail_") + "@portal.example>"
	if head.Get("Message-Id") != id || head.Get("To") != "<olivia@acme.example>" || head.Get("From") != `"Portal" <portal@acme.example>` || head.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("%v", head)
	}
	if !strings.HasPrefix(head.Get("Content-Type"), "multipart/alternative") || !strings.Contains(o.bodies[0], "text/plain") || !strings.Contains(o.bodies[0], "text/html") {
		t.Errorf("%s\n%s", head.Get("Content-Type"), o.bodies[0])
	}
}

// Several that have one mail in hand at once send it once.
func TestOfManyWhoTryOneSends(t *testing.T) {
	t.Parallel()
	o, at := newOffice(t)
	d := newDesk(t, at)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() { _ = d.try(1) })
	}
	all.Wait()
	if d.is(models.MailSent, ""); len(o.taken) != 1 {
		t.Errorf("sent %d times", len(o.taken))
	}
}

// A server that says "later", or hangs before it has the mail, gets it later; one that says no does not.
func TestARefusalIsTriedAgainOnlyIfItMayEnd(t *testing.T) {
	t.Parallel()
	answer := func(code int) error { return &smtp.SMTPError{Code: code, Message: "not now, or never"} }
	for name, c := range map[string]struct {
		plant func(o *office)
		state models.MailState
		says  string
		again bool
	}{
		"greylisted":            {func(o *office) { o.atRcpt = func(string) error { return answer(451) } }, models.MailQueued, "not now", true},
		"no such mailbox":       {func(o *office) { o.atRcpt = func(string) error { return answer(550) } }, models.MailFailed, "The mail server refused it", false},
		"full after the text":   {func(o *office) { o.afterData = func() error { return answer(452) } }, models.MailQueued, "not now", true},
		"spam after the text":   {func(o *office) { o.afterData = func() error { return answer(554) } }, models.MailFailed, "refused", false},
		"hangs before the text": {func(o *office) { o.atRcpt = func(string) error { time.Sleep(time.Second); return nil } }, models.MailQueued, "timeout", true},
		"hangs after the text":  {func(o *office) { o.afterData = func() error { time.Sleep(time.Second); return nil } }, models.MailFailed, "did not say whether it took it, so it is not sent again", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, at := newOffice(t)
			c.plant(o)
			d := newDesk(t, at)
			if err := d.try(1); (err != nil) != c.again {
				t.Errorf("the job ends with %v", err)
			}
			if m := d.mail(); m.State != c.state || m.Because == nil || !strings.Contains(*m.Because, c.says) {
				t.Errorf("%+v", m)
			}
			o.Lock()
			o.atRcpt, o.afterData = func(string) error { return nil }, func() error { return nil }
			before := len(o.taken)
			o.Unlock()
			if err := d.try(2); err != nil {
				t.Error(err)
			}
			o.Lock()
			defer o.Unlock()
			if got := len(o.taken) - before; got != map[bool]int{true: 1, false: 0}[c.again] {
				t.Errorf("sent %d times when tried again", got)
			}
		})
	}
}

// A server that cannot be reached, or does not greet, costs the mail nothing but time; after half a day it is given up, and says why.
func TestADeadServerIsTriedUntilItIsGivenUp(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes calls and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	for name, at := range map[string]string{"nobody there": "smtp://127.0.0.1:1", "silent": "smtp://" + silent.Addr().String(), "no address": "smtp://"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, at)
			if err := d.try(1); err == nil {
				t.Error("the job is done")
			}
			d.is(models.MailQueued, "mail server")
			if err := d.try(20); err != nil {
				t.Error(err)
			}
			d.is(models.MailFailed, "It was tried 20 times.")
		})
	}
	job := func(n int) *river.Job[models.SendMail] {
		return &river.Job[models.SendMail]{JobRow: &rivertype.JobRow{Attempt: n}}
	}
	var whole time.Duration
	for n := 1; n < 20; n++ {
		whole += time.Until((&sendMail{}).NextRetry(job(n)))
	}
	if whole < 8*time.Hour || whole > 24*time.Hour {
		t.Errorf("given up after %s", whole)
	}
}

// A crash between sending and marking: the mail went out, and nobody could say so. It is not sent again, and that it is not
// known says so.
func TestAMailWhoseEndIsNotKnownIsNotRepeated(t *testing.T) {
	t.Parallel()
	o, at := newOffice(t)
	d := newDesk(t, at)
	sql := func(statement string) {
		t.Helper()
		if _, err := d.store.DB().Exec(statement); err != nil {
			t.Error(err)
		}
	}
	o.afterData = func() error { sql(`ALTER TABLE mails RENAME TO away`); return nil }
	if err := d.try(1); err == nil {
		t.Error("the job ended well though nothing could be kept")
	}
	sql(`ALTER TABLE away RENAME TO mails`)
	d.is(models.MailSending, "")
	var snooze *river.JobSnoozeError
	if err := d.try(2); !errors.As(err, &snooze) {
		t.Errorf("while it may be in somebody's hand: %v", err)
	}
	sql(`UPDATE mails SET claimed_at = claimed_at - interval '1 hour'`)
	for n := range 2 {
		if err := d.try(n + 3); err != nil {
			t.Error(err)
		}
	}
	if d.is(models.MailFailed, "Whether it went out is not known, so it is not sent again."); len(o.taken) != 1 {
		t.Errorf("sent %d times", len(o.taken))
	}
}

// CONTRACT.md 3: without a mail server a mail is kept, and a mail server that comes later does not get it.
func TestWithoutAMailServerAMailIsKept(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	if err := d.try(1); err != nil {
		t.Fatal(err)
	}
	d.is(models.MailKept, "")
	o, at := newOffice(t)
	d.work.post.SMTPURL = at
	if err := d.try(2); err != nil || len(o.taken) > 0 {
		t.Errorf("%v, sent %d times", err, len(o.taken))
	}
}

// A mail is promised by the transaction that causes it: what is undone sends nothing. What it tells is sealed.
func TestAMailIsKeptWithItsCauseAndSealed(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	ctx := context.Background()
	undone := errors.New("undone")
	if err := d.store.InTx(ctx, func(tx *store.Store) error {
		return errors.Join(tx.QueueMail(ctx, d.caller.Tenant, models.Message{Kind: "connection_mended"}, []models.Person{{Email: "a@acme.example"}}, time.Now()), undone)
	}); !errors.Is(err, undone) {
		t.Fatal(err)
	}
	d.mail()
	var jobs, open int
	if err := d.store.DB().QueryRow(`SELECT count(*), (SELECT count(*) FROM mails WHERE position('refuses'::bytea in facts) > 0) FROM river_job WHERE kind = 'send_mail'`).Scan(&jobs, &open); err != nil || jobs != 1 || open != 0 {
		t.Errorf("%v: %d jobs, %d mails can be read in the database", err, jobs, open)
	}
	if err := d.store.QueueMail(ctx, d.caller.Tenant, models.Message{}, []models.Person{{}}, time.Now()); err == nil {
		t.Error("a mail was queued outside of a transaction")
	}
}
