package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// newTransport dials through HTTPS_PROXY and trusts SSL_CERT_FILE, as Go does by
// default. Each probe gets a connection of its own over HTTP/1: on one that is
// kept, and over HTTP/2, the transport repeats a failed GET by itself.
func newTransport() *http.Transport {
	var http1 http.Protocols
	http1.SetHTTP1(true)
	return &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, Protocols: &http1}
}

// examine asks the provider whether a credential is alive. No cause means that
// it is. The cause is in our words: the provider's answer may quote the credential.
func (g *gate) examine(ctx context.Context, p *provider, name, value string) (dead bool, cause string) {
	if p.BaseURL == "" || strings.Contains(p.BaseURL, "{") || p.AuthMode == "oauth" {
		return false, "the provider cannot be probed"
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return true, "its value holds a control character"
	}
	ctx, cancel := context.WithTimeout(ctx, g.budget)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(p.BaseURL, "/")+"/models", nil)
	if err != nil {
		return false, "the provider's base URL in the registry cannot be used"
	}
	authorize(req.Header, p, name, value)
	// The transport itself, unlike a client, follows no redirect.
	resp, err := g.transport.RoundTrip(req)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return false, "no answer within the probe budget"
	case err != nil:
		return false, "the provider could not be reached"
	}
	_ = resp.Body.Close() // the status decides
	switch status := resp.StatusCode; {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return true, fmt.Sprintf("the provider answered %d", status)
	case status < 200 || status > 299:
		return false, fmt.Sprintf("the provider answered %d", status)
	}
	return false, ""
}

func authorize(h http.Header, p *provider, name, value string) {
	h.Set("Accept", "application/json")
	if p.Protocol == "anthropic" {
		h.Set("Anthropic-Version", "2023-06-01")
	}
	if p.Protocol == "anthropic" && name != "ANTHROPIC_AUTH_TOKEN" {
		h.Set("X-Api-Key", value)
		return
	}
	h.Set("Authorization", "Bearer "+value)
}
