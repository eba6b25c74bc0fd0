package upstream_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// A served world is an Upstream behind a real server, and a client that
// reaches every host there.
type served struct {
	*world
	server *httptest.Server
	client *http.Client
}

// serve starts a server of that protocol: "http", "https" or "h2".
func serve(t testing.TB, protocol string, config upstream.Config) *served {
	arrived := make(chan *upstream.Exchange, 64)
	if config.Arrive == nil {
		config.Arrive = func(_ context.Context, x *upstream.Exchange) { arrived <- x }
	}
	s := &served{world: newWorld(t, config)}
	s.arrived, s.ended = arrived, make(chan *upstream.Exchange, 64)
	s.server = httptest.NewUnstartedServer(s.Upstream)
	s.server.EnableHTTP2 = protocol == "h2"
	if protocol == "http" {
		s.server.Start()
	} else {
		s.server.StartTLS()
	}
	t.Cleanup(s.server.Close)
	t.Cleanup(s.Close)
	s.client = s.server.Client()
	transport := s.client.Transport.(*http.Transport)
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, s.server.Listener.Addr().String())
	}
	if transport.TLSClientConfig != nil {
		transport.TLSClientConfig.ServerName = "example.com" // what the test certificate is for
	}
	// A pooled connection would let the client retry by itself after a reset.
	transport.DisableKeepAlives = protocol != "h2"
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return s
}

func (s *served) scheme() string { return strings.SplitN(s.server.URL, ":", 2)[0] }

// TestEveryAnswerOverARealServer does over HTTP/1, TLS and HTTP/2 what
// TestEveryHostGivesEveryAnswer does in process.
func TestEveryAnswerOverARealServer(t *testing.T) {
	for _, protocol := range []string{"http", "https", "h2"} {
		s := serve(t, protocol, upstream.Config{})
		hosts := s.Hosts()
		if protocol != "http" { // the bodies were compared over HTTP/1
			hosts = []string{"api.anthropic.com"}
		}
		for _, host := range hosts {
			for _, spec := range scenarios.Catalogue() {
				if spec.Name == "huge-body" && host != hosts[0] {
					continue // one host's 100 MiB are like another's
				}
				t.Run(protocol+"/"+host+"/"+string(spec.Name), func(t *testing.T) {
					s.expect(t, host, spec)
				})
			}
		}
	}
}

func (s *served) expect(t *testing.T, host string, spec scenarios.Answer) {
	c := s.add(t.Name(), nameFor(t, host), []string{host}, spec.Name)
	request := probe(t, s.scheme()+"://"+host, host, c)
	request.Header.Set("Accept-Encoding", "identity") // or the client unpacks bad-gzip
	if spec.Name == "public-list" {
		request.URL.Path = "/openai/openai/v1/key"
	}
	ctx, cancel := context.WithCancel(request.Context())
	defer cancel()
	if spec.Waits {
		go func() { <-s.arrived; cancel() }()
	}
	response, err := s.client.Do(request.WithContext(ctx))
	if !spec.Waits {
		<-s.arrived
	}
	var x *upstream.Exchange
	if err == nil && spec.Waits {
		if response.StatusCode != spec.Status {
			t.Errorf("status %d", response.StatusCode)
		}
		_, err = readAll(t, response)
	}
	x = <-s.ended
	if x.Answer != spec.Name || x.Host != host || !x.Known || x.Nth != 1 {
		t.Fatalf("exchange %+v is not one of this credential", x)
	}
	switch {
	case spec.Waits:
		if err == nil {
			t.Error("a waiting answer ended in order")
		}
	case spec.Status == 0:
		if err == nil {
			t.Errorf("got %s, want a failure", response.Status)
		}
		if !strings.HasPrefix(x.Fault, string(spec.Name)) || x.Status != 0 {
			t.Errorf("fault %q, status %d", x.Fault, x.Status)
		}
	case err != nil:
		t.Errorf("%v, want status %d", err, spec.Status)
	default:
		expectServed(t, spec, response, x)
	}
}

