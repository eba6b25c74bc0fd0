package proxy

import (
	"bufio"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
)

// A socket is a connection that can be reset: a *net.TCPConn or a tunnel.
type socket interface {
	net.Conn
	SetLinger(seconds int) error
	CloseWrite() error
}

// A tunnel is a client's connection after CONNECT. Under TLS it is what
// tls.Conn.NetConn returns, and has SetLinger for a handler that wants a reset.
type tunnel struct {
	socket
	to endpoint
	// early has been read from the socket and not yet by anyone else.
	early []byte
	once  sync.Once
	// closed is called once; nil until the tunnel is registered.
	closed func()
	// unproven: the client was shown the certificate of TLSFailure. It is set
	// before anything inside the tunnel is read.
	unproven bool
}

func (t *tunnel) Read(b []byte) (int, error) {
	if len(t.early) > 0 {
		n := copy(b, t.early)
		t.early = t.early[n:]
		return n, nil
	}
	return t.socket.Read(b)
}

func (t *tunnel) Close() error {
	t.once.Do(func() {
		if t.closed != nil {
			t.closed()
		}
	})
	return t.socket.Close()
}

// peek waits for the first byte and leaves it to be read.
func (t *tunnel) peek() (byte, error) {
	if len(t.early) == 0 {
		first := make([]byte, 1)
		if _, err := t.socket.Read(first); err != nil {
			return 0, err
		}
		t.early = first
	}
	return t.early[0], nil
}

// reset drops the connection so that the client sees a reset, not an end.
func reset(c socket) {
	_ = c.SetLinger(0) // it fails on a closed connection only, which is as good
	_ = c.Close()
}

// socketOf finds what is beneath a connection of one of our servers; nil where
// it is nothing of ours.
func socketOf(c net.Conn) socket {
	if secured, ok := c.(*tls.Conn); ok {
		c = secured.NetConn()
	}
	s, _ := c.(socket)
	return s
}

// A keeper hands a hijacked connection over as a tunnel. goproxy drops what
// the server has read beyond the CONNECT request; some clients send their TLS
// hello along with it.
type keeper struct{ http.ResponseWriter }

func (k keeper) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(k.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	s, ok := conn.(socket)
	if !ok {
		conn.Close()
		return nil, nil, errors.New("the connection is not TCP")
	}
	early, _ := buffered.Reader.Peek(buffered.Reader.Buffered()) // never more than there is
	return &tunnel{socket: s, early: slices.Clone(early)}, buffered, nil
}

// register makes a tunnel known, so that faults and Close reach it, and
// returns the fault that is in force for it: both at once, so that no tunnel
// slips past a fault that comes at the same time.
func (p *Proxy) register(t *tunnel) (Fault, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return 0, errClosed
	}
	if len(p.tunnels) >= p.limits.tunnels {
		return 0, errTooMany
	}
	p.tunnels[t] = struct{}{}
	t.closed = func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.tunnels, t)
	}
	return p.faultAt(t.to), nil
}

// closeTunnels closes those to a host.
func (p *Proxy) closeTunnels(where pattern) {
	p.mu.Lock()
	var open []*tunnel
	for t := range p.tunnels {
		if slices.Contains(t.to.patterns(), where) {
			open = append(open, t)
		}
	}
	p.mu.Unlock()
	for _, t := range open {
		reset(t)
	}
}

// A handoff is the listener of the server inside the tunnels.
type handoff struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
	addr  net.Addr
}

func newHandoff(addr net.Addr) *handoff {
	return &handoff{conns: make(chan net.Conn), done: make(chan struct{}), addr: addr}
}

// put waits until the server takes the connection; false once it is closed.
func (h *handoff) put(c net.Conn) bool {
	select {
	case h.conns <- c:
		return true
	case <-h.done:
		return false
	}
}

func (h *handoff) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}

func (h *handoff) Close() error {
	h.once.Do(func() { close(h.done) })
	return nil
}

func (h *handoff) Addr() net.Addr { return h.addr }
