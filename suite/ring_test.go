package suite

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// written is a symbolic value with a random part.
func written(v scenarios.Value, name, random string) secret {
	return write(v, prefixes[name]+random, random)
}

// given makes a credential of its own for every label.
func given(t testing.TB, label, scope, name, value string) *credential {
	t.Helper()
	v, err := scenarios.ParseValue(value)
	if err != nil {
		t.Fatal(err)
	}
	s := written(v, name, newMaker("test").value("", label))
	c := &credential{scope: scope, secret: s}
	c.Name, c.Value = name, s.sent
	if c.Value == "" {
		c.Value = s.written
	}
	for _, a := range v.Answers {
		c.Answers = append(c.Answers, upstream.Answer(a))
	}
	return c
}

func ringOf(list ...*credential) *ring {
	r := newRing()
	r.add(list)
	return r
}

func TestSightTellsOwnersApart(t *testing.T) {
	a, b, c := given(t, "a", "workspace", "A_KEY", "live"), given(t, "b", "workspace", "A_KEY", "live"), given(t, "c", "global", "B_KEY", "dead")
	r := ringOf(a, b, c)
	tests := []struct {
		name, text string
		want       []*credential
	}{
		{"nothing", "a quiet line", nil},
		{"shorter than a leak", a.secret.random[:7], nil},
		{"one", "x" + a.secret.random[10:18], []*credential{a}},
		{"two, in the order of the text", c.secret.random[:8] + " " + a.secret.random[20:30], []*credential{c, a}},
		{"each once", a.Value + a.Value, []*credential{a}},
		{"a piece of seven and one of eight", a.secret.random[:7] + " " + b.secret.random[:8], []*credential{b}},
		{"two pieces of four do not add up", a.secret.random[:4] + a.secret.random[8:12], nil},
		{"the end", c.secret.random[randomLength-8:], []*credential{c}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := r.sight(test.text)
			if len(got) != len(test.want) {
				t.Fatalf("%d credentials, want %d", len(got), len(test.want))
			}
			for i := range got {
				if got[i] != test.want[i] {
					t.Errorf("credential %d is %s of the %s", i, got[i].Name, got[i].scope)
				}
			}
		})
	}
}

// TestDroppedCredentials holds a credential whose scenario has been judged to
// be unknown to providers and owners, and to be found out and masked all the same.
func TestDroppedCredentials(t *testing.T) {
	a, b := given(t, "a", "workspace", "A_KEY", "dead"), given(t, "b", "global", "B_KEY", "live")
	a.owner, b.owner = owned("scenario"), owned("")
	r := ringOf(a, b)
	r.drop([]*credential{a})
	if r.Find(a.Value) != nil || len(r.Sight(a.Value)) != 0 {
		t.Error("providers still know it")
	}
	if got := r.sight("…" + a.secret.random[3:12]); len(got) != 1 || got[0].Name != "A_KEY" || got[0].owner != nil || got[0].Value != "" {
		t.Errorf("%d credentials are found", len(got))
	}
	if got, want := r.mask("key="+a.Value+","+b.Value), "key=<dead A_KEY of the workspace>,<live B_KEY of the global>"; got != want {
		t.Errorf("masked %q, want %q", got, want)
	}
	if r.Find(b.Value) != &b.Credential || r.of(&b.Credential) != b {
		t.Error("another credential went with it")
	}
	r.drop(credentials{b})
	if len(r.values) != 0 {
		t.Errorf("%d values of nobody are kept", len(r.values))
	}
}

// TestRingSharesBlocks holds credentials whose random parts share a block to
// stay apart, also when one of them is dropped.
func TestRingSharesBlocks(t *testing.T) {
	one := func(random string) *credential {
		c := &credential{scope: "workspace", secret: secret{written: random, sent: random, random: random}}
		c.Name, c.Value = "A_KEY", random
		return c
	}
	a, b := one("AAAABBBBCCCCDDDD"), one("AAAAEEEECCCCFFFF")
	r := ringOf(a, b)
	if got := r.sight("AAAABBBB"); len(got) != 1 || got[0] != a {
		t.Errorf("%d credentials", len(got))
	}
	r.drop([]*credential{a})
	if got := r.Sight("AAAABBBB EEEECCCC"); len(got) != 1 || got[0] != &b.Credential {
		t.Errorf("%d credentials after one was dropped", len(got))
	}
}

