package upstream

import (
	"fmt"
	"net/http"
	"strings"

	"gopkg.in/yaml.v3"
)

const (
	// loopbackPath is followed by the host that a request means, and by its path there.
	loopbackPath = "/host/"
	// plainMark before that host means http instead of https.
	plainMark = "http:"
)

// address starts an exchange: whom a request is for. hostHeader is what was
// sent as Host; prefix is not empty where the host stood in the path.
func (u *Upstream) address(r *http.Request) (x *Exchange, hostHeader, prefix string) {
	x = &Exchange{
		Method: r.Method, Scheme: r.URL.Scheme, Host: canonicalHost(r.Host),
		Path: r.URL.RequestURI(), Header: r.Header.Clone(),
	}
	h := u.hosts[x.Host]
	if h == nil && strings.HasPrefix(x.Path, loopbackPath) {
		prefix = "http://" + r.Host
		if r.TLS != nil {
			prefix = "https://" + r.Host
		}
		meant, path, _ := strings.Cut(strings.TrimPrefix(x.Path, loopbackPath), "/")
		x.Scheme, x.Path = "", "/"+path
		if plain, ok := strings.CutPrefix(meant, plainMark); ok {
			meant, x.Scheme = plain, "http"
		}
		x.Host = canonicalHost(meant)
		h = u.hosts[x.Host]
	}
	if x.Scheme == "" {
		x.Scheme = "https"
		if h != nil {
			x.Scheme = h.scheme
		}
	}
	return x, r.Host, prefix
}

// RewriteRegistry points every base URL of a registry file at an Upstream that
// is served at base, for instance "http://127.0.0.1:8123": the host moves into
// the path. Placeholders stay. Everything else in the file keeps its meaning,
// but not necessarily its layout. The error is about the YAML; a file that the
// registry room loads has none.
func RewriteRegistry(data []byte, base string) ([]byte, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, fmt.Errorf("pointing a registry at %s: %w", base, err)
	}
	base = strings.TrimSuffix(base, "/")
	rewriteURLs(&document, base)
	out, err := yaml.Marshal(&document)
	if err != nil {
		return nil, fmt.Errorf("pointing a registry at %s: %w", base, err)
	}
	return out, nil
}

// rewriteURLs rewrites the values of the base URL keys below a node. Aliases
// are not followed: what they stand for is rewritten where it stands.
func rewriteURLs(node *yaml.Node, base string) {
	for i, child := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 1 && child.Kind == yaml.ScalarNode {
			switch node.Content[i-1].Value {
			case "base_url_template", "base_url_anthropic":
				child.Value = loopbackURL(child.Value, base)
			}
		}
		rewriteURLs(child, base)
	}
}

func loopbackURL(url, base string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	switch {
	case !ok: // null, or not a URL
		return url
	case scheme == "http":
		return base + loopbackPath + plainMark + rest
	default:
		return base + loopbackPath + rest
	}
}
