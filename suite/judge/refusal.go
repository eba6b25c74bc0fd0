package judge

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// statusRefused is the status of a refusal (REF-1).
const statusRefused = 422

// checkRefusal holds every refusal that was due to its form (REF-1) and to
// what it must name (REF-2).
func checkRefusal(o *Observation, s *StepObservation) []Violation {
	x := s.Step.Expect
	if x.Verdict != scenarios.Refused && x.Verdict != scenarios.Either {
		return nil
	}
	var out []Violation
	for j := range s.Replies {
		r := &s.Replies[j]
		ownForm := r.RawCode == "" && r.Status != statusRefused || s.Step.Malformed != "" && !Known(r.Code)
		if r.Outcome != target.Refused || x.OrRejected && ownForm && r.Status/100 == 4 {
			continue // no refusal, or one by another rule of the server's
		}
		out = append(out, form(o, s.Step, r)...)
		if x.Verdict == scenarios.Refused {
			// Where both verdicts are lawful, so may be the derivation of a tie.
			out = append(out, naming(o, s.Step, r)...)
		}
	}
	return out
}

func form(o *Observation, step *scenarios.Step, r *target.Reply) []Violation {
	var out []Violation
	if !Known(r.Code) {
		out = append(out, Violation{UnknownCode, "REF-1", 0, "the refusal has no code that this gate may give", "code " + step.Expect.Code, "code " + quoted(r.RawCode)})
	}
	if !o.HTTP || step.Stage != scenarios.Create {
		return out
	}
	if r.Status != statusRefused {
		out = append(out, Violation{WrongStatus, "REF-1", 0, "the refusal has another status", "status 422", fmt.Sprintf("status %d", r.Status)})
	}
	if !r.Object {
		out = append(out, Violation{NotJSON, "REF-1", 0, "the refusal's body is not a JSON object", "a JSON object", spelled.Short(string(r.Body), 80)})
	}
	return out
}

// checkFields reports replies to creates with a field that stands twice in one object
// (REF-1): which of the two is the code, each client decides for itself.
func checkFields(o *Observation, s *StepObservation) []Violation {
	if !o.HTTP || s.Step.Stage != scenarios.Create {
		return nil
	}
	for j := range s.Replies {
		r := &s.Replies[j]
		if !r.Object {
			continue
		}
		if err := strict.DuplicateKeys(bytes.NewReader(r.Body)); err != nil {
			return []Violation{{FieldTwice, "REF-1", 0, "an object of the reply has a field twice", "each field once", err.Error()}}
		}
	}
	return nil
}

func quoted(s string) string {
	if s == "" {
		return "(none)"
	}
	return fmt.Sprintf("%q", s)
}

// naming looks for the provider, for an accepted name where one is missing and,
// for the extended level, for the name of a dead credential.
func naming(o *Observation, step *scenarios.Step, r *target.Reply) []Violation {
	if step.Stage != scenarios.Create || !Known(r.Code) {
		return nil
	}
	var out []Violation
	text := ownWords(o, step, r.Text)
	x := step.Expect
	if !namesProvider(o.Registry, x.Providers, r, text) {
		kind := ProviderUnnamed
		if len(namedBy(o.Registry, r.Provider)) > 0 {
			kind = WrongProvider
		}
		out = append(out, Violation{kind, "REF-2", 0, "the refusal does not name the derived provider", strings.Join(x.Providers, " or "), provided(r)})
	}
	if r.Code == gate.MissingCredential {
		if accepted := AcceptedBy(o.Registry, x.Providers); !slices.ContainsFunc(accepted, func(n string) bool { return slices.Contains(r.Names, n) || hasWord(text, n) }) {
			out = append(out, Violation{AcceptedUnnamed, "REF-2", 0, "the refusal names no credential that would be accepted", "one of " + strings.Join(accepted, ", "), spelled.Short(r.Text, 200)})
		}
	} else if _, name, _ := strings.Cut(x.Probed, "/"); o.Level == scenarios.Extended && name != "" && r.Credential != name && !hasWord(text, name) {
		out = append(out, Violation{DeadUnnamed, "REF-2", 0, "the refusal does not name the credential that is dead", name, spelled.Short(r.Text, 200)})
	}
	return out
}

