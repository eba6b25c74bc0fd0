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
	x.Body, _ = readBody(r.Body) // what arrived counts, also where it broke off
	c := u.receive(r.Context(), x, hostHeader, userinfo(r.URL), prefix)
	d := door{w: w, control: http.NewResponseController(w), exchange: x, observe: u.ended}
	defer d.ended()
	if r.Context().Err() != nil {
		d.abort()
	}
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
	// observe hands the exchange over; nil once that is done.
	observe func(*Exchange)
}

// ended hands the exchange over, once. From then on it must not be changed.
func (d *door) ended() {
	if d.observe != nil {
		d.observe(d.exchange)
		d.observe = nil
	}
}

// write sends a response, and ends it the way its body ends.
func (d *door) write(ctx context.Context, response *http.Response) {
	x := d.exchange
	x.noteFault()
	x.Status, x.ReplyHeader = response.StatusCode, response.Header
	body := response.Body.(payload).stream
	_, waits := body.(*endless)
	head := x.Method == http.MethodHead
	if !waits || head {
		if !head {
			x.ReplyBody = replyStart(body)
		}
		d.ended()
	}
	header := d.w.Header()
	for name, values := range response.Header {
		header[name] = values
	}
	if _, typed := header["Content-Type"]; !typed {
		header["Content-Type"] = nil // or net/http guesses one from the body
	}
	d.w.WriteHeader(response.StatusCode)
	if head || bodyless(response.StatusCode) {
		return
	}
	switch err := d.send(ctx, body, waits); err {
	case io.EOF:
	case errReset:
		_ = d.control.Flush() // a connection that is gone is reset already
		d.reset()
	default: // broken off, or the client went away
		_ = d.control.Flush()
		d.abort()
	}
}

// send writes a stream until it ends and returns how: the stream's own end, or
// why it could not be written.
func (d *door) send(ctx context.Context, s stream, waits bool) error {
	if s, ok := s.(*static); ok {
		if _, err := d.w.Write(s.text); err != nil {
			return err
		}
		return s.end
	}
	if waits {
		_ = d.control.Flush() // the status arrives before the first byte of the body
	}
	buffer := make([]byte, floodChunk)
	for {
		n, end := s.next(ctx, buffer)
		if n > 0 {
			if waits {
				d.exchange.keep(buffer[:n])
			}
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
