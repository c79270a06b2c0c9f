package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
	"fmt"

	"portal/localdb"
)

func cpu(pid int) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	f := strings.Fields(string(text[strings.LastIndex(string(text), ")")+1:]))
	var u, s, cu, cs float64
	fmt.Sscan(f[11], &u); fmt.Sscan(f[12], &s); fmt.Sscan(f[13], &cu); fmt.Sscan(f[14], &cs)
	return (u + s) * 10000
}

func BenchmarkZZAccept(b *testing.B) {
	for b.Loop() {
		p := newPlaceIn(b, b.TempDir())
		cfg := defaults()
		cfg.Database.DataDir = p.dir
		cfg.Server.Listen = p.address
		bb, err := open(context.Background(), cfg, localdb.Start)
		if err != nil { b.Fatal(err) }
		r := bb.wire(time.Now)
		l, err := net.Listen("tcp", p.address)
		if err != nil { b.Fatal(err) }
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- run(ctx, r, l, false) }()
		time.Sleep(200*time.Millisecond)
		c := p.setup()
		c.prepare()
		out, _ := os.ReadFile(p.dir+"/postgres/postmaster.pid")
		pg := strings.Fields(string(out))[0]
		pgcpu := func() float64 {
			o, _ := exec.Command("pgrep", "-P", pg).Output()
			t := 0.0
			for _, x := range strings.Fields(string(o)) { var n int; fmt.Sscan(x, &n); t += cpu(n) }
			return t
		}
		var ru0, ru1 syscall.Rusage
		c.flood(1*time.Second)
		syscall.Getrusage(0, &ru0)
		p0 := pgcpu()
		began := time.Now()
		bb.store.DB().Exec("DELETE FROM events")
		per, p99 := c.flood(8*time.Second)
		n := per * time.Since(began).Seconds()
		syscall.Getrusage(0, &ru1)
		d := float64(ru1.Utime.Nano()+ru1.Stime.Nano()-ru0.Utime.Nano()-ru0.Stime.Nano())/1000
		b.ReportMetric(d/n, "go-us/event")
		b.ReportMetric((pgcpu()-p0)/n, "pg-us/event")
		b.ReportMetric(per, "events/s")
		b.ReportMetric(float64(p99.Microseconds())/1000, "p99-ms")
		var xs, cnt int
		bb.store.DB().QueryRow("select count(distinct xmin::text), count(*) from events").Scan(&xs, &cnt)
		b.ReportMetric(float64(cnt)/float64(xs), "batch")
		stop()
		<-done
		bb.close()
	}
}
