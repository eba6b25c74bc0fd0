package proxy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	// validity is how long a certificate is good for: longer than a run, and
	// too short for anyone to keep on trusting it.
	validity = 24 * time.Hour
	// backdating makes room for a client whose clock is behind ours.
	backdating = time.Hour
	// maxCached bounds what a client can make us remember by asking for one
	// host after the other.
	maxCached = 4096
)

// An authority signs certificates for one run. Its key is never written.
type authority struct {
	certificate *x509.Certificate
	pem         []byte
	key         *ecdsa.PrivateKey
	// leafKey is shared by all leaves: they live and die together.
	leafKey *ecdsa.PrivateKey

	mu     sync.Mutex
	leaves map[string]*tls.Certificate
	// configs are kept because a config holds the keys of its session
	// tickets: without it no client could resume.
	configs map[string]*tls.Config
}

func newAuthority(now time.Time) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the key of the run's certificate authority: %w", err)
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the key of the run's certificates: %w", err)
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{Organization: []string{"byok-conformance"}, CommonName: "byok-conformance, one run"},
		NotBefore:             now.Add(-backdating),
		NotAfter:              now.Add(validity),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("signing the run's certificate authority: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading the run's certificate authority back: %w", err)
	}
	return &authority{
		certificate: certificate,
		pem:         pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		key:         key,
		leafKey:     leafKey,
		leaves:      map[string]*tls.Certificate{},
		configs:     map[string]*tls.Config{},
	}, nil
}

// config returns the TLS side of a host. One that is not ours also gets the
// name that the client asks for in its hello, so that a client which dials an
// address, or hides one name behind another, says what it wanted to say.
func (a *authority) config(host string, ours bool) *tls.Config {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.configs[host]; c != nil {
		return c
	}
	if len(a.configs) >= maxCached {
		clear(a.configs)
	}
	c := &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if name := hello.ServerName; !ours && name != "" && name != host {
				return a.leaf(host, name)
			}
			return a.leaf(host)
		},
	}
	a.configs[host] = c
	return c
}

// leaf returns the certificate for these names, one or two.
func (a *authority) leaf(names ...string) (*tls.Certificate, error) {
	key := fmt.Sprintf("%q", names)
	a.mu.Lock()
	defer a.mu.Unlock()
	if leaf := a.leaves[key]; leaf != nil {
		return leaf, nil
	}
	if len(a.leaves) >= maxCached {
		clear(a.leaves)
	}
	leaf, err := a.sign(names)
	if err != nil {
		return nil, fmt.Errorf("making a certificate for %s: %w", key, err)
	}
	a.leaves[key] = leaf
	return leaf, nil
}

func (a *authority) sign(names []string) (*tls.Certificate, error) {
	now := time.Now()
	template := &x509.Certificate{
		// The names stand where clients look for them; a common name may
		// have 64 characters, and a host more.
		Subject:     pkix.Name{Organization: []string{"byok-conformance"}},
		NotBefore:   now.Add(-backdating),
		NotAfter:    now.Add(validity),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, a.leafKey.Public(), a.key)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.leafKey, Leaf: parsed}, nil
}
