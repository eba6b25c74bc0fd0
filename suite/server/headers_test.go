package server

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/suite/target"
)

// TestAllHeadersAreRead reads what comes before a reply and behind it, too.
func TestAllHeadersAreRead(t *testing.T) {
	for _, test := range []struct {
		name   string
		create http.HandlerFunc
		header string
		want   string
	}{
		{"early hints", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Early", "one")
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Del("X-Early")
			answer(w, 201, `{"id":"7"}`)
		}, "X-Early", "one"},
		{"two of them, and the reply's own", func(w http.ResponseWriter, _ *http.Request) {
			for _, v := range []string{"one", "two"} {
				w.Header().Set("X-Early", v)
				w.WriteHeader(http.StatusProcessing)
			}
			w.Header().Set("X-Early", "three")
			answer(w, 201, `{"id":"7"}`)
		}, "X-Early", "three one two"},
		{"a trailer", func(w http.ResponseWriter, _ *http.Request) {
			answer(w, 201, `{"id":"7"}`)
			_ = http.NewResponseController(w).Flush()
			w.Header().Set(http.TrailerPrefix+"X-Late", "four")
		}, "X-Late", "four"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := served(t, test.create).Create(t.Context(), target.CreateRequest{Name: "n", Patience: time.Minute})
			if got := strings.Join(r.Header.Values(test.header), " "); r.Outcome != target.Allowed || got != test.want {
				t.Errorf("%s, %s: %q, want %q", r.Outcome, test.header, got, test.want)
			}
		})
	}
}

// TestInformationalRepliesAreBounded: they are read by us, and so bounded by us.
func TestInformationalRepliesAreBounded(t *testing.T) {
	r := served(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Early", strings.Repeat("x", 1<<10))
		for range 2 * maxHeader >> 10 {
			w.WriteHeader(http.StatusEarlyHints)
		}
		answer(w, 201, `{"id":"7"}`)
	}).Create(t.Context(), target.CreateRequest{Name: "n", Patience: time.Minute})
	if r.Outcome != target.Failed || !strings.Contains(fmt.Sprint(r.Err), "exceeded 65536 bytes") {
		t.Errorf("%s, %v", r.Outcome, r.Err)
	}
}

// TestIdleConnectionsAreLetGo: we close them before a server does.
func TestIdleConnectionsAreLetGo(t *testing.T) {
	closed := make(chan struct{})
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, 201, `{"id":"7"}`) }))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			close(closed)
		}
	}
	s.Start()
	defer s.Close()
	client := &http.Client{Transport: newTransport()}
	resp, err := client.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body) // a connection is idle once all is read
	resp.Body.Close()
	select {
	case <-closed: // the server itself keeps them for ever
	case <-time.After(10 * time.Second):
		t.Error("the connection is still kept after 10 s")
	}
}
