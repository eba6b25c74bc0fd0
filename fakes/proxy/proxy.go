package proxy

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Config says for whom the proxy answers. It is not changed by Start.
type Config struct {
	// Providers answers every request, decrypted. Required. r.Host is the
	// host that the connection was meant for (where CONNECT led, whatever the
	// Host header inside says, which is kept as InnerHost), without the
	// scheme's own port; r.URL has the scheme and that host. It also gets the
	// requests for hosts that are not ours and has to refuse them, as
	// fakes/upstream does. It may hijack over HTTP/1; a panic with
	// http.ErrAbortHandler resets the connection, over HTTP/2 the stream. The
	// request's context ends when the proxy is closed.
	Providers http.Handler
	// Hosts are the hosts that are ours: host for the ports 443 and 80, or
	// host:port for that one. Required.
	Hosts []string
	// Addr is where to listen; empty means 127.0.0.1 on a free port.
	Addr string
	// AllowRemote allows an Addr that others can reach.
	AllowRemote bool
	// Log, if not nil, gets lines about connections that came to nothing. It
	// is called from many goroutines. A line holds hosts and addresses, and
	// nothing that was sent inside a tunnel.
	Log func(string)
	// Refused, if not nil, is told of each CONNECT and each plain request for
	// a host that is not ours, before it is read. It is called from the
	// goroutine that serves the client, which waits for it.
	Refused func(Refusal)
}

// limits bound what a client can make us hold.
type limits struct {
	tunnels   int
	header    int           // bytes
	handshake time.Duration // from CONNECT to the end of the TLS handshake
	idle      time.Duration // between two requests
	stop      time.Duration // for handlers to return when the proxy is closed
}

// A value of 1 MiB has to get through to be seen (rule ROB-2); 16 KiB are for
// the rest of the header that it stands in.
var standard = limits{
	tunnels:   4096,
	header:    1<<20 + 16<<10,
	handshake: 10 * time.Second,
	idle:      60 * time.Second,
	stop:      5 * time.Second,
}

// A Proxy is a running forward proxy. It is safe for concurrent use.
type Proxy struct {
	config    Config
	limits    limits
	hosts     map[pattern]bool
	ca        *authority
	stranger  *authority // signs what TLSFailure shows; nobody trusts it
	listener  net.Listener
	inside    *handoff
	outer     *http.Server
	inner     *http.Server
	connector http.Handler
	cancel    context.CancelFunc
	running   sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	tunnels map[*tunnel]struct{}
	faults  map[pattern][]*strike
}

// Start makes a certificate authority, which is good for 24 hours, and
// listens. It fails on a Config without Providers or Hosts, on a host that is
// none, and on an address that cannot be had or is not loopback.
func Start(config Config) (*Proxy, error) { return start(config, standard) }

func start(config Config, l limits) (*Proxy, error) {
	if config.Providers == nil || len(config.Hosts) == 0 {
		return nil, errors.New("starting the proxy: Config needs Providers and at least one of Hosts")
	}
	p := &Proxy{
		config: config, limits: l, hosts: map[pattern]bool{},
		tunnels: map[*tunnel]struct{}{}, faults: map[pattern][]*strike{},
	}
	for _, host := range config.Hosts {
		where, err := parsePattern(host)
		if err != nil {
			return nil, fmt.Errorf("starting the proxy: Config.Hosts: %w", err)
		}
		p.hosts[where] = true
	}
	var err error
	if p.ca, err = newAuthority(time.Now()); err != nil {
		return nil, fmt.Errorf("starting the proxy: %w", err)
	}
	if p.stranger, err = newAuthority(time.Now()); err != nil {
		return nil, fmt.Errorf("starting the proxy: %w", err)
	}
	if p.listener, err = listen(config.Addr, config.AllowRemote); err != nil {
		return nil, fmt.Errorf("starting the proxy: %w", err)
	}
	p.serve()
	return p, nil
}

// listen refuses what others could reach before it opens a port.
func listen(addr string, allowRemote bool) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("%q is not an address to listen on; write 127.0.0.1:0 or the like: %w", addr, err)
	}
	if ip := net.ParseIP(host); !allowRemote && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%q is not a loopback address, so that others could use the proxy; "+
			"listen on 127.0.0.1, or allow remote clients", addr)
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", addr, err)
	}
	return listener, nil
}

// serve starts the two servers: one for the proxy's clients, and one, fed by
// connect, for what they say inside their tunnels.
func (p *Proxy) serve() {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	p.inside = newHandoff(p.listener.Addr())
	p.connector = p.newConnector()
	server := func(handler http.HandlerFunc) *http.Server {
		return &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: p.limits.handshake,
			IdleTimeout:       p.limits.idle,
			MaxHeaderBytes:    p.limits.header,
			ErrorLog:          log.New(lines(p.log), "", 0),
			BaseContext:       func(net.Listener) context.Context { return ctx },
			ConnContext:       withSocket,
			Protocols:         new(http.Protocols),
		}
	}
	p.outer = server(p.front)
	p.outer.Protocols.SetHTTP1(true)
	p.inner = server(p.tunnelled)
	p.inner.Protocols.SetHTTP1(true)
	p.inner.Protocols.SetHTTP2(true)
	p.inner.Protocols.SetUnencryptedHTTP2(true)
	p.running.Go(func() { p.run(p.outer, p.listener) })
	p.running.Go(func() { p.run(p.inner, p.inside) })
}

func (p *Proxy) run(s *http.Server, l net.Listener) {
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		p.log(fmt.Sprintf("the proxy stopped accepting connections: %v", err))
	}
}

// Addr returns the host:port on which the proxy listens.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// URL returns the proxy's address as http://host:port. Where it listens on
// every address, that is the loopback one.
func (p *Proxy) URL() string {
	addr := p.listener.Addr().(*net.TCPAddr)
	host := addr.IP.String()
	if addr.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(addr.Port))
}

// Close ends every connection and waits for the handlers of their requests.
// It fails where one has not returned after 5 seconds. A second call only waits.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	open := make([]*tunnel, 0, len(p.tunnels))
	for t := range p.tunnels {
		open = append(open, t)
	}
	p.mu.Unlock()
	// Of the errors, a listener that is closed already is all there could be.
	_ = p.outer.Close()
	_ = p.inner.Close()
	_ = p.inside.Close()
	for _, t := range open {
		_ = t.Close()
	}
	// Last: a handler that waited for this would send an answer by returning.
	p.cancel()
	stopped := make(chan struct{})
	go func() { p.running.Wait(); close(stopped) }()
	timer := time.NewTimer(p.limits.stop)
	defer timer.Stop()
	select {
	case <-stopped:
		return nil
	case <-timer.C:
		return fmt.Errorf("closing the proxy: a handler has not returned %v after its request ended", p.limits.stop)
	}
}

// enter counts one more piece of work, for Close to wait for; false once the
// proxy is closed. The caller calls p.running.Done.
func (p *Proxy) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.running.Add(1)
	return true
}

// ours reports whether a registry host is at the endpoint.
func (p *Proxy) ours(to endpoint) bool {
	for _, where := range to.patterns() {
		if p.hosts[where] {
			return true
		}
	}
	return false
}

func (p *Proxy) log(line string) {
	if p.config.Log != nil {
		p.config.Log(line)
	}
}

// lines makes a log of what net/http has to say.
type lines func(string)

func (f lines) Write(b []byte) (int, error) {
	f(strings.TrimSuffix(string(b), "\n"))
	return len(b), nil
}
