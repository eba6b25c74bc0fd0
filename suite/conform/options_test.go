package conform

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/gate"
)

func TestBadOptions(t *testing.T) {
	handler := func(http.RoundTripper) (http.Handler, error) { return http.NotFoundHandler(), nil }
	for name, tt := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"nothing to test":    {func(o *Options) { o.Gate = nil }, "Options.Gate, Handler and URL are nil"},
		"two things to test": {func(o *Options) { o.Handler = handler }, "more than one of Options.Gate, Handler and URL"},
		"profile of a gate":  {func(o *Options) { o.Profile = "workspace-server" }, "leave them out beside Gate"},
		"level":              {func(o *Options) { o.Level = "exteded" }, `unknown Options.Level "exteded"`},
		"budget":             {func(o *Options) { o.Budget = -1 }, "Options.Budget is -1ns"},
		"timeout":            {func(o *Options) { o.Timeout = -1 }, "Options.Timeout is -1ns"},
		"parallel":           {func(o *Options) { o.Parallel = -1 }, "Options.Parallel is -1"},
		"claim":              {func(o *Options) { o.Claims = []string{"create-presense"} }, `did you mean "create-presence"`},
		"class":              {func(o *Options) { o.Classes = []string{"mismatch"} }, `unknown class "mismatch"`},
		"rule":               {func(o *Options) { o.Rules = []string{"PRE-99"} }, `unknown rule "PRE-99"`},
		"id":                 {func(o *Options) { o.IDs = []string{"mismatched/reprot"} }, "mismatched/report"},
		"nothing claimed":    {func(o *Options) { o.Claims = []string{"secrecy-logs"} }, "none of the"},
		"twins claimed alone": {func(o *Options) {
			o.IDs, o.Claims = []string{"provision/removed/*"}, []string{"create-presence", "create-liveness"}
		}, "none of the"},
		"profile": {func(o *Options) { o.Gate, o.Handler, o.Profile = nil, handler, "worksapce-server" }, `did you mean "workspace-server"`},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{Gate: reference}
			tt.change(&o)
			if _, err := NewSession(o); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q in it", err, tt.want)
			}
		})
	}
}

// What stops a replay is an error, and no verdict about any scenario.
func TestNoVerdict(t *testing.T) {
	env := map[string]string{"ADMIN_TOKEN": "token"}
	broken := errors.New("no database")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tt := range map[string]struct {
		ctx     context.Context
		options Options
		want    string
	}{
		"no gate":            {t.Context(), Options{Gate: func(http.RoundTripper) gate.Gate { return nil }}, "Options.Gate returned no gate"},
		"no handler":         {t.Context(), Options{Handler: func(http.RoundTripper) (http.Handler, error) { return nil, nil }, Env: env}, "Options.Handler returned no handler"},
		"a builder fails":    {t.Context(), Options{Handler: func(http.RoundTripper) (http.Handler, error) { return nil, broken }, Env: env}, "building the server under test: no database"},
		"a start fails":      {t.Context(), Options{URL: func(http.RoundTripper) (string, error) { return "", broken }, Env: env}, "starting the server under test: no database"},
		"no URL":             {t.Context(), Options{URL: func(http.RoundTripper) (string, error) { return "here", nil }, Env: env}, `target "here" is no URL`},
		"wrong server":       {t.Context(), Options{Handler: func(http.RoundTripper) (http.Handler, error) { return http.NotFoundHandler(), nil }, Env: env}, "correct health.request"},
		"it is interrupted":  {cancelled, Options{Gate: reference}, "interrupted after 0 of 2 scenarios"},
		"no admin token set": {t.Context(), Options{Handler: serverOf("reference", nil), Env: map[string]string{}}, "ADMIN_TOKEN"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.options.IDs = []string{"mismatched/report"}
			s, err := NewSession(tt.options)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second replay must not forget the first one's error
				if _, err := s.Replay(tt.ctx, s.Claimed, "seed"); err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error is %v, want %q in it", err, tt.want)
				}
			}
		})
	}
}

// A server that claims liveness and whose calls never reach our providers is
// judged: its claim is not met, and a hint says what may lie behind it.
func TestProbesGoNowhere(t *testing.T) {
	s, err := NewSession(Options{Handler: serverOf("reference", unreachable), Env: map[string]string{"ADMIN_TOKEN": "token"}, IDs: []string{"dead/answer/groq/*", "valid/scope/groq*"}})
	if err != nil {
		t.Fatal(err)
	}
	results, err := s.Replay(t.Context(), s.Claimed, "seed")
	if err != nil {
		t.Fatal(err)
	}
	if rules := Violated(results); !slices.Contains(rules, "LIV-1") || !slices.Contains(rules, "LIV-9") {
		t.Errorf("violated are %v, want LIV-1 and LIV-9 among them", rules)
	}
	if hints := s.Hints(); len(hints) != 1 || !strings.Contains(hints[0], "send its outbound calls through the http.RoundTripper") {
		t.Errorf("hints are %q", hints)
	}
}
