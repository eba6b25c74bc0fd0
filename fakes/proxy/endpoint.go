package proxy

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// An endpoint is where the bytes of a connection would have gone.
type endpoint struct {
	// host is a name in lower case without a trailing dot, or an IP address
	// without brackets.
	host string
	// port is a decimal number from 1 to 65535.
	port string
}

// parseEndpoint reads host or host:port. Without a port, and without a
// fallback for it, it is an error.
func parseEndpoint(authority, fallbackPort string) (endpoint, error) {
	u, err := url.Parse("//" + authority)
	if err != nil || u.Host != authority || u.Hostname() == "" {
		return endpoint{}, fmt.Errorf("%q is not a host; write host or host:port", authority)
	}
	port := u.Port()
	if port == "" {
		port = fallbackPort
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return endpoint{}, fmt.Errorf("%q has no port from 1 to 65535; write host:port", authority)
	}
	return endpoint{
		host: strings.TrimSuffix(strings.ToLower(u.Hostname()), "."),
		port: strconv.FormatUint(number, 10),
	}, nil
}

func (e endpoint) String() string { return net.JoinHostPort(e.host, e.port) }

// authority is the endpoint as a Host header has it: without the port that
// the scheme implies.
func (e endpoint) authority(scheme string) string {
	if e.port != portOf(scheme) {
		return e.String()
	}
	if strings.Contains(e.host, ":") {
		return "[" + e.host + "]"
	}
	return e.host
}

// portOf is the port that a scheme implies.
func portOf(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

// A pattern is host:port for that port alone, or a host for the ports of
// https and http.
type pattern string

func parsePattern(host string) (pattern, error) {
	e, err := parseEndpoint(host, portOf("https"))
	if err != nil {
		return "", err
	}
	if u := (&url.URL{Host: host}); u.Port() == "" {
		return pattern(e.host), nil
	}
	return pattern(e.String()), nil
}

// patterns are those that the endpoint matches, the closest first.
func (e endpoint) patterns() []pattern {
	exact := pattern(e.String())
	if e.port == portOf("https") || e.port == portOf("http") {
		return []pattern{exact, pattern(e.host)}
	}
	return []pattern{exact}
}
