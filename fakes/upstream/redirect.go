package upstream

import "strings"

// elsewhere has a reserved top-level domain (RFC 2606): it never resolves.
const elsewhere = "models.not-a-provider.example"

// locations are the targets of the redirects.
var locations = map[Answer]func(*call) string{
	"redirect-loop":       func(c *call) string { return c.url(c.exchange.Scheme, c.exchange.Host, c.exchange.Path) },
	"redirect-http":       func(c *call) string { return c.url("http", c.exchange.Host, c.exchange.Path) },
	"redirect-other-host": func(c *call) string { return c.url("https", elsewhere, c.pathAlone()) },
	"redirect-see-other":  func(c *call) string { return c.url("https", elsewhere, c.pathAlone()) },
	"redirect-subdomain":  func(c *call) string { return c.url("https", "eu."+c.exchange.Host, c.pathAlone()) },
	"redirect-sibling":    (*call).sibling,
	"redirect-permanent":  (*call).sibling,
}

// sibling is the same path at another host of the registry.
func (c *call) sibling() string {
	if c.host.sibling == "" {
		return c.url("https", elsewhere, c.pathAlone())
	}
	return c.url("https", c.host.sibling, c.pathAlone())
}

// pathAlone is the path without the query: a redirect to somebody else must
// not itself carry what the gate put there.
func (c *call) pathAlone() string {
	path, _, _ := strings.Cut(c.exchange.Path, "?")
	return path
}

// url is a URL as this client can reach it: on a loopback server, every host
// is a path of ours.
func (c *call) url(scheme, host, path string) string {
	if c.prefix != "" {
		if scheme == "http" {
			host = plainMark + host
		}
		return c.prefix + loopbackPath + host + path
	}
	return scheme + "://" + host + path
}
