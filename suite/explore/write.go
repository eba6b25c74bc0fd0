package explore

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

// A named file is what somebody may keep.
type written struct {
	Class     string  `yaml:"class"`
	About     string  `yaml:"about"`
	Scenarios []entry `yaml:"scenarios"`
}

type entry struct {
	ID       string   `yaml:"id"`
	Title    string   `yaml:"title"`
	Level    string   `yaml:"level,omitempty"`
	Severity string   `yaml:"severity"`
	Rules    []string `yaml:"rules,flow"`
	Source   string   `yaml:"source"`
	Effect   string   `yaml:"effect"`
	Steps    []step   `yaml:"steps"`
}

type step struct {
	Name   string `yaml:"name"`
	Given  given  `yaml:"given"`
	Expect expect `yaml:"expect,flow"`
}

type given struct {
	Stage     string                       `yaml:"stage,omitempty"`
	Runtime   string                       `yaml:"runtime"`
	Model     string                       `yaml:"model"`
	URL       string                       `yaml:"url,omitempty"`
	External  bool                         `yaml:"external,omitempty"`
	AtOnce    int                          `yaml:"at-once,omitempty"`
	SameName  bool                         `yaml:"same-name,omitempty"`
	HangUp    bool                         `yaml:"hang-up,omitempty"`
	Switch    string                       `yaml:"switch,omitempty"`
	Malformed string                       `yaml:"malformed,omitempty"`
	Filler    int                          `yaml:"filler,omitempty"`
	Secrets   map[string]map[string]string `yaml:"secrets,flow"`
}

type expect struct {
	Verdict    string `yaml:"verdict"`
	Code       string `yaml:"code,omitempty"`
	Upstream   string `yaml:"upstream,omitempty"`
	Loud       *bool  `yaml:"loud,omitempty"`
	OrRejected bool   `yaml:"or-rejected,omitempty"`
}

// YAML writes a walk as a scenario of a class, in the corpus's own format: a file that
// holds it alone. The id tells what is wrong and is the same for the same walk.
func (f *Found) YAML(class string) []byte {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	// Nothing in it can fail to be written.
	_ = enc.Encode(written{Class: class, About: "What conformance explore found.", Scenarios: []entry{f.entry(class)}})
	_ = enc.Close()
	return b.Bytes()
}

// ID is the walk's id in a class.
func (f *Found) ID(class string) string { return f.entry(class).ID }

func (f *Found) entry(class string) entry {
	s, v := f.Scenario, f.Violation()
	e := entry{
		Title: v.Kind.Title(), Severity: s.Severity, Source: s.Source, Effect: s.EffectOf(v.Rule),
		Rules: append([]string{v.Rule}, slices.DeleteFunc(slices.Clone(s.Rules), func(r string) bool { return r == v.Rule })...),
	}
	if s.Level != scenarios.Core {
		e.Level = string(s.Level)
	}
	for i := range s.Steps {
		e.Steps = append(e.Steps, stepOf(&s.Steps[i]))
	}
	text, _ := yaml.Marshal(e.Steps)
	sum := sha256.Sum256(text)
	e.ID = class + "/" + string(v.Kind) + "-" + hex.EncodeToString(sum[:4])
	return e
}

func stepOf(st *scenarios.Step) step {
	x := st.Expect
	out := step{
		Name:   nameOf(st),
		Given:  given{Runtime: st.Runtime, Model: st.Model, URL: st.URL, External: st.External, SameName: st.SameName, HangUp: st.HangUp, Malformed: string(st.Malformed)},
		Expect: expect{Verdict: string(x.Verdict), Code: x.Code, Upstream: string(x.Upstream), OrRejected: x.OrRejected},
	}
	if st.Stage != scenarios.Create {
		out.Given.Stage = string(st.Stage)
	}
	if st.AtOnce > 1 {
		out.Given.AtOnce = st.AtOnce
	}
	if st.Switch != nil {
		out.Given.Switch = st.Switch.Name
	}
	if x.Verdict == scenarios.Allowed || x.Verdict == scenarios.Either {
		out.Expect.Loud = &x.Loud
	}
	out.Given.Secrets = map[string]map[string]string{}
	for scope, values := range map[string]map[string]scenarios.Value{"workspace": st.Secrets.Workspace, "global": st.Secrets.Global} {
		for n, v := range values {
			if isFiller(n) {
				out.Given.Filler++
				continue
			}
			if out.Given.Secrets[scope] == nil {
				out.Given.Secrets[scope] = map[string]string{}
			}
			out.Given.Secrets[scope][n] = v.String()
		}
	}
	return out
}

