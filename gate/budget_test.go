package gate_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// slow is a provider that does one thing after it has read the request.
type slow func(conn net.Conn, gone <-chan struct{})

func silent(_ net.Conn, gone <-chan struct{}) { <-gone }

// dripping writes a start and then a byte each second, for ever.
func dripping(start string, drop byte) slow {
	return func(conn net.Conn, gone <-chan struct{}) {
		if _, err := io.WriteString(conn, start); err != nil {
			return
		}
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if _, err := conn.Write([]byte{drop}); err != nil {
					return
				}
			case <-gone:
				return
			}
		}
	}
}

// serve returns Go's own transport with p at the other end of a pipe: the
// bubble's clock runs only for what the bubble can see.
func serve(t *testing.T, p slow) http.RoundTripper {
	t.Helper()
	gone := make(chan struct{})
	tr := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() {
				defer theirs.Close()
				if _, err := theirs.Read(make([]byte, 4096)); err == nil {
					p(theirs, gone)
				}
			}()
			return ours, nil
		},
	}
	t.Cleanup(func() { close(gone); tr.CloseIdleConnections() })
	return tr
}

// The bound is over the whole probe, from connection to last byte (LIV-6), and
// what it cuts off proves nothing (LIV-2).
func TestBudget(t *testing.T) {
	const late = "the provider did not answer within the probe's budget"
	const noContent = "the provider answered 200 without the expected content"
	for _, c := range []struct {
		name     string
		provider slow
		budget   time.Duration
		want     time.Duration
		outcome  gate.Outcome
	}{
		{"silent", silent, 0, 6 * time.Second, gate.Outcome{Cause: late}},
		{"silent, with a budget of its own", silent, 90 * time.Millisecond, 90 * time.Millisecond, gate.Outcome{Cause: late}},
		{"drips headers", dripping("HTTP/1.1 200 OK\r\nX-Slow: ", 'x'), 0, 6 * time.Second, gate.Outcome{Cause: late}},
		{"drips a body", dripping("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{", ' '), 0, 6 * time.Second,
			gate.Outcome{Cause: noContent, Status: 200}},
		{"drips the body of a 401", dripping("HTTP/1.1 401 Unauthorized\r\n\r\n", ' '), 0, 0,
			gate.Outcome{Finding: gate.Dead, Cause: "the provider answered 401", Status: 401}},
		{"drips the body of a 403", dripping("HTTP/1.1 403 Forbidden\r\n\r\n", ' '), 0, 6 * time.Second,
			gate.Outcome{Finding: gate.Dead, Cause: "the provider answered 403", Status: 403}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := gate.NewReference(registry.Embedded(), gate.Options{Transport: serve(t, c.provider), Budget: c.budget})
				start := time.Now()
				got := g.Probe(t.Context(), vendor("openai", "http://api.vendor.example/v1"), named("K", value("k")))
				if got != c.outcome {
					t.Errorf("outcome %+v, want %+v", got, c.outcome)
				}
				if took := time.Since(start); took != c.want {
					t.Errorf("took %s, want %s", took, c.want)
				}
			})
		})
	}
}

// A dial that hangs is inside the budget, too.
func TestBudgetOverDialing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := make(chan struct{})
		t.Cleanup(func() { close(gone) })
		tr := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			<-gone
			return nil, errors.New("too late for anybody")
		}}
		start := time.Now()
		g := gate.NewReference(registry.Embedded(), gate.Options{Transport: tr})
		if got := g.Probe(t.Context(), vendor("openai", anywhere), named("K", value("k"))); got.Finding != gate.Unproven {
			t.Errorf("finding %v, want Unproven", got.Finding)
		}
		if took := time.Since(start); took != gate.DefaultBudget {
			t.Errorf("took %s, want %s", took, gate.DefaultBudget)
		}
	})
}

// The clock is asked for the budget itself, and is stopped with the probe.
func TestTimeoutOption(t *testing.T) {
	var asked time.Duration
	var ctx context.Context
	opts := gate.Options{Transport: alive(), Budget: 3 * time.Second,
		Timeout: func(parent context.Context, d time.Duration) (context.Context, context.CancelFunc) {
			asked = d
			var cancel context.CancelFunc
			ctx, cancel = context.WithCancel(parent)
			return ctx, cancel
		}}
	gate.NewReference(registry.Embedded(), opts).Probe(t.Context(), vendor("openai", anywhere), named("K", value("k")))
	if asked != 3*time.Second {
		t.Errorf("the clock was asked for %s, want 3s", asked)
	}
	if !errors.Is(ctx.Err(), context.Canceled) {
		t.Error("the clock still runs after the probe")
	}
}

// A caller that leaves ends the probe at once; nothing was proved.
func TestCallerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		start := time.Now()
		time.AfterFunc(time.Second, cancel)
		g := gate.NewReference(registry.Embedded(), gate.Options{Transport: serve(t, silent)})
		got := g.Probe(ctx, vendor("openai", "http://api.vendor.example/v1"), named("K", value("k")))
		if want := (gate.Outcome{Cause: "the provider could not be reached"}); got != want {
			t.Errorf("outcome %+v, want %+v", got, want)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %s, want the second after which the caller left", took)
		}
	})
}
