package proxy

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name, url string
		change    func(*http.Transport)
		status    int
		body      string
		refused   string
	}{
		{"https over HTTP/1.1", "https://api.anthropic.com/v1/models?limit=1", nil, 200, "HTTP/1.1 GET https://api.anthropic.com/v1/models?limit=1 key= inner=", ""},
		{"https over HTTP/2", "https://api.anthropic.com/v1/models", overHTTP2, 200, "HTTP/2.0 GET https://api.anthropic.com/v1/models key= inner=", ""},
		{"the scheme's own port is left out", "https://api.anthropic.com:443/", nil, 200, "HTTP/1.1 GET https://api.anthropic.com/ key= inner=", ""},
		{"upper case is the same host", "https://API.Anthropic.com/", nil, 200, "HTTP/1.1 GET https://api.anthropic.com/ key= inner=", ""},
		{"a host with a port of its own", "https://localhost:8443/", nil, 200, "HTTP/1.1 GET https://localhost:8443/ key= inner=", ""},
		{"plain http to our host", "http://api.openai.com/v1/models", nil, 200, "HTTP/1.1 GET http://api.openai.com/v1/models key= inner=", ""},
		{"another host", "https://elsewhere.example/collect", nil, 403, "HTTP/1.1 GET https://elsewhere.example/collect key= inner=", "CONNECT elsewhere.example:443"},
		{"another host over HTTP/2", "https://elsewhere.example/collect", overHTTP2, 403, "HTTP/2.0 GET https://elsewhere.example/collect key= inner=", "CONNECT elsewhere.example:443"},
		{"another host in plain http", "http://elsewhere.example/", nil, 403, "HTTP/1.1 GET http://elsewhere.example/ key= inner=", "GET elsewhere.example:80"},
		{"another port of our host", "https://api.openai.com:8443/", nil, 200, "HTTP/1.1 GET https://api.openai.com:8443/ key= inner=", "CONNECT api.openai.com:8443"},
		{"an address", "https://169.254.169.254/latest", nil, 200, "HTTP/1.1 GET https://169.254.169.254/latest key= inner=", "CONNECT 169.254.169.254:443"},
		{"an IPv6 address", "https://[2001:db8::1]/", nil, 200, "HTTP/1.1 GET https://[2001:db8::1]/ key= inner=", "CONNECT [2001:db8::1]:443"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, echo, nil)
			status, body := get(t, r.client(t, c.change), c.url)
			if status != c.status || body != c.body {
				t.Errorf("got %d %q, want %d %q", status, body, c.status, c.body)
			}
			var refused string
			for _, x := range r.refused() {
				refused += x.Method + " " + x.Host
			}
			if refused != c.refused {
				t.Errorf("refused %q, want %q", refused, c.refused)
			}
		})
	}
}

// Where CONNECT leads is where the bytes would have gone, whatever Host says.
func TestHostIsWhereTheTunnelLeads(t *testing.T) {
	for _, change := range []func(*http.Transport){nil, overHTTP2} {
		r := run(t, echo, nil)
		request, _ := http.NewRequest(http.MethodGet, "https://api.openai.com/", nil)
		request.Host = anthropic
		reply, err := r.client(t, change).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(reply.Body)
		reply.Body.Close()
		if want := "GET https://api.openai.com/ " + "key= inner=" + "api.anthropic.com"; !strings.HasSuffix(string(body), want) {
			t.Errorf("got %q, want it to end with %q", body, want)
		}
	}
}

func TestConnectionsAreReused(t *testing.T) {
	for _, change := range []func(*http.Transport){nil, overHTTP2} {
		r := run(t, echo, nil)
		client := r.client(t, change)
		get(t, client, "https://api.anthropic.com/")
		reused := false
		trace := httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused }}
		request, _ := http.NewRequest(http.MethodGet, "https://api.anthropic.com/again", nil)
		reply, err := client.Do(request.WithContext(httptrace.WithClientTrace(t.Context(), &trace)))
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		if !reused {
			t.Error("the second request opened a tunnel of its own")
		}
	}
}

func TestManyTunnelsAtOnce(t *testing.T) {
	const many = 200
	var arrived sync.WaitGroup
	arrived.Add(many)
	r := run(t, func(w http.ResponseWriter, r *http.Request) {
		arrived.Done()
		arrived.Wait() // so all are open at the same time
		echo(w, r)
	}, nil)
	client := r.client(t, nil)
	var done sync.WaitGroup
	for i := range many {
		done.Go(func() {
			request, _ := http.NewRequest(http.MethodGet, "https://api.anthropic.com/", nil)
			request.Header.Set("x-api-key", fmt.Sprint(i))
			reply, err := client.Do(request)
			if err != nil {
				t.Error(err)
				return
			}
			defer reply.Body.Close()
			if body, _ := io.ReadAll(reply.Body); !strings.Contains(string(body), fmt.Sprintf("key=%d ", i)) {
				t.Errorf("tunnel %d was answered %q", i, body)
			}
		})
	}
	done.Wait()
}

