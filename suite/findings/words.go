package findings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/suite/judge"
)

// manyTried is how much must have been tried for "everywhere" to mean something.
const manyTried = 10

// title is a finding in plain words: what is wrong, and where.
func (t *table) title(f *folded) string {
	what := kindWords(f.kind, f.due)
	var parts []string
	for _, l := range f.literals {
		if w := t.words(&l, f); w != "" {
			parts = append(parts, w)
		}
	}
	if len(parts) == 0 {
		if f.units.len() >= manyTried {
			return what + ", everywhere"
		}
		return what
	}
	slices.SortStableFunc(parts, func(a, b string) int { return order(a) - order(b) })
	text := strings.Join(parts, ", and ")
	if !f.exact {
		return what + ", mostly " + text
	}
	return what + ", " + text
}

// order puts adverbs of place behind clauses.
func order(part string) int {
	if strings.HasPrefix(part, "where") {
		return 0
	}
	return 1
}

// kindWords say what is wrong, as the beginning of a sentence.
func kindWords(kind judge.Kind, due string) string {
	switch {
	case kind == judge.WronglyAllowed && strings.HasSuffix(due, "MISSING_BYOK_CREDENTIAL"):
		return "A workspace is allowed that has no credential which counts"
	case kind == judge.WronglyAllowed && strings.HasSuffix(due, "BYOK_CREDENTIAL_INVALID"):
		return "A workspace is allowed whose credential its provider refuses"
	case kind == judge.WrongCode && strings.HasSuffix(due, "BYOK_CREDENTIAL_INVALID"):
		return "A dead credential is called missing"
	case kind == judge.WrongCode && strings.HasSuffix(due, "MISSING_BYOK_CREDENTIAL"):
		return "A missing credential is called dead"
	}
	title := kind.Title()
	if title == "" {
		title = string(kind)
	}
	return strings.ToUpper(title[:1]) + title[1:]
}

// words are a condition as part of a sentence; empty where the kind says it already.
func (t *table) words(l *literal, f *folded) string {
	if l.axis == verdictDue && (f.kind == judge.Meddled || f.kind == judge.WronglyRefused) {
		return "" // the kind says it
	}
	if l.axis == verdictDue {
		return map[string]string{"allowed": "where it must be allowed", "untouched": "where the gate must stay out"}[l.values[0]]
	}
	if l.axis == secrets {
		return secretWords(l.values[0], l.not)
	}
	if l.axis == situation {
		pair := situations[l.values[0]]
		if l.not {
			return pair[1]
		}
		return pair[0]
	}
	if l.axis == deciderAt && l.values[0] == "none" && len(l.values) == 1 {
		return map[bool]string{false: "where no credential counts", true: "where a credential counts"}[l.not]
	}
	if l.axis == ofProvider && l.values[0] == "none" && len(l.values) == 1 {
		return map[bool]string{false: "where no provider can be derived", true: "where a provider can be derived"}[l.not]
	}
	phrase, known := axisWords[l.axis]
	if !known {
		phrase = "where " + string(l.axis) + " is"
	}
	shown := make([]string, len(l.values))
	for i, v := range l.values {
		shown[i] = valueWords(l.axis, v)
	}
	if l.not {
		return phrase + " " + allBut(l.axis) + " " + strings.Join(shown, ", ")
	}
	if missing := t.missing(f, l); len(l.values) > 2 && len(missing) > 0 && len(missing) < len(l.values) {
		return phrase + " " + allBut(l.axis) + " " + strings.Join(missing, ", ")
	}
	return phrase + " " + listed(shown)
}

func allBut(a axis) string {
	if a == inStage || a == deciderAt {
		return "not"
	}
	return "any but"
}

// missing are the values of an axis at which the rest of the description was tried
// and passed.
func (t *table) missing(f *folded, l *literal) []string {
	rest := f.passed
	for i := range f.literals {
		o := &f.literals[i]
		if o.axis == l.axis {
			continue
		}
		if o.not {
			rest = rest.minus(o.units)
		} else {
			rest = rest.and(o.units)
		}
	}
	var out []string
	for i, fact := range t.facts {
		if fact.Axis == l.axis && !slices.Contains(l.values, fact.Value) && rest.meets(t.of[i]) > 0 {
			out = append(out, valueWords(l.axis, fact.Value))
		}
	}
	slices.Sort(out)
	return out
}

func listed(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}

