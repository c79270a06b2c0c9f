package doctor

import (
	"context"
	"net/mail"
	"net/url"

	post "portal/mail"
)

// mail reaches the mail server as mail is sent, and signs in where a user is configured. It sends nothing.
func (d *Doctor) mail(ctx context.Context) (Finding, error) {
	if d.SMTPURL == "" {
		return warning("No mail server is configured, so nobody gets mail.", "Set one if Portal is to send mail.").at("mail.smtp_url"), nil
	}
	u, err := url.Parse(d.SMTPURL)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return failed("The address of the mail server cannot be read.", "Write it as smtp://user:password@host:587, or with smtps://.").at("mail.smtp_url"), nil
	}
	if _, err := mail.ParseAddress(d.MailFrom); err != nil {
		return failed("The sender is not an e-mail address, and mail servers want one.", "Set the address that mail comes from.").at("mail.from"), nil
	}
	line, err := post.Post{SMTPURL: d.SMTPURL, From: d.MailFrom, Patience: patience}.Open(ctx)
	if err != nil {
		return failed("The mail server at "+u.Host+" cannot be used: "+err.Error()+".", "See that it runs, that this machine reaches it, and that user and password are right.").at("mail.smtp_url"), nil
	}
	line.Close()
	return ok("The mail server at %s answers.", u.Host), nil
}
