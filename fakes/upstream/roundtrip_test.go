package upstream_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// TestEveryHostGivesEveryAnswer asks every host of the registry for every
// answer and looks at status, error and body.
func TestEveryHostGivesEveryAnswer(t *testing.T) {
	w := newWorld(t, upstream.Config{})
	for _, host := range w.Hosts() {
		for _, spec := range scenarios.Catalogue() {
			t.Run(host+"/"+string(spec.Name), func(t *testing.T) {
				c := w.add(t.Name(), nameFor(t, host), []string{host}, spec.Name)
				if spec.Waits {
					expectWait(t, w, spec, probe(t, "https://"+host, host, c))
					return
				}
				request := probe(t, "https://"+host, host, c)
				if spec.Name == "public-list" {
					request.URL.Path = "/openai/openai/v1/key"
				}
				response, err := w.RoundTrip(request)
				x := w.last(t)
				if x.Answer != spec.Name || !x.Known || x.Nth != 1 || len(x.Sightings) != 1 || !x.Sightings[0].Read {
					t.Fatalf("exchange %+v is not one of this credential", x)
				}
				if (err != nil) != (spec.Status == 0) {
					t.Fatalf("error %v, the catalogue has status %d", err, spec.Status)
				}
				if err != nil {
					if x.Fault != string(spec.Name) || x.Status != 0 {
						t.Errorf("fault %q, status %d", x.Fault, x.Status)
					}
					return
				}
				expectReply(t, spec, response, x)
			})
		}
	}
}

// expectReply checks a reply that does not wait.
func expectReply(t *testing.T, spec scenarios.Answer, response *http.Response, x *upstream.Exchange) {
	t.Helper()
	status := spec.Status
	if spec.Name == "public-list" {
		status = http.StatusUnauthorized
	}
	if response.StatusCode != status || x.Status != status {
		t.Errorf("status %d, observed %d, want %d", response.StatusCode, x.Status, status)
	}
	if spec.Name == "huge-body" {
		expectHuge(t, response)
		return
	}
	body, err := readAll(t, response)
	wantErr := map[upstream.Answer]error{
		"truncated": io.ErrUnexpectedEOF, "dead-truncated": io.ErrUnexpectedEOF, "reset-in-body": syscall.ECONNRESET, "bad-gzip": gzip.ErrHeader,
	}[spec.Name]
	if !errors.Is(err, wantErr) {
		t.Errorf("reading the body: %v, want %v", err, wantErr)
	}
	if wantFault := wantErr != nil || spec.Name == "wrong-length"; (x.Fault != "") != wantFault {
		t.Errorf("fault %q", x.Fault)
	}
	if !bytes.HasPrefix(x.ReplyBody, body[:min(len(body), 4096)]) {
		t.Errorf("observed body %.80q, read %.80q", x.ReplyBody, body)
	}
	isJSON := strings.HasPrefix(response.Header.Get("Content-Type"), "application/json")
	switch {
	case wantErr != nil:
	case spec.Name == "wrong-length", spec.Name == "dead-broken-json":
		if json.Valid(body) {
			t.Errorf("the body %q does not break off", body)
		}
	case isJSON && !json.Valid(body) && !strings.HasSuffix(spec.Name, "-as-json"):
		t.Errorf("not JSON: %.200q", body)
	case strings.Contains(string(body), "{{"):
		t.Errorf("a placeholder was left in %.200q", body)
	}
	if spec.Name == "live" && !listsModels(body) {
		t.Errorf("no list of models: %.200q", body)
	}
	if after, want := response.Header.Get("Retry-After"), map[upstream.Answer]string{"rate-limited": "30", "dead-retry-after": "1", "unavailable-hour": "3600"}[spec.Name]; after != want {
		t.Errorf("Retry-After: %q, want %q", after, want)
	}
	switch spec.Name {
	case "no-content", "not-modified", "dead-empty", "forbidden-empty":
		if kind := response.Header.Values("Content-Type"); len(body) > 0 || len(kind) > 0 {
			t.Errorf("body %.80q of type %q, want neither", body, kind)
		}
	case "dead-page":
		if kind := response.Header.Get("Content-Type"); kind != "text/html" || !bytes.Contains(body, []byte("401 Unauthorized")) {
			t.Errorf("body %.80q of type %q, want the page of a 401", body, kind)
		}
	}
}

