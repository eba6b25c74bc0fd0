package upstream_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/registry"
)

// ask sends a probe and returns the status and the body.
func ask(t *testing.T, to http.RoundTripper, r *http.Request) (*http.Response, string) {
	t.Helper()
	response, err := to.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := readAll(t, response)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestSequence(t *testing.T) {
	const host = "api.openai.com"
	w := newWorld(t, upstream.Config{})
	c := w.add(t.Name(), "OPENAI_API_KEY", []string{host}, "server-error", "live", "dead")
	elsewhere := probe(t, "https://api.groq.com", "api.groq.com", c)
	steps := []struct {
		request *http.Request
		status  int
	}{
		{probe(t, "https://"+host, host, c), 500},
		{elsewhere, 401}, // unknown there: uses up no answer
		{probe(t, "https://"+host, host, c), 200},
		{probe(t, "https://"+host, host, c), 401},
		{probe(t, "https://"+host, host, c), 401},
	}
	for i, step := range steps {
		response, _ := ask(t, w, step.request)
		if response.StatusCode != step.status || w.last(t).Nth != i+1 {
			t.Errorf("exchange %d: status %d, Nth %d; want %d", i+1, response.StatusCode, w.last(t).Nth, step.status)
		}
	}
}

func TestCountingUnderConcurrency(t *testing.T) {
	const host, each = "api.openai.com", 50
	w := newWorld(t, upstream.Config{})
	var keys []*upstream.Credential
	for _, scenario := range []string{"one", "two", "three", "four"} {
		keys = append(keys, w.add(scenario, "OPENAI_API_KEY", []string{host}, "dead", "live"))
	}
	var wait sync.WaitGroup
	for _, c := range keys {
		for range each {
			wait.Go(func() {
				response, err := w.RoundTrip(probe(t, "https://"+host, host, c))
				if err != nil {
					t.Error(err)
					return
				}
				response.Body.Close()
			})
		}
	}
	wait.Wait()
	nths, dead := map[*upstream.Credential][]int{}, map[*upstream.Credential]int{}
	var seqs []uint64
	for _, x := range w.seen {
		c := x.Sightings[0].Credential
		nths[c] = append(nths[c], x.Nth)
		seqs = append(seqs, x.Seq)
		if x.Answer == "dead" {
			dead[c]++
		}
	}
	for _, c := range keys {
		slices.Sort(nths[c])
		if len(nths[c]) != each || nths[c][0] != 1 || nths[c][each-1] != each || len(slices.Compact(nths[c])) != each {
			t.Errorf("%s was counted %v", c.Scenario, nths[c])
		}
		if dead[c] != 1 {
			t.Errorf("%s was dead %d times", c.Scenario, dead[c])
		}
	}
	if slices.Sort(seqs); len(slices.Compact(seqs)) != 4*each || seqs[0] != 1 {
		t.Errorf("sequence numbers repeat: %v", seqs)
	}
}

func TestUnknownHostIsRefused(t *testing.T) {
	w := newWorld(t, upstream.Config{})
	c := w.add(t.Name(), "OPENAI_API_KEY", []string{"api.openai.com", "evil.example"}, "live")
	for _, host := range []string{"evil.example", "api.openai.com.evil.example", "api.openai.com:8443", "openai.com"} {
		response, body := ask(t, w, probe(t, "https://"+host, host, c))
		x := w.last(t)
		if response.StatusCode != 403 || !strings.Contains(body, "not a registry host") {
			t.Errorf("%s: %d %s", host, response.StatusCode, body)
		}
		if x.Known || x.Answer != upstream.UnknownHost || x.Providers != nil || len(x.Sightings) != 1 {
			t.Errorf("%s: exchange %+v", host, x)
		}
	}
}

func TestHostsAreComparedAsHosts(t *testing.T) {
	w := newWorld(t, upstream.Config{})
	c := w.add(t.Name(), "OPENAI_API_KEY", []string{"api.openai.com"}, "live")
	for _, host := range []string{"api.openai.com", "API.OpenAI.com", "api.openai.com:443", "api.openai.com."} {
		if response, _ := ask(t, w, probe(t, "https://"+host, "api.openai.com", c)); response.StatusCode != 200 {
			t.Errorf("%s: %d", host, response.StatusCode)
		}
		if diff := cmp.Diff([]string{"openai-api", "byok-openai"}, w.last(t).Providers); diff != "" {
			t.Error(diff)
		}
	}
}

// TestOwnWords holds what a classifier or a secrecy check may depend on.
func TestOwnWords(t *testing.T) {
	tests := []struct {
		host   string
		answer upstream.Answer
		header string // that must be there
		want   []string
	}{
		{"api.anthropic.com", "dead", "Request-Id", []string{`"type":"error"`, `"authentication_error"`, `"request_id":"req_`}},
		{"api.anthropic.com", "forbidden", "Request-Id", []string{`"permission_error"`}},
		{"api.anthropic.com", "overloaded", "Request-Id", []string{`"overloaded_error"`}},
		{"api.anthropic.com", "rate-limited", "Anthropic-Ratelimit-Requests-Remaining", []string{`"rate_limit_error"`}},
		{"api.anthropic.com", "anthropic-org-disabled", "Request-Id", []string{"This organization has been disabled.", `"request_id"`}},
		{"api.anthropic.com", "anthropic-edge", "Cf-Ray", []string{`{"error":{"type":"forbidden","message":"Request not allowed"}}`}},
		{"api.openai.com", "dead", "X-Request-Id", []string{"Incorrect API key provided: key-", "***", `"code":"invalid_api_key"`, `"param":null`}},
		{"api.openai.com", "edge-challenge", "Cf-Mitigated", []string{"Just a moment..."}},
		{"api.moonshot.ai", "dead", "Msh-Request-Id", []string{`"invalid_authentication_error"`}},
		{"api.kimi.com", "forbidden", "Content-Type", []string{`"access_terminated_error"`}},
		{"api.minimax.io", "dead", "Trace-Id", []string{`"authorized_error"`, "(1004)", `"http_code":"401"`}},
		{"api.minimaxi.com", "minimax-2049", "Content-Type", []string{`"status_code":2049`}},
		{"api.z.ai", "dead", "Content-Type", []string{`{"error":{"code":"1000"`}},
		{"api.xiaomimimo.com", "dead", "Content-Type", []string{`"type":"invalid_key"`, `"code":"401"`}},
		{"api.deepseek.com", "dead", "Content-Type", []string{"Authentication Fails, Your api key: ****"}},
		{"generativelanguage.googleapis.com", "dead", "Content-Type", []string{`[{"error":{`, `"status":"UNAUTHENTICATED"`}},
		{"generativelanguage.googleapis.com", "gemini-key-invalid", "Content-Type", []string{`[{"error":{`, `"reason":"API_KEY_INVALID"`, `"status":"INVALID_ARGUMENT"`}},
		{"generativelanguage.googleapis.com", "gemini-location", "Content-Type", []string{`"status":"FAILED_PRECONDITION"`}},
		{"api.openai.com", "scope-missing", "X-Request-Id", []string{"Missing scopes: api.model.read"}},
		{"generativelanguage.googleapis.com", "gemini-service-disabled", "Content-Type", []string{`[{"error":{`, `"SERVICE_DISABLED"`}},
		{"api.openai.com", "error-in-200", "X-Request-Id", []string{`"code":"invalid_api_key"`}},
		{"api.kimi.com", "empty-list", "Content-Type", []string{`"data":[]`}},
		{"api.kimi.com", "unavailable-hour", "Retry-After", []string{"503"}},
		{"api.kimi.com", "dead-retry-after", "Retry-After", []string{"invalid_authentication_error"}},
		{"api.groq.com", "dead", "X-Request-Id", []string{`"Invalid API Key"`}},
		{"api.groq.com", "groq-org-restricted", "Content-Type", []string{`"organization_restricted"`}},
		{"openrouter.ai", "dead", "Content-Type", []string{`{"error":{"message":"User not found.","code":401}}`}},
		{"integrate.api.nvidia.com", "forbidden", "Content-Type", []string{`{"status":403,"title":"Forbidden","detail":"Authorization failed"}`}},
		{"localhost:11434", "dead", "Content-Type", []string{`"code":"invalid_api_key"`}},
	}
	w := newWorld(t, upstream.Config{})
	for _, tt := range tests {
		t.Run(tt.host+"/"+string(tt.answer), func(t *testing.T) {
			c := w.add(t.Name(), nameFor(t, tt.host), []string{tt.host}, tt.answer)
			response, body := ask(t, w, probe(t, "https://"+tt.host, tt.host, c))
			for _, want := range tt.want {
				if !strings.Contains(body, want) {
					t.Errorf("%s lacks %s", body, want)
				}
			}
			if response.Header.Get(tt.header) == "" {
				t.Errorf("no %s in %v", tt.header, response.Header)
			}
			if found := w.Sight(body); len(found) != 0 {
				t.Errorf("%s holds 8 characters of the credential", body)
			}
			if tt.answer == "anthropic-edge" && response.Header.Get("Request-Id") != "" {
				t.Error("the edge has a request id of the API's")
			}
		})
	}
}

func TestEchoHoldsTheCredential(t *testing.T) {
	w := newWorld(t, upstream.Config{})
	for _, host := range w.Hosts() {
		for _, answer := range []upstream.Answer{"echo-dead", "echo-forbidden", "echo-error"} {
			c := w.add(t.Name()+string(answer), nameFor(t, host), []string{host}, answer)
			response, body := ask(t, w, probe(t, "https://"+host, host, c))
			if !strings.Contains(body, c.Value) || response.Header.Get("X-Rejected-Key") != c.Value {
				t.Errorf("%s, %s: %s, %v", host, answer, body, response.Header)
			}
		}
	}
}

func TestPublicList(t *testing.T) {
	w := newWorld(t, upstream.Config{})
	c := w.add(t.Name(), "OPENROUTER_API_KEY", []string{"openrouter.ai"}, "public-list")
	tests := []struct {
		method, path string
		status       int
	}{
		{"GET", "/api/v1/models", 200}, {"GET", "/api/v1/models/", 200}, {"GET", "/api/v1/models?limit=1", 200},
		{"GET", "/api/v1/key", 401}, {"GET", "/api/v1/credits", 401}, {"POST", "/api/v1/models", 401},
	}
	for _, tt := range tests {
		r, err := http.NewRequestWithContext(t.Context(), tt.method, "https://openrouter.ai"+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		authorize(r, "openrouter.ai", c.Name, c.Value)
		if response, body := ask(t, w, r); response.StatusCode != tt.status || listsModels([]byte(body)) != (tt.status == 200) {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, response.StatusCode, body)
		}
	}
}

func TestRedirects(t *testing.T) {
	w := newWorld(t, upstream.Config{})
	tests := []struct {
		answer upstream.Answer
		want   string
	}{
		{"redirect-loop", "https://api.openai.com/v1/models?limit=1"},
		{"redirect-http", "http://api.openai.com/v1/models?limit=1"},
		{"redirect-other-host", "https://models.not-a-provider.example/v1/models"},
		{"redirect-sibling", "https://api.moonshot.ai/v1/models"},
	}
	for _, tt := range tests {
		c := w.add(t.Name()+string(tt.answer), "OPENAI_API_KEY", []string{"api.openai.com"}, tt.answer)
		r := probe(t, "https://api.openai.com", "api.openai.com", c)
		r.URL.Path, r.URL.RawQuery = "/v1/models", "limit=1"
		response, _ := ask(t, w, r)
		if got := response.Header.Get("Location"); got != tt.want {
			t.Errorf("%s: Location %s, want %s", tt.answer, got, tt.want)
		}
	}
}

// TestSameIdentifiersInEveryRun: nothing in a reply depends on time or order.
func TestSameIdentifiersInEveryRun(t *testing.T) {
	var replies []string
	for range 2 {
		w := newWorld(t, upstream.Config{})
		if len(replies) == 1 { // other traffic before it
			ask(t, w, probe(t, "https://api.groq.com", "api.groq.com", w.add("other", "GROQ_API_KEY", nil, "live")))
		}
		c := w.add("scenario", "ANTHROPIC_API_KEY", []string{"api.anthropic.com"}, "dead")
		response, body := ask(t, w, probe(t, "https://api.anthropic.com", "api.anthropic.com", c))
		replies = append(replies, response.Header.Get("Request-Id")+body)
	}
	if replies[0] != replies[1] {
		t.Errorf("%s\n%s", replies[0], replies[1])
	}
}

// TestAsANoResponder: RoundTrip fits into a MockTransport of somebody else.
func TestAsANoResponder(t *testing.T) {
	w := newWorld(t, upstream.Config{})
	theirs := httpmock.NewMockTransport()
	theirs.RegisterNoResponder(w.RoundTrip)
	c := w.add(t.Name(), "GROQ_API_KEY", []string{"api.groq.com"}, "dead")
	if response, _ := ask(t, theirs, probe(t, "https://api.groq.com", "api.groq.com", c)); response.StatusCode != 401 {
		t.Errorf("status %d", response.StatusCode)
	}
}

// TestWithoutRegistryOrKeyring: everything is refused, nothing breaks.
func TestWithoutRegistryOrKeyring(t *testing.T) {
	c := &upstream.Credential{Name: "OPENAI_API_KEY", Value: "any"}
	if response, _ := ask(t, upstream.New(upstream.Config{}), probe(t, "https://api.openai.com", "api.openai.com", c)); response.StatusCode != 403 {
		t.Errorf("without a registry: %d", response.StatusCode)
	}
	u := upstream.New(upstream.Config{Registry: registry.Embedded()})
	if response, _ := ask(t, u, probe(t, "https://api.openai.com", "api.openai.com", c)); response.StatusCode != 401 {
		t.Errorf("without a keyring: %d", response.StatusCode)
	}
}

// TestBigBody: 64 KiB are kept, the rest is read.
func TestBigBody(t *testing.T) {
	w := newWorld(t, upstream.Config{})
	c := w.add(t.Name(), "OPENAI_API_KEY", []string{"api.openai.com"}, "live")
	r := probe(t, "https://api.openai.com", "api.openai.com", c)
	body := strings.NewReader(strings.Repeat("x", 1<<20))
	r.Method, r.Body = http.MethodPost, io.NopCloser(body)
	ask(t, w, r)
	if x := w.last(t); len(x.Body) != 64<<10 || body.Len() != 0 {
		t.Errorf("%d bytes kept, %d unread", len(x.Body), body.Len())
	}
}
