package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
)

// ServeHTTP answers a request as the provider that its Host names. A request
// to a host that the registry does not have, but with a path of the form
// /host/HOST/…, is answered as HOST: so a gate whose registry points at a
// loopback server can reach every provider there (see RewriteRegistry).
//
// What goes wrong on the connection is done to the connection: it is hijacked
// where the server allows it (HTTP/1), and otherwise the request is aborted
// with http.ErrAbortHandler.
func (u *Upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x, hostHeader, prefix := u.address(r)
	var err error
	if x.Body, err = readBody(r.Body); err != nil {
		x.Fault = "the client's body broke off"
	}
	c := u.receive(r.Context(), x, hostHeader, r.URL.User.String(), prefix)
	defer u.ended(x)
	if r.Context().Err() != nil {
		panic(http.ErrAbortHandler)
	}
	d := door{w: w, control: http.NewResponseController(w), exchange: x}
	ctx, cancel := u.waiting(r.Context())
	defer cancel()

	response, err := u.ask(c)
	var f *fault
	switch {
	case errors.As(err, &f):
		d.fault(ctx, f)
	case err != nil:
		// No responder for a route of ours: a mistake here, not the gate's.
		http.Error(w, "fake provider: "+err.Error(), http.StatusNotImplemented)
	case x.Answer == "wrong-length":
		d.wrongLength(response)
	default:
		d.write(ctx, response)
	}
}

// A door writes one reply to a server's client.
type door struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	exchange *Exchange
}

// write sends a response, and ends it the way its body ends.
func (d *door) write(ctx context.Context, response *http.Response) {
	x := d.exchange
	if deliveries[x.Answer] != nil || x.Answer == "bad-gzip" {
		x.Fault = string(x.Answer)
	}
	x.Status, x.ReplyHeader = response.StatusCode, response.Header
	header := d.w.Header()
	for name, values := range response.Header {
		header[name] = values
	}
	if response.Header["Content-Type"] == nil {
		header["Content-Type"] = nil // or the server would guess one
	}
	d.w.WriteHeader(response.StatusCode)
	if x.Method == http.MethodHead || response.StatusCode == http.StatusNoContent {
		return
	}
	switch err := d.send(ctx, response.Body.(payload).stream); err {
	case io.EOF:
	case errReset:
		_ = d.control.Flush() // a connection that is gone is reset already
		d.reset()
	default: // broken off, or the client went away
		_ = d.control.Flush()
		panic(http.ErrAbortHandler)
	}
}

// send writes a stream until it ends and returns how: the stream's own end, or
// why it could not be written.
func (d *door) send(ctx context.Context, s stream) error {
	if s, ok := s.(*static); ok {
		d.exchange.ReplyBody = replyStart(s)
		if _, err := d.w.Write(s.text); err != nil {
			return err
		}
		return s.end
	}
	_, waits := s.(*endless)
	if waits {
		_ = d.control.Flush() // the status arrives before the first byte of the body
	}
	buffer := make([]byte, floodChunk)
	for {
		n, end := s.next(ctx, buffer)
		if n > 0 {
			d.exchange.keep(buffer[:n])
			if _, err := d.w.Write(buffer[:n]); err != nil {
				return err
			}
			if waits {
				if err := d.control.Flush(); err != nil {
					return err
				}
			}
		}
		if end != nil {
			return end
		}
	}
}
