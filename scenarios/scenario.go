package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/strict"
)

// A Level says whether a rule belongs to the default verdict.
type Level string

const (
	// Core rules make up the default verdict.
	Core Level = "core"
	// Extended rules are asked for with --level extended.
	Extended Level = "extended"
)

// A Scenario is one situation and what must happen in it, after expansion:
// every placeholder is filled and every default is set.
type Scenario struct {
	ID       string
	Title    string
	Class    string
	Level    Level
	Severity string
	// Rules are the ids that the scenario exercises; the first is the one that
	// a wrong verdict violates.
	Rules  []string
	Source string
	// Effect says what goes wrong in production when a gate fails this.
	Effect string
	// Needs are the claims without which the scenario cannot be judged.
	Needs []string
	// Steps are replayed in order; never empty.
	Steps []Step
	// Twin is the id of the scenario that differs in the credential only and
	// must be allowed; empty unless the scenario must be refused.
	Twin string
	// NotApplicable says why the registry in use cannot express the scenario;
	// empty where it can.
	NotApplicable string
	// Pos is where the scenario stands in its file.
	Pos strict.Position

	// entry is what the scenario was made from, cell its value on each axis of the
	// entry's matrix, nil without one, and at its place among the entry's cells.
	entry *template
	cell  []string
	at    int
}

// A Stage is the moment that a step drives.
type Stage string

const (
	// Create makes a new workspace.
	Create Stage = "create"
	// Provision provisions the last created workspace again, after the secrets
	// in scope became those of the step.
	Provision Stage = "provision"
	// Look reads all that the target shows of the last created workspace: its
	// state, its failures, the lists that it stands in (SEC-1).
	Look Stage = "look"
	// Remove deletes the last created workspace.
	Remove Stage = "remove"
)

// A Step is one request to the target.
type Step struct {
	Name     string
	Stage    Stage
	Runtime  string
	Model    string
	External bool
	// URL is the create request's url field; empty where it has none.
	URL string
	// Fields are further fields of the create request.
	Fields  map[string]any
	Secrets Secrets
	// AtOnce is how many times the step is replayed concurrently; at least 1.
	AtOnce int
	// Alongside: the step is replayed together with the one before it.
	Alongside bool
	// Malformed says how the create request is spoilt on its way; empty where
	// it is sent as the profile builds it (ROB-2).
	Malformed Malformation
	// Switch is what the create request adds to switch the gate off; nil where it adds
	// nothing (PRE-9).
	Switch *Switch
	// SameName: the create asks for the name of the create before it.
	SameName bool
	// OneName: all that are sent at once ask for one name.
	OneName bool
	// HangUp: the client goes away as soon as the provider has been asked, and the
	// provider answers after that (REF-4).
	HangUp bool
	// After is how much of the time for which a server may keep a live verdict must
	// have gone by since the credential was last seen alive; empty where the step
	// follows at once, as all do at a server that keeps none (LIV-13).
	After  Part
	Expect Expect
}

// A Part is how much of the time of a profile's liveness-cache goes by before a step.
type Part string

const (
	// HalfCache: half of the time; a kept verdict may still decide.
	HalfCache Part = "half-cache"
	// WholeCache: all of it; no kept verdict may decide any more.
	WholeCache Part = "cache"
)

// Secrets are symbolic credentials by scope and name. Either map may be nil.
type Secrets struct {
	Workspace map[string]Value
	Global    map[string]Value
}

// A Value is a symbolic credential value.
type Value struct {
	// Shape is how the value is written: plain, blank, empty, padded…
	Shape Shape
	// Answers are what the provider answers to it: the nth exchange gets the
	// nth, the last repeats. Empty where the shape leaves nothing to send.
	Answers []string
	// Then is what the provider answers in the steps after the first, one for each;
	// the last one repeats. Nil where it answers alike in all of them.
	Then []string
	// Tag tells two values apart that are otherwise the same.
	Tag string
}

// A Shape is how a symbolic value is written out.
type Shape string