// expectHuge reads 100 MiB without keeping them.
func expectHuge(t *testing.T, response *http.Response) {
	t.Helper()
	defer response.Body.Close()
	var ends bytes.Buffer // the first and the last KiB are a valid list by themselves
	_, err := io.CopyN(&ends, response.Body, 1<<10)
	if err != nil {
		t.Fatal(err)
	}
	middle, err := io.CopyN(io.Discard, response.Body, 100<<20-2<<10)
	if err != nil {
		t.Fatalf("the body ends after %d bytes: %v", middle, err)
	}
	_, err = io.Copy(&ends, response.Body)
	if err != nil || ends.Len() != 2<<10 || !listsModels(ends.Bytes()) || response.ContentLength != 100<<20 {
		t.Errorf("%d bytes around the middle, Content-Length %d, %v", ends.Len(), response.ContentLength, err)
	}
}

func readAll(t *testing.T, response *http.Response) ([]byte, error) {
	t.Helper()
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}

func listsModels(body []byte) bool {
	var list struct{ Data []struct{ ID string } }
	return json.Unmarshal(body, &list) == nil && len(list.Data) > 0 && list.Data[0].ID != ""
}

// expectWait checks, without any waiting, that an answer lasts until the
// request's context ends, and no longer.
func expectWait(t *testing.T, w *world, spec scenarios.Answer, request *http.Request) {
	t.Helper()
	cause := errors.New("the probe budget is over")
	ctx, cancel := context.WithCancelCause(request.Context())
	go func() { // the budget ends while the client waits, or before it does
		cancel(cause)
	}()
	response, err := w.RoundTrip(request.WithContext(ctx))
	if err == nil {
		if response.StatusCode != spec.Status {
			t.Errorf("status %d", response.StatusCode)
		}
		_, err = readAll(t, response)
	}
	if !errors.Is(err, cause) {
		t.Errorf("ended with %v, want the cause of the context", err)
	}
}

func TestErrorsAreThoseOfATransport(t *testing.T) {
	tests := []struct {
		answer upstream.Answer
		check  func(error) bool
	}{
		{"refused", func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) && isNetError(err) }},
		{"nxdomain", func(err error) bool { var e *net.DNSError; return errors.As(err, &e) && e.IsNotFound }},
		{"tls-failure", func(err error) bool { var e *tls.CertificateVerificationError; return errors.As(err, &e) }},
		{"reset", func(err error) bool { return errors.Is(err, syscall.ECONNRESET) && isNetError(err) }},
		{"closed", func(err error) bool { return errors.Is(err, io.EOF) }},
		{"not-http", func(err error) bool { return strings.Contains(err.Error(), "malformed HTTP response") }},
	}
	w := newWorld(t, upstream.Config{})
	client := &http.Client{Transport: w}
	for _, tt := range tests {
		t.Run(string(tt.answer), func(t *testing.T) {
			c := w.add(t.Name(), "GROQ_API_KEY", []string{"api.groq.com"}, tt.answer)
			_, err := client.Do(probe(t, "https://api.groq.com", "api.groq.com", c))
			if err == nil || !tt.check(err) {
				t.Errorf("error %#v", err)
			}
		})
	}
}

func isNetError(err error) bool { var e net.Error; return errors.As(err, &e) }

// TestWaitingAnswersLast runs a client with a budget of 6 s on a fake clock.
func TestWaitingAnswersLast(t *testing.T) {
	const budget = 6 * time.Second
	tests := []struct {
		answer   upstream.Answer
		min, max int // bytes of the body that are read within the budget
	}{
		{"silent", 0, 0},
		{"drip-headers", 0, 0},
		{"early-hints-storm", 0, 0},
		{"drip-body", 29, 30},
		{"dead-drip", 29, 30},
		{"endless-body", 6 << 20, 200 << 20},
	}
	for _, tt := range tests {
		t.Run(string(tt.answer), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, upstream.Config{})
				c := w.add(t.Name(), "OPENAI_API_KEY", []string{"api.openai.com"}, tt.answer)
				start := time.Now()
				client := &http.Client{Transport: w, Timeout: budget}
				response, err := client.Do(probe(t, "https://api.openai.com", "api.openai.com", c))
				read := int64(0)
				if err == nil {
					read, err = io.Copy(io.Discard, response.Body)
					response.Body.Close()
				}
				var timeout net.Error
				if !errors.As(err, &timeout) || !timeout.Timeout() {
					t.Errorf("ended with %v, want a timeout", err)
				}
				if d := time.Since(start); d != budget {
					t.Errorf("lasted %v", d)
				}
				if read < int64(tt.min) || read > int64(tt.max) {
					t.Errorf("%d bytes were read", read)
				}
				synctest.Wait()
				x := w.last(t)
				if x.End.Sub(x.Start) != budget || x.Fault != string(tt.answer) {
					t.Errorf("observed %v, fault %q", x.End.Sub(x.Start), x.Fault)
				}
				if len(w.seen) != 1 {
					t.Errorf("observed %d times", len(w.seen))
				}
			})
		})
	}
}

