package secrets

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// Written is a symbolic value with a random part.
func written(v scenarios.Value, name, random string) Secret {
	return write(v, prefixes[name]+random, random)
}

// given makes a credential of its own for every label.
func given(t testing.TB, label, scope, name, value string) *Credential {
	t.Helper()
	v, err := scenarios.ParseValue(value)
	if err != nil {
		t.Fatal(err)
	}
	s := written(v, name, newMaker("test").value("", label))
	c := &Credential{Scope: scope, Secret: s}
	c.Name, c.Value = name, s.sent
	if c.Value == "" {
		c.Value = s.Written
	}
	for _, a := range v.Answers {
		c.Answers = append(c.Answers, upstream.Answer(a))
	}
	return c
}

func ringOf(list ...*Credential) *Ring {
	r := NewRing()
	r.Add(list)
	return r
}

func TestSightTellsOwnersApart(t *testing.T) {
	a, b, c := given(t, "a", "workspace", "A_KEY", "live"), given(t, "b", "workspace", "A_KEY", "live"), given(t, "c", "global", "B_KEY", "dead")
	r := ringOf(a, b, c)
	tests := []struct {
		name, text string
		want       []*Credential
	}{
		{"nothing", "a quiet line", nil},
		{"shorter than a leak", a.Secret.Random[:7], nil},
		{"one", "x" + a.Secret.Random[10:18], []*Credential{a}},
		{"two, in the order of the text", c.Secret.Random[:8] + " " + a.Secret.Random[20:30], []*Credential{c, a}},
		{"each once", a.Value + a.Value, []*Credential{a}},
		{"a piece of seven and one of eight", a.Secret.Random[:7] + " " + b.Secret.Random[:8], []*Credential{b}},
		{"two pieces of four do not add up", a.Secret.Random[:4] + a.Secret.Random[8:12], nil},
		{"the end", c.Secret.Random[RandomLength-8:], []*Credential{c}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := r.sight(test.text)
			if len(got) != len(test.want) {
				t.Fatalf("%d credentials, want %d", len(got), len(test.want))
			}
			for i := range got {
				if got[i] != test.want[i] {
					t.Errorf("credential %d is %s of the %s", i, got[i].Name, got[i].Scope)
				}
			}
		})
	}
}

// TestDroppedCredentials holds a credential whose scenario has been judged to
// be unknown to providers and owners, and to be found out and masked all the same.
func TestDroppedCredentials(t *testing.T) {
	a, b := given(t, "a", "workspace", "A_KEY", "dead"), given(t, "b", "global", "B_KEY", "live")
	a.Owner, b.Owner = owned("scenario"), owned("")
	r := ringOf(a, b)
	r.Drop([]*Credential{a})
	if r.Find(a.Value) != nil || len(r.Sight(a.Value)) != 0 {
		t.Error("providers still know it")
	}
	if got := r.sight("…" + a.Secret.Random[3:12]); len(got) != 1 || got[0].Name != "A_KEY" || got[0].Owner != nil || got[0].Value != "" {
		t.Errorf("%d credentials are found", len(got))
	}
	if got, want := r.Mask("key="+a.Value+","+b.Value), "key=<dead A_KEY of the workspace>,<live B_KEY of the global>"; got != want {
		t.Errorf("masked %q, want %q", got, want)
	}
	if r.Find(b.Value) != &b.Credential || r.Of(&b.Credential) != b {
		t.Error("another credential went with it")
	}
	r.Drop(Credentials{b})
	if len(r.values) != 0 {
		t.Errorf("%d values of nobody are kept", len(r.values))
	}
}

// TestRingSharesBlocks holds credentials whose random parts share a block to
// stay apart, also when one of them is dropped.
func TestRingSharesBlocks(t *testing.T) {
	one := func(random string) *Credential {
		c := &Credential{Scope: "workspace", Secret: Secret{Written: random, sent: random, Random: random}}
		c.Name, c.Value = "A_KEY", random
		return c
	}
	a, b := one("AAAABBBBCCCCDDDD"), one("AAAAEEEECCCCFFFF")
	r := ringOf(a, b)
	if got := r.sight("AAAABBBB"); len(got) != 1 || got[0] != a {
		t.Errorf("%d credentials", len(got))
	}
	r.Drop([]*Credential{a})
	if got := r.Sight("AAAABBBB EEEECCCC"); len(got) != 1 || got[0] != &b.Credential {
		t.Errorf("%d credentials after one was dropped", len(got))
	}
}

