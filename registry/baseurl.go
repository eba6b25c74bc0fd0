package registry

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// Hosts returns the hosts that the provider's base URLs lead to, as CanonicalHost
// has them, each once. Placeholders are filled
// with their defaults; a host with one that has no default is left out. The
// result is not to be modified.
func (p *Provider) Hosts() []string {
	if p.hosts != nil {
		return p.hosts
	}
	return p.findHosts()
}

func (p *Provider) findHosts() []string {
	hosts := []string{}
	for _, template := range []string{p.BaseURLTemplate, p.BaseURLAnthropic} {
		u, err := url.Parse(p.fill(template, "{}"))
		if err != nil || u.Host == "" {
			continue
		}
		if host := CanonicalHost(u.Host, u.Scheme); !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return slices.Clip(hosts)
}

// CanonicalHost returns the host of a URL so that two which lead to the same place
// are the same text: in lower case, without a trailing dot, and without the port
// that the scheme implies. Without a scheme, those of both https and http are
// dropped. Names in other alphabets than ASCII stay as they are written.
func CanonicalHost(host, scheme string) string {
	name, port := host, ""
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") && strings.IndexByte(host, ':') == i || strings.HasPrefix(host, "[") && i > strings.IndexByte(host, ']') {
		name, port = host[:i], host[i+1:]
	}
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if port == "" || port == "443" && scheme != "http" || port == "80" && scheme != "https" {
		return name
	}
	return name + ":" + port
}

// PortError says what is wrong with the port of a URL, which package url does not
// hold to the numbers that there are; nil where it has none, or a right one.
func PortError(u *url.URL) error {
	if n, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || n < 1 || n > 65535) {
		return fmt.Errorf("there is no port %s; ports go from 1 to 65535", u.Port())
	}
	return nil
}

// fill replaces the placeholders of a base URL with their defaults, and those
// that have none with unknown.
func (p *Provider) fill(template, unknown string) string {
	return placeholder.ReplaceAllStringFunc(template, func(match string) string {
		if v := p.EndpointVars[match[1:len(match)-1]]; v.Default != "" {
			return v.Default
		}
		return unknown
	})
}

// baseURL reports a base URL that nothing could be asked at.
func (r *reader) baseURL(p *Provider, at value, template string) {
	if template == "" {
		return
	}
	u, err := url.Parse(p.fill(template, "x"))
	var why *url.Error
	switch {
	case errors.As(err, &why):
		r.problem(at, "%q is not a URL: %v; correct it, or leave it out", template, why.Err)
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		r.problem(at, "%q is not the URL of a host; write it as https://host/path", template)
	case PortError(u) != nil:
		r.problem(at, "%q: %v", template, PortError(u))
	}
	for _, match := range placeholder.FindAllStringSubmatch(template, -1) {
		if _, ok := p.EndpointVars[match[1]]; !ok {
			r.finding(at, "placeholder {%s} has no endpoint_vars entry", match[1])
		}
	}
}
