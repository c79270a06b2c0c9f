package inbox

import (
	"context"
	"sync"
	"time"

	"portal/models"
	"portal/store"
)

// sender names who may send to one address.
type sender struct {
	program models.ProgramID
	source  models.SourceName
}

// connected is what a webhook is proved against.
type connected struct {
	company     models.CompanyID
	connections []store.Integration
	read        time.Time
}

// secrets are those that hold now, and the connection of each.
func (c connected) secrets(now time.Time) (list []string, of []store.Integration) {
	for _, i := range c.connections {
		for _, secret := range i.Secrets(now) {
			list, of = append(list, secret), append(of, i)
		}
	}
	return list, of
}

// fresh is how long what was read of a connection is believed; remembered is how many are.
const (
	fresh      = time.Second
	remembered = 10_000
)

// senders remembers for a moment what webhooks are proved against. Who is unknown is never remembered.
type senders struct {
	mu    sync.Mutex
	known map[sender]connected
}

// of finds what a sender is proved against; again reads it anew. ErrNotFound: no such program.
func (s *senders) of(ctx context.Context, from *store.Store, who sender, again bool) (connected, error) {
	s.mu.Lock()
	c, ok := s.known[who]
	if ok && !again && time.Since(c.read) >= fresh {
		// One reads it anew; those who come meanwhile take it as it was.
		c.read, again = time.Now(), true
		s.known[who] = c
	}
	s.mu.Unlock()
	if ok && !again {
		return c, nil
	}
	now := connected{company: c.company, read: time.Now()}
	var err error
	if !ok {
		if now.company, err = from.CompanyOfProgram(ctx, who.program); err != nil {
			return now, err
		}
	}
	if now.connections, err = from.Integrations(ctx, now.company, who.program, who.source); err != nil {
		return now, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) >= remembered {
		s.known = map[sender]connected{}
	}
	s.known[who] = now
	return now, nil
}
