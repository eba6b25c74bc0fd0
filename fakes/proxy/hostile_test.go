package proxy

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestWhatIsNotForAProxy(t *testing.T) {
	for _, c := range []struct {
		name, text string
		status     int
		body       string
	}{
		{"a request to the proxy itself", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400, "Set HTTPS_PROXY"},
		{"CONNECT to a path", "CONNECT /rpc HTTP/1.1\r\nHost: x\r\n\r\n", 400, "Set HTTPS_PROXY"},
		{"CONNECT without a port", "CONNECT api.anthropic.com HTTP/1.1\r\nHost: x\r\n\r\n", 400, "no port from 1 to 65535"},
		{"CONNECT to port 0", "CONNECT api.anthropic.com:0 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "no port from 1 to 65535"},
		{"CONNECT to port 70000", "CONNECT api.anthropic.com:70000 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "no port from 1 to 65535"},
		{"another scheme", "GET ftp://api.anthropic.com/ HTTP/1.1\r\nHost: x\r\n\r\n", 400, "Set HTTPS_PROXY"},
		{"an HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "Set HTTPS_PROXY"},
		{"garbage", "\x00\x01garbage\r\n\r\n", 400, "400 Bad Request"},
		{"TLS", "\x16\x03\x01\x00\x05hello\r\n\r\n", 400, "400 Bad Request"},
		{"a huge header", "GET http://api.openai.com/ HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 2<<20), 431, "431"},
		{"https in a request line is answered as https", "GET https://api.openai.com/v1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200, "GET https://api.openai.com/v1 "},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, echo, nil)
			reply, body := r.say(t, c.text)
			if reply.StatusCode != c.status || !strings.Contains(body, c.body) {
				t.Errorf("got %d %q, want %d with %q", reply.StatusCode, body, c.status, c.body)
			}
			if status, _ := get(t, r.client(t, nil), "https://api.anthropic.com/"); status != 200 {
				t.Errorf("afterwards it answered %d, want 200", status)
			}
		})
	}
}

// A credential of 1 MiB (ROB-2) has to reach the handler to be seen.
func TestHeaderOfOneMebibyte(t *testing.T) {
	for _, change := range []func(*http.Transport){nil, overHTTP2} {
		seen := 0
		r := run(t, func(_ http.ResponseWriter, r *http.Request) { seen = len(r.Header.Get("x-api-key")) }, nil)
		request, _ := http.NewRequest(http.MethodGet, "https://api.anthropic.com/", nil)
		request.Header.Set("x-api-key", strings.Repeat("x", 1<<20))
		reply, err := r.client(t, change).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		if seen != 1<<20 {
			t.Errorf("the handler saw %d bytes", seen)
		}
	}
}

func TestPlainHTTPInsideATunnel(t *testing.T) {
	r := run(t, echo, nil)
	conn := r.connect(t, "api.openai.com:80")
	fmt.Fprint(conn, "GET /v1 HTTP/1.1\r\nHost: api.openai.com\r\n\r\n")
	reply, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(reply.Body); string(body) != "HTTP/1.1 GET http://api.openai.com/v1 key= inner=" {
		t.Errorf("got %q", body)
	}
}

// Some clients send their hello without waiting for the answer to CONNECT.
func TestHelloInTheSamePacketAsConnect(t *testing.T) {
	r := run(t, echo, nil)
	conn := &eager{Conn: r.dial(t), first: []byte("CONNECT api.anthropic.com:443 HTTP/1.1\r\nHost: x\r\n\r\n")}
	secured := tls.Client(conn, &tls.Config{RootCAs: r.pool(), ServerName: anthropic})
	if err := secured.Handshake(); err != nil {
		t.Fatal(err)
	}
}

// eager puts CONNECT before the first write, and takes its answer off the first read.
type eager struct {
	net.Conn
	first    []byte
	answered bool
}

func (e *eager) Write(b []byte) (int, error) {
	if e.first == nil {
		return e.Conn.Write(b)
	}
	both := append(bytes.Clone(e.first), b...)
	e.first = nil
	_, err := e.Conn.Write(both)
	return len(b), err
}

func (e *eager) Read(b []byte) (int, error) {
	if !e.answered {
		e.answered = true
		answer := make([]byte, len("HTTP/1.1 200 Connection established\r\n\r\n"))
		if _, err := io.ReadFull(e.Conn, answer); err != nil {
			return 0, err
		}
	}
	return e.Conn.Read(b)
}

func TestTunnelsThatComeToNothing(t *testing.T) {
	for _, c := range []struct{ name, inside, logged string }{
		{"silence", "", "sent nothing"},
		{"half a hello", "\x16\x03\x01\x02\x00\x01", "TLS handshake"},
		{"a broken hello", "\x16\x03\x01\x00\x05hello", "TLS handshake"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, echo, func(_ *Config, l *limits) { l.handshake = 500 * time.Millisecond })
			conn := r.connect(t, "api.anthropic.com:443")
			io.WriteString(conn, c.inside)
			if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal("the proxy keeps the tunnel open")
			}
			if log := r.logged(); !strings.Contains(log, "CONNECT api.anthropic.com:443") || !strings.Contains(log, c.logged) {
				t.Errorf("the log says %q, want the host and %q", log, c.logged)
			}
		})
	}
}

func TestAbortResets(t *testing.T) {
	abort := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	for _, c := range []struct {
		name, url string
		handler   http.HandlerFunc
		change    func(*http.Transport)
	}{
		{"HTTP/1.1 inside", "https://api.anthropic.com/", abort, nil},
		{"plain", "http://api.openai.com/", abort, nil},
		{"hijacked", "https://api.anthropic.com/", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			beneath := conn.(*tls.Conn).NetConn()
			beneath.(interface{ SetLinger(int) error }).SetLinger(0)
			beneath.Close()
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := run(t, c.handler, nil).client(t, c.change).Post(c.url, "text/plain", nil)
			if !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("got %v, want a reset", err)
			}
		})
	}
	t.Run("HTTP/2 inside: the stream only", func(t *testing.T) {
		client := run(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/abort" {
				abort(w, r)
			}
		}, nil).client(t, overHTTP2)
		if _, err := client.Get("https://api.anthropic.com/abort"); err == nil || !strings.Contains(err.Error(), "INTERNAL_ERROR") {
			t.Errorf("got %v, want the stream to be reset", err)
		}
		if status, _ := get(t, client, "https://api.anthropic.com/"); status != 200 {
			t.Errorf("the connection was lost: %d", status)
		}
	})
}

func TestHijackInsideATunnel(t *testing.T) {
	r := run(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 299 Mine\r\nContent-Length: 2\r\n\r\nok")
	}, nil)
	if status, body := get(t, r.client(t, nil), "https://api.anthropic.com/"); status != 299 || body != "ok" {
		t.Errorf("got %d %q, want what the handler wrote", status, body)
	}
}
