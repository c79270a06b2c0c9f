package storetest

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"portal/store"
)

// Wire lies between a store and PostgreSQL and can be cut at any statement, as when the machine or the way to the
// database dies: whoever used it finds every connection gone, and no new one until it is mended.
type Wire struct {
	server string // PostgreSQL's socket

	ends sync.WaitGroup // of the connections that PostgreSQL still has

	mu    sync.Mutex
	live  map[*net.UnixConn]*net.UnixConn // the store's end of every connection, and PostgreSQL's
	left  int                             // statements until the cut; 0 for none
	heard bool                            // whether PostgreSQL still carries out the last of them, whose answer is lost
	dead  bool
}

// Wired is a store that reaches a database, which URL gave, through a wire.
func Wired(t testing.TB, address string) (*store.Store, *Wire) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "wire") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	options := u.Query()
	file := ".s.PGSQL." + options.Get("port")
	w := &Wire{server: filepath.Join(options.Get("host"), file), live: map[*net.UnixConn]*net.UnixConn{}}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: filepath.Join(dir, file)})
	if err != nil {
		t.Fatal(err)
	}
	go w.serve(l)
	options.Set("host", dir)
	u.RawQuery = options.Encode()
	s := connect(t, u.String())
	t.Cleanup(func() {
		_ = s.Close()
		_ = l.Close()
		w.Cut()
		_ = os.RemoveAll(dir)
	})
	return s, w
}

// CutAt arms the wire: it is cut at the n-th statement from now, before PostgreSQL hears of it, or, when heard is set,
// after it was carried out, so that only the answer is lost. Zero disarms it.
func (w *Wire) CutAt(n int, heard bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left, w.heard = n, heard
}

// Cut cuts the wire now.
func (w *Wire) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left, w.dead = 0, true
	for client, server := range w.live {
		_ = client.Close()
		_ = server.CloseWrite()
	}
}

// Mend lets new connections through, and tells whether the wire had been cut. PostgreSQL has then ended what was cut.
func (w *Wire) Mend() bool {
	w.mu.Lock()
	was := w.dead
	w.mu.Unlock()
	if was {
		w.ends.Wait()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = false
	return was
}

func (w *Wire) serve(l *net.UnixListener) {
	for {
		client, err := l.AcceptUnix()
		if err != nil {
			return
		}
		server, err := w.join(client)
		if err != nil {
			_ = client.Close()
			continue
		}
		answer := &lost{}
		go func() {
			w.up(line(server, client, 0), answer)
			_ = server.CloseWrite()
		}()
		go func() {
			defer w.ends.Done()
			w.down(line(client, server, 1), answer)
			_, _ = io.Copy(io.Discard, server)
			w.leave(client, server)
		}()
	}
}

// join leads a connection on to PostgreSQL, unless the wire is cut.
func (w *Wire) join(client *net.UnixConn) (*net.UnixConn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead {
		return nil, net.ErrClosed
	}
	server, err := net.DialUnix("unix", nil, &net.UnixAddr{Net: "unix", Name: w.server})
	if err == nil {
		w.live[client] = server
		w.ends.Add(1)
	}
	return server, err
}

func (w *Wire) leave(client, server *net.UnixConn) {
	_, _ = client.Close(), server.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.live, client)
}

// lost is whether the next answer on a connection shall not reach the client.
type lost struct{ atomic.Bool }

// up passes what the store says. A statement is a Query or ends with a Sync.
func (w *Wire) up(p pipe, answer *lost) {
	for p.next() {
		if kind := p.message[0]; p.kind == 1 && (kind == 'Q' || kind == 'S') {
			cut, heard := w.count()
			if cut && !heard {
				w.Cut()
				return
			}
			answer.Store(cut)
		}
		if !p.pass() {
			return
		}
		p.kind = 1
	}
}

// count counts a statement, and tells whether it is the one at which to cut.
func (w *Wire) count() (cut, heard bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left == 0 {
		return false, false
	}
	w.left--
	return w.left == 0, w.heard
}

// down passes what PostgreSQL answers. An answer that is to be lost is waited for to its end, ReadyForQuery.
func (w *Wire) down(p pipe, answer *lost) {
	for p.next() {
		switch {
		case !answer.Load():
			if !p.pass() {
				return
			}
		case p.message[0] == 'Z':
			w.Cut()
			return
		}
	}
}

// pipe is one direction of a connection, message by message of PostgreSQL's protocol.
type pipe struct {
	from    *bufio.Reader
	to      *bufio.Writer
	kind    int // the bytes that a message's kind takes: the first one of a client has none
	message []byte
}

func line(to, from net.Conn, kind int) pipe {
	return pipe{from: bufio.NewReaderSize(from, 1<<16), to: bufio.NewWriterSize(to, 1<<16), kind: kind}
}

// next takes a message: its kind, a length that counts itself, the rest.
func (p *pipe) next() bool {
	head := p.kind + 4
	start, err := p.from.Peek(head)
	if err != nil {
		return false
	}
	p.message = make([]byte, p.kind+int(binary.BigEndian.Uint32(start[p.kind:])))
	_, err = io.ReadFull(p.from, p.message)
	return err == nil
}

// pass sends the message on, and with it all before it when nothing more has come.
func (p *pipe) pass() bool {
	_, err := p.to.Write(p.message)
	if err == nil && p.from.Buffered() == 0 {
		err = p.to.Flush()
	}
	return err == nil
}
