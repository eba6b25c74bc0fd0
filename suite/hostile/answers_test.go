//go:build unix

package hostile

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// onCreate spoils the creates of a server that is right in everything else.
func onCreate(bad http.HandlerFunc) func(http.Handler) http.Handler {
	return func(right http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && r.URL.Path == "/workspaces" {
				_, _ = io.Copy(io.Discard, r.Body) // what cannot be read was not sent
				bad(w, r)
				return
			}
			right.ServeHTTP(w, r)
		})
	}
}

// raw writes on the connection itself, as long as the client lets it.
func raw(talk func(w io.Writer, gone <-chan struct{})) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		talk(conn, untilGone(buffered.Reader))
	}
}

// untilGone is closed when the client has closed its side.
func untilGone(r *bufio.Reader) <-chan struct{} {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, r)
	}()
	return gone
}

// says writes one text and hangs up.
func says(text string) http.HandlerFunc {
	return raw(func(w io.Writer, _ <-chan struct{}) { _, _ = io.WriteString(w, text) })
}

// holds writes one text and says no more.
func holds(text string) http.HandlerFunc {
	return raw(func(w io.Writer, gone <-chan struct{}) {
		_, _ = io.WriteString(w, text)
		<-gone
	})
}

// repeats writes a head, and then a text until the client has had enough; limit
// is in bytes, 0 means none.
func repeats(head, text string, limit int) http.HandlerFunc {
	return raw(func(w io.Writer, _ <-chan struct{}) {
		_, err := io.WriteString(w, head)
		for sent := 0; err == nil && (limit == 0 || sent < limit); sent += len(text) {
			_, err = io.WriteString(w, text)
		}
	})
}

// drips writes a head, and then a byte at a time.
func drips(head string) http.HandlerFunc {
	return raw(func(w io.Writer, gone <-chan struct{}) {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		_, err := io.WriteString(w, head)
		for err == nil {
			select {
			case <-tick.C:
				_, err = io.WriteString(w, " ")
			case <-gone:
				return
			}
		}
	})
}

// resets breaks the connection off in the middle of a body.
func resets(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(conn, head(201, "Content-Length: 100")+`{"id"`)
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}

func head(status int, headers ...string) string {
	return fmt.Sprintf("HTTP/1.1 %d %s\r\n%s\r\n\r\n", status, http.StatusText(status), strings.Join(headers, "\r\n"))
}

// gives answers everything alike.
func gives(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// gzipBomb sends 64 MiB of zeros in some 64 KiB.
func gzipBomb() http.HandlerFunc {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(make([]byte, 64<<20)) // a bytes.Buffer takes everything
	_ = z.Close()
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(bomb.Bytes())
	}
}

// swaps answers each create with what the one before it was answered.
func swaps(right http.Handler) http.Handler {
	var mu sync.Mutex
	last := httptest.NewRecorder()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/workspaces" {
			right.ServeHTTP(w, r)
			return
		}
		given := httptest.NewRecorder()
		right.ServeHTTP(given, r)
		mu.Lock()
		last, given = given, last
		mu.Unlock()
		maps.Copy(w.Header(), given.Header())
		w.WriteHeader(given.Code)
		_, _ = w.Write(given.Body.Bytes())
	})
}
