//go:build unix

package process_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/suite/process"
)

// patience bounds every wait of the tests; none waits for it when all is well.
const patience = 30 * time.Second

// A sink keeps all output of a command.
type sink struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// number is the first "name=N" of the output, or 0.
func (s *sink) number(name string) int {
	m := regexp.MustCompile(`(?m)^` + name + `=(\d+)$`).FindStringSubmatch(s.String())
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// config starts the test binary in a mode, with its output in the sink.
func config(mode string, out *sink) process.Config {
	return process.Config{
		Args:   []string{os.Args[0]},
		Env:    []string{modeVar + "=" + mode},
		Output: out,
		Ready:  healthy,
		Within: patience,
	}
}

func healthy(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/health", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("GET /health answered %d", res.StatusCode)
	}
	return nil
}

// start starts a mode that must get ready, and stops it at the end of the test.
func start(t *testing.T, cfg process.Config) *process.Process {
	t.Helper()
	p, err := process.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop() })
	return p
}

// gate is a listener for untilReleased; release lets every waiter go.
func gate(t *testing.T) (env string, release func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	released, accepted := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(accepted)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			<-released
			c.Close()
		}
	}()
	release = sync.OnceFunc(func() { close(released) })
	t.Cleanup(func() { release(); l.Close(); <-accepted })
	return gateVar + "=" + l.Addr().String(), release
}

// runs reports whether a process runs; a zombie that nobody reaps does not.
func runs(pid int) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		// No /proc on this system, or gone since.
		return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(after, "Z") && !strings.HasPrefix(after, "X")
}

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for !holds() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("never happened: %s", what)
		}
	}
}

// ended waits for Done.
func ended(t *testing.T, p *process.Process) {
	t.Helper()
	select {
	case <-p.Done():
	case <-time.After(patience):
		t.Fatal("Done was not closed")
	}
}

// says fails unless the error holds every piece.
func says(t *testing.T, err error, pieces ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("got no error")
	}
	for _, s := range pieces {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("the error does not say %q:\n%v", s, err)
		}
	}
}
