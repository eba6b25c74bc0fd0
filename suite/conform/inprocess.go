package conform

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// An inProcess serves a handler by Go's own HTTP server at one end of in-memory
// connections, so that the handler sees what it would see in production
// (deadlines, hang-ups, streams), and no port is needed.
type inProcess struct {
	transport *http.Transport
	http      *http.Server
}

func serve(h http.Handler) *inProcess {
	l := &listener{conns: make(chan net.Conn), closed: make(chan struct{})}
	s := &inProcess{
		http: &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second},
		transport: &http.Transport{
			DialContext:            l.dial,
			MaxIdleConnsPerHost:    512,
			MaxResponseHeaderBytes: 1 << 20,
			DisableCompression:     true,
		},
	}
	go func() { _ = s.http.Serve(l) }() // ends with ErrServerClosed at close
	return s
}

func (s *inProcess) close() {
	s.transport.CloseIdleConnections()
	_ = s.http.Close()
}

// A listener accepts the connections that dial makes.
type listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *listener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- conn{theirs}:
		return ours, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *listener) Addr() net.Addr { return loopback }

// loopback is where a handler sees its clients, so that one which takes the
// address apart, such as a rate limit, finds one.
var loopback = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}

type conn struct{ net.Conn }

func (conn) LocalAddr() net.Addr  { return loopback }
func (conn) RemoteAddr() net.Addr { return loopback }