func TestRingFromManyGoroutines(t *testing.T) {
	r := newRing()
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			for i := range 50 {
				c := given(t, fmt.Sprint(n, i), "workspace", "A_KEY", "live")
				r.add([]*credential{c})
				if len(r.sight("…"+c.Value+"…")) != 1 || r.Find(c.Value) != &c.Credential {
					t.Error("a credential that was added is not known")
				}
				r.drop([]*credential{c})
			}
		})
	}
	wg.Wait()
}

func TestMask(t *testing.T) {
	live, dead := given(t, "a", "workspace", "A_KEY", "live"), given(t, "b", "global", "B_KEY", "dead")
	padded := given(t, "c", "workspace", "C_KEY", "padded:live")
	smuggled := given(t, "d", "workspace", "D_KEY", "inner-newline:live")
	r := ringOf(live, dead, padded, smuggled)
	const masked = "<live A_KEY of the workspace>"
	tests := []struct{ name, text, want string }{
		{"nothing to mask", "plain words", "plain words"},
		{"a value", "Bearer " + live.Value + ".", "Bearer " + masked + "."},
		{"a piece", "starts with " + live.secret.random[:12], "starts with " + masked},
		{"a piece of eight", live.secret.random[5:13], masked},
		{"seven characters stay", live.secret.random[5:12], live.secret.random[5:12]},
		{"two credentials", live.Value + "," + dead.Value, masked + ",<dead B_KEY of the global>"},
		{"a padded value", "(" + padded.secret.written + ")", "(  <live C_KEY of the workspace>\t )"},
		{"a value with a line break inside", smuggled.secret.written, "<live D_KEY of the workspace>"},
		{"the halves of one", strings.ReplaceAll(smuggled.secret.written, "\r\n", "|"), "<live D_KEY of the workspace>|X-Smuggled: 1|<live D_KEY of the workspace>"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := r.mask(test.text); got != test.want {
				t.Errorf("masked %q, want %q", got, test.want)
			}
		})
	}
}

func TestMaskExchange(t *testing.T) {
	c := given(t, "a", "workspace", "ANTHROPIC_API_KEY", "live")
	r := ringOf(c)
	const masked = "<live ANTHROPIC_API_KEY of the workspace>"
	got := r.maskExchange(Exchange{
		Method: http.MethodPost, URL: "http://t/x?key=" + c.Value,
		RequestHeaders:  http.Header{"Authorization": {"Bearer admin"}, "X-Api-Key": {c.Value}, "X-Request-Id": {"r/s"}},
		RequestBody:     `{"secrets":{"ANTHROPIC_API_KEY":"` + c.Value + `","OPENAI_API_KEY":" \t ","HF_TOKEN":"  ` + c.Value + `\t"}}`,
		ResponseHeaders: http.Header{"Set-Cookie": {"session=1"}, "Authorization": {"Bearer " + c.Value}},
		ResponseBody:    `{"id":"1","auth_token":"of the agent","nested":{"Password" : "p"},"count":3}` + strings.Repeat(" ", maxShown),
	})
	want := Exchange{
		Method: http.MethodPost, URL: "http://t/x?key=" + masked,
		RequestHeaders:  http.Header{"Authorization": {"<hidden>"}, "X-Api-Key": {masked}, "X-Request-Id": {"r/s"}},
		RequestBody:     `{"secrets":{"ANTHROPIC_API_KEY":"` + masked + `","OPENAI_API_KEY":" \t ","HF_TOKEN":"  ` + masked + `\t"}}`,
		ResponseHeaders: http.Header{"Set-Cookie": {"<hidden>"}, "Authorization": {"Bearer " + masked}},
		ResponseBody:    got.ResponseBody,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("masked (-want +got):\n%s", diff)
	}
	if head := `{"id":"1","auth_token":"<hidden>","nested":{"Password" : "<hidden>"},"count":3}`; !strings.HasPrefix(got.ResponseBody, head) || len(got.ResponseBody) > maxShown+len("…") {
		t.Errorf("the reply's body is shown as %q… with %d bytes", got.ResponseBody[:100], len(got.ResponseBody))
	}
}

// owned is an owner by its scenario's id.
type owned string

func (o owned) ScenarioID() string { return string(o) }
