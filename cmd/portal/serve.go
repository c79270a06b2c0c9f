package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"portal/localdb"
)

type serveCommand struct {
	configured
	NoWork bool `help:"Leave the background work to 'portal work'."`
}

// Run serves until it is told to stop.
func (s serveCommand) Run(ctx context.Context, std streams) error {
	c, err := s.load()
	if err != nil {
		return err
	}
	b, err := open(ctx, c, localdb.Start)
	if err != nil {
		return err
	}
	r := b.wire(time.Now)
	listener, err := net.Listen("tcp", c.Server.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("listen on %s: %w", c.Server.Listen, err), b.close())
	}
	if _, err := fmt.Fprintf(std.out, "Portal serves %s\n", c.Server.PublicURL); err != nil {
		return errors.Join(err, b.close())
	}
	return errors.Join(run(ctx, r, listener, !s.NoWork), b.close())
}

// run serves pages and does the work until the context ends. What was begun is finished first.
func run(ctx context.Context, r rooms, listener net.Listener, work bool) error {
	server := &http.Server{Handler: r.house.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return server.Shutdown(end)
	})
	if work {
		group.Go(func() error { return r.jobs.Run(ctx) })
	}
	return group.Wait()
}

type workCommand struct{ configured }

// Run does the background work until it is told to stop.
func (w workCommand) Run(ctx context.Context, std streams) error {
	c, err := w.load()
	if err != nil {
		return err
	}
	b, err := open(ctx, c, join)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(std.out, "Portal works."); err != nil {
		return errors.Join(err, b.close())
	}
	return errors.Join(b.wire(time.Now).jobs.Run(ctx), b.close())
}
