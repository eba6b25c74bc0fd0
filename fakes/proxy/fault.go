package proxy

import (
	"fmt"
	"slices"
)

// A Fault strikes a host before a request to it can be read. No credential is
// known at that time, so it holds for the whole host. The zero value is none.
type Fault uint8

const (
	// Refused answers CONNECT with 502: the connection was refused.
	Refused Fault = iota + 1
	// NXDomain answers CONNECT with 502: the name does not resolve.
	NXDomain
	// TLSFailure opens the tunnel and shows a certificate for another name,
	// signed by an authority that nobody knows. A client that goes on all the
	// same reaches the handler, which sees that it does not verify.
	TLSFailure
)

// faultNames are the names of the catalogue in fakes/upstream.
var faultNames = []string{Refused: "refused", NXDomain: "nxdomain", TLSFailure: "tls-failure"}

// String returns the fault's name in the catalogue of answers.
func (f Fault) String() string {
	if f == 0 || int(f) >= len(faultNames) {
		return fmt.Sprintf("Fault(%d)", uint8(f))
	}
	return faultNames[f]
}

// ParseFault returns the fault of that name: refused, nxdomain or tls-failure,
// as a string or an upstream.Answer. Any other name is an error.
func ParseFault[Name ~string](name Name) (Fault, error) {
	if i := slices.Index(faultNames, string(name)); i > 0 {
		return Fault(i), nil
	}
	return 0, fmt.Errorf("a proxy cannot do %q to a host; it can do %q", name, faultNames[1:])
}

// Strike puts a fault in force by its name; what no proxy can do to a host leaves it
// as it is.
func (p *Proxy) Strike(host, answer string) (lift func()) {
	fault, err := ParseFault(answer)
	if err != nil {
		return func() {}
	}
	return p.SetFault(host, fault)
}

// A strike is one fault in force.
type strike struct{ fault Fault }

// SetFault puts a fault in force for a host (host:port for that port alone,
// host for the ports 443 and 80), and closes the tunnels to it that are open.
// A plain request to it gets 502 as well; TLSFailure does not touch plain HTTP.
// The function that comes back lifts the fault and closes what was opened
// under it; a second call does nothing. Where two are in force for one host,
// the later one counts.
func (p *Proxy) SetFault(host string, fault Fault) (lift func()) {
	where, err := parsePattern(host)
	if err != nil || fault == 0 {
		return func() {} // no client can name such a host
	}
	s := &strike{fault}
	p.mu.Lock()
	p.faults[where] = append(p.faults[where], s)
	p.mu.Unlock()
	p.closeTunnels(where)
	return func() {
		p.mu.Lock()
		before := len(p.faults[where])
		p.faults[where] = slices.DeleteFunc(p.faults[where], func(other *strike) bool { return other == s })
		lifted := len(p.faults[where]) < before
		p.mu.Unlock()
		if lifted {
			p.closeTunnels(where)
		}
	}
}

// faultAt returns the fault in force for an endpoint, 0 for none. The caller
// holds p.mu.
func (p *Proxy) faultAt(to endpoint) Fault {
	for _, where := range to.patterns() {
		if strikes := p.faults[where]; len(strikes) > 0 {
			return strikes[len(strikes)-1].fault
		}
	}
	return 0
}

// told is what a proxy says of a fault, in the words of one that had dialled.
func (f Fault) told(to endpoint) string {
	switch f {
	case NXDomain:
		return fmt.Sprintf("lookup %s: no such host", to.host)
	case TLSFailure:
		return fmt.Sprintf("TLS with %s: certificate signed by unknown authority", to)
	default:
		return fmt.Sprintf("dial %s: connection refused", to)
	}
}
