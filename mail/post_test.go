package mail_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	letters "portal/mail"
)

// A password is not given to a server that offers no encryption, not even in another shape.
func TestAPasswordIsNeverSentInTheClear(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var mu sync.Mutex
	var heard strings.Builder
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				_, _ = fmt.Fprint(conn, "220 mail.example\r\n")
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					mu.Lock()
					heard.WriteString(lines.Text() + "\n")
					mu.Unlock()
					_, _ = fmt.Fprint(conn, map[bool]string{true: "250-mail.example\r\n250 AUTH PLAIN LOGIN\r\n", false: "334 \r\n"}[strings.HasPrefix(lines.Text(), "EHLO")])
				}
			}()
		}
	}()
	post := letters.Post{SMTPURL: "smtp://olivia:hush-hush@" + l.Addr().String(), From: "portal@acme.example", Patience: time.Second}
	if line, err := post.Open(context.Background()); err == nil {
		line.Close()
		t.Error("it signed in")
	}
	mu.Lock()
	defer mu.Unlock()
	said := heard.String()
	if !strings.Contains(said, "EHLO") {
		t.Fatalf("nothing was said: %q", said)
	}
	for _, form := range []string{"hush-hush", base64.StdEncoding.EncodeToString([]byte("hush-hush")), base64.StdEncoding.EncodeToString([]byte("\x00olivia\x00hush-hush"))} {
		if strings.Contains(said, form) {
			t.Errorf("the password was sent: %s", said)
		}
	}
}

// What cannot be used says so, and is no crash.
func TestAMailServerThatCannotBeUsedSaysSo(t *testing.T) {
	t.Parallel()
	for _, p := range []letters.Post{{SMTPURL: "smtp://", From: "a@b.example"}, {SMTPURL: "%", From: "a@b.example"}, {SMTPURL: "smtp://127.0.0.1:1", From: "a@b.example"},
		{SMTPURL: "smtps://127.0.0.1:1", From: "a@b.example"}, {SMTPURL: "smtp://127.0.0.1:1", From: "nobody"}, {SMTPURL: "smtp://127.0.0.1:99999", From: "a@b.example"}} {
		p.Patience = time.Second
		if line, err := p.Open(context.Background()); err == nil {
			line.Close()
			t.Errorf("%+v was opened", p)
		}
	}
}
