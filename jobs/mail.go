package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"portal/mail"
	"portal/models"
	"portal/store"
)

type sendMail struct {
	river.WorkerDefaults[models.SendMail]
	store *store.Store
	post  mail.Post
}

// inHand is how long a mail may be in somebody's hand who lives.
const inHand = 5 * time.Minute

// Work sends one mail. It is claimed before its first word is sent, and never again afterwards unless the server said no:
// one whose end is not known is not repeated. Without a mail server it is kept.
func (w *sendMail) Work(ctx context.Context, job *river.Job[models.SendMail]) error {
	m, err := w.store.Mail(ctx, job.Args.Company, job.Args.Mail)
	if err != nil {
		return err
	}
	switch {
	case m.State == models.MailSending && time.Since(*m.ClaimedAt) < inHand:
		return river.JobSnooze(inHand)
	case m.State == models.MailSending:
		return w.end(ctx, m, models.MailFailed, "Portal stopped while it was sent. Whether it went out is not known, so it is not sent again.")
	case m.State != models.MailQueued:
		return nil
	case w.post.SMTPURL == "":
		return w.end(ctx, m, models.MailKept, "")
	}
	letter, err := mail.Write(m, w.post.PublicURL)
	if err != nil {
		return w.end(ctx, m, models.MailFailed, err.Error())
	}
	line, err := w.post.Open(ctx)
	if err != nil {
		return w.again(ctx, job, m, fmt.Errorf("the mail server could not be used: %w", err))
	}
	defer line.Close()
	if ours, err := w.store.ClaimMail(ctx, m, time.Now()); err != nil || !ours {
		return err
	}
	switch outcome, err := line.Send(letter, m.QueuedAt); outcome {
	case mail.Sent:
		return w.end(ctx, m, models.MailSent, "")
	case mail.Refused:
		return w.end(ctx, m, models.MailFailed, fmt.Sprintf("The mail server refused it: %v.", err))
	case mail.Unknown:
		return w.end(ctx, m, models.MailFailed, fmt.Sprintf("The mail server did not say whether it took it, so it is not sent again: %v.", err))
	default:
		return w.again(ctx, job, m, err)
	}
}

// end keeps how a mail ended, also when the program is about to stop.
func (w *sendMail) end(ctx context.Context, m models.Mail, state models.MailState, because string) error {
	return w.store.SaveMail(context.WithoutCancel(ctx), m, state, because, time.Now())
}

// again has a mail tried later, unless this was the last time.
func (w *sendMail) again(ctx context.Context, job *river.Job[models.SendMail], m models.Mail, why error) error {
	if job.Attempt >= job.MaxAttempts {
		return w.end(ctx, m, models.MailFailed, fmt.Sprintf("It was tried %d times. The last time, %v.", job.Attempt, why))
	}
	if err := w.end(ctx, m, models.MailQueued, why.Error()); err != nil {
		return err
	}
	return fmt.Errorf("mail %s: %w", m.ID, why)
}

// NextRetry tries a mail again after half a minute at first, then ever more seldom, up to an hour.
func (w *sendMail) NextRetry(job *river.Job[models.SendMail]) time.Time {
	return time.Now().Add(min(30*time.Second<<min(job.Attempt-1, 7), time.Hour))
}
