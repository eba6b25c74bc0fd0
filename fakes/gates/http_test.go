package gates

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A correct variant answers creates as the reference server does, in status and
// code, but where the rules leave it the choice.
func TestCorrectServersDecideAlike(t *testing.T) {
	run := func(t *testing.T, d Double) map[string]string {
		s, seen := open(t, d), map[string]string{}
		for _, a := range askings() {
			if a.name == "unreadable" { // no request can plant one
				continue
			}
			status, object, text := s.create(a)
			if object == nil {
				t.Errorf("%s: the reply is no JSON object: %s", a.name, text)
			}
			seen["create of "+a.name] = verdict(status, object)
		}
		return seen
	}
	want := run(t, Double{})
	if distinct := slices.Compact(slices.Sorted(values(want))); len(distinct) != 3 {
		t.Fatalf("the reference server answers %q, want an allow and two refusals", distinct)
	}
	for _, d := range Correct() {
		if !d.HTTPOnly() {
			continue
		}
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			got := run(t, d)
			for asked, verdict := range want {
				if lawful := slices.Contains(lawfulDifferences[d.Name], asked); lawful == (got[asked] == verdict) {
					t.Errorf("%s: %s, and the reference server %s; may they differ: %t", asked, got[asked], verdict, lawful)
				}
			}
		})
	}
}

func values(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

// Where a correct variant shows its difference: patterns that its reply to one
// create, byte by byte, or its log, has and the reference server's has not.
var shows = map[string]struct{ ask, reply, log string }{
	"underivable-refused-by-server":        {ask: "no model", reply: `422[^{]*\{"code":"MODEL_REQUIRED","error":"[^"]*"\}`},
	"underivable-refused-by-unlisted-code": {ask: "no model", reply: `422[^{]*\{"code":"MODEL_NOT_AVAILABLE","error":"[^"]*"\}`},
	"vendor-in-provider-field":             {ask: "none", reply: `"provider":"vendor:anthropic"`},
	"access-log":                           {ask: "live", log: `POST /workspaces 201 id="[^"]*" runtime="claude-code"`},
	"vendor-key-for-platform-refused":      {ask: "platform with strays", reply: `400[^{]*\{"error":"direct vendor key writes[^"]*","key":"ANTHROPIC_API_KEY"\}`},
	"odd-names-refused":                    {ask: "lower case", reply: `400[^{]*\{"error":"a secret's name holds[^"]*","key":"anthropic_api_key"\}`},
	"no-engine":                            {ask: "live", log: `workspace start failed`},
	"prose-only":                           {ask: "none", reply: `\{"code":"MISSING_BYOK_CREDENTIAL","error":"[^,]*\\"anthropic-api\\"[^{}]*ANTHROPIC_AUTH_TOKEN[^{}]*"\}`},
	"prose-in-lines":                       {ask: "dead", reply: `\{"code":"BYOK_CREDENTIAL_INVALID","error":"[^,]*\\nanthropic-api\\n[^,]*\\nANTHROPIC_API_KEY\\n"\}`},
	"one-name-told":                        {ask: "none", reply: `\{"code":"MISSING_BYOK_CREDENTIAL","error":"[^,]*\\"anthropic-api\\". Please add ANTHROPIC_AUTH_TOKEN to[^{}]*"\}`},
	"rfc-code":                             {ask: "dead", reply: `"code":"INVALID_BYOK_CREDENTIAL"`},
	"loud-in-header":                       {ask: "down", reply: `201(?s:.*)X-Credential-Unproved: anthropic-api; ANTHROPIC_API_KEY; (?s:.*)"auth_token":"[^"]*"\}`},
	"loud-in-log":                          {ask: "down", reply: `"auth_token":"[^"]*"\}`, log: `\{"level":"warning","text":"went ahead with ANTHROPIC_API_KEY for \\"anthropic-api\\"`},
	"extra-fields":                         {ask: "none", reply: `"hint":null,"meta":\{"links":\[`},
	"pretty-printed":                       {ask: "none", reply: `Content-Type: application/problem\+json(?s:.*)\r\n\r\n\r\n\t\{\r\n\t    "accepted": \[`},
	"escaped-json":                         {ask: "none", reply: `"error":"[^"]*\\u0022anthropic-api\\u0022`},
	"malformed-422":                        {reply: `HTTP/1.1 422(?s:.*)"code":"INVALID_REQUEST"`},
	"connection-close":                     {ask: "none", reply: `\r\nConnection: close\r\n`},
	"prose-in-german":                      {ask: "none", reply: `Für den Anbieter „anthropic-api“`},
	"gzipped":                              {ask: "none", reply: `\r\nContent-Encoding: gzip\r\n`},
	"chunked":                              {ask: "none", reply: `\r\nTransfer-Encoding: chunked\r\n(?s:.*)(\r\n[0-9a-f]+\r\n[^\r]*){4}\r\n0\r\n\r\n$`},
	"lower-case-headers":                   {ask: "none", reply: `^HTTP/1.1 422 Unprocessable Entity(\r\n[a-z-]+: [^\r]*)+\r\n\r\n\{`},
	"coloured-log":                         {ask: "down", log: `\x1b\[1;36m`},
	"json-log":                             {ask: "down", log: `\{"level":"warn","msg":"`},
	"http-1.0":                             {ask: "none", reply: `^HTTP/1.0 422 Unprocessable Entity(\r\nCon(tent-Type|nection): [^\r]*)+\r\n\r\n\{`},
}

// What one create cannot show: these have tests of their own, here and in
// gate/server (habits_test.go).
var notAtCreate = []string{
	"slow-create", "slow-restarts", "decides-without-client", "one-of-a-name", "external-restarted", "external-not-restarted",
	"pending-approvals", "restarts-by-itself", "rows-come-back", "late-events", "seeded-root", "first-is-root", "large-creates-queue", "workspace-server",
}

func TestCorrectServersShowTheirDifference(t *testing.T) {
	plain := open(t, Double{})
	for _, d := range Correct() {
		if !d.HTTPOnly() || slices.Contains(notAtCreate, d.Name) {
			continue
		}
		t.Run(d.Name, func(t *testing.T) {
			show, ok := shows[d.Name]
			if !ok {
				t.Fatal("there is no pattern for it")
			}
			body := `{"name":`
			if show.ask != "" {
				data, err := json.Marshal(createBody(asked(t, show.ask)))
				if err != nil {
					t.Fatal(err)
				}
				body = string(data)
			}
			s := open(t, d)
			got, without := s.raw(body), plain.raw(body)
			s.server.Wait()
			plain.server.Wait()
			reply, log := regexp.MustCompile(show.reply), regexp.MustCompile(show.log)
			if !reply.MatchString(got) || !log.MatchString(s.log.String()) {
				t.Errorf("no %q in the reply %q, or no %q in the log %q", reply, got, log, s.log)
			}
			if reply.MatchString(without) && log.MatchString(plain.log.String()) {
				t.Errorf("the reference server shows the same: %q", without)
			}
		})
	}
}

// Loud in one place is silent in the others, or the variant proves nothing.
func TestLoudInOnePlace(t *testing.T) {
	for _, d := range Correct() {
		if d.Name != "loud-in-header" && d.Name != "loud-in-log" {
			continue
		}
		s := open(t, d)
		_, object, text := s.create(asked(t, "down"))
		if _, ok := object["warnings"]; ok || strings.Contains(text, "ANTHROPIC_API_KEY") {
			t.Errorf("%s: the body is loud, too: %s", d.Name, text)
		}
		if log := s.log.String(); d.Name == "loud-in-header" && strings.Contains(log, "stage=create") {
			t.Errorf("%s: the log is loud, too: %s", d.Name, log)
		} else if !strings.Contains(log, "ANTHROPIC_API_KEY") { // provisioning has no header to be loud in
			t.Errorf("%s: nothing is said about the provisioning: %q", d.Name, log)
		}
	}
}

// A refusal of the server's own keeps the gate's refusals as they are.
func TestOwnRefusalsKeepTheGates(t *testing.T) {
	plain := open(t, Double{})
	for _, d := range lawfulGates {
		if d.Server == nil {
			continue
		}
		s := open(t, d)
		for _, name := range []string{"none", "dead"} {
			_, want, _ := plain.create(asked(t, name))
			_, got, _ := s.create(asked(t, name))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: reply to %s (-reference +got):\n%s", d.Name, name, diff)
			}
		}
	}
}

