package rates_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"portal/rates"
)

func envelope(sender, cubes string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
	<gesmes:subject>Reference rates</gesmes:subject>
	<gesmes:Sender>
		<gesmes:name>` + sender + `</gesmes:name>
	</gesmes:Sender>
	<Cube>` + cubes + `</Cube>
</gesmes:Envelope>`
}

func cube(day string, lines ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<Cube time='%s'>", day)
	for _, line := range lines {
		currency, rate, _ := strings.Cut(line, " ")
		fmt.Fprintf(&b, "<Cube currency='%s' rate='%s'/>", currency, rate)
	}
	return b.String() + "</Cube>"
}

func file(sender, day string, lines ...string) string { return envelope(sender, cube(day, lines...)) }

// serve answers every request with a status and a body, and counts them.
func serve(t *testing.T, status int, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.UserAgent(), "Portal") {
			t.Errorf("user agent %q", r.UserAgent())
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func (w world) fetch(url string) (int64, error) { return w.Fetch(context.Background(), url) }

func TestFetchingTheDailyFileTwiceKeepsItOnce(t *testing.T) {
	w := newWorld(t)
	address := serve(t, http.StatusOK, file(ecb, "2026-11-20", "USD 1.1621", "JPY 178.93", "XYZ 3.5"))
	for round, want := range []int64{3, 0} { // USD, JPY and the euro itself; XYZ is none of Portal's currencies
		if added, err := w.fetch(address); err != nil || added != want {
			t.Errorf("round %d: kept %d, %v; want %d", round, added, err, want)
		}
	}
	w.wants("eur", "usd", monday, "1.1621 ecb 2026-11-20")
	w.wants("usd", "eur", monday, "0.860511143619 ecb 2026-11-20")
}

// What a decision found, a replay must find.
func TestARateOnceKeptIsNeverChanged(t *testing.T) {
	w := newWorld(t)
	w.published(ecb, day(-3), "USD 1.25")
	if added := w.published(ecb, day(-3), "USD 9.99", "JPY 180"); added != 1 {
		t.Errorf("kept %d", added)
	}
	w.wants("eur", "usd", monday, "1.25 ecb 2026-11-20")
}

func TestTheHistoryFilesHoldManyDays(t *testing.T) {
	w := newWorld(t)
	address := serve(t, http.StatusOK, envelope(ecb, cube("2026-11-20", "USD 1.25", "JPY 180")+cube("2026-11-19", "USD 1.28")+cube("1999-01-04", "USD 1.1789", "CYP 0.58231", "TRL 372274.0")))
	if added, err := w.fetch(address); err != nil || added != 7 {
		t.Errorf("kept %d, %v", added, err)
	}
	w.wants("eur", "usd", monday, "1.25 ecb 2026-11-20")
	w.wants("eur", "usd", day(-3), "1.28 ecb 2026-11-19")
	w.wants("eur", "usd", time.Date(1999, 1, 5, 0, 0, 0, 0, time.UTC), "1.1789 ecb 1999-01-04")
}

func TestAFileThatIsNotSoundKeepsNothingAndSaysWhy(t *testing.T) {
	good := file(ecb, "2026-11-20", "USD 1.25", "JPY 180")
	w := newWorld(t)
	for name, c := range map[string]struct{ body, want string }{
		"nothing":                        {"", "it is not the ECB's XML: EOF"},
		"a page that says sorry":         {"<html><body>Sorry</body></html>", "it is not the ECB's XML"},
		"JSON":                           {`{"USD": 1.25}`, "it is not the ECB's XML"},
		"another name space":             {strings.ReplaceAll(good, "gesmes.org", "evil.example"), "it is not the ECB's XML"},
		"a file cut short":               {good[:len(good)-30], "it is not the ECB's XML"},
		"an element that is not closed":  {strings.Replace(good, "'180'/>", "'180'>", 1), "it is not the ECB's XML"},
		"an entity of its own":           {strings.Replace(strings.Replace(good, "<gesmes:E", `<!DOCTYPE a [<!ENTITY b "2">]><gesmes:E`, 1), "1.25", "&b;", 1), "it is not the ECB's XML"},
		"two files in one":               {good + good[strings.Index(good, "<gesmes:E"):], "it goes on after its end"},
		"another sender":                 {file("Bank of Elsewhere", "2026-11-20", "USD 1.25"), `it is from "Bank of Elsewhere"`},
		"no sender":                      {file("", "2026-11-20", "USD 1.25"), `it is from ""`},
		"no day":                         {envelope(ecb, ""), "it has no day"},
		"a day that is none":             {file(ecb, "2026-02-30", "USD 1.25"), `"2026-02-30" is not a day`},
		"a cube without a day":           {strings.Replace(good, " time='2026-11-20'", "", 1), `"" is not a day`},
		"a day to come":                  {file(ecb, "2026-11-24", "USD 1.25"), "2026-11-24 is in the future"},
		"a day without rates":            {file(ecb, "2026-11-20"), "2026-11-20: it has no rates"},
		"a day twice":                    {envelope(ecb, cube("2026-11-20", "USD 1.25")+cube("2026-11-20", "JPY 180")), "2026-11-20 is there twice"},
		"a currency twice":               {file(ecb, "2026-11-20", "USD 1.25", "USD 1.26"), "2026-11-20: USD is there twice"},
		"the euro itself":                {file(ecb, "2026-11-20", "EUR 1.25"), "2026-11-20: EUR is there twice"},
		"a code in lower case":           {file(ecb, "2026-11-20", "usd 1.25"), `2026-11-20: "usd" is not a currency's code`},
		"a missing code":                 {file(ecb, "2026-11-20", " 1.25"), `2026-11-20: "" is not a currency's code`},
		"a rate of zero":                 {file(ecb, "2026-11-20", "USD 0.00"), `2026-11-20: "0.00" is not a rate of USD`},
		"a rate below zero":              {file(ecb, "2026-11-20", "USD -1.25"), `2026-11-20: "-1.25" is not a rate of USD`},
		"a missing rate":                 {file(ecb, "2026-11-20", "USD"), `2026-11-20: "" is not a rate of USD`},
		"a rate that is no number":       {file(ecb, "2026-11-20", "USD NaN"), `2026-11-20: "NaN" is not a rate of USD`},
		"a rate with an exponent":        {file(ecb, "2026-11-20", "USD 1e5"), `2026-11-20: "1e5" is not a rate of USD`},
		"a bad rate of an unknown money": {file(ecb, "2026-11-20", "XYZ N/A"), `2026-11-20: "N/A" is not a rate of XYZ`},
		"one bad line among good ones":   {file(ecb, "2026-11-20", "USD 1.25", "JPY x"), `2026-11-20: "x" is not a rate of JPY`},
	} {
		t.Run(name, func(t *testing.T) {
			added, err := w.fetch(serve(t, http.StatusOK, c.body))
			if err == nil || added != 0 || !strings.HasPrefix(err.Error(), "read the file of exchange rates: "+c.want) {
				t.Errorf("kept %d, %v; want %s", added, err, c.want)
			}
		})
	}
	var count int
	if err := w.Store.DB().QueryRow(`SELECT count(*) FROM fx_rates`).Scan(&count); err != nil || count != 0 {
		t.Errorf("%d rows, %v", count, err)
	}
}