// TestBodyIsNeverClosed: the exchange of a client that forgets to close a
// waiting body is observed all the same.
func TestBodyIsNeverClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, upstream.Config{})
		c := w.add(t.Name(), "OPENAI_API_KEY", []string{"api.openai.com"}, "drip-body")
		ctx, cancel := context.WithCancel(t.Context())
		request := probe(t, "https://api.openai.com", "api.openai.com", c).WithContext(ctx)
		if _, err := w.RoundTrip(request); err != nil {
			t.Fatal(err)
		}
		cancel()
		synctest.Wait()
		if x := w.last(t); x.Status != 200 {
			t.Errorf("exchange %+v", x)
		}
	})
}

func TestCloseEndsWaitingAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, upstream.Config{})
		c := w.add(t.Name(), "OPENAI_API_KEY", []string{"api.openai.com"}, "silent")
		failed := make(chan error)
		go func() {
			_, err := w.RoundTrip(probe(t, "https://api.openai.com", "api.openai.com", c))
			failed <- err
		}()
		synctest.Wait()
		w.Close()
		if err := <-failed; err == nil || !strings.Contains(err.Error(), "closed") {
			t.Errorf("error %v", err)
		}
	})
}

// TestUnsendable: what a real transport does not send reaches no provider (SEC-6).
func TestUnsendable(t *testing.T) {
	tests := []struct {
		what   string
		change func(*http.Request)
		want   string
	}{
		{"newline in a value", func(r *http.Request) { r.Header["X-Api-Key"] = []string{"a\r\nX-Smuggled: 1"} }, "invalid header field value"},
		{"NUL in a value", func(r *http.Request) { r.Header["X-Api-Key"] = []string{"a\x00b"} }, "invalid header field value"},
		{"space in a name", func(r *http.Request) { r.Header["X Api"] = []string{"a"} }, "invalid header field name"},
		{"no host", func(r *http.Request) { r.URL.Host = "" }, "no Host"},
		{"other scheme", func(r *http.Request) { r.URL.Scheme = "ftp" }, "unsupported protocol scheme"},
		{"method of two words", func(r *http.Request) { r.Method = "GET IT" }, "invalid method"},
		{"no header", func(r *http.Request) { r.Header = nil }, "nil Request.Header"},
		{"no URL", func(r *http.Request) { r.URL = nil }, "nil Request.URL"},
	}
	w := newWorld(t, upstream.Config{})
	c := w.add(t.Name(), "OPENAI_API_KEY", []string{"api.openai.com"}, "live")
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			r := probe(t, "https://api.openai.com", "api.openai.com", c)
			tt.change(r)
			_, err := w.RoundTrip(r)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "Smuggled") {
				t.Errorf("the error holds the value: %v", err)
			}
		})
	}
	if len(w.seen) != 0 {
		t.Errorf("%d exchanges were observed", len(w.seen))
	}
}

// TestGzipIsUnpackedAsATransportDoes: a client that asks for gzip itself gets the bytes.
func TestGzipIsUnpackedAsATransportDoes(t *testing.T) {
	w := newWorld(t, upstream.Config{})
	c := w.add(t.Name(), "OPENAI_API_KEY", []string{"api.openai.com"}, "bad-gzip")
	r := probe(t, "https://api.openai.com", "api.openai.com", c)
	r.Header.Set("Accept-Encoding", "gzip")
	response, err := w.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := readAll(t, response)
	if err != nil || len(body) == 0 || response.Header.Get("Content-Encoding") != "gzip" || response.Uncompressed {
		t.Errorf("%q, %v, %v", body, err, response.Header)
	}
}
