package upstream

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

// A script is one answer of one family, prepared as far as it goes before the
// exchange is known.
type script struct {
	answer Answer
	status int
	header http.Header
	// fields are the headers that differ from one exchange to the next.
	fields []field
	body   template
	// deliver turns the body into what is sent; nil for the body in order.
	deliver func(r *http.Response, body []byte)
	// location, if not nil, is the target of a redirect.
	location func(*call) string
	// pages are the paths with another body.
	pages []scriptPage
	// public, if not nil, answers a GET of the list instead.
	public *script
	// fault, if not nil, says that there is no response.
	fault func(host string) error
}

type field struct {
	name  string
	value template
}

type scriptPage struct {
	matches func(path string) bool
	body    template
}

// respond makes the response to a call, or a *fault. The body is a payload.
func (s *script) respond(c *call) (*http.Response, error) {
	if s.fault != nil {
		return nil, &fault{answer: s.answer, err: s.fault(c.exchange.Host)}
	}
	path, _, _ := strings.Cut(c.exchange.Path, "?")
	path = strings.TrimRight(path, "/")
	if s.public != nil && c.exchange.Method == http.MethodGet && strings.HasSuffix(path, "/models") {
		return s.public.respond(c)
	}
	body := s.body
	for _, p := range s.pages {
		if p.matches(path) {
			body = p.body
			break
		}
	}
	text := body.render(c, jsonText)
	r := &http.Response{
		StatusCode: s.status, Status: statusLines[s.status],
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: s.header.Clone(), ContentLength: int64(len(text)),
		Body: payload{&static{text: text, end: io.EOF}},
	}
	for _, f := range s.fields {
		r.Header[f.name] = []string{string(f.value.render(c, headerText))}
	}
	if s.location != nil {
		r.Header.Set("Location", s.location(c))
	}
	if s.deliver != nil {
		s.deliver(r, text)
	}
	if r.ContentLength >= 0 && !bodyless(s.status) {
		r.Header["Content-Length"] = []string{strconv.FormatInt(r.ContentLength, 10)}
	}
	return r, nil
}

// bodyless reports whether a reply with a status has no body by definition, and
// so no Content-Length of one (RFC 9110, 6.4.1).
func bodyless(status int) bool {
	return status == http.StatusNoContent || status == http.StatusNotModified
}

// reasons are those of statuses that no RFC assigns. Cloudflare's stand in
// https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/
var reasons = map[int]string{
	499: "Client Closed Request",
	520: "Web Server Returned an Unknown Error",
	522: "Connection Timed Out",
	525: "SSL Handshake Failed",
	529: "Overloaded",
}

// statusLines are "200 OK" and so on for every status of the catalogue.
var statusLines = func() map[int]string {
	m := map[int]string{}
	for _, spec := range append(scenarios.Catalogue(), Spec{Status: 403}) {
		m[spec.Status] = fmt.Sprintf("%d %s", spec.Status, cmp.Or(http.StatusText(spec.Status), reasons[spec.Status], "Unassigned"))
	}
	return m
}()

// largeBody is how long a body is that nobody expects of a refusal, in bytes.
const largeBody = 2 << 20

// noteFault sets Fault for a reply that is not whole and well formed as HTTP.
func (x *Exchange) noteFault() {
	whole := x.Answer == "huge-body" || x.Answer == "dead-broken-json" || x.Answer == "dead-large"
	if x.Answer == "bad-gzip" || deliveries[x.Answer] != nil && !whole {
		x.Fault = string(x.Answer)
	}
}

// deliveries are the answers whose body does not arrive as it was written.
var deliveries = map[Answer]func(r *http.Response, body []byte){
	"truncated":      truncate,
	"dead-truncated": truncate,
	"dead-broken-json": func(r *http.Response, body []byte) {
		n := len(body) * 2 / 3
		r.ContentLength = int64(n)
		r.Body = payload{&static{text: body[:n], end: io.EOF}}
	},
	"wrong-length": func(r *http.Response, body []byte) {
		n := len(body) * 2 / 3
		r.ContentLength = int64(n)
		r.Body = payload{&static{text: body[:n], beyond: body[n:], end: io.EOF}}
	},
	"reset-in-body": func(r *http.Response, body []byte) {
		r.Body = payload{&static{text: body[:len(body)/2], end: errReset}}
	},
	"dead-large": func(r *http.Response, body []byte) { // white space around JSON means nothing
		text := append(bytes.Repeat([]byte(" "), largeBody), body...)
		r.ContentLength = int64(len(text))
		r.Body = payload{&static{text: text, end: io.EOF}}
	},
	"drip-body": drip,
	"dead-drip": drip,
	"endless-body": func(r *http.Response, _ []byte) {
		r.ContentLength = -1
		r.Body = payload{&endless{chunk: floodChunk, interval: floodInterval}}
	},
	"huge-body": func(r *http.Response, _ []byte) {
		r.ContentLength = hugeBody
		r.Body = payload{&padded{}}
	},
}

func truncate(r *http.Response, body []byte) {
	r.ContentLength = int64(len(body)) + 512
	r.Body = payload{&static{text: body, end: io.ErrUnexpectedEOF}}
}

func drip(r *http.Response, _ []byte) {
	r.ContentLength = -1
	r.Body = payload{&endless{chunk: 1, interval: dripInterval}}
}
