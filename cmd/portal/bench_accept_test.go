package main

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"portal/store/storetest"
)

// The load: so many connections, each sending its next webhook when the last was answered, of so many bytes.
const (
	connections = 128
	webhookSize = 2048
	loadFor     = 15 * time.Second
	pgbenchFor  = 10 * time.Second
)

// sample is a webhook but for its id, cut in two where the id stands.
func sample() (before, after string) {
	sold := storetest.Sold{N: 1, Customer: "cus_1", Email: "ann@example.com", Gross: 10000, Currency: "usd", PaidAt: time.Now(), Renewal: true}
	body := strings.Replace(string(sold.Invoice(storetest.Old)), "evt_invoice.paid_1", "|", 1)
	body = strings.Replace(body, `"metadata":{}`, `"metadata":{"note":"`+strings.Repeat("0123456789abcdef", webhookSize/16)[:webhookSize-len(body)-len(`"note":""`)-idSize+1]+`"}`, 1)
	before, after, _ = strings.Cut(body, "|")
	return before, after
}

const idSize = len("evt_bench_000_00000000")

// sender is one connection: a client as lean as can be, since it shares the machine's cores with what it measures.
type sender struct {
	conn          net.Conn
	in            *bufio.Reader
	path          string
	before, after string
	out, body     []byte
}

// send posts one signed webhook and gives the status.
func (s *sender) send(id string) (int, error) {
	s.body = append(append(append(s.body[:0], s.before...), id...), s.after...)
	at := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(storetest.Secret))
	_, _ = io.WriteString(mac, at+".")
	_, _ = mac.Write(s.body)
	s.out = fmt.Appendf(s.out[:0], "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\nStripe-Signature: t=%s,v1=%s\r\n\r\n",
		s.path, len(s.body), at, hex.EncodeToString(mac.Sum(nil)))
	if _, err := s.conn.Write(append(s.out, s.body...)); err != nil {
		return 0, err
	}
	return s.answer()
}

// answer reads one answer whole.
func (s *sender) answer() (status int, err error) {
	length := 0
	for first := true; ; first = false {
		line, err := s.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if first && len(line) > 12 {
			status, _ = strconv.Atoi(string(line[9:12]))
		}
		if name, value, ok := strings.Cut(string(line), ": "); ok && name == "Content-Length" {
			length, _ = strconv.Atoi(strings.TrimSpace(value))
		}
		if len(line) <= 2 {
			_, err = s.in.Discard(length)
			return status, err
		}
	}
}

// flood sends webhooks over all connections for a while, and gives how many were kept in a second and how long the
// slowest hundredth took at least.
func (c caller) flood(of time.Duration) (perSecond float64, p99 time.Duration) {
	c.t.Helper()
	before, after := sample()
	took := make([][]time.Duration, connections)
	var all sync.WaitGroup
	began := time.Now()
	for n := range connections {
		all.Go(func() {
			conn, err := net.Dial("tcp", c.address)
			if err != nil {
				c.t.Error(err)
				return
			}
			defer func() { _ = conn.Close() }()
			s := sender{conn: conn, in: bufio.NewReader(conn), path: "/v1/integrations/stripe/" + c.ProgramID + "/webhook", before: before, after: after}
			for i := 0; time.Since(began) < of; i++ {
				sent := time.Now()
				if status, err := s.send(fmt.Sprintf("evt_bench_%03d_%08d", n, i)); err != nil || status != 200 {
					c.t.Errorf("answered %d, %v", status, err)
					return
				}
				took[n] = append(took[n], time.Since(sent))
			}
		})
	}
	all.Wait()
	every := slices.Concat(took...)
	if len(every) == 0 {
		c.t.Fatal("nothing was kept")
	}
	slices.Sort(every)
	return float64(len(every)) / time.Since(began).Seconds(), every[len(every)*99/100]
}

// insertion is the script that has pgbench insert the same rows, one a transaction.
func (c caller) insertion() string {
	c.t.Helper()
	before, after := sample()
	body := hex.EncodeToString([]byte(before + strings.Repeat("x", idSize) + after))
	script := filepath.Join(c.t.TempDir(), "insert.sql")
	program := strings.TrimPrefix(c.ProgramID, "prg_")
	company := strings.TrimPrefix(c.CompanyID, "co_")
	text := `\set n :n + 1
INSERT INTO events (company_id, mode, id, bucket, program_id, source, provider_event_id, type, body, received_at, status, because, next_try_at)
VALUES ('` + company + `', 'test', ('01900000-0000-7000-8' || (:run::int - 1) || lpad(to_hex(:client_id::int), 2, '0') || '-' || lpad(to_hex(:n::bigint), 12, '0'))::uuid, 1, '` + program + `', 'stripe',
	'evt_pgbench_' || :run::text || '_' || :client_id::text || '_' || :n::text, 'invoice.paid', '\x` + body + `', now(), 'pending', NULL, now())
ON CONFLICT (company_id, source, provider_event_id) DO NOTHING;
`
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return script
}

// BenchmarkAccept measures webhooks that are answered when they are on disk: how many a second over 128 connections, and
// that as a share of what pgbench inserts with 32 clients, before and after, in the same database.
func BenchmarkAccept(b *testing.B) {
	for b.Loop() {
		p := newPlaceIn(b, b.TempDir()) // on disk: what is measured is the wait for it
		r := p.start("serve", "--no-work")
		c := p.setup()
		c.prepare()
		db := beside(p)
		insert := func(run string) float64 {
			return db.tps("portal", 32, pgbenchFor, "-M", "prepared", "-D", "n=0", "-D", "run="+run, "-f", c.insertion())
		}
		first := insert("1")
		perSecond, p99 := c.flood(loadFor)
		inserted := (first + insert("2")) / 2
		b.ReportMetric(perSecond, "events/s")
		b.ReportMetric(float64(p99.Microseconds())/1000, "p99-ms")
		b.ReportMetric(inserted, "pgbench-rows/s")
		b.ReportMetric(perSecond/inserted, "of-pgbench")
		b.ReportMetric(0, "ns/op")
		r.stop()
	}
}
