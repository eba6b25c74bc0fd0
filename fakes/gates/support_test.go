package gates

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// key makes a credential value that says how every provider answers it.
func key(answer, salt string) string {
	sum := sha256.Sum256([]byte(salt))
	return answer + "-" + hex.EncodeToString(sum[:])
}

// A world answers probes by the credential that they carry, and keeps them.
type world struct {
	mu    sync.Mutex
	calls []string
}

func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	var headers []string
	for name, values := range r.Header {
		headers = append(headers, name+": "+strings.Join(values, ", "))
	}
	slices.Sort(headers)
	w.mu.Lock()
	w.calls = append(w.calls, fmt.Sprintf("%s %s %q", r.Method, r.URL, headers))
	w.mu.Unlock()
	answer, _, _ := strings.Cut(keyOf(r), "-")
	status, body := 200, io.Reader(strings.NewReader(`{"data":[1]}`))
	switch answer {
	case "dead":
		status, body = 401, strings.NewReader(`{"type":"error","error":"no such key: `+keyOf(r)+`"}`)
	case "forbidden":
		status, body = 403, strings.NewReader(`{"type":"error"}`)
	case "busy":
		status = 429
	case "down":
		status = 500
	case "absent":
		status = 404
	case "redirected":
		status = 307
	case "unreachable":
		return nil, errors.New("connection refused")
	case "silent":
		<-r.Context().Done()
		return nil, r.Context().Err()
	case "dripping":
		body = untilDone{r.Context()}
	}
	header := http.Header{"Content-Type": {"application/json"}, "Location": {"https://elsewhere.example/v1/models"}}
	if r.URL.Hostname() == "elsewhere.example" {
		status, body = 200, strings.NewReader(`{"data":[1]}`)
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(body), Request: r}, nil
}

// taken returns the calls since the last time.
func (w *world) taken() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	calls := w.calls
	w.calls = nil
	return calls
}

type untilDone struct{ ctx context.Context }

func (u untilDone) Read([]byte) (int, error) { <-u.ctx.Done(); return 0, u.ctx.Err() }

// An asking is one request with a name.
type asking struct {
	name string
	gate.Request
}

// with returns secrets of NAME=value pairs; those that begin with "global:" are
// the tenant's.
func with(pairs ...string) gate.Secrets {
	s := gate.Secrets{Workspace: map[string]gate.Secret{}, Global: map[string]gate.Secret{}}
	for _, pair := range pairs {
		name, v, _ := strings.Cut(pair, "=")
		if global, ok := strings.CutPrefix(name, "global:"); ok {
			s.Global[global] = gate.Secret{Value: v}
		} else {
			s.Workspace[name] = gate.Secret{Value: v}
		}
	}
	return s
}

