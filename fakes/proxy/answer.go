package proxy

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
)

// InnerHost is the header in which Config.Providers gets the Host (HTTP/2:
// :authority) that a request inside a tunnel named, where it is not the host
// that the tunnel leads to.
const InnerHost = "X-Inner-Host"

type socketKey struct{}

// withSocket lets a handler find the connection that it answers on.
func withSocket(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, socketKey{}, socketOf(c))
}

// front answers what reaches the proxy itself.
func (p *Proxy) front(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodConnect && r.URL.Host != "":
		p.connector.ServeHTTP(keeper{w}, r)
	case r.URL.Scheme == "http" || r.URL.Scheme == "https":
		p.plain(w, r)
	default:
		http.Error(w, "This is the forward proxy of a conformance run, not a web server. "+
			"Set HTTPS_PROXY and HTTP_PROXY to its address, and ask for https://host/path.", http.StatusBadRequest)
	}
}

// plain answers a request that names its host in the request line.
func (p *Proxy) plain(w http.ResponseWriter, r *http.Request) {
	to, err := parseEndpoint(r.URL.Host, portOf(r.URL.Scheme))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	fault := p.faultAt(to)
	p.mu.Unlock()
	if fault != 0 && (fault != TLSFailure || r.URL.Scheme == "https") {
		http.Error(w, fault.told(to), http.StatusBadGateway)
		return
	}
	if !p.ours(to) {
		p.refused(r, to)
	}
	p.deliver(w, r, to, r.URL.Scheme)
}

// tunnelled answers a request inside a tunnel.
func (p *Proxy) tunnelled(w http.ResponseWriter, r *http.Request) {
	t, ok := r.Context().Value(socketKey{}).(*tunnel)
	if !ok {
		http.Error(w, "not in a tunnel", http.StatusInternalServerError)
		return
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	if t.unproven {
		r = r.WithContext(upstream.AnyCertificate(r.Context()))
	}
	p.deliver(w, r, t.to, scheme)
}

// deliver hands a request to the providers as one for the endpoint that its
// bytes would have gone to.
func (p *Proxy) deliver(w http.ResponseWriter, r *http.Request, to endpoint, scheme string) {
	if !p.enter() {
		panic(http.ErrAbortHandler)
	}
	defer p.running.Done()
	finished := false
	defer func() {
		// net/http ends an aborted TLS connection in order; a client could
		// take that for the end of a body. HTTP/2 resets the stream itself,
		// and other requests share its connection.
		if s, ok := r.Context().Value(socketKey{}).(socket); ok && !finished && r.ProtoMajor == 1 {
			reset(s)
		}
	}()
	p.config.Providers.ServeHTTP(w, readdressed(r, to, scheme))
	finished = true
}

// readdressed returns the request with its endpoint as Host and in its URL.
func readdressed(r *http.Request, to endpoint, scheme string) *http.Request {
	out := new(http.Request)
	*out = *r
	out.URL = new(url.URL)
	*out.URL = *r.URL
	out.Host = to.authority(scheme)
	out.URL.Scheme, out.URL.Host = scheme, out.Host
	if r.Host != "" && r.Host != out.Host {
		if inner, err := parseEndpoint(r.Host, portOf(scheme)); err != nil || inner != to {
			out.Header = r.Header.Clone()
			out.Header.Add(InnerHost, r.Host)
		}
	}
	return out
}

// printer makes a log of what goproxy has to say.
type printer func(string)

func (f printer) Printf(format string, values ...any) { f(fmt.Sprintf(format, values...)) }
