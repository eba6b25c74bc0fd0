package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// served starts a server and returns a target for it with the built-in profile.
func served(t *testing.T, handle http.HandlerFunc) *Target {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	p, err := LoadProfile("workspace-server")
	if err != nil {
		t.Fatal(err)
	}
	srv, err := New(p, s.URL, Options{Env: func(string) (string, bool) { return "t", true }})
	if err != nil {
		t.Fatal(err)
	}
	return srv
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // the client may have gone, which is its own affair
}

// TestRefusalFields reads the accepted names and the dead credential where the
// profile says that they stand.
func TestRefusalFields(t *testing.T) {
	p, err := ParseProfile("f", []byte(leanEdited(t, "  code: .body.code\n", "  code: .body.code\n  accepted: '[.body.needs[]?.name]'\n  credential: .body.dead\n")))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, body, credential string
		names                  []string
	}{
		{"names", `{"code":"MISSING_BYOK_CREDENTIAL","needs":[{"name":"A"},{"name":"B"}]}`, "", []string{"A", "B"}},
		{"a credential", `{"code":"BYOK_CREDENTIAL_INVALID","dead":"A"}`, "A", nil},
		{"other types", `{"code":"BYOK_CREDENTIAL_INVALID","dead":["A"],"needs":[{"name":1}]}`, "", nil},
		{"no JSON", `A is dead`, "", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, 422, test.body) }))
			defer s.Close()
			srv, err := New(p, s.URL, Options{})
			if err != nil {
				t.Fatal(err)
			}
			r := srv.Create(t.Context(), target.CreateRequest{Name: "n"})
			if diff := cmp.Diff(test.names, r.Names); diff != "" || r.Credential != test.credential {
				t.Errorf("credential %q, names (-want +got):\n%s", r.Credential, diff)
			}
		})
	}
}

