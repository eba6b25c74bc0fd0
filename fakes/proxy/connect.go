package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/elazarl/goproxy"
)

// A Refusal is a request for a host that is not in the registry.
type Refusal struct {
	// Time is when it arrived.
	Time time.Time
	// Method is CONNECT, or the method of a plain request.
	Method string
	// Host is host:port.
	Host string
	// Client is the address that asked.
	Client string
}

var (
	errClosed  = errors.New("the proxy is closed")
	errTooMany = errors.New("too many tunnels are open; close some, or send several requests over one")
	errDial    = errors.New("the proxy of the conformance run never dials")
)

// newConnector returns goproxy, told to leave every tunnel to us.
func (p *Proxy) newConnector() http.Handler {
	g := goproxy.NewProxyHttpServer()
	g.Logger = printer(p.log)
	action := &goproxy.ConnectAction{Action: goproxy.ConnectHijack, Hijack: p.connect}
	g.OnRequest().HandleConnectFunc(func(host string, _ *goproxy.ProxyCtx) (*goproxy.ConnectAction, string) {
		return action, host
	})
	// Nothing above dials. Should goproxy ever do it by itself, it cannot.
	g.ConnectDial = func(string, string) (net.Conn, error) { return nil, errDial }
	g.Tr = &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, errDial }}
	return g
}

// connect serves one CONNECT up to the point where the server inside the
// tunnels takes over.
func (p *Proxy) connect(r *http.Request, client net.Conn, _ *goproxy.ProxyCtx) {
	t, ok := client.(*tunnel)
	if !ok || !p.enter() {
		client.Close()
		return
	}
	defer p.running.Done()
	_ = t.SetDeadline(time.Now().Add(p.limits.handshake)) // fails on a closed connection only
	conn, err := p.establish(r, t)
	if err != nil {
		p.log(fmt.Sprintf("CONNECT %s from %s: %v", r.URL.Host, r.RemoteAddr, err))
		t.Close()
		return
	}
	_ = t.SetDeadline(time.Time{})
	if !p.inside.put(conn) {
		t.Close()
	}
}

// establish answers CONNECT and finds out what the client speaks inside. The
// caller closes the tunnel after an error.
func (p *Proxy) establish(r *http.Request, t *tunnel) (net.Conn, error) {
	to, err := parseEndpoint(r.URL.Host, "")
	if err != nil {
		return nil, refuse(t, http.StatusBadRequest, err)
	}
	t.to = to
	fault, err := p.register(t)
	switch {
	case err != nil:
		return nil, refuse(t, http.StatusServiceUnavailable, err)
	case fault != 0 && fault != TLSFailure:
		return nil, refuse(t, http.StatusBadGateway, errors.New(fault.told(to)))
	}
	if !p.ours(to) {
		p.refused(r, to)
	}
	if _, err := io.WriteString(t, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return nil, fmt.Errorf("answering: %w", err)
	}
	first, err := t.peek()
	if err != nil {
		return nil, fmt.Errorf("the client sent nothing after CONNECT: %w", err)
	}
	if first != tlsHandshake {
		return t, nil
	}
	config := p.ca.config(to.host, p.ours(to))
	if fault == TLSFailure {
		config, t.unproven = p.stranger.config(strangerName, true), true
	}
	secured := tls.Server(t, config)
	if err := secured.Handshake(); err != nil {
		return nil, fmt.Errorf("in the TLS handshake (does the client trust the certificate in SSL_CERT_FILE?): %w", err)
	}
	return secured, nil
}

const (
	// tlsHandshake is the first byte of a TLS connection (RFC 8446, 5.1).
	// Anything else is taken for plain HTTP: Node.js tunnels that too.
	tlsHandshake = 22
	// strangerName is on the certificate of TLSFailure. Nobody can own it
	// (RFC 2606).
	strangerName = "wrong.invalid"
)

// refuse answers CONNECT with a status and a sentence, and returns why. It
// reads what the client has already sent, for closing over unread bytes would
// reset the connection and take the answer with it.
func refuse(t *tunnel, status int, why error) error {
	text := why.Error() + "\n"
	reply := http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Close: true,
		Header:        http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
		ContentLength: int64(len(text)),
		Body:          io.NopCloser(strings.NewReader(text)),
	}
	if err := reply.Write(t); err != nil {
		return errors.Join(why, err)
	}
	if t.CloseWrite() == nil && t.SetReadDeadline(time.Now().Add(time.Second)) == nil {
		_, _ = io.CopyN(io.Discard, t, 64<<10) // until the client closes
	}
	return why
}

// refused reports a request for a host that is not ours.
func (p *Proxy) refused(r *http.Request, to endpoint) {
	if p.config.Refused != nil {
		p.config.Refused(Refusal{Time: time.Now(), Method: r.Method, Host: to.String(), Client: r.RemoteAddr})
	}
}
