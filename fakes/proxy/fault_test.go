package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		fault Fault
		want  func(error) bool
	}{
		{Refused, func(err error) bool { return strings.Contains(err.Error(), "Bad Gateway") }},
		{NXDomain, func(err error) bool { return strings.Contains(err.Error(), "Bad Gateway") }},
		{TLSFailure, func(err error) bool {
			var unknown x509.UnknownAuthorityError
			var name x509.HostnameError
			return errors.As(err, &unknown) || errors.As(err, &name)
		}},
	} {
		t.Run(c.fault.String(), func(t *testing.T) {
			r := run(t, echo, nil)
			client := r.client(t, func(tr *http.Transport) {
				tr.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(8) // no way around the certificate
			})
			get(t, client, "https://api.anthropic.com/") // leaves a tunnel open
			lift := r.SetFault(anthropic, c.fault)
			if _, err := client.Post("https://api.anthropic.com/", "", nil); err == nil {
				t.Error("a tunnel from before the fault still works")
			}
			client.CloseIdleConnections()
			if _, err := client.Get("https://api.anthropic.com/"); err == nil || !c.want(err) {
				t.Errorf("under the fault: %v", err)
			}
			if status, _ := get(t, client, "https://api.openai.com/"); status != 200 {
				t.Errorf("another host: %d, want 200", status)
			}
			lift()
			lift()
			if status, _ := get(t, client, "https://api.anthropic.com/"); status != 200 {
				t.Errorf("afterwards: %d, want 200", status)
			}
		})
	}
}

func TestFaultsTellWhatHappened(t *testing.T) {
	for _, c := range []struct {
		fault         Fault
		request, want string
	}{
		{Refused, "CONNECT api.anthropic.com:443", "dial api.anthropic.com:443: connection refused"},
		{NXDomain, "CONNECT api.anthropic.com:443", "lookup api.anthropic.com: no such host"},
		{Refused, "GET http://api.anthropic.com/", "dial api.anthropic.com:80: connection refused"},
		{TLSFailure, "GET https://api.anthropic.com/", "certificate signed by unknown authority"},
	} {
		r := run(t, echo, nil)
		r.SetFault(anthropic, c.fault)
		reply, body := r.say(t, c.request+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if reply.StatusCode != 502 || !strings.Contains(body, c.want) {
			t.Errorf("%s: got %d %q, want 502 %q", c.request, reply.StatusCode, body, c.want)
		}
	}
}

func TestWhomAFaultStrikes(t *testing.T) {
	const works, fails = true, false
	for _, c := range []struct {
		name, host string
		fault      Fault
		url        string
		want       bool
	}{
		{"the host", anthropic, Refused, "https://api.anthropic.com/", fails},
		{"however it is written", "API.anthropic.com.", Refused, "https://api.anthropic.com/", fails},
		{"its https port", anthropic + ":443", Refused, "https://api.anthropic.com/", fails},
		{"not another port", anthropic + ":8443", Refused, "https://api.anthropic.com/", works},
		{"a port of its own", "localhost:8443", Refused, "https://localhost:8443/", fails},
		{"not another host", "api.openai.com", Refused, "https://api.anthropic.com/", works},
		{"not plain http, where there is no TLS", anthropic, TLSFailure, "http://api.anthropic.com/", works},
		{"nobody, without a fault", anthropic, 0, "https://api.anthropic.com/", works},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, echo, nil)
			r.SetFault(c.host, c.fault)
			reply, err := r.client(t, nil).Get(c.url)
			if (err == nil) != c.want {
				t.Errorf("got %v", err)
			}
			if err == nil {
				reply.Body.Close()
			}
		})
	}
}

func TestTheLaterFaultCounts(t *testing.T) {
	r := run(t, echo, nil)
	client := r.client(t, nil)
	liftRefused := r.SetFault(anthropic, Refused)
	liftTLS := r.SetFault(anthropic, TLSFailure)
	if _, err := client.Get("https://api.anthropic.com/"); err == nil || strings.Contains(err.Error(), "Bad Gateway") {
		t.Errorf("both: %v, want a TLS error", err)
	}
	liftTLS()
	if _, err := client.Get("https://api.anthropic.com/"); err == nil || !strings.Contains(err.Error(), "Bad Gateway") {
		t.Errorf("the first: %v, want 502", err)
	}
	liftRefused()
	get(t, client, "https://api.anthropic.com/")
}

// single is the keyring of one credential.
type single struct{ *upstream.Credential }

func (s single) Find(value string) *upstream.Credential {
	if value == s.Value {
		return s.Credential
	}
	return nil
}

func (s single) Sight(text string) []*upstream.Credential {
	if strings.Contains(text, s.Value) {
		return []*upstream.Credential{s.Credential}
	}
	return nil
}

// What comes after a certificate that proves nothing is told from what comes once
// the host is itself again.
func TestTLSFailureMarksItsCalls(t *testing.T) {
	const value = "made-for-this-test"
	var seen []bool
	providers := upstream.New(upstream.Config{
		Registry: registry.Embedded(),
		Keyring:  single{&upstream.Credential{Value: value, Answers: []upstream.Answer{"tls-failure"}, Hosts: []string{anthropic}}},
		Observe:  func(x *upstream.Exchange) { seen = append(seen, x.Unverified) },
	})
	t.Cleanup(providers.Close)
	r := run(t, providers.ServeHTTP, nil)
	client := r.client(t, func(tr *http.Transport) { tr.TLSClientConfig.InsecureSkipVerify = true })
	lift := r.SetFault(anthropic, TLSFailure)
	for range 2 {
		req, err := http.NewRequest(http.MethodGet, "https://api.anthropic.com/v1/models", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Api-Key", value)
		req.Header.Set("Anthropic-Version", "2023-06-01")
		if resp, err := client.Do(req); err == nil {
			resp.Body.Close()
		}
		lift()
	}
	if want := []bool{true, false}; !slices.Equal(seen, want) {
		t.Errorf("unverified: %v, want %v", seen, want)
	}
}

// A client that does not verify is to be seen, not to be helped.
func TestTLSFailureAndAClientThatDoesNotVerify(t *testing.T) {
	seen := ""
	r := run(t, func(_ http.ResponseWriter, r *http.Request) { seen = r.Host }, nil)
	r.SetFault(anthropic, TLSFailure)
	client := r.client(t, func(tr *http.Transport) { tr.TLSClientConfig.InsecureSkipVerify = true })
	get(t, client, "https://api.anthropic.com/")
	if seen != anthropic {
		t.Errorf("the handler saw %q", seen)
	}
}

// The proxy can do all that the catalogue leaves to it, and claims no more.
func TestEveryConnectionAnswerIsAFault(t *testing.T) {
	for _, spec := range scenarios.Catalogue() {
		fault, err := ParseFault(spec.Name)
		if (err == nil) != spec.Connection {
			t.Errorf("ParseFault(%q): %v, %v", spec.Name, fault, err)
		}
		if err == nil && fault.String() != string(spec.Name) {
			t.Errorf("%q became %q", spec.Name, fault)
		}
	}
	if _, err := ParseFault(""); err == nil {
		t.Error("no name is a fault")
	}
}
