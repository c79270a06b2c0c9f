package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// BenchmarkStart measures how long a newcomer waits: the first start with an empty directory, and a later one.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		p := newPlace(b)
		began := time.Now()
		r := p.start("serve")
		b.ReportMetric(time.Since(began).Seconds()*1000, "first-ms")
		r.stop()
		began = time.Now()
		r = p.start("serve")
		b.ReportMetric(time.Since(began).Seconds()*1000, "later-ms")
		r.stop()
	}
}

// BenchmarkDemo measures the making of the demo's year, and what portal itself keeps in memory with it.
func BenchmarkDemo(b *testing.B) {
	for b.Loop() {
		p := newPlace(b)
		began := time.Now()
		r := p.start("demo")
		b.ReportMetric(time.Since(began).Seconds(), "first-s")
		for range 200 {
			if res, err := http.Get(p.url("/")); err == nil {
				_ = res.Body.Close()
			}
		}
		b.ReportMetric(resident(b, r.cmd.Process.Pid), "MB-resident")
		r.stop()
	}
}

// resident is the memory of one process, in megabytes, without PostgreSQL's.
func resident(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	var kilobytes float64
	if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
		b.Fatal(err)
	}
	return kilobytes / 1024
}

// BenchmarkBinary measures the program as make build makes it.
func BenchmarkBinary(b *testing.B) {
	for b.Loop() {
		info, err := os.Stat("../../bin/portal")
		if err != nil {
			b.Fatal("run make build first: ", err)
		}
		b.ReportMetric(float64(info.Size())/(1<<20), "MB")
	}
}
