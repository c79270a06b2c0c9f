package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"portal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// binary builds the program once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "portal-bin-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "portal")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// place is a data directory and an address that Portals of one test share.
type place struct {
	t       testing.TB
	path    string
	dir     string
	address string
	env     []string // besides the test's own
}

func newPlace(t testing.TB) *place {
	t.Helper()
	if syscall.Access("/dev/shm", 2) == nil {
		return newPlaceIn(t, "/dev/shm")
	}
	return newPlaceIn(t, "")
}

func newPlaceIn(t testing.TB, parent string) *place {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatalf("build portal: %v", err)
	}
	dir, err := os.MkdirTemp(parent, "portal-place-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return &place{t: t, path: path, dir: dir, address: l.Addr().String()}
}

func (p *place) url(path string) string { return "http://" + p.address + path }

func (p *place) command(args ...string) *exec.Cmd {
	cmd := exec.Command(p.path, args...)
	cmd.Env = append(append(os.Environ(), "PORTAL_SERVER_LISTEN="+p.address, "PORTAL_DATABASE_DATA_DIR="+p.dir, "PORTAL_SERVER_PUBLIC_URL=http://"+p.address), p.env...)
	return cmd
}

// run runs a command to its end and gives what it wrote.
func (p *place) run(args ...string) (string, error) {
	out, err := p.command(args...).CombinedOutput()
	return string(out), err
}

// running is a started Portal.
type running struct {
	*place
	cmd *exec.Cmd
	log *bytes.Buffer
}

func (p *place) start(args ...string) *running {
	p.t.Helper()
	r := &running{place: p, cmd: p.command(args...), log: &bytes.Buffer{}}
	r.cmd.Stdout, r.cmd.Stderr = r.log, r.log
	if err := r.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = r.cmd.Process.Kill(); _, _ = r.cmd.Process.Wait() })
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if res, err := http.Get(p.url("/readyz")); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return r
			}
		}
	}
	_ = r.cmd.Process.Kill()
	_, _ = r.cmd.Process.Wait()
	p.t.Fatalf("portal %s did not come up: %s", args, r.log)
	return nil
}

func (r *running) kill() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
}

func (r *running) stop() {
	r.t.Helper()
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	if err := r.cmd.Wait(); err != nil {
		r.t.Errorf("portal did not stop cleanly: %v\n%s", err, r.log)
	}
}

// caller calls the API with the key that setup made.
type caller struct {
	*place
	made
}

func (p *place) setup(extra ...string) caller {
	p.t.Helper()
	cmd := p.command(append([]string{"setup", "--company", "Acme", "--email", "owner@acme.example", "--program", "Partners", "--json"}, extra...)...)
	var out, trouble bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &trouble
	if err := cmd.Run(); err != nil {
		p.t.Fatalf("setup: %v: %s", err, &trouble)
	}
	c := caller{place: p}
	if err := json.Unmarshal(out.Bytes(), &c.made); err != nil {
		p.t.Fatalf("setup printed %q: %v", &out, err)
	}
	return c
}

// call asks the API and reads the answer into dest. Another status than want fails the test.
func (c caller) call(want int, method, path, body string, dest any) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, c.url(path), strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.APIKey)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, _ := io.ReadAll(res.Body)
	if res.StatusCode != want {
		c.t.Fatalf("%s %s: %d %s, want %d", method, path, res.StatusCode, answer, want)
	}
	if dest != nil {
		if err := json.Unmarshal(answer, dest); err != nil {
			c.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
		}
	}
}

// prepare makes the walk's program: a rule of 20 %, PARTNER_A and a webhook secret.
func (c caller) prepare() {
	c.t.Helper()
	c.call(200, "PUT", "/v1/rules", `{"data":[{"partner":null,"product":null,"product_type":null,"type":"percent","value":"20","recurring":"always"}]}`, nil)
	c.call(201, "POST", "/v1/partners", `{"key":"PARTNER_A","name":"Nora","email":"nora@partners.example","currency":"usd"}`, nil)
	c.call(200, "PUT", "/v1/integrations/stripe", `{"webhook_secret":"`+storetest.Secret+`"}`, nil)
}

// post sends a signed webhook and gives the status; 0 when nobody answered.
func (c caller) post(body []byte) int {
	req, err := http.NewRequest("POST", c.url("/v1/integrations/stripe/"+c.ProgramID+"/webhook"), bytes.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header = storetest.Signed(storetest.Secret, body, time.Now())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return res.StatusCode
}
