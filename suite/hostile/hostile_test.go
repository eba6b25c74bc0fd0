//go:build unix

package hostile

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/suite"
)

// asked are scenarios of which some must be refused without a probe, one after
// a probe, and some, their twins, must be allowed.
var asked = []string{"missing/none/codex/gpt-5.5", "mismatched/report", "dead/answer/groq/GROQ_API_KEY/workspace"}

// What a person reads where the answer is late: of what no probe can delay, and
// of what one can.
var late = []string{"did not answer the create within 300ms; raise --timeout", "LIV-6: the target did not answer in time"}

// What a person reads where everything is refused in a form that is none.
var shapeless = []string{"REF-1: the refusal's body is not a JSON object", "a workspace that must be allowed was refused"}

const fault = "the target had a fault of its own where a verdict was due; want create "

const deep = 100_000

// TestNothingPassesOnAnAnswerThatIsNone answers creates in every way that tells
// nothing. Every result has to say one of the texts, and each text has to be said.
func TestNothingPassesOnAnAnswerThatIsNone(t *testing.T) {
	t.Parallel()
	nested := strings.Repeat("[", deep) + strings.Repeat("]", deep)
	for _, test := range []struct {
		name   string
		create http.HandlerFunc
		told   []string
	}{
		{"hangs up", says(""), []string{fault, "the connection ended before the reply did: EOF"}},
		{"is silent", holds(""), late},
		{"is silent after the head", holds(head(201, "Content-Length: 10")), late},
		{"resets inside the body", resets, []string{"reading the reply (status 201): the connection ended before the reply did: "}},
		{"drips", drips(head(201, "Content-Length: 1000000")), late},
		{"drips headers", drips("HTTP/1.1 201 Created\r\nX: "), late},
		{"endless body", repeats(head(201, "Connection: close"), strings.Repeat("x", 4096), 0), []string{"reading the reply (status 201): it is longer than 256 KiB"}},
		{"endless chunks", repeats(head(201, "Transfer-Encoding: chunked"), "1000\r\n"+strings.Repeat("x", 4096)+"\r\n", 0), []string{"it is longer than 256 KiB"}},
		{"1 GiB that comes", repeats(head(422, "Content-Length: 1073741824"), strings.Repeat("x", 4096), 0), []string{"reading the reply (status 422): it is longer than 256 KiB"}},
		{"1 GiB that does not come", holds(head(422, "Content-Length: 1073741824")), late},
		{"a length that is none", says(head(201, "Content-Length: -1")), []string{fault, `bad Content-Length "-1"`}},
		{"gzip bomb", gzipBomb(), []string{"reading the reply (status 201): it is longer than 256 KiB"}},
		{"100 MB of headers", repeats("HTTP/1.1 201 Created\r\n", "X: "+strings.Repeat("x", 4096)+"\r\n", 100<<20), []string{"server response headers exceeded 65536 bytes"}},
		{"100 MB in one header", repeats("HTTP/1.1 201 Created\r\nX: ", strings.Repeat("x", 4096), 100<<20), []string{"server response headers exceeded 65536 bytes"}},
		{"garbage", says("\x1b[2J\x00\xff\r\n\r\n"), []string{`malformed HTTP response "\x1b[2J\x00\xff"`}},
		{"a status that is none", says("HTTP/1.1 2O1 Created\r\n\r\n"), []string{`malformed HTTP status code "2O1"`}},
		{"1xx storm", repeats("", head(103, "Link: x"), 0), []string{"exceeded 65536 bytes"}},
		{"another protocol", holds(head(101, "Connection: Upgrade", "Upgrade: x")), []string{"it switches to a protocol that nobody asked for"}},
		{"nested JSON", gives(422, "application/json", nested), shapeless},
		{"half a JSON", gives(422, "application/json", `{"code":"MISSING_BYOK_CREDENTIAL","er`), shapeless},
		{"half a JSON that allows", gives(201, "application/json", `{"id":"7`), []string{fault, "its body is no JSON, so it holds no id"}},
		{"invalid UTF-8", gives(422, "application/json", "\xff\xfe{}"), shapeless},
		{"ANSI escapes", gives(422, "text/plain", "\x1b]0;conformant\a\x1b[2Jpassed"), shapeless},
		{"a web page", gives(422, "text/html", "<html><h1>MISSING_BYOK_CREDENTIAL</h1>"), shapeless},
		{"a gateway's page", gives(502, "text/html", "<html>"), []string{"got fault (status 502)"}},
		{"200 for all", gives(200, "application/json", `{}`), []string{"got fault (status 200)"}},
		{"500 for all", gives(500, "application/json", `{"error":"panic"}`), []string{"got fault (status 500)"}},
		{"the refusal for all", gives(422, "application/json", `{"code":"MISSING_BYOK_CREDENTIAL","error":"provider anthropic-api wants ANTHROPIC_API_KEY"}`), []string{"the refusal proves nothing: its twin", "REF-2", "refused for the wrong reason", "a workspace that must be allowed was refused"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, onCreate(test.create))
			if slices.Equal(test.told, late) {
				r.config.Timeout = short
			}
			holdsTo(t, r.run(t, asked...), test.told)
		})
	}
}