func TestRingFromManyGoroutines(t *testing.T) {
	r := NewRing()
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			for i := range 50 {
				c := given(t, fmt.Sprint(n, i), "workspace", "A_KEY", "live")
				r.Add([]*Credential{c})
				if len(r.sight("…"+c.Value+"…")) != 1 || r.Find(c.Value) != &c.Credential {
					t.Error("a credential that was added is not known")
				}
				r.Drop([]*Credential{c})
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
		{"a piece", "starts with " + live.Secret.Random[:12], "starts with " + masked},
		{"a piece of eight", live.Secret.Random[5:13], masked},
		{"seven characters stay", live.Secret.Random[5:12], live.Secret.Random[5:12]},
		{"two credentials", live.Value + "," + dead.Value, masked + ",<dead B_KEY of the global>"},
		{"a padded value", "(" + padded.Secret.Written + ")", "(  <live C_KEY of the workspace>\t )"},
		{"a value with a line break inside", smuggled.Secret.Written, "<live D_KEY of the workspace>"},
		{"the halves of one", strings.ReplaceAll(smuggled.Secret.Written, "\r\n", "|"), "<live D_KEY of the workspace>|X-Smuggled: 1|<live D_KEY of the workspace>"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := r.Mask(test.text); got != test.want {
				t.Errorf("masked %q, want %q", got, test.want)
			}
		})
	}
}

func TestMaskExchange(t *testing.T) {
	c := given(t, "a", "workspace", "ANTHROPIC_API_KEY", "live")
	r := ringOf(c)
	const masked = "<live ANTHROPIC_API_KEY of the workspace>"
	got := r.MaskExchange(target.Exchange{
		Method: http.MethodPost, URL: "http://t/x?key=" + c.Value,
		RequestHeaders:  http.Header{"Authorization": {"Bearer admin"}, "X-Api-Key": {c.Value}, "X-Request-Id": {"r/s"}},
		RequestBody:     `{"secrets":{"ANTHROPIC_API_KEY":"` + c.Value + `","OPENAI_API_KEY":" \t ","HF_TOKEN":"  ` + c.Value + `\t"}}`,
		ResponseHeaders: http.Header{"Set-Cookie": {"session=1"}, "Authorization": {"Bearer " + c.Value}},
		ResponseBody:    `{"id":"1","auth_token":"of the agent","nested":{"Password" : "p"},"count":3}` + strings.Repeat(" ", MaxShown),
	})
	want := target.Exchange{
		Method: http.MethodPost, URL: "http://t/x?key=" + masked,
		RequestHeaders:  http.Header{"Authorization": {"<hidden>"}, "X-Api-Key": {masked}, "X-Request-Id": {"r/s"}},
		RequestBody:     `{"secrets":{"ANTHROPIC_API_KEY":"` + masked + `","OPENAI_API_KEY":" \t ","HF_TOKEN":"  ` + masked + `\t"}}`,
		ResponseHeaders: http.Header{"Set-Cookie": {"<hidden>"}, "Authorization": {"Bearer " + masked}},
		ResponseBody:    got.ResponseBody,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("masked (-want +got):\n%s", diff)
	}
	if head := `{"id":"1","auth_token":"<hidden>","nested":{"Password" : "<hidden>"},"count":3}`; !strings.HasPrefix(got.ResponseBody, head) || len(got.ResponseBody) > MaxShown+len("…") {
		t.Errorf("the reply's body is shown as %q… with %d bytes", got.ResponseBody[:100], len(got.ResponseBody))
	}
}

// owned is an owner by its scenario's id.
type owned string

func (o owned) ScenarioID() string { return string(o) }