func TestSlowCreate(t *testing.T) {
	inner := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for _, c := range []struct {
		method, path string
		leaves       time.Duration
		want         time.Duration
	}{
		{"POST", "/workspaces", time.Hour, slowness},
		{"POST", "/workspaces", time.Millisecond, time.Millisecond}, // the client has gone
		{"GET", "/workspaces", time.Hour, 0},
		{"POST", "/workspaces/x/restart", time.Hour, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), c.leaves)
			defer cancel()
			start, w := time.Now(), httptest.NewRecorder()
			slowly(inner).ServeHTTP(w, httptest.NewRequestWithContext(ctx, c.method, c.path, nil))
			if took := time.Since(start); took != c.want || w.Code != http.StatusTeapot {
				t.Errorf("%s %s: %d after %s, want %d after %s", c.method, c.path, w.Code, took, http.StatusTeapot, c.want)
			}
		})
	}
}

// A restart of an external workspace, which no rule asks a server to have.
func TestExternalRestarts(t *testing.T) {
	for name, want := range map[string]string{
		"reference":              `200 {"status":"awaiting_agent"}`,
		"external-restarted":     `200 {"status":"provisioning"}`,
		"external-not-restarted": `409 {"error":"an external workspace is not provisioned here"}`,
	} {
		var d Double
		if i := slices.IndexFunc(lawfulGates, func(d Double) bool { return d.Name == name }); i >= 0 {
			d = lawfulGates[i]
		}
		s := open(t, d)
		_, made, text := s.create(asked(t, "external"))
		id, ok := made["id"].(string)
		if !ok {
			t.Fatalf("%s: no workspace was made: %s", name, text)
		}
		status, _, body := s.send("POST", "/workspaces/"+id+"/restart", nil)
		if got := fmt.Sprintf("%d %s", status, strings.TrimSpace(body)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// The writers of other JSON write the same JSON.
func TestRewrittenJSONMeansTheSame(t *testing.T) {
	body := map[string]any{
		"quotes": `a "b" \"c\" \`, "slash": "a/b\\/c", "lines": "a\nb\r\n\t", "unicode": "é\u2028<&>", "list": []any{1.5, nil, true, "\""},
		`key"with/all\`: map[string]any{},
	}
	for name, write := range map[string]func(http.Header, int, any) []byte{"plainly": plainly, "prettily": prettily, "escaped": escaped} {
		var got any
		text := write(http.Header{}, http.StatusOK, body)
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %v in %s", name, err, text)
		}
		if diff := cmp.Diff(any(body), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
