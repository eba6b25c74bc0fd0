package upstream_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/registry"
)

// TestLoopback reaches hosts through the path, as a gate does whose registry
// was rewritten.
func TestLoopback(t *testing.T) {
	s := serve(t, "http", upstream.Config{})
	tests := []struct {
		path   string
		answer upstream.Answer
		status int
		host   string
		scheme string
		// location is what the redirect points at, without the server's address.
		location string
	}{
		{"/host/api.openai.com/v1/models", "live", 200, "api.openai.com", "https", ""},
		{"/host/api.openai.com/v1/models", "dead", 401, "api.openai.com", "https", ""},
		{"/host/http:api.openai.com/v1/models", "live", 200, "api.openai.com", "http", ""},
		{"/host/api.openai.com/v1/models?a=b", "redirect-loop", 302, "api.openai.com", "https", "/host/api.openai.com/v1/models?a=b"},
		{"/host/api.openai.com/v1/models", "redirect-http", 301, "api.openai.com", "https", "/host/http:api.openai.com/v1/models"},
		{"/host/api.openai.com/v1/models", "redirect-other-host", 302, "api.openai.com", "https", "/host/models.not-a-provider.example/v1/models"},
		{"/host/api.openai.com/v1/models", "redirect-sibling", 307, "api.openai.com", "https", "/host/api.moonshot.ai/v1/models"},
		{"/host/evil.example/v1/models", "live", 403, "evil.example", "https", ""},
		{"/v1/models", "live", 403, "127.0.0.1", "https", ""},
	}
	for _, tt := range tests {
		t.Run(tt.path+"/"+string(tt.answer), func(t *testing.T) {
			c := s.add(t.Name(), "OPENAI_API_KEY", []string{"api.openai.com"}, tt.answer)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL+tt.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			authorize(r, "api.openai.com", c.Name, c.Value)
			response, err := s.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			x := <-s.ended
			<-s.arrived
			host, _, _ := strings.Cut(x.Host, ":")
			if response.StatusCode != tt.status || host != tt.host || x.Scheme != tt.scheme || x.Known != (tt.status != 403) {
				t.Errorf("status %d, exchange %+v", response.StatusCode, x)
			}
			if got := strings.TrimPrefix(response.Header.Get("Location"), s.server.URL); got != tt.location {
				t.Errorf("Location %q, want %q", got, tt.location)
			}
		})
	}
}

// TestSchemeIsTheRegistrys where a server cannot know it.
func TestSchemeIsTheRegistrys(t *testing.T) {
	s := serve(t, "http", upstream.Config{})
	for host, scheme := range map[string]string{"localhost:11434": "http", "api.openai.com": "https"} {
		c := s.add(t.Name(), nameFor(t, host), []string{host}, "live")
		response, err := s.client.Do(probe(t, "http://"+host, host, c))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if x := <-s.ended; x.Scheme != scheme || x.Host != host {
			t.Errorf("%s: %s://%s", host, x.Scheme, x.Host)
		}
		<-s.arrived
	}
}

func TestRewriteRegistry(t *testing.T) {
	const file = `schema_version: 1
providers:
  - name: plain
    protocol: openai
    base_url_template: https://api.example.com/v1
    base_url_anthropic: null
    auth_env: [PLAIN_API_KEY]
    model_prefix_match: "^plain"
  - name: placed
    protocol: openai
    base_url_template: https://{place}-api.example.com/v1/{place}
    endpoint_vars:
      place: {env: PLACE, default: here}
    auth_env: [PLACED_API_KEY]
    model_prefix_match: "^placed"
  - name: local
    protocol: openai
    base_url_template: http://localhost:11434/v1
    auth_env: [LOCAL_API_KEY]
    model_prefix_match: "^local"
runtimes:
  some-runtime:
    providers:
      - name: plain
      - name: placed
      - name: local
`
	data, err := upstream.RewriteRegistry([]byte(file), "http://127.0.0.1:9/")
	if err != nil {
		t.Fatal(err)
	}
	got, err := registry.Load("rewritten", data)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"plain":  "http://127.0.0.1:9/host/api.example.com/v1",
		"placed": "http://127.0.0.1:9/host/{place}-api.example.com/v1/{place}",
		"local":  "http://127.0.0.1:9/host/http:localhost:11434/v1",
	}
	for name, url := range want {
		if p := got.Provider(name); p.BaseURLTemplate != url || p.BaseURLAnthropic != "" {
			t.Errorf("%s: %q, %q", name, p.BaseURLTemplate, p.BaseURLAnthropic)
		}
	}
	if _, err := upstream.RewriteRegistry([]byte("a: [b"), "http://127.0.0.1:9"); err == nil {
		t.Error("no error about broken YAML")
	}
}
