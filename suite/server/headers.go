package server

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"
)

// early are the headers of the informational replies that come before a reply:
// what stands in them is shown like everything else (SEC-1).
type early struct {
	mu     sync.Mutex
	header http.Header
	size   int
}

// watched returns a context under which early headers are kept.
func (e *early) watched(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: func(_ int, h textproto.MIMEHeader) error {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.size += sizeOf(h); e.size > maxHeader { // who watches them has to bound them
			return fmt.Errorf("server informational replies exceeded %d bytes", maxHeader)
		}
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

// sizeOf is what an informational reply takes on the wire, in bytes, or less.
func sizeOf(h textproto.MIMEHeader) int {
	n := len("HTTP/1.1 103 \r\n\r\n")
	for name, values := range h {
		for _, v := range values {
			n += len(name) + len(v) + len(": \r\n")
		}
	}
	return n
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
