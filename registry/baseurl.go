package registry

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// Hosts returns the hosts that the provider's base URLs lead to, in lower case
// and with the port where the URL has one, each once. Placeholders are filled
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
		if host := strings.ToLower(u.Host); !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return slices.Clip(hosts)
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
	}
	for _, match := range placeholder.FindAllStringSubmatch(template, -1) {
		if _, ok := p.EndpointVars[match[1]]; !ok {
			r.finding(at, "placeholder {%s} has no endpoint_vars entry", match[1])
		}
	}
}