func isFiller(name string) bool { return strings.HasPrefix(name, "A0_CONFORMANCE_FILLER_") }

// nameOf says in a word or two what a step is.
func nameOf(st *scenarios.Step) string {
	switch st.Stage {
	case scenarios.Provision:
		return "a restart"
	case scenarios.Remove:
		return "delete it"
	case scenarios.Look:
		return "a look"
	}
	if st.AtOnce > 1 {
		return fmt.Sprintf("%d creates at once", st.AtOnce)
	}
	return "a create"
}

// Steps tells each step of a walk as a person would do it, and what must come of it.
func Steps(s *scenarios.Scenario) []string {
	var out []string
	before := scenarios.Secrets{}
	for i := range s.Steps {
		st := &s.Steps[i]
		text := told(st, i, before) + " " + must(st)
		out = append(out, text)
		if st.Stage == scenarios.Create || st.Stage == scenarios.Provision {
			before = st.Secrets
		}
	}
	return out
}

func told(st *scenarios.Step, i int, before scenarios.Secrets) string {
	switch st.Stage {
	case scenarios.Remove:
		return "Delete the workspace."
	case scenarios.Look:
		return "Read all that the server shows of the workspace."
	case scenarios.Provision:
		return "Restart the workspace with " + holds(st, i) + "."
	}
	text := "Create a workspace"
	if st.AtOnce > 1 {
		text = fmt.Sprintf("Create %d workspaces at once", st.AtOnce)
	}
	if st.External {
		text += ", an external one,"
	}
	text += fmt.Sprintf(" for runtime %q and model %q with %s", st.Runtime, st.Model, holds(st, i))
	for _, extra := range []struct {
		such bool
		text string
	}{
		{st.URL != "" && !st.External, "a url"}, {st.Switch != nil, "what should change nothing (" + switchName(st) + ")"}, {st.Malformed != "", "a body that is spoilt (" + string(st.Malformed) + ")"},
		{st.SameName, "the name of the one before"}, {st.HangUp, "a client that hangs up once the provider is asked"},
	} {
		if extra.such {
			text += ", with " + extra.text
		}
	}
	return text + "."
}

func switchName(st *scenarios.Step) string {
	if st.Switch == nil {
		return ""
	}
	return st.Switch.Name
}

// holds says what is in scope in a step.
func holds(st *scenarios.Step, i int) string {
	var parts []string
	fillers := 0
	for _, scope := range []struct {
		of     string
		values map[string]scenarios.Value
	}{{"workspace", st.Secrets.Workspace}, {"tenant", st.Secrets.Global}} {
		for _, n := range slices.Sorted(maps.Keys(scope.values)) {
			if isFiller(n) {
				fillers++
				continue
			}
			v := scope.values[n]
			parts = append(parts, fmt.Sprintf("%q at the %s (%s)", n, scope.of, words(v, i)))
		}
	}
	if len(parts) > 4 {
		parts = append(parts[:3], fmt.Sprintf("%d more names", len(parts)-3))
	}
	if fillers > 0 {
		parts = append(parts, fmt.Sprintf("%d secrets that nobody asks for", fillers))
	}
	if len(parts) == 0 {
		return "no secrets"
	}
	return strings.Join(parts, ", ")
}

// words says what a value is in a step, such as "padded, dead".
func words(v scenarios.Value, i int) string {
	said := ""
	if len(v.Answers) > 0 {
		said = v.AnswerAt(i)
	}
	parts := slices.DeleteFunc([]string{string(v.Shape), said}, func(s string) bool { return s == "" })
	if v.Tag != "" {
		parts = append(parts, "value "+v.Tag)
	}
	return strings.Join(parts, ", ")
}

// must says what must come of a step.
func must(st *scenarios.Step) string {
	x := &st.Expect
	switch x.Verdict {
	case scenarios.Refused:
		return "It must be refused with " + x.Code + "."
	case scenarios.Allowed:
		if x.Loud {
			return "It must be allowed, and something must say so loudly."
		}
		return "It must be allowed."
	case scenarios.Untouched:
		return "The gate must stay out."
	case scenarios.Either:
		return "It may be allowed, or refused with " + x.Code + "."
	}
	return "Any answer is lawful but a fault."
}
