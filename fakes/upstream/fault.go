package upstream

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// A fault is an answer without an HTTP response.
type fault struct {
	answer Answer
	// err is what a real transport returns; nil where it would wait for ever.
	err error
}

func (f *fault) Error() string {
	if f.err == nil {
		return fmt.Sprintf("fake provider: %s: there is no answer", f.answer)
	}
	return f.err.Error()
}

func (f *fault) Unwrap() error { return f.err }

// peer stands in errors for the address of a provider. It is reserved for
// documentation (RFC 5737).
var peer = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 443}

// nonsense is what not-http says: another protocol's greeting.
const nonsense = "SSH-2.0-OpenSSH_9.9\r\n"

// faults are the errors of the answers that have no response.
var faults = map[Answer]func(host string) error{
	"refused": func(string) error {
		return &net.OpError{Op: "dial", Net: "tcp", Addr: peer, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	},
	"nxdomain": func(host string) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
	},
	"tls-failure": func(string) error {
		return &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	},
	"reset":  func(string) error { return errReset },
	"closed": func(string) error { return io.EOF },
	"not-http": func(string) error {
		return fmt.Errorf("net/http: HTTP/1.x transport connection broken: malformed HTTP response %q", nonsense[:len(nonsense)-2])
	},
	"silent":            func(string) error { return nil },
	"drip-headers":      func(string) error { return nil },
	"early-hints-storm": func(string) error { return nil },
}

// errReset is a connection that was reset while it was read.
var errReset error = &net.OpError{Op: "read", Net: "tcp", Addr: peer, Err: os.NewSyscallError("read", syscall.ECONNRESET)}
