package proxy

import (
	"fmt"
	"os"
	"path/filepath"
)

// caName is the file that WriteCA makes.
const caName = "byok-conformance-ca.pem"

// noProxy keeps a server's own loopback traffic away from us. There is no
// entry for anything else: what a server sends elsewhere is to be seen.
const noProxy = "localhost,127.0.0.1,::1"

// CA returns the authority's certificate in PEM: what a client has to trust.
// The key is not in it.
func (p *Proxy) CA() []byte { return append([]byte(nil), p.ca.pem...) }

// WriteCA writes the authority's certificate, never its key, into a folder
// that exists, readable by the owner only, and returns the file's path. The
// folder should hold nothing else: Env makes clients trust all of it.
func (p *Proxy) WriteCA(dir string) (path string, err error) {
	path, err = p.writeCA(dir)
	if err != nil {
		return "", fmt.Errorf("writing the proxy's certificate into %s: %w", dir, err)
	}
	return path, nil
}

// writeCA renames a new file (which os.CreateTemp makes with mode 0600) into
// place, so that neither an old file's mode nor a link laid there decides who
// gets to read or write.
func (p *Proxy) writeCA(dir string) (string, error) {
	dir, err := filepath.Abs(dir) // a child process may run elsewhere
	if err != nil {
		return "", err
	}
	file, err := os.CreateTemp(dir, caName+".*")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, caName)
	_, err = file.Write(p.ca.pem)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		os.Remove(file.Name()) // the first error says more
		return "", err
	}
	return path, nil
}

// Env returns KEY=VALUE pairs that lead a child process here and make it trust
// the certificate at caFile, which WriteCA returned. They go behind the
// process's other variables, so that they win.
//
// SSL_CERT_FILE alone is not enough: Go and OpenSSL read it in place of the
// system's bundle and then add the system's folder of certificates. So
// SSL_CERT_DIR names the folder of caFile, and nothing else is trusted.
// NODE_EXTRA_CA_CERTS adds to what Node.js trusts; it has no way to replace.
func (p *Proxy) Env(caFile string) []string {
	url := p.URL()
	return []string{
		"HTTPS_PROXY=" + url, "https_proxy=" + url,
		"HTTP_PROXY=" + url, "http_proxy=" + url,
		"NO_PROXY=" + noProxy, "no_proxy=" + noProxy,
		"SSL_CERT_FILE=" + caFile,
		"SSL_CERT_DIR=" + filepath.Dir(caFile),
		"NODE_EXTRA_CA_CERTS=" + caFile,
		"NODE_USE_ENV_PROXY=1",
		"REQUESTS_CA_BUNDLE=" + caFile,
		"CURL_CA_BUNDLE=" + caFile,
	}
}
