package upstream

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
)

// earlyHints is how many 103 replies make a storm: more than any client has a
// use for, and few enough that none gives up for their sheer size.
const earlyHints = 64

// fault does to the connection what an answer without a response says.
func (d *door) fault(ctx context.Context, f *fault) {
	d.exchange.Fault = string(f.answer)
	switch f.answer {
	case "silent":
		<-ctx.Done()
		d.abort()
	case "early-hints-storm":
		d.storm(ctx)
	case "drip-headers":
		d.drip(ctx)
	case "closed":
		d.ended()
		d.hangUp()
	case "not-http":
		d.ended()
		d.raw(func(w *bufio.Writer) { _, _ = w.WriteString(nonsense) }, d.abort)
	case "reset":
		d.ended()
		d.reset()
	default: // a connection fault: the connection is there, so this is the nearest
		d.exchange.Fault += " as reset"
		d.ended()
		d.reset()
	}
}

// take takes the connection over; nil where the server does not allow that.
func (d *door) take() (net.Conn, *bufio.ReadWriter) {
	conn, rw, err := d.control.Hijack()
	if err != nil {
		return nil, nil // HTTP/2, or a writer without the method
	}
	return conn, rw
}

// raw writes bytes to the connection and closes it; where the connection is
// not to be had, otherwise does what comes nearest. A client that has gone
// away misses the bytes, which is nobody's error.
func (d *door) raw(write func(*bufio.Writer), otherwise func()) {
	conn, rw := d.take()
	if conn == nil {
		otherwise()
		return
	}
	write(rw.Writer)
	_ = rw.Flush()
	_ = conn.Close()
}

// abort ends a request without a reply.
func (d *door) abort() { panic(http.ErrAbortHandler) }

// reset ends the connection with a TCP reset.
func (d *door) reset() {
	conn, _ := d.take()
	if conn == nil {
		d.abort()
	}
	// A TLS connection says goodbye when it is closed; its transport does not.
	for {
		inner, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		conn = inner.NetConn()
	}
	if tcp, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = tcp.SetLinger(0) // without it the close is an orderly one, and as good a failure
	}
	_ = conn.Close()
}

// hangUp closes the connection in order.
func (d *door) hangUp() {
	conn, _ := d.take()
	if conn == nil {
		d.abort()
	}
	_ = conn.Close()
}

// storm sends 103 after 103, and then nothing.
func (d *door) storm(ctx context.Context) {
	header := d.w.Header()
	header.Set("Link", "</style.css>; rel=preload; as=style")
	for range earlyHints {
		if ctx.Err() != nil {
			break
		}
		d.w.WriteHeader(http.StatusEarlyHints)
	}
	<-ctx.Done()
	d.abort()
}

// drip sends a status line and then a header that never ends.
func (d *door) drip(ctx context.Context) {
	conn, rw := d.take()
	if conn == nil { // HTTP/2 sends its headers in one piece, or not at all
		d.exchange.Fault += " as silent"
		<-ctx.Done()
		d.abort()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	gone := make(chan struct{})
	go func() { // ends when the connection is closed below, at the latest
		defer close(gone)
		_, _ = io.Copy(io.Discard, rw.Reader)
		cancel()
	}()
	defer func() {
		_ = conn.Close()
		<-gone
	}()
	_, _ = rw.WriteString("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Drip: ") // Flush reports the error
	for rw.Flush() == nil && pause(ctx, dripInterval) == nil {
		_ = rw.WriteByte('.')
	}
}

// wrongLength sends more body than the Content-Length says.
func (d *door) wrongLength(response *http.Response) {
	s := response.Body.(payload).stream.(*static)
	x := d.exchange
	x.Fault = string(x.Answer)
	x.Status, x.ReplyHeader, x.ReplyBody = response.StatusCode, response.Header, replyStart(s)
	d.ended()
	d.raw(func(w *bufio.Writer) {
		_, _ = fmt.Fprintf(w, "HTTP/1.1 %s\r\n", response.Status)
		_ = response.Header.Write(w)
		_, _ = w.WriteString("\r\n")
		if x.Method != http.MethodHead {
			_, _ = w.Write(s.text)
			_, _ = w.Write(s.beyond)
		}
	}, func() { // HTTP/2: as much as the length says, the JSON breaks off all the same
		for name, values := range response.Header {
			d.w.Header()[name] = values
		}
		d.w.Header().Set("Content-Length", strconv.Itoa(len(s.text)))
		d.w.WriteHeader(response.StatusCode)
		_, _ = d.w.Write(s.text)
	})
}
