// Package localdb is Portal's own private PostgreSQL: it finds the installed programs, makes a cluster in the data
// directory, starts it for a command of Portal and stops it when the command ends, however it ends.
// It listens on a unix socket only. It knows no table and imports no other room.
//
// Three lock files settle who may do what. serve.lock is held by the one serve or demo. cluster.lock is held by whoever
// runs the postgres process. guests.lock is shared by the commands that only joined: a command that started the
// cluster for its own time waits for them before it stops it; a serve does not.
package localdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// ErrInUse is matched by the errors that say which other process holds the data directory.
var ErrInUse = errors.New("the data directory is in use")

// inUse is the sentence that a person reads; it is an ErrInUse.
type inUse string

func (s inUse) Error() string        { return string(s) }
func (s inUse) Is(target error) bool { return target == ErrInUse }

// Server is a running private PostgreSQL, started by this process or joined by it.
type Server struct {
	url  string
	stop func() error
}

// URL is the lib/pq address of the database "portal", as its owner "portal", over the unix socket.
func (s *Server) URL() string { return s.url }

// Stop shuts the server down cleanly, or only leaves it when another process runs it. Calling it again does nothing.
func (s *Server) Stop() error { return s.stop() }

// Option changes how Start runs the server.
type Option func(settings) settings

// WithFastTests trades safety against power failure for speed; for tests only.
func WithFastTests() Option {
	return func(s settings) settings {
		return append(s, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	}
}

// Start runs the private PostgreSQL of dataDir for a serve or demo, making it first when there is none. The error is
// an ErrInUse when another serve or demo has the directory, or another command keeps the cluster for too long.
// ctx bounds the start only; the server runs until Stop, or until this process dies.
func Start(ctx context.Context, dataDir string, opts ...Option) (*Server, error) {
	h, err := openHome(dataDir)
	if err != nil {
		return nil, err
	}
	serve, err := h.waitLock(ctx, "serve.lock", moment)
	if errors.Is(err, errHeld) {
		return nil, inUse(fmt.Sprintf("another portal serve or demo is using %s%s", dataDir, h.holder("serve.lock")))
	}
	if err != nil {
		return nil, err
	}
	cluster, err := h.waitLock(ctx, "cluster.lock", patience)
	if errors.Is(err, errHeld) {
		err = inUse(fmt.Sprintf("another portal command is using %s%s: start again when it has ended", dataDir, h.holder("cluster.lock")))
	}
	if err != nil {
		serve.release()
		return nil, err
	}
	set := slices.Clone(defaults)
	for _, o := range opts {
		set = o(set)
	}
	p, url, err := h.run(ctx, set)
	if err != nil {
		cluster.release()
		serve.release()
		return nil, err
	}
	return &Server{url: url, stop: sync.OnceValue(func() error {
		defer serve.release()
		defer cluster.release()
		return p.stop()
	})}, nil
}

// Join gives a command the PostgreSQL of dataDir: the running one when there is one, beside a serve or another
// command, else one that it runs for its own time. The error is an ErrInUse when a cluster neither comes up nor ends.
func Join(ctx context.Context, dataDir string) (*Server, error) {
	h, err := openHome(dataDir)
	if err != nil {
		return nil, err
	}
	var s *Server
	err = retry(ctx, patience, func() error { s, err = h.joinOnce(ctx); return err })
	if errors.Is(err, errHeld) {
		err = inUse(fmt.Sprintf("the database in %s is held by another portal%s and does not answer", dataDir, h.holder("cluster.lock")))
	}
	return s, err
}

// joinOnce becomes the one who runs the cluster or a guest of it; errHeld means that it is between the two just now.
// The guest lock is taken before looking, so that a cluster which was seen to answer stays until the guest has left.
func (h home) joinOnce(ctx context.Context) (*Server, error) {
	guest, err := h.lock("guests.lock", shared)
	if err != nil {
		return nil, err
	}
	cluster, err := h.lock("cluster.lock", exclusive)
	if err == nil {
		guest.release()
		return h.host(ctx, cluster)
	}
	if !errors.Is(err, errHeld) {
		guest.release()
		return nil, err
	}
	url, ok := h.answering(ctx)
	if !ok {
		guest.release()
		return nil, errHeld
	}
	return &Server{url: url, stop: sync.OnceValue(guest.release)}, nil
}

// host runs the cluster for the time of one command and of the guests that joined it meanwhile.
func (h home) host(ctx context.Context, cluster *lock) (*Server, error) {
	p, url, err := h.run(ctx, defaults)
	if err != nil {
		cluster.release()
		return nil, err
	}
	return &Server{url: url, stop: sync.OnceValue(func() error {
		defer cluster.release()
		if guests, err := h.waitLock(context.Background(), "guests.lock", patience); err == nil {
			defer guests.release()
		}
		return p.stop()
	})}, nil
}