func provided(r *target.Reply) string {
	if r.Provider != "" {
		return "provider " + quoted(r.Provider)
	}
	return spelled.Short(r.Text, 200)
}

// ownWords is a text of the target without what it only repeats and what may
// hold a provider's or a credential's name by itself: our request ids and the
// model id.
func ownWords(o *Observation, step *scenarios.Step, text string) string {
	text = withoutRequestIDs(text, o.RunID)
	if m := strings.TrimSpace(step.Model); m != "" {
		text = strings.ReplaceAll(text, m, " ")
	}
	return text
}

// withoutRequestIDs cuts the ids of a run's requests out of a text, whole or
// cut short, those of other scenarios included.
func withoutRequestIDs(text, run string) string {
	if run == "" || !strings.Contains(text, run+"/") {
		return text
	}
	pieces := strings.Split(text, run+"/")
	for i, p := range pieces[1:] {
		pieces[i+1] = strings.TrimLeftFunc(p, inRequestID)
	}
	return strings.Join(pieces, " ")
}

// othersLine reports whether a text names the requests of other scenarios of a
// run and none of this one's, request: what it says, it says of them.
func othersLine(text, run, request string) bool {
	if run == "" {
		return false
	}
	pieces := strings.Split(text, run+"/")[1:]
	for _, p := range pieces {
		end := strings.IndexFunc(p, func(r rune) bool { return !inRequestID(r) })
		if end < 0 {
			end = len(p)
		}
		id := strings.TrimRight(p[:end], ".…") // a log may cut it short
		if strings.HasPrefix(request, id) {
			return false
		}
	}
	return len(pieces) > 0
}

// inRequestID reports whether a request's id may hold a character; white space,
// quotes and brackets end it in any log.
func inRequestID(r rune) bool {
	return !unicode.IsSpace(r) && !strings.ContainsRune("\"'`,;()[]{}<>\\", r)
}

// namesProvider accepts the provider's name or its display name, in the reply's
// own field or in its text. A field that holds another provider's name speaks
// against it, whatever the text says; one that holds anything else, such as a
// vendor's name, says nothing.
func namesProvider(reg *registry.Registry, want []string, r *target.Reply, text string) bool {
	if len(want) == 0 {
		return true
	}
	if named := namedBy(reg, r.Provider); len(named) > 0 {
		return slices.ContainsFunc(named, func(p string) bool { return slices.Contains(want, p) })
	}
	return slices.ContainsFunc(want, func(name string) bool {
		return slices.ContainsFunc(namesOf(reg, name), func(n string) bool { return hasWord(text, n) })
	})
}

// namesOf are a provider's name and its display name.
func namesOf(reg *registry.Registry, name string) []string {
	if p := reg.Provider(name); p != nil && p.DisplayName != "" {
		return []string{name, p.DisplayName}
	}
	return []string{name}
}

// namedBy returns the providers that a field names; several may go by one
// display name.
func namedBy(reg *registry.Registry, field string) []string {
	var out []string
	for _, p := range reg.Providers {
		if slices.ContainsFunc(namesOf(reg, p.Name), func(n string) bool { return strings.EqualFold(n, field) }) {
			out = append(out, p.Name)
		}
	}
	return out
}

// AcceptedBy lists the credentials that providers accept. It is not to be modified.
func AcceptedBy(reg *registry.Registry, providers []string) []string {
	if len(providers) == 1 {
		if p := reg.Provider(providers[0]); p != nil {
			return p.AuthEnv
		}
		return nil
	}
	var out []string
	for _, name := range providers {
		if p := reg.Provider(name); p != nil {
			out = append(out, p.AuthEnv...)
		}
	}
	return out
}

// hasWord reports whether a name stands in a text by itself, in any case: not
// as part of a longer name.
func hasWord(text, word string) bool {
	if word == "" {
		return false
	}
	text, word = strings.ToLower(text), strings.ToLower(word)
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(word)
		if (start == 0 || !nameByte(text[start-1])) && (end == len(text) || !nameByte(text[end])) {
			return true
		}
		from = start + 1
	}
}

func nameByte(b byte) bool {
	return b == '_' || b == '-' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z'
}