// expectServed checks a reply whose status arrived.
func expectServed(t *testing.T, spec scenarios.Answer, response *http.Response, x *upstream.Exchange) {
	t.Helper()
	switch spec.Name {
	case "truncated", "dead-truncated", "reset-in-body": // the kernel or a proxy may make one of the other
		if body, err := readAll(t, response); err == nil {
			t.Errorf("the body %.80q ended in order", body)
		}
	case "bad-gzip":
		body, err := readAll(t, response)
		if err != nil || response.Header.Get("Content-Encoding") != "gzip" || x.Fault != "bad-gzip" {
			t.Errorf("%q, %v, %v", body, err, response.Header)
		}
	default:
		expectReply(t, spec, response, x)
	}
	// net/http guesses a type where none is given, and then no page comes without one.
	if got, want := response.Header.Get("Content-Type"), x.ReplyHeader.Get("Content-Type"); x.ReplyHeader != nil && got != want {
		t.Errorf("content type %q, want %q", got, want)
	}
}

// TestWhatIsOnTheWire looks at raw bytes.
func TestWhatIsOnTheWire(t *testing.T) {
	s := serve(t, "http", upstream.Config{})
	tests := []struct {
		answer upstream.Answer
		// want follow each other in what arrives first.
		want []string
		ends bool
	}{
		{"drip-headers", []string{"HTTP/1.1 200 OK\r\n", "X-Drip: ..."}, false},
		{"drip-body", []string{"HTTP/1.1 200 OK\r\n", "Transfer-Encoding: chunked", "\r\n\r\n1\r\n{\r\n1\r\n \r\n"}, false},
		{"dead-drip", []string{"HTTP/1.1 401 Unauthorized\r\n", "Transfer-Encoding: chunked", "\r\n\r\n1\r\n{\r\n1\r\n \r\n"}, false},
		{"early-hints-storm", []string{"HTTP/1.1 103 Early Hints\r\n", "HTTP/1.1 103 Early Hints\r\n"}, false},
		{"not-http", []string{"SSH-2.0-"}, true},
		{"wrong-length", []string{"HTTP/1.1 200 OK\r\n", "Content-Length: ", "\r\n\r\n{", "]}"}, true},
		{"closed", nil, true},
	}
	for _, tt := range tests {
		t.Run(string(tt.answer), func(t *testing.T) {
			c := s.add(t.Name(), "OPENAI_API_KEY", []string{"api.openai.com"}, tt.answer)
			conn, err := net.Dial("tcp", s.server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "GET /v1/models HTTP/1.1\r\nHost: api.openai.com\r\nAuthorization: Bearer %s\r\n\r\n", c.Value)
			<-s.arrived
			got := readUntil(t, conn, tt.want)
			if tt.ends {
				if _, err := io.Copy(io.Discard, conn); err != nil {
					t.Errorf("the connection does not end in order: %v", err)
				}
			}
			conn.Close()
			if x := <-s.ended; x.Answer != tt.answer {
				t.Errorf("exchange %+v after %q", x, got)
			}
		})
	}
}

// TestReset is a reset and not an end in order.
func TestReset(t *testing.T) {
	for _, protocol := range []string{"http", "https"} {
		for _, answer := range []upstream.Answer{"reset", "reset-in-body", "refused"} {
			t.Run(protocol+"/"+string(answer), func(t *testing.T) {
				s := serve(t, protocol, upstream.Config{})
				c := s.add(t.Name(), "OPENAI_API_KEY", []string{"api.openai.com"}, answer)
				response, err := s.client.Do(probe(t, protocol+"://api.openai.com", "api.openai.com", c))
				if err == nil {
					_, err = readAll(t, response)
				}
				if !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("%v, want a connection reset", err)
				}
			})
		}
	}
}

// readUntil reads until the texts have come, one after the other.
func readUntil(t *testing.T, conn net.Conn, texts []string) string {
	t.Helper()
	var got strings.Builder
	r, from := bufio.NewReader(conn), 0
	for _, text := range texts {
		for !strings.Contains(got.String()[from:], text) {
			b, err := r.ReadByte()
			if err != nil {
				t.Fatalf("%v after %q, want %q", err, got.String(), text)
			}
			got.WriteByte(b)
		}
		from += strings.Index(got.String()[from:], text) + len(text)
	}
	return got.String()
}