var axisWords = map[axis]string{
	inStage:     "at",
	ofProvider:  "for provider",
	inRuntime:   "in runtime",
	withModel:   "with model",
	byAnswer:    "where the provider answers",
	byFamily:    "where the provider answers with",
	byShape:     "where the value that decides is",
	byBlank:     "where what stands under an accepted name is nothing but",
	deciderAt:   "where the credential that decides stands at the",
	deciderIs:   "where the accepted name that decides is",
	deciderName: "where the credential that decides is",
	bySpelling:  "where a name is an accepted one with",
	byName:      "where a value stands under",
	byField:     "where the request has the field",
	malformedAs: "where the request is malformed:",
	inEntry:     "in the scenarios of",
	owned:       "where the model is",
	ofProtocol:  "where the provider's protocol is",
	readFrom:    "where the provider reads the credential from",
	before:      "where the request before it was about a credential that is",
}

func valueWords(a axis, v string) string {
	switch {
	case a == inStage:
		return map[string]string{"create": "create", "provision": "provisioning", "look": "a look at the workspace"}[v]
	case a == deciderIs:
		return map[string]string{"first": "its first", "later": "not its first"}[v]
	case a == deciderAt && v == "none":
		return "nowhere"
	case a == byShape:
		if w := shapeWords[v]; w != "" {
			return w
		}
		return strings.ReplaceAll(strings.TrimPrefix(v, "form-"), "-", " ")
	case a == byBlank:
		return blankWords[v]
	case a == byFamily:
		if w := familyWords[v]; w != "" {
			return w
		}
	case a == before:
		if w := beforeWords[v]; w != "" {
			return w
		}
	case a == owned:
		if w := ownedWords[v]; w != "" {
			return w
		}
	case a == inRuntime && v == "":
		return "(none given)"
	case a == ofProvider && v == "none":
		return "none, since none can be derived"
	case a == withModel || a == byName:
		return fmt.Sprintf("%q", v)
	}
	return v
}

var familyWords = map[string]string{
	"alive": "2xx", "refused": "401", "forbidden": "403", "rate-limited": "429", "5xx": "5xx", "4xx": "another 4xx",
	"unreachable": "nothing, since it cannot be reached", "silent": "nothing, or without an end", "broken": "what is no proper HTTP",
	"redirect": "a redirect", "odd-status": "an odd status", "dialect": "its own marker",
}

var shapeWords = map[string]string{
	"brace-reference": "a reference as in ${NAME}", "dollar-reference": "a reference as in $NAME", "environ-reference": "a reference as in os.environ/NAME",
	"form-short": "short", "form-long": "long", "form-dotted": "dotted", "form-marks": "in quotes, with other marks inside", "form-token": "a value that looks like a subscription's token",
}

var blankWords = map[string]string{
	"blank": "blanks and tabs", "blank-vertical-tab": "a vertical tab", "blank-form-feed": "a form feed", "blank-no-break-space": "a no-break space",
	"blank-ideographic-space": "an ideographic space", "blank-lines": "line ends", "blank-unicode": "Unicode's white space",
}

var beforeWords = map[string]string{"alive": "alive", "refused": "dead", "forbidden": "forbidden", "missing": "missing", "malformed": "in a malformed request"}

var ownedWords = map[string]string{
	"unknown-runtime": "asked for in an unknown runtime", "empty-model": "empty", "unowned-model": "nobody's in that runtime",
	"undecided-overlap": "matched by several patterns, and no credential decides",
	"tied-verbatim":     "listed by several providers", "tied-pattern": "matched by several providers' patterns",
}