// TestServersThatTellNothingApart have one right answer, which some scenario wants.
func TestServersThatTellNothingApart(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		spoil func(http.Handler) http.Handler
		told  []string
		// byChance: a replay may meet the right verdict, so that a refusal may pass.
		byChance bool
	}{
		{"a workspace for all", onCreate(gives(201, "application/json", `{"id":"7"}`)), []string{"a workspace that must be refused was allowed", "LIV-"}, false},
		{"another scenario's verdict", swaps, []string{"want create refused with"}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, test.spoil)
			r.config.Parallel = 1
			e := r.run(t, "mismatched/report", "dead/answer/groq/GROQ_API_KEY/workspace")
			var text strings.Builder
			for _, res := range e.results {
				text.WriteString(told(res))
				if res.Outcome == suite.Passed && res.Scenario.MustRefuse() && !test.byChance {
					t.Errorf("%s passed", res.Scenario.ID)
				}
			}
			for _, want := range test.told {
				if !strings.Contains(text.String(), want) {
					t.Errorf("no result says %q:\n%s", want, &text)
				}
			}
			if e.Conformant() {
				t.Error("the run is called conformant")
			}
		})
	}
}

// holdsTo fails unless nothing passed, every result says one of the texts or of
// those that may be said instead, and each text is said.
func holdsTo(t *testing.T, e ended, texts []string, instead ...string) {
	t.Helper()
	said := map[string]bool{}
	for _, r := range e.results {
		text := told(r)
		legible := slices.ContainsFunc(instead, func(want string) bool { return strings.Contains(text, want) })
		for _, want := range texts {
			if strings.Contains(text, want) {
				said[want], legible = true, true
			}
		}
		if r.Outcome != suite.Failed && r.Outcome != suite.Errored || !legible {
			t.Errorf("%s: %s; it says\n%s\nwant one of %q", r.Scenario.ID, r.Outcome, text, texts)
		}
	}
	for _, want := range texts {
		if !said[want] {
			t.Errorf("no result says %q", want)
		}
	}
	if e.Conformant() {
		t.Error("the run is called conformant")
	}
}

// TestWhatIsNoRuleIsNoViolation holds us to the rules alone.
func TestWhatIsNoRuleIsNoViolation(t *testing.T) {
	t.Parallel()
	clock := func(year int) server.Config {
		return server.Config{Now: func() time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }}
	}
	same := func(right http.Handler) http.Handler { return right }
	for _, test := range []struct {
		name   string
		config server.Config
		spoil  func(http.Handler) http.Handler
	}{
		{"another content type", server.Config{}, func(right http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				right.ServeHTTP(mistyped{w}, r)
			})
		}},
		{"a clock that stands in 1980", clock(1980), same},
		{"a clock that stands in 2100", clock(2100), same},
		{"a Date of long ago", server.Config{}, func(right http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", "Thu, 01 Jan 1970 00:00:00 GMT")
				right.ServeHTTP(w, r)
			})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := rigAt(t, listen(t), test.config, test.spoil)
			r.config.Claims = append(r.config.Claims, "provision-presence")
			e := r.run(t, append(asked, "provision/removed/zai/*")...)
			for _, res := range e.results {
				if res.Outcome != suite.Passed {
					t.Errorf("%s: %s\n%s", res.Scenario.ID, res.Outcome, told(res))
				}
			}
		})
	}
}

// mistyped calls everything a web page.
type mistyped struct{ http.ResponseWriter }

func (m mistyped) WriteHeader(status int) {
	m.Header().Set("Content-Type", "text/html")
	m.ResponseWriter.WriteHeader(status)
}