func TestAnAnswerThatIsNoFileSaysWhy(t *testing.T) {
	w := newWorld(t)
	huge := envelope(ecb, "<!--"+strings.Repeat("x", 16<<20)+"-->"+cube("2026-11-20", "USD 1.25"))
	for name, c := range map[string]struct{ address, want string }{
		"HTTP 500":                {serve(t, http.StatusInternalServerError, "oh"), "the answer was 500 Internal Server Error"},
		"HTTP 404":                {serve(t, http.StatusNotFound, "oh"), "the answer was 404 Not Found"},
		"HTTP 204":                {serve(t, http.StatusNoContent, ""), "the answer was 204 No Content"},
		"a huge body":             {serve(t, http.StatusOK, huge), "the file is larger than 16 MiB"},
		"nobody there":            {"http://127.0.0.1:1", "connection refused"},
		"an address that is none": {"://", "missing protocol scheme"},
	} {
		t.Run(name, func(t *testing.T) {
			if added, err := w.fetch(c.address); err == nil || added != 0 || !strings.HasPrefix(err.Error(), "fetch exchange rates from ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("kept %d, %v; want %s", added, err, c.want)
			}
		})
	}
}

func TestAServerThatHangsIsLeft(t *testing.T) {
	w := newWorld(t)
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done }))
	t.Cleanup(func() { close(done); server.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := w.Fetch(ctx, server.URL); err == nil || !strings.Contains(err.Error(), "deadline exceeded") {
		t.Error(err)
	}
}

// Whoever opens the snapshot sees that it is made up, and that it is none of the ECB's.
func TestTheSnapshotSaysThatItIsMadeUp(t *testing.T) {
	t.Parallel()
	text := rates.Snapshot()
	if !bytes.Contains(text, []byte("<!-- Made up")) || bytes.Contains(text, []byte("<gesmes:name>"+ecb)) {
		t.Errorf("%s", text)
	}
}