// situations are words for what holds, and for what does not.
var situations = map[string][2]string{
	"model-padded":                      {"where the model id has white space around it", "where the model id has no white space around it"},
	"id-marked":                         {"where the model id holds a bracket, an at-sign or a percent sign", "where the model id holds no bracket, at-sign or percent sign"},
	"id-unicode-padded":                 {"where the model id has white space around it that is not ASCII", "where no white space but ASCII's is around the model id"},
	"id-suffixed":                       {"where the model id has a suffix in brackets or behind an at-sign", "where the model id has no suffix in brackets or behind an at-sign"},
	"id-suffixed-elsewhere":             {"where the model id without its suffix would lead elsewhere", "where the model id without its suffix would lead to the same provider"},
	"id-behind-gateway":                 {"where a gateway's name stands before the model id", "where no gateway's name stands before the model id"},
	"id-behind-gateway-elsewhere":       {"where the last part of the model id alone would lead elsewhere", "where the last part of the model id alone would lead to the same provider"},
	"id-escaped":                        {"where the model id holds a percent escape", "where the model id holds no percent escape"},
	"id-escaped-elsewhere":              {"where the model id, unescaped, would lead elsewhere", "where the model id, unescaped, would lead to the same provider"},
	"id-capitalised":                    {"where the model id holds capital letters", "where the model id is in lower case"},
	"id-capitalised-elsewhere":          {"where the model id in lower case would lead elsewhere", "where the model id in lower case would lead to the same provider"},
	"id-full-width":                     {"where the model id holds full-width characters", "where the model id holds no full-width characters"},
	"id-full-width-elsewhere":           {"where the model id without full-width characters would lead elsewhere", "where the model id without full-width characters would lead to the same provider"},
	"id-listed-elsewhere":               {"where another runtime lists the model id for another provider", "where no other runtime lists the model id for another provider"},
	"id-names-vendor-suffices":          {"where the vendor whose model the last part of the id names would be satisfied", "where the vendor whose model the last part of the id names would not be satisfied"},
	"id-listed-suffices":                {"where the provider for which another runtime lists the model id would be satisfied", "where the provider for which another runtime lists the model id would not be satisfied"},
	"id-suffixed-suffices":              {"where the provider of the model id without its suffix would be satisfied", "where the provider of the model id without its suffix would not be satisfied"},
	"id-behind-gateway-suffices":        {"where the provider of the last part of the model id would be satisfied", "where the provider of the last part of the model id would not be satisfied"},
	"id-escaped-suffices":               {"where the provider of the unescaped model id would be satisfied", "where the provider of the unescaped model id would not be satisfied"},
	"id-capitalised-suffices":           {"where the provider of the model id in lower case would be satisfied", "where the provider of the model id in lower case would not be satisfied"},
	"id-full-width-suffices":            {"where the provider of the model id without full-width characters would be satisfied", "where the provider of the model id without full-width characters would not be satisfied"},
	"name-in-another-case":              {"where a name is an accepted one in another case", "where no name is an accepted one in another case"},
	"name-invisible":                    {"where a name is an accepted one with an invisible character in it", "where no name is an accepted one with an invisible character in it"},
	"blank-own-no-break":                {"where white space with a no-break space in it stands under an accepted name", "where no white space with a no-break space in it stands under an accepted name"},
	"name-padded":                       {"where a name is an accepted one with white space around it", "where no name is an accepted one with white space around it"},
	"tied":                              {"where several providers own the model", "where one provider owns the model"},
	"tied-later-wins":                   {"where several providers own the model and a credential picks another than the first", "where the first owner of the model wins"},
	"listed":                            {"where the registry lists the model", "where the registry does not list the model"},
	"by-pattern":                        {"where a pattern owns the model", "where no pattern owns the model"},
	"platform":                          {"for the platform", "for any provider but the platform"},
	"probed":                            {"where the provider can be asked", "where the provider cannot be asked"},
	"subscription":                      {"for subscriptions", "for any but subscriptions"},
	"several-names":                     {"where the provider accepts several names", "where the provider accepts one name only"},
	"external":                          {"for external workspaces", "for any but external workspaces"},
	"external-acts":                     {"for external workspaces at which a gate that did not stay out would refuse or ask", "for any but external workspaces"},
	"url":                               {"where the request has a url", "where the request has no url"},
	"no-runtime":                        {"where the request names no runtime", "where the request names a runtime"},
	"at-once":                           {"where many requests come at once", "where one request comes at a time"},
	"hundreds-of-secrets":               {"where the request holds hundreds of secrets", "where the request holds few secrets"},
	"same-name-at-both":                 {"where the same accepted name stands at both scopes", "where no accepted name stands at both scopes"},
	"same-name-at-both-differs":         {"where the same accepted name stands at both scopes with two values", "where no accepted name stands at both scopes with two values"},
	"blank-own-and-other-across-scopes": {"where an accepted name is blank at one scope and another name has a value at the other", "where no blank accepted name is complemented from the other scope"},
	"some-own-names-missing":            {"where some of the accepted names are there, and not all", "where all of the accepted names are there, or none"},
	"all-own-names":                     {"where all accepted names are there", "where not all accepted names are there"},
	"may-be-asked":                      {"where the provider may be asked", "where the provider may not be asked"},
	"asked":                             {"where the provider has to be asked", "where the provider need not be asked"},
	"nothing-heard":                     {"where nothing can be heard of the credential", "where something is heard of the credential"},
	"not-connected":                     {"where no connection comes about", "where a connection comes about"},
	"waits":                             {"where the provider outlasts the probe", "where the provider answers in time"},
	"proves-nothing":                    {"where the answer proves nothing", "where the answer proves something"},
	"other-4xx":                         {"where the provider answers with a 4xx that is not 401, 403 or 429", "where the provider answers with no 4xx, or with 401, 403 or 429"},
	"500-or-above":                      {"where the provider answers with 500 or above", "where the provider answers with less than 500"},
	"answers-change":                    {"where the provider answers differently the second time", "where the provider answers the same again"},
	"later-step":                        {"where another request came before", "in the first request"},
	"same-again":                        {"where the same request came before", "where the same request did not come before"},
	"other-provider-before":             {"where another provider was asked before", "where no other provider was asked before"},
	"gate-acts":                         {"where it is the gate that answers", "where it is not the gate that answers: the request is malformed, or the provider is the platform or cannot be asked"},
	"owned-elsewhere":                   {"where another runtime or provider would own the model", "where nobody at all owns the model"},
	"loud":                              {"where an allow must be told", "where an allow need not be told"},
}

