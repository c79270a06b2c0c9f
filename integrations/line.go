package integrations

import (
	"context"
	"strings"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"

	"portal/models"
)

// Pace is how many calls a second one account is asked at most, in each mode; zero for no limit.
type Pace struct{ Test, Live int }

// line is what all calls with one key for one account share: their pace, and the fuse that opens when Stripe fails again and again.
type line struct {
	pace     *rate.Limiter
	fuse     *gobreaker.TwoStepCircuitBreaker[struct{}]
	patience time.Duration // before a page is asked for a second time
}

const (
	enough = 5                // failures in a row that open the fuse
	rest   = 30 * time.Second // for which Stripe is then left alone
)

// line is the one of a key and the account that it is used for, if that is not its own.
func (in *Integrations) line(key, account string) *line {
	name := key + " " + account
	if known, ok := in.lines.Load(name); ok {
		return known.(*line)
	}
	limit := in.Pace.Live
	if strings.Contains(key, "_test_") {
		limit = in.Pace.Test
	}
	l := &line{pace: rate.NewLimiter(rate.Inf, 0), patience: 500 * time.Millisecond, fuse: gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout: rest, ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= enough }})}
	if limit > 0 {
		l.pace = rate.NewLimiter(rate.Limit(limit), limit)
	}
	kept, _ := in.lines.LoadOrStore(name, l)
	return kept.(*line)
}

// begin waits for a call's turn. The caller says how it went. While the fuse is open it is an ErrLater.
func (l *line) begin(ctx context.Context) (done func(well bool), err error) {
	if err := l.pace.Wait(ctx); err != nil {
		return nil, models.Refuse(models.ErrLater, "Too much is being asked of Stripe just now. Portal will ask again.")
	}
	if done, err = l.fuse.Allow(); err != nil {
		return nil, models.Refuse(models.ErrLater, "Stripe failed several times in a row, so Portal leaves it alone for half a minute. It will ask again.")
	}
	return done, nil
}