// The shapes. Every shape but Empty, the blank ones and Unreadable carries answers.
const (
	Plain Shape = ""
	Empty Shape = "empty" // a name with an empty value (PRE-3)
	Blank Shape = "blank" // white space only (PRE-3)
	// White space of one kind only, that is no blank or tab of ASCII, and of all kinds.
	BlankVerticalTab Shape = "blank-vertical-tab"
	BlankFormFeed    Shape = "blank-form-feed"
	BlankNoBreak     Shape = "blank-no-break-space"
	BlankIdeographic Shape = "blank-ideographic-space"
	BlankLines       Shape = "blank-lines" // line feeds and carriage returns
	BlankUnicode     Shape = "blank-unicode"
	Padded           Shape = "padded"        // white space around the value
	Newline          Shape = "newline"       // one trailing newline (SEC-6)
	CRLF             Shape = "crlf"          // one trailing CR LF (SEC-6)
	InnerNewline     Shape = "inner-newline" // CR LF inside (SEC-6)
	InnerCR          Shape = "inner-cr"      // CR inside (SEC-6)
	InnerLF          Shape = "inner-lf"      // LF inside (SEC-6)
	InnerNUL         Shape = "inner-nul"     // NUL inside (SEC-6)
	InnerSpace       Shape = "inner-space"   // a space and a tab inside, which a header may hold (LIV-3)
	NonASCII         Shape = "non-ascii"     // a letter outside ASCII inside (SEC-6)
	Long             Shape = "long"          // one MiB (ROB-2)
	URL              Shape = "url"           // a URL at a host that no registry has (LIV-4)
	// Values that are nearly alike: the first one, and four that differ from it in
	// little (LIV-12).
	Alike       Shape = "alike"
	AlikeHead   Shape = "alike-head"   // the same first half
	AlikeTail   Shape = "alike-tail"   // the same second half
	AlikeCase   Shape = "alike-case"   // the same but for its case
	AlikeMiddle Shape = "alike-middle" // another character in the middle
	// Forms of values (LIV-15).
	FormBare   Shape = "form-bare"   // no prefix
	FormShort  Shape = "form-short"  // 12 characters
	FormDotted Shape = "form-dotted" // a dot behind two capitals, as Google's
	FormGoogle Shape = "form-google" // four letters and 35 characters, as Google's were
	FormToken  Shape = "form-token"  // the head of a subscription's token
	FormJSON   Shape = "form-json"   // looks like JSON
	FormLong   Shape = "form-long"   // 2,000 characters
	FormMarks  Shape = "form-marks"  // in quotes, with a percent escape, a comma and a hash
	// What looks like a reference to the server's environment is a literal (PRE-8).
	BraceReference   Shape = "brace-reference"   // ${NAME}
	DollarReference  Shape = "dollar-reference"  // $NAME
	EnvironReference Shape = "environ-reference" // os.environ/NAME
	Unreadable       Shape = "unreadable"        // stored, cannot be decrypted (LIV-10)
)

var shapes = []Shape{Empty, Blank, BlankVerticalTab, BlankFormFeed, BlankNoBreak, BlankIdeographic, BlankLines, BlankUnicode, Padded, Newline, CRLF, InnerNewline, InnerCR, InnerLF, InnerNUL, InnerSpace, NonASCII, Long, URL,
	Alike, AlikeHead, AlikeTail, AlikeCase, AlikeMiddle, FormBare, FormShort, FormDotted, FormGoogle, FormToken, FormJSON, FormLong, FormMarks, BraceReference, DollarReference, EnvironReference, Unreadable}

// Present reports whether the value counts as a credential (PRE-3, LIV-10).
func (v Value) Present() bool { return v.Shape != Empty && !v.Shape.IsBlank() }

// IsBlank reports whether a value of the shape is nothing but white space (PRE-3).
func (s Shape) IsBlank() bool { return strings.HasPrefix(string(s), string(Blank)) }

// AnswerAt is what the provider answers last in a step, by its index; empty where
// nothing is sent.
func (v Value) AnswerAt(step int) string {
	if step > 0 && len(v.Then) > 0 {
		return v.Then[min(step, len(v.Then))-1]
	}
	return v.lastAnswer()
}