func TestTooManyTunnels(t *testing.T) {
	r := run(t, echo, func(_ *Config, l *limits) { l.tunnels = 1 })
	r.connect(t, "api.anthropic.com:443")
	reply, body := r.say(t, "CONNECT api.openai.com:443 HTTP/1.1\r\nHost: x\r\n\r\n")
	if reply.StatusCode != 503 || !strings.Contains(body, "too many tunnels") {
		t.Errorf("got %d %q, want 503 and why", reply.StatusCode, body)
	}
}

func TestStartRefuses(t *testing.T) {
	handler := http.HandlerFunc(echo)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		name   string
		config Config
		want   string
	}{
		{"no providers", Config{Hosts: []string{"a"}}, "needs Providers"},
		{"no hosts", Config{Providers: handler}, "needs Providers and at least one of Hosts"},
		{"a URL for a host", Config{Providers: handler, Hosts: []string{"https://a/"}}, "is not a host"},
		{"a port that is none", Config{Providers: handler, Hosts: []string{"a:70000"}}, "no port from 1 to 65535"},
		{"every address", Config{Providers: handler, Hosts: []string{"a"}, Addr: ":0"}, "not a loopback address"},
		{"a routable address", Config{Providers: handler, Hosts: []string{"a"}, Addr: "192.0.2.1:0"}, "not a loopback address"},
		{"a name", Config{Providers: handler, Hosts: []string{"a"}, Addr: "proxy.example:0"}, "not a loopback address"},
		{"no port", Config{Providers: handler, Hosts: []string{"a"}, Addr: "127.0.0.1"}, "not an address to listen on"},
		{"a port in use", Config{Providers: handler, Hosts: []string{"a"}, Addr: taken.Addr().String()}, "address already in use"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Start(c.config)
			if err == nil {
				p.Close()
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, want %q in it", err, c.want)
			}
		})
	}
}

func TestRemoteListenerWhenAsked(t *testing.T) {
	r := run(t, echo, func(c *Config, _ *limits) { c.Addr, c.AllowRemote = "0.0.0.0:0", true })
	if status, _ := get(t, r.client(t, nil), "https://api.anthropic.com/"); status != 200 {
		t.Errorf("got %d through %s, want 200", status, r.URL())
	}
}

func TestCloseEndsEverything(t *testing.T) {
	before := runtime.NumGoroutine()
	waiting := make(chan struct{}, 3)
	r := run(t, func(w http.ResponseWriter, r *http.Request) {
		waiting <- struct{}{}
		<-r.Context().Done() // a provider that never says a word
	}, nil)
	r.connect(t, "api.anthropic.com:443") // a tunnel without a byte inside
	r.dial(t)                             // a connection without a byte
	ended := make(chan error, 3)
	clients := []*http.Client{r.client(t, nil), r.client(t, overHTTP2), r.client(t, nil)}
	for i, url := range []string{"https://api.anthropic.com/", "https://api.openai.com/", "http://api.openai.com/"} {
		go func() {
			_, err := clients[i].Get(url)
			ended <- err
		}()
	}
	for range clients {
		<-waiting
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for range clients {
		if err := <-ended; err == nil {
			t.Error("a request was answered by a proxy that is closed")
		}
	}
	if _, err := net.Dial("tcp", r.Addr()); err == nil {
		t.Error("a proxy that is closed accepts connections")
	}
	for _, c := range clients {
		c.CloseIdleConnections()
	}
	// The goroutines of closed connections need a moment to notice.
	for deadline := time.Now().Add(20 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func TestCloseTellsOfAHandlerThatStays(t *testing.T) {
	arrived, leave := make(chan struct{}), make(chan struct{})
	p, err := start(Config{
		Providers: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(arrived); <-leave }),
		Hosts:     []string{anthropic},
	}, limits{tunnels: 1, header: 1 << 10, handshake: time.Minute, idle: time.Minute, stop: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	go (&rig{Proxy: p}).client(t, nil).Get("https://api.anthropic.com/")
	<-arrived
	if err := p.Close(); err == nil || !strings.Contains(err.Error(), "a handler has not returned") {
		t.Errorf("got %v, want an error that says so", err)
	}
	close(leave)
	p.running.Wait()
}
