package process

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

const loopback = "127.0.0.1"

// given are the ports handed to commands that have not ended: the kernel may
// offer a port again as soon as we close it, before the command has taken it.
var given = struct {
	sync.Mutex
	ports map[string]bool
}{ports: map[string]bool{}}

// reserve picks a free port that no other command of ours has been given, and
// returns it with the function that gives it back.
func reserve() (port string, release func(), err error) {
	given.Lock()
	defer given.Unlock()
	for {
		l, err := net.Listen("tcp", loopback+":0")
		if err != nil {
			return "", nil, fmt.Errorf("find a free port on %s: %w", loopback, err)
		}
		// Held until we return, so that the next turn is offered another one.
		defer l.Close()
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			return "", nil, fmt.Errorf("find a free port on %s: %w", loopback, err)
		}
		if given.ports[port] {
			continue
		}
		given.ports[port] = true
		return port, func() {
			given.Lock()
			defer given.Unlock()
			delete(given.ports, port)
		}, nil
	}
}

// dial reports whether the address accepts a connection.
func dial(ctx context.Context, addr string) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return c.Close()
}

// listening reports whether anybody accepts connections on the address.
func listening(addr string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return dial(ctx, addr) == nil
}