// TestCreateReadsTheReply holds the verdict to what the server says, however it
// says it.
func TestCreateReadsTheReply(t *testing.T) {
	const missing = `{"code":"MISSING_BYOK_CREDENTIAL","error":"provider groq wants GROQ_API_KEY"}`
	type want struct {
		Outcome           target.Outcome
		Code              gate.Code
		RawCode, Provider string
		Status            int
		ID, Err           string
	}
	plain := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { answer(w, status, body) }
	}
	tests := []struct {
		name   string
		handle http.HandlerFunc
		want   want
	}{
		{"allowed", plain(201, `{"id":"7","status":"provisioning"}`), want{Outcome: target.Allowed, Status: 201, ID: "7"}},
		{"allowed without an id", plain(201, `{"status":"provisioning"}`), want{Outcome: target.Failed, Status: 201, Err: "the reply allows the workspace, but holds no id where the profile looks for it (create.id)"}},
		{"allowed with an id that is no text", plain(201, `{"id":7}`), want{Outcome: target.Failed, Status: 201, Err: "the reply's id is not a string (create.id finds 7); write it as: … | tostring"}},
		{"refused", plain(422, missing), want{Outcome: target.Refused, Code: gate.MissingCredential, RawCode: "MISSING_BYOK_CREDENTIAL", Status: 422}},
		{"refused with the other spelling", plain(422, `{"code":"INVALID_BYOK_CREDENTIAL","provider":"groq"}`), want{Outcome: target.Refused, Code: gate.InvalidCredential, RawCode: "INVALID_BYOK_CREDENTIAL", Provider: "groq", Status: 422}},
		{"refused with a code of its own", plain(422, `{"code":"NO_KEY"}`), want{Outcome: target.Refused, RawCode: "NO_KEY", Status: 422}},
		{"refused with 200: the code decides", plain(200, missing), want{Outcome: target.Refused, Code: gate.MissingCredential, RawCode: "MISSING_BYOK_CREDENTIAL", Status: 200}},
		{"refused by another rule, by code", plain(422, `{"code":"MODEL_REQUIRED"}`), want{Outcome: target.Rejected, RawCode: "MODEL_REQUIRED", Status: 422}},
		{"refused by another rule, without a code", plain(400, `{"error":"invalid workspace payload"}`), want{Outcome: target.Rejected, Status: 400}},
		{"a code that is no text", plain(422, `{"code":422}`), want{Outcome: target.Refused, Status: 422}},
		{"no JSON", plain(422, "a credential is missing"), want{Outcome: target.Refused, Status: 422}},
		{"an empty reply", plain(422, ""), want{Outcome: target.Refused, Status: 422}},
		{"a JSON list", plain(422, "[]"), want{Outcome: target.Refused, Status: 422}},
		{"a fault", plain(500, `{"error":"panic"}`), want{Outcome: target.Failed, Status: 500}},
		{"a fault with the gate's code is a refusal in a wrong form", plain(500, missing), want{Outcome: target.Refused, Code: gate.MissingCredential, RawCode: "MISSING_BYOK_CREDENTIAL", Status: 500}},
		{"a gateway's page", plain(502, "<html>"), want{Outcome: target.Failed, Status: 502}},
		{"a redirect is not followed", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, want{Outcome: target.Failed, Status: 307}},
		{"in chunks", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(201)
			for _, piece := range []string{`{"id"`, `:"7"`, `}`} {
				_, _ = io.WriteString(w, piece)
				w.(http.Flusher).Flush()
			}
		}, want{Outcome: target.Allowed, Status: 201, ID: "7"}},
		{"and closes the connection", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
			answer(w, 201, `{"id":"7"}`)
		}, want{Outcome: target.Allowed, Status: 201, ID: "7"}},
		{"hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, want{Outcome: target.Failed, Err: "the connection ended before the reply did: EOF"}},
		{"hangs up in the middle", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			answer(w, 201, `{"id"`)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, want{Outcome: target.Failed, Err: "reading the reply (status 201): the connection ended before the reply did: unexpected EOF"}},
		{"does not answer in time", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, want{Outcome: target.Late, Err: "no answer in time"}},
		{"does not end in time", func(w http.ResponseWriter, r *http.Request) {
			answer(w, 201, `{"id"`)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, want{Outcome: target.Late, Err: "reading the reply (status 201): no answer in time"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			srv := served(t, func(w http.ResponseWriter, r *http.Request) {
				// A server reads what it was sent; only then does net/http notice that the client has gone.
				if _, err := io.Copy(io.Discard, r.Body); err != nil {
					t.Error(err)
				}
				test.handle(w, r)
			})
			patience := 10 * time.Second
			if test.want.Outcome == target.Late {
				patience = 50 * time.Millisecond
			}
			r := srv.Create(t.Context(), target.CreateRequest{Name: "n", Runtime: "r", Model: "m", Patience: patience})
			got := want{r.Outcome, r.Code, r.RawCode, r.Provider, r.Status, r.Workspace.ID, ""}
			if r.Err != nil {
				got.Err = r.Err.Error()
			}
			if test.want.Outcome == target.NoReply && strings.Contains(got.Err, test.want.Err) {
				got.Err = test.want.Err
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("reply (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCreateSendsTheRequest holds the request to the profile, to X-Request-ID
// and to what the scenario gives.
func TestCreateSendsTheRequest(t *testing.T) {
	tests := []struct {
		name string
		req  target.CreateRequest
		want map[string]any
	}{
		{"plain", target.CreateRequest{Name: "n", Runtime: "r", Model: " m "}, map[string]any{"name": "n", "runtime": "r", "model": " m "}},
		{"secrets", target.CreateRequest{Name: "n", Secrets: map[string]gate.Secret{"K": {Value: "v\x00\r\né"}}}, map[string]any{"name": "n", "runtime": "", "model": "", "secrets": map[string]any{"K": "v\x00\r\né"}}},
		{"external with a URL and further fields", target.CreateRequest{Name: "n", External: true, URL: "https://u", Fields: map[string]any{"role": "x", "tier": 2}}, map[string]any{"name": "n", "runtime": "", "model": "", "external": true, "url": "https://u", "role": "x", "tier": 2.0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got map[string]any
			var header http.Header
			var line string
			srv := served(t, func(w http.ResponseWriter, r *http.Request) {
				line, header = r.Method+" "+r.URL.Path, r.Header
				if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
					t.Error(err)
				}
				answer(w, 201, `{"id":"7"}`)
			})
			test.req.RequestID, test.req.Patience = "run/id", time.Minute
			srv.Create(t.Context(), test.req)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			if line != "POST /workspaces" || header.Get("X-Request-Id") != "run/id" || header.Get("Authorization") != "Bearer t" || header.Get("Content-Type") != "application/json" {
				t.Errorf("%s with %v", line, header)
			}
		})
	}
}

// TestRateLimitIsWaitedOut holds the server's own rate limit to be no verdict.
func TestRateLimitIsWaitedOut(t *testing.T) {
	for _, retryAfter := range []string{"0.01", "0.02"} {
		var calls atomic.Int32
		srv := served(t, func(w http.ResponseWriter, _ *http.Request) {
			if calls.Add(1) <= 2 {
				w.Header().Set("Retry-After", retryAfter)
				answer(w, 429, `{"error":"rate limit exceeded"}`)
				return
			}
			answer(w, 201, `{"id":"7"}`)
		})
		r := srv.Create(t.Context(), target.CreateRequest{Name: "n", Patience: time.Minute})
		if r.Outcome != target.Allowed || calls.Load() != 3 {
			t.Errorf("Retry-After %s: %s after %d calls", retryAfter, r.Outcome, calls.Load())
		}
	}
}

func TestRateLimitThatNeverEnds(t *testing.T) {
	for _, test := range []struct {
		name     string
		answered bool
		windows  int32
	}{
		{"of a server that has answered before", true, 5},
		{"of a server that never said anything else", false, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var calls atomic.Int32
			srv := served(t, func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				w.Header().Set("Retry-After", "0.02")
				answer(w, 429, "")
			})
			srv.profile.rate.longest = 10 * time.Millisecond
			srv.answered.Store(test.answered)
			r := srv.Create(t.Context(), target.CreateRequest{Name: "n", Patience: time.Minute})
			if r.Outcome != target.NoReply || !strings.Contains(fmt.Sprint(r.Err), "the server's rate limit (status 429) held us for") {
				t.Errorf("%s, %v", r.Outcome, r.Err)
			}
			if got := calls.Load(); got != test.windows+1 {
				t.Errorf("%d creates, want %d windows waited for and then given up", got, test.windows)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	srv := served(t, nil)
	for value, want := range map[string]time.Duration{
		"3": 3 * time.Second, "0.25": 250 * time.Millisecond, "89.5": 89*time.Second + 500*time.Millisecond,
		"91": 90 * time.Second, "1e300": 90 * time.Second, "Inf": 90 * time.Second,
		"": time.Second, "0": time.Second, "-5": time.Second, "NaN": time.Second, "-Inf": time.Second, "Tue, 24 Nov 2026 05:00:00 GMT": time.Second,
	} {
		r := &httpReply{status: 429, header: http.Header{"Retry-After": {value}}}
		if got := srv.limited(r); got != want {
			t.Errorf("Retry-After %q: wait %s, want %s", value, got, want)
		}
	}
	if got := srv.limited(&httpReply{status: 503, header: http.Header{"Retry-After": {"3"}}}); got != 0 {
		t.Errorf("a 503 is waited out for %s", got)
	}
}

// TestCancelledRequests hold what is under way to end with the run.
func TestCancelledRequests(t *testing.T) {
	arrived := make(chan struct{})
	srv := served(t, func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Error(err)
		}
		close(arrived)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	if r := srv.Create(ctx, target.CreateRequest{Name: "n", Patience: time.Minute}); r.Outcome != target.NoReply || !errors.Is(r.Err, context.Canceled) {
		t.Errorf("%s, %v", r.Outcome, r.Err)
	}
	srv.pause = time.Now().Add(time.Hour) // as after a rate limit
	if r := srv.Create(ctx, target.CreateRequest{Name: "n", Patience: time.Minute}); r.Outcome != target.NoReply || !errors.Is(r.Err, context.Canceled) {
		t.Errorf("while it is held back: %s, %v", r.Outcome, r.Err)
	}
}

func TestServerThatDied(t *testing.T) {
	srv := served(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	srv.died = func() error { return errors.New("exit status 2") }
	r := srv.Create(t.Context(), target.CreateRequest{Name: "n", Patience: time.Minute})
	if r.Outcome != target.NoReply || r.Err.Error() != "the server is gone: exit status 2" {
		t.Errorf("%s, %v", r.Outcome, r.Err)
	}
}
