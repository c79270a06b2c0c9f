package rates

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"

	"portal/models"
)

const (
	fetchWithin = 30 * time.Second
	mostBytes   = 16 << 20 // the ECB's whole history is about 8 MiB
)

// envelope is the shape of the ECB's eurofxref files: the daily one, that of 90 days, and the whole history.
type envelope struct {
	XMLName xml.Name `xml:"http://www.gesmes.org/xml/2002-08-01 Envelope"`
	Sender  string   `xml:"http://www.gesmes.org/xml/2002-08-01 Sender>name"`
	Days    []oneDay `xml:"http://www.ecb.int/vocabulary/2002-08-01/eurofxref Cube>Cube"`
}

type oneDay struct {
	Day    string `xml:"time,attr"`
	Quotes []struct {
		Currency string `xml:"currency,attr"`
		Rate     string `xml:"rate,attr"`
	} `xml:"http://www.ecb.int/vocabulary/2002-08-01/eurofxref Cube"`
}

// senders are who may have written a file, and what their rates are called. A snapshot says of itself that it is one.
var senders = map[string]string{"European Central Bank": models.RateECB, "Portal snapshot": models.RateSnapshot}

// Fetch gets a file of the ECB's, keeps the rates that are not known yet and tells how many those were. It is safe to
// repeat. A file that is not whole and sound in every line keeps nothing.
func (r *Rates) Fetch(ctx context.Context, url string) (int64, error) {
	file, err := download(ctx, url)
	if err != nil {
		return 0, fmt.Errorf("fetch exchange rates from %s: %w", url, err)
	}
	return r.Keep(ctx, file)
}

// Keep keeps the rates of a file in the ECB's shape that are not known yet, and tells how many those were.
func (r *Rates) Keep(ctx context.Context, file []byte) (int64, error) {
	quotes, err := parse(file, r.Now().UTC())
	if err != nil {
		return 0, fmt.Errorf("read the file of exchange rates: %w", err)
	}
	return r.Store.KeepQuotes(ctx, quotes, r.Now())
}

func download(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "Portal (exchange rates)")
	req.Header.Set("Accept", "application/xml, text/xml")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer was %s", res.Status)
	}
	file, err := io.ReadAll(io.LimitReader(res.Body, mostBytes+1))
	if err == nil && len(file) > mostBytes {
		err = fmt.Errorf("the file is larger than %d MiB", mostBytes>>20)
	}
	return file, err
}

// parse reads a file strictly.
func parse(file []byte, now time.Time) ([]models.Quote, error) {
	e, err := unwrap(file)
	if err != nil {
		return nil, err
	}
	source, ok := senders[e.Sender]
	if !ok {
		return nil, fmt.Errorf("it is from %q, not from the European Central Bank", e.Sender)
	}
	var quotes []models.Quote
	seen := map[string]bool{}
	for _, d := range e.Days {
		day, err := time.Parse(time.DateOnly, d.Day)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%q is not a day", d.Day)
		case day.After(now):
			return nil, fmt.Errorf("%s is in the future", d.Day)
		case seen[d.Day]:
			return nil, fmt.Errorf("%s is there twice", d.Day)
		}
		seen[d.Day] = true
		list, err := d.quotes(day, source)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.Day, err)
		}
		quotes = append(quotes, list...)
	}
	return quotes, nil
}

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

// quotes are a day's rates and the euro's own, which is 1. Currencies that Portal does not count are left out, such as
// those of the history that are gone.
func (d oneDay) quotes(day time.Time, source string) ([]models.Quote, error) {
	if len(d.Quotes) == 0 {
		return nil, errors.New("it has no rates")
	}
	list := []models.Quote{{Day: day, Source: source, Currency: models.Euro, PerEuro: "1"}}
	seen := map[string]bool{models.Euro.Code(): true}
	for _, q := range d.Quotes {
		value, ok := parseValue(q.Rate)
		switch {
		case !currencyCode.MatchString(q.Currency):
			return nil, fmt.Errorf("%q is not a currency's code", q.Currency)
		case seen[q.Currency]:
			return nil, fmt.Errorf("%s is there twice", q.Currency)
		case !ok:
			return nil, fmt.Errorf("%q is not a rate of %s", q.Rate, q.Currency)
		}
		seen[q.Currency] = true
		if c, err := models.ParseCurrency(q.Currency); err == nil {
			list = append(list, models.Quote{Day: day, Source: source, Currency: c, PerEuro: value})
		}
	}
	return list, nil
}

// unwrap reads the XML to its end.
func unwrap(file []byte) (envelope, error) {
	var e envelope
	d := xml.NewDecoder(bytes.NewReader(file))
	if err := d.Decode(&e); err != nil {
		return e, fmt.Errorf("it is not the ECB's XML: %w", err)
	}
	for {
		switch token, err := d.Token(); {
		case errors.Is(err, io.EOF) && len(e.Days) == 0:
			return e, errors.New("it has no day")
		case errors.Is(err, io.EOF):
			return e, nil
		case err != nil:
			return e, fmt.Errorf("it is not the ECB's XML: %w", err)
		default:
			if _, element := token.(xml.StartElement); element {
				return e, errors.New("it goes on after its end")
			}
		}
	}
}
