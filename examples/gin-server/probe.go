package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// newTransport dials through HTTPS_PROXY and trusts SSL_CERT_FILE, as Go does by
// default. Each probe gets a connection of its own over HTTP/1: on one that is
// kept, and over HTTP/2, the transport repeats a failed GET by itself.
func newTransport() http.RoundTripper {
	var http1 http.Protocols
	http1.SetHTTP1(true)
	return &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, Protocols: &http1}
}

// examine asks the provider whether a credential is alive. No cause means that
// it is. The cause is in our words: the provider's answer may quote the credential.
func (g *gate) examine(ctx context.Context, c *credential, q question) (dead bool, cause string) {
	base := g.faults.base(c.provider.BaseURL, q)
	if base == "" || strings.Contains(base, "{") || c.provider.AuthMode == "oauth" {
		return g.faults.RefusesUnprobeable, "the provider cannot be probed"
	}
	value := strings.TrimSpace(c.secret.value)
	value = g.faults.cleaned(value)
	if g.faults.WantsLongValues && len(value) < 20 {
		return true, "its value is too short"
	}
	if strings.ContainsFunc(value, isControl) {
		return true, "its value holds a control character"
	}
	if !g.faults.Unbounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, g.budget)
		defer cancel()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(base, "/")+"/models", nil)
	if err != nil {
		return false, "the provider's base URL in the registry cannot be used"
	}
	g.authorize(req, c, value)
	resp, err := g.send(req)
	switch {
	case err != nil && g.faults.RefusesOutages:
		return true, "the provider could not be reached"
	case errors.Is(err, context.DeadlineExceeded):
		return false, "no answer within the probe's budget"
	case err != nil:
		return false, "the provider could not be reached"
	}
	defer resp.Body.Close() // the status decides
	return g.read(resp)
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// read turns the provider's status into a verdict.
func (g *gate) read(resp *http.Response) (dead bool, cause string) {
	cause = fmt.Sprintf("the provider answered %d", resp.StatusCode)
	if g.faults.QuotesProvider {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 4096)) // what came is quoted
		cause += ": " + string(body)
	}
	if g.faults.WantsJSON && !isJSON(resp) {
		return true, "its answer is no JSON"
	}
	switch status := resp.StatusCode; {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return !g.faults.AcceptsDead, cause
	case status >= 500 || status == http.StatusTooManyRequests:
		return g.faults.RefusesOutages, cause
	case status >= 400:
		return g.faults.RefusesClientErrors, cause
	case status < 200 || status > 299:
		return false, cause
	}
	return false, ""
}

// authorize puts the credential into the header that the provider reads.
func (g *gate) authorize(req *http.Request, c *credential, value string) {
	req.Header.Set("Accept", "application/json")
	anthropic := c.provider.Protocol == "anthropic"
	if anthropic {
		req.Header.Set("Anthropic-Version", "2023-06-01")
	}
	if g.faults.KeyInURL {
		req.URL.RawQuery = "key=" + strings.ReplaceAll(value, " ", "+")
	}
	if anthropic && c.name != "ANTHROPIC_AUTH_TOKEN" {
		req.Header.Set("X-Api-Key", value)
		return
	}
	req.Header.Set("Authorization", "Bearer "+value)
}

// send uses the transport itself, which, unlike a client, follows no redirect.
func (g *gate) send(req *http.Request) (*http.Response, error) {
	if g.faults.AsksOthers {
		g.askOthers(req)
	}
	if g.faults.ProbesTwice {
		if resp, err := g.transport.RoundTrip(req.Clone(req.Context())); err == nil {
			resp.Body.Close()
		}
	}
	if g.faults.FollowsRedirects {
		return (&http.Client{Transport: g.transport}).Do(req)
	}
	return g.transport.RoundTrip(req)
}