// String returns the value as the corpus writes it.
func (v Value) String() string {
	answers := strings.Join(append([]string{strings.Join(v.Answers, ",")}, v.Then...), ">")
	s := answers
	if v.Shape != Plain {
		s = string(v.Shape)
		if len(v.Answers) > 0 && v.Shape != Unreadable {
			s += ":" + answers
		}
	}
	if v.Tag != "" {
		s += "#" + v.Tag
	}
	return s
}

// ParseValue reads `[shape:]answer[,answer…][#tag]`, `empty`, `blank` or
// `unreadable`.
func ParseValue(s string) (Value, error) {
	var v Value
	rest, tag, tagged := strings.Cut(s, "#")
	if tagged && tag == "" {
		return v, fmt.Errorf("%q has an empty tag after #; name the tag or drop the #", s)
	}
	v.Tag = tag
	head, tail, shaped := strings.Cut(rest, ":")
	if shaped || slices.Contains(shapes, Shape(head)) {
		v.Shape = Shape(head)
		if !slices.Contains(shapes, v.Shape) {
			return v, fmt.Errorf("unknown shape %q%s; the shapes are %s", head, strict.DidYouMean(head, names(shapes)), strings.Join(names(shapes), ", "))
		}
		rest = tail
	}
	if v.Shape == Empty || v.Shape == Unreadable || v.Shape.IsBlank() {
		if shaped {
			return v, fmt.Errorf("a value of shape %q carries no answer, so %q is all that can be said", v.Shape, v.Shape)
		}
		return v, nil
	}
	if rest == "" {
		rest = "live"
	}
	first, then, phased := strings.Cut(rest, ">")
	var err error
	if v.Answers, err = parseAnswers(first); err == nil && phased {
		v.Then = strings.Split(then, ">")
		_, err = parseAnswers(strings.Join(v.Then, ","))
	}
	return v, err
}

// parseAnswers reads `answer[,answer…]`.
func parseAnswers(s string) ([]string, error) {
	list := strings.Split(s, ",")
	for _, a := range list {
		if AnswerOf(a).Name == "" {
			return nil, fmt.Errorf("unknown answer %q%s; conformance list --answers prints them all", a, strict.DidYouMean(a, Answers))
		}
	}
	return list, nil
}