// TestObservedBeforeItIsSeen: whoever has the reply finds the exchange.
func TestObservedBeforeItIsSeen(t *testing.T) {
	s := serve(t, "http", upstream.Config{})
	s.world.ended = nil
	for i, spec := range scenarios.Catalogue() {
		if spec.Waits {
			continue
		}
		c := s.add(fmt.Sprint(t.Name(), i), "OPENAI_API_KEY", []string{"api.openai.com"}, spec.Name)
		response, err := s.client.Do(probe(t, "http://api.openai.com", "api.openai.com", c))
		if x := s.last(t); x.Answer != spec.Name || x.End.IsZero() {
			t.Errorf("%s: the client is done, the exchange is %+v", spec.Name, x)
		}
		if err == nil {
			response.Body.Close()
		}
		<-s.arrived
	}
}

// TestArriveHoldsBack: an exchange that is held back is answered afterwards.
func TestArriveHoldsBack(t *testing.T) {
	held, release := make(chan *upstream.Exchange), make(chan struct{})
	s := serve(t, "http", upstream.Config{Arrive: func(ctx context.Context, x *upstream.Exchange) {
		held <- x
		select {
		case <-release:
		case <-ctx.Done():
		}
	}})
	c := s.add(t.Name(), "OPENAI_API_KEY", []string{"api.openai.com"}, "dead")
	status := make(chan int)
	go func() {
		response, err := s.client.Do(probe(t, "http://api.openai.com", "api.openai.com", c))
		if err != nil {
			t.Error(err)
			status <- 0
			return
		}
		response.Body.Close()
		status <- response.StatusCode
	}()
	if x := <-held; x.Nth != 1 || x.Sightings[0].Credential != c || x.Status != 0 {
		t.Errorf("held back: %+v", x)
	}
	select {
	case got := <-status:
		t.Fatalf("answered with %d while it was held back", got)
	default:
	}
	close(release)
	if got := <-status; got != 401 {
		t.Errorf("status %d", got)
	}
}

// TestServerShutsDown: Close lets go of a client that never leaves.
func TestServerShutsDown(t *testing.T) {
	s := serve(t, "http", upstream.Config{})
	for _, answer := range []upstream.Answer{"silent", "drip-headers", "drip-body", "early-hints-storm", "endless-body"} {
		c := s.add(t.Name()+string(answer), "OPENAI_API_KEY", []string{"api.openai.com"}, answer)
		go func() {
			response, err := s.client.Do(probe(t, "http://api.openai.com", "api.openai.com", c))
			if err == nil {
				_, _ = readAll(t, response)
			}
		}()
		<-s.arrived
	}
	s.Close()
	for range 5 {
		if x := <-s.ended; x.End.IsZero() {
			t.Errorf("exchange %+v", x)
		}
	}
}

// TestHEADHasNoBody, whatever the answer.
func TestHEADHasNoBody(t *testing.T) {
	s := serve(t, "http", upstream.Config{})
	for _, answer := range []upstream.Answer{"live", "dead", "drip-body", "huge-body", "wrong-length"} {
		c := s.add(t.Name()+string(answer), "OPENAI_API_KEY", []string{"api.openai.com"}, answer, answer)
		for name, transport := range map[string]http.RoundTripper{"in process": s.Upstream, "server": s.client.Transport} {
			r := probe(t, "http://api.openai.com", "api.openai.com", c)
			r.Method = http.MethodHead
			response, err := transport.RoundTrip(r)
			if err != nil {
				t.Errorf("%s, %s: %v", answer, name, err)
				continue
			}
			if body, err := readAll(t, response); len(body) != 0 || err != nil {
				t.Errorf("%s, %s: %q, %v", answer, name, body, err)
			}
			<-s.arrived
			<-s.ended
		}
	}
}