// askings are the requests that all doubles are asked, in this order.
func askings() []asking {
	const claude, api, token = "claude-opus-4-7", "ANTHROPIC_API_KEY=", "ANTHROPIC_AUTH_TOKEN="
	var all []asking
	add := func(name, runtime, model string, pairs ...string) *asking {
		all = append(all, asking{name, gate.Request{Stage: gate.Create, Runtime: runtime, Model: model, Secrets: with(pairs...)}})
		return &all[len(all)-1]
	}
	for _, answer := range []string{"live", "dead", "forbidden", "busy", "down", "absent", "unreachable", "silent", "dripping", "redirected"} {
		add(answer, "claude-code", claude, api+key(answer, "1"))
	}
	live, dead, foreign := key("live", "2"), key("dead", "2"), key("live", "foreign")
	for name, pairs := range map[string][]string{
		"none": nil, "live at the tenant": {"global:" + api + live}, "dead at the tenant": {"global:" + api + dead},
		"live before the tenant's": {api + live, "global:" + api + dead}, "dead before the tenant's": {api + dead, "global:" + api + live},
		"foreign": {"OPENAI_API_KEY=" + foreign}, "foreign at the tenant": {"global:OPENAI_API_KEY=" + foreign},
		"two foreign": {"OPENAI_API_KEY=" + foreign, "global:KIMI_API_KEY=" + foreign},
		"blank":       {api + " \t"}, "empty": {api}, "blank before the tenant's": {api + " ", "global:" + api + live},
		"blank beside foreign": {api + " ", "OPENAI_API_KEY=" + foreign}, "dead beside foreign": {api + dead, "OPENAI_API_KEY=" + foreign},
		"lower case": {"anthropic_api_key=" + live}, "longer name": {"ANTHROPIC_API_KEY_OLD=" + live},
		"prefixed name": {"MY_ANTHROPIC_API_KEY=" + live}, "blank in the name": {"ANTHROPIC_API_KEY =" + live},
		"another of the vendor's": {"ANTHROPIC_BASE_URL=https://elsewhere.example/v1"},
		"second name":             {token + live}, "dead second name": {token + dead},
		"dead first name": {api + dead, token + live}, "dead second of two": {api + live, token + dead},
		"later name nearer": {token + live, "global:" + api + dead},
		"base URL":          {api + live, "ANTHROPIC_BASE_URL=https://elsewhere.example/v1"},
		"line break":        {api + live[:20] + "\r\n" + live[20:]}, "NUL": {api + live[:20] + "\x00" + live[20:]},
		"trailing newline": {api + live + "\n"}, "padded": {api + "  " + live + "\t "},
	} {
		add(name, "claude-code", claude, pairs...)
	}
	slices.SortFunc(all[10:], func(a, b asking) int { return strings.Compare(a.name, b.name) })
	add("unreadable", "claude-code", claude).Secrets.Workspace["ANTHROPIC_API_KEY"] = gate.Secret{Unreadable: true}
	add("url", "claude-code", claude, api+live).URL = "https://elsewhere.example/v1"
	add("padded model", "claude-code", " "+claude+" ")
	add("model in capitals", "claude-code", "CLAUDE-OPUS-4-7")
	add("not native", "codex", claude)
	add("unowned model", "claude-code", "nobody-1", api+dead)
	add("no model", "claude-code", "")
	add("unknown runtime", "conformance-unknown", claude)
	add("platform", "claude-code", "anthropic/claude-opus-4-7")
	add("platform with strays", "claude-code", "anthropic/claude-opus-4-7", api+dead)
	add("external", "claude-code", claude).External = true
	add("external, dead", "claude-code", claude, api+dead).External = true
	add("subscription", "claude-code", "opus", "CLAUDE_CODE_OAUTH_TOKEN="+live)
	add("subscription with the vendor's key", "claude-code", "opus", api+live)
	add("tie", "codex", "gpt-5.4")
	add("tie, second's", "codex", "gpt-5.4", "OPENAI_API_KEY="+live)
	add("tie, second's at the tenant", "codex", "gpt-5.4", "global:OPENAI_API_KEY="+dead)
	add("tie, both", "codex", "gpt-5.4", "OPENAI_API_KEY="+dead, "CODEX_AUTH_JSON="+live)
	add("no base URL", "hermes", "qwen-max", "DASHSCOPE_API_KEY="+live)
	add("other provider, foreign", "hermes", "nvidia/x", api+live)
	add("compatible vendor", "claude-code", "deepseek-chat", "DEEPSEEK_API_KEY="+key("dead", "3"))
	add("same value, other provider", "hermes", "openrouter/x", "OPENROUTER_API_KEY="+live)
	return all
}

// probeBudget bounds the probe of every double.
const probeBudget = 50 * time.Millisecond

// decisions asks a double's gate everything, at both stages, and tells what
// could be seen: the decision, the calls, and the time that it took.
func decisions(t *testing.T, d Double) []string {
	t.Helper()
	w := &world{}
	g := d.Build(registry.Embedded(), gate.Options{Transport: w, Budget: probeBudget})
	var seen []string
	for _, a := range askings() {
		for _, stage := range []gate.Stage{gate.Create, gate.Provision} {
			a.Stage = stage
			start := time.Now()
			got, err := g.Decide(t.Context(), a.Request)
			seen = append(seen, fmt.Sprintf("%s of %s: %+v %v, after %s, with %q", stage, a.name, got, err, time.Since(start), w.taken()))
		}
	}
	return seen
}

// verdicts asks a double's gate everything, at both stages, and tells verdict
// and code only.
func verdicts(t *testing.T, d Double) map[string]string {
	t.Helper()
	g := d.Build(registry.Embedded(), gate.Options{Transport: &world{}, Budget: probeBudget})
	seen := map[string]string{}
	for _, a := range askings() {
		for _, stage := range []gate.Stage{gate.Create, gate.Provision} {
			a.Stage = stage
			got, err := g.Decide(t.Context(), a.Request)
			if err != nil {
				t.Errorf("%s of %s: %v", stage, a.name, err)
			}
			seen[fmt.Sprintf("%s of %s", stage, a.name)] = fmt.Sprint(got.Verdict, got.Code)
		}
	}
	return seen
}
