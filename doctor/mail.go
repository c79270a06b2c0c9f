package doctor

import (
	"context"
	"crypto/tls"
	"net"
	"net/mail"
	"net/smtp"
	"net/url"
	"time"
)

// mail greets the mail server, and signs in where a user is configured. It sends nothing.
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
	if err := greet(ctx, u); err != nil {
		return failed("The mail server at "+u.Host+" cannot be used: "+err.Error()+".", "See that it runs, that this machine reaches it, and that user and password are right.").at("mail.smtp_url"), nil
	}
	return ok("The mail server at %s answers.", u.Host), nil
}

// greet goes as far as one can without a letter.
func greet(ctx context.Context, u *url.URL) error {
	port := map[string]string{"smtp": "587", "smtps": "465"}[u.Scheme]
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), or(u.Port(), port)))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if u.Scheme == "smtps" {
		conn = tls.Client(conn, &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12})
	}
	c, err := smtp.NewClient(conn, u.Hostname())
	if err != nil {
		return err
	}
	if offered, _ := c.Extension("STARTTLS"); offered && u.Scheme == "smtp" {
		if err := c.StartTLS(&tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}); err != nil {
			return err
		}
	}
	if password, set := u.User.Password(); set {
		if err := c.Auth(smtp.PlainAuth("", u.User.Username(), password, u.Hostname())); err != nil {
			return err
		}
	}
	_ = c.Quit() // it has answered
	return nil
}
