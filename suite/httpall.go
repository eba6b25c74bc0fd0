package suite

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"
)

// repeatable has the transport repeat a request once that met a connection which
// the server was just closing, as it may do with one that is idle. On a fresh
// connection nothing is repeated, so a server that hangs up is found out. The
// header is not sent: see net/http.Transport on empty Idempotency-Key headers.
func repeatable(r *http.Request) { r.Header["Idempotency-Key"] = []string{} }

// early are the headers of the informational replies that come before a reply:
// what stands in them is shown like everything else (SEC-1).
type early struct {
	mu     sync.Mutex
	header http.Header
}

// watched returns a context under which early headers are kept.
func (e *early) watched(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: func(_ int, h textproto.MIMEHeader) error {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.header = joined(e.header, http.Header(h))
		return nil
	}})
}

// all returns the headers of a reply that was read to its end, with those that
// came early and those that came behind the body.
func (e *early) all(resp *http.Response) http.Header {
	e.mu.Lock()
	defer e.mu.Unlock()
	return joined(joined(resp.Header, e.header), resp.Trailer)
}

// joined adds the values of more to h, which may be nil where more is empty.
func joined(h, more http.Header) http.Header {
	if h == nil && len(more) > 0 {
		h = http.Header{}
	}
	for name, values := range more {
		h[name] = append(h[name], values...)
	}
	return h
}