func names[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

// A Verdict is what must come of a step.
type Verdict string

const (
	// Refused: the gate refuses with the code of the expectation.
	Refused Verdict = "refused"
	// Allowed: the workspace is created, or provisioning goes on.
	Allowed Verdict = "allowed"
	// Untouched: allowed, or refused by a rule that is not the gate's (DER-3 to DER-5).
	Untouched Verdict = "untouched"
	// Either: lawful both ways, but stages and repetitions must agree.
	Either Verdict = "either"
	// Any: every answer is lawful but a fault of the target (ROB-2).
	Any Verdict = "any"
)

// A Malformation is a way to spoil a create request (ROB-2).
type Malformation string

// The malformations. What they do to the bytes stands in suite.
const (
	EmptyBody     Malformation = "empty-body"      // no body at all
	NotJSON       Malformation = "not-json"        // text that is no JSON
	Truncated     Malformation = "truncated"       // the first half of the JSON
	Trailing      Malformation = "trailing"        // the JSON, and something behind it
	Array         Malformation = "array"           // a JSON array
	Null          Malformation = "null"            // the JSON value null
	Text          Malformation = "string"          // a JSON string
	Deep          Malformation = "deep"            // arrays in arrays, 10,000 deep
	InvalidUTF8   Malformation = "invalid-utf8"    // bytes that are no UTF-8 inside a string
	Form          Malformation = "form"            // a form's content type and encoding
	NumberSecret  Malformation = "number-secret"   // a number among the secrets
	BooleanSecret Malformation = "boolean-secret"  // a boolean among the secrets
	ObjectSecret  Malformation = "object-secret"   // an object among the secrets
	NullSecret    Malformation = "null-secret"     // null among the secrets
	DuplicateName Malformation = "duplicate-name"  // a secret's name twice
	NumberModel   Malformation = "number-model"    // a number for the model
	NullModel     Malformation = "null-model"      // null for the model
	ListRuntime   Malformation = "list-runtime"    // a list for the runtime
	NullRuntime   Malformation = "null-runtime"    // null for the runtime
	TextExternal  Malformation = "string-external" // the string "yes" for external
	NoRuntime     Malformation = "no-runtime"      // no runtime at all: the server's default (PRE-9)
	EmptyRuntime  Malformation = "empty-runtime"   // an empty runtime: unknown, or the default, as the server likes
	NoName        Malformation = "no-name"         // no name (SEC-1)
	NumberName    Malformation = "number-name"     // a number for the name (SEC-1)
	NoModel       Malformation = "no-model"        // no model (SEC-1)
	// Names that a database, or what shows them, may not take (ROB-2).
	NULName       Malformation = "nul-name"       // NUL in the name
	SurrogateName Malformation = "surrogate-name" // half a surrogate pair in the name
	QuoteName     Malformation = "quote-name"     // quotes, a backslash and a comment in the name
	EmojiName     Malformation = "emoji-name"     // letters of four bytes in the name
	LongName      Malformation = "long-name"      // a name of 3,000 characters more
	NULKey        Malformation = "nul-key"        // NUL in the name of a further secret
	QuoteKey      Malformation = "quote-key"      // quotes in the name of a further secret
	LongKey       Malformation = "long-key"       // a further secret's name of 3,000 characters more
)

// Malformations are all ways to spoil a create request.
var Malformations = []Malformation{
	EmptyBody, NotJSON, Truncated, Trailing, Array, Null, Text, Deep, InvalidUTF8, Form,
	NumberSecret, BooleanSecret, ObjectSecret, NullSecret, DuplicateName, NumberModel, NullModel, ListRuntime, NullRuntime, TextExternal,
	NoRuntime, EmptyRuntime, NoName, NumberName, NoModel,
}

// An Upstream says which calls a step may make to providers.
type Upstream string

const (
	// NoCall: no call at all (PRE-7, DER-3 to DER-5, LIV-7).
	NoCall Upstream = "none"
	// OneProbe: one GET with the probed credential, one lawful retry included (LIV-9).
	OneProbe Upstream = "probe"
	// AnyProbe: at most what OneProbe allows.
	AnyProbe Upstream = "optional"
)

// An Expect is what must come of a step.
type Expect struct {
	Verdict Verdict
	// Code is set where Verdict is Refused or Either.
	Code string
	// Providers are the names of which a refusal must name one (REF-2). Empty
	// where nothing is derived.
	Providers []string
	Upstream  Upstream
	// Probed is the credential that decides, as "scope/NAME"; empty where none
	// is sent, unless its name must stand in the trace (LIV-10).
	Probed string
	// Loud: an allow must leave a trace (LIV-11).
	Loud bool
	// OrRejected: the server may also reject the request with a 4xx of its own
	// (SEC-6), also where it must not refuse for want of a credential.
	OrRejected bool
}

// MustRefuse reports whether the scenario's last step must be refused.
func (s *Scenario) MustRefuse() bool { return s.Steps[len(s.Steps)-1].Expect.Verdict == Refused }

// Pauses reports whether a step waits until a kept verdict is over.
func (s *Scenario) Pauses() bool {
	return slices.ContainsFunc(s.Steps, func(st Step) bool { return st.After != "" })
}

// Waits reports whether a provider's answer outlasts any probe budget.
func (s *Scenario) Waits() bool {
	for i := range s.Steps {
		if s.Steps[i].Secrets.waits() {
			return true
		}
	}
	return false
}

func (s Secrets) waits() bool {
	return s.any(func(v Value) bool {
		return slices.ContainsFunc(v.Answers, func(a string) bool { return AnswerOf(a).Waits })
	})
}

// InScope reports whether a name is present at either scope.
func (s Secrets) InScope(name string) bool {
	for _, m := range []map[string]Value{s.Workspace, s.Global} {
		if v, ok := m[name]; ok && v.Present() {
			return true
		}
	}
	return false
}