// secretWords are words for a fact about secrets, such as "several foreign there
// anywhere".
func secretWords(v string, not bool) string {
	parts := strings.Fields(v)
	several := parts[0] == "several"
	if several {
		parts = parts[1:]
	}
	relation, state, scope := relationWords[parts[0]], parts[1], parts[2]
	what := stateWords[state]
	place := map[string]string{"workspace": " at the workspace", "tenant": " at the tenant", "at-one-scope": " at one scope"}[scope]
	switch {
	case not && several:
		return "where at most one of these stands" + place + ": " + what[0] + " under " + relation
	case not:
		return "where " + what[2] + " stands under " + relation + place
	case several:
		return "where two or more stand" + place + ": " + what[0] + " under " + relation
	}
	return "where " + what[0] + " stands under " + relation + place
}

var relationWords = map[string]string{
	"own": "an accepted name", "own-first": "the first accepted name", "own-later": "an accepted name that is not the first",
	"near": "a name that is nearly an accepted one", "foreign": "another provider's name", "foreign-probed": "the name of another provider that can be asked",
	"same-vendor": "another name of the same vendor", "same-vendor-probed": "another name of the same vendor", "setting": "the name of a setting",
	"unknown": "a name that nobody knows", "any": "any name", "not-own": "a name that the provider does not accept",
	"vendor-prefix": "another name that begins with the vendor's", "any-prefix": "another name that begins as an accepted one does",
	"key-like": "another name that looks like a key's", "ends-with-key": "another name that ends with _KEY or _TOKEN",
}

// stateWords are a value of a state, several, and none.
var stateWords = map[string][3]string{
	"usable":     {"a value", "values", "no value"},
	"there":      {"a value", "values", "no value"},
	"alive":      {"a live value", "live values", "no live value"},
	"refused":    {"a dead value", "dead values", "no dead value"},
	"empty":      {"an empty value", "empty values", "no empty value"},
	"wide":       {"white space only, none of it ASCII's blanks", "white space only, none of it ASCII's blanks", "no such white space"},
	"white":      {"white space only", "white space only", "nothing that is white space only"},
	"blank":      {"a blank value", "blank values", "no blank value"},
	"unreadable": {"an unreadable value", "unreadable values", "no unreadable value"},
}

// reach says over what the failures spread.
func (t *table) reach(f *folded) string {
	var parts []string
	for _, a := range []struct {
		axis axis
		word string
	}{{ofProvider, "provider"}, {inRuntime, "runtime"}} {
		failed, tried := 0, 0
		both := slices.Clone(f.units)
		both.join(f.passed)
		for i, fact := range t.facts {
			if fact.Axis != a.axis {
				continue
			}
			if f.units.meets(t.of[i]) > 0 {
				failed++
			}
			if both.meets(t.of[i]) > 0 {
				tried++
			}
		}
		if failed == tried && tried > 1 {
			parts = append(parts, fmt.Sprintf("every %s (%d)", a.word, tried))
		} else {
			parts = append(parts, fmt.Sprintf("%d of %d %ss", failed, tried, a.word))
		}
	}
	stages := []string{}
	for _, stage := range []string{"create", "provision", "look"} {
		if i, known := t.index[Fact{inStage, stage}]; known && f.units.meets(t.of[i]) > 0 {
			stages = append(stages, stage)
		}
	}
	return strings.Join(append(parts, strings.Join(stages, " and ")), ", ")
}

// notWhere says what passed though only one condition was missing.
func (t *table) notWhere(f *folded) string {
	var parts []string
	for i := range f.literals {
		rest := f.passed
		for j := range f.literals {
			if l := &f.literals[j]; j != i && l.not {
				rest = rest.minus(l.units)
			} else if j != i {
				rest = rest.and(l.units)
			}
		}
		l := f.literals[i]
		l.not = !l.not
		if n := t.places(rest).len(); n > 0 && len(l.values) == 1 {
			if w := t.words(&l, f); w != "" {
				parts = append(parts, fmt.Sprintf("%s (%s passed)", w, spelled.Number(n)))
			}
		}
	}
	return strings.Join(parts, "; ")
}
