package proxy

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestControlIsOnThisMachineAlone holds the address for runs to loopback.
func TestControlIsOnThisMachineAlone(t *testing.T) {
	for address, right := range map[string]bool{
		"127.0.0.1:0": true, "127.0.0.2:8898": true, "[::1]:8898": true, "localhost:8898": true,
		"0.0.0.0:8898": false, ":8898": false, "[::]:8898": false, "10.0.0.1:8898": false, "example.com:8898": false, "8898": false,
	} {
		if err := CheckControl(address); (err == nil) != right {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestARunThatIsGoneIsLetGoOf attaches a run while another one is there, and once it
// was killed, which is without a word.
func TestARunThatIsGoneIsLetGoOf(t *testing.T) {
	relay := NewRelay("")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { _ = relay.Serve(nil, l) }() // ends when l is closed
	attach := func(ctx context.Context) (*Attached, error) {
		return Attach(ctx, l.Addr().String(), http.NotFoundHandler())
	}
	first, err := attach(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := attach(t.Context()); err == nil || !strings.Contains(err.Error(), "another run is attached already") {
		t.Fatalf("a second run: %v, want that another one is attached", err)
	}
	_ = first.server.Close() // as a killed process does
	second, err := attach(t.Context())
	if err != nil {
		t.Fatalf("once the first run is gone: %v", err)
	}
	second.Close()
}
