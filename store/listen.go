package store

import (
	"context"
	"time"

	"github.com/lib/pq"
)

// Listen gives a tick whenever the channel is notified, and when the connection came back and something may have been
// missed. It needs a connection of its own, not through pgbouncer.
func Listen(ctx context.Context, url, channel string) (<-chan struct{}, error) {
	listener := pq.NewListener(url, 100*time.Millisecond, 10*time.Second, nil)
	if err := listener.Listen(channel); err != nil {
		return nil, err
	}
	ticks := make(chan struct{}, 1)
	go func() {
		defer func() { _ = listener.Close() }()
		for {
			select {
			case <-ctx.Done():
				return
			case <-listener.Notify:
				select {
				case ticks <- struct{}{}:
				default:
				}
			}
		}
	}()
	return ticks, nil
}
