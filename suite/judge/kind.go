package judge

// A Kind says what is wrong with a target, as one word: one kind is one thing
// that a reader can repair. Whoever decides, groups or counts asks the kind and
// the rule; the texts of a violation are for people.
type Kind string

// What the reply to a step may be wrong in.
const (
	WronglyAllowed Kind = "wrongly-allowed"
	WronglyRefused Kind = "wrongly-refused"
	// Meddled: the gate refused what it must stay out of.
	Meddled Kind = "meddled"
	// Rejected: another rule of the server refused, so that the gate was not seen.
	Rejected    Kind = "rejected"
	WrongCode   Kind = "wrong-code"
	TwinRefused Kind = "twin-refused"
	LateRefusal Kind = "late-refusal"
	// Fault: a status of 5xx, or a Go value's error that is no verdict.
	Fault Kind = "fault"
	// Deadline: the answer to a create came after the probe's bound, or not at all.
	Deadline Kind = "deadline"
	// Unstable: the same request, many times at once, got different verdicts.
	Unstable       Kind = "unstable"
	StagesDisagree Kind = "stages-disagree"
	// StoppedAnswering: the target answered to nothing any more.
	StoppedAnswering Kind = "stopped-answering"
	// NotMade: the reply names a workspace that was there before, or that another
	// create was answered with.
	NotMade Kind = "not-made"
)

// What the form of a refusal may be wrong in.
const (
	UnknownCode Kind = "unknown-code"
	WrongStatus Kind = "wrong-status"
	NotJSON     Kind = "not-json"
	// FieldTwice: an object of the reply has a field twice.
	FieldTwice      Kind = "field-twice"
	WrongProvider   Kind = "wrong-provider"
	ProviderUnnamed Kind = "provider-unnamed"
	AcceptedUnnamed Kind = "accepted-unnamed"
	DeadUnnamed     Kind = "dead-unnamed"
	RowLeft         Kind = "row-left"
)

// What the calls of a target may be wrong in.
const (
	NeedlessCall     Kind = "needless-call"
	ForeignHost      Kind = "foreign-host"
	RedirectFollowed Kind = "redirect-followed"
	ProbeMoved       Kind = "probe-moved"
	Unasked          Kind = "not-asked"
	WrongMethod      Kind = "wrong-method"
	CalledTooOften   Kind = "called-too-often"
	CalledAgain      Kind = "called-again"
	NoVersion        Kind = "no-version"
	WrongHeader      Kind = "wrong-header"
	CredentialInURL  Kind = "credential-in-url"
	CredentialInBody Kind = "credential-in-body"
	WrongCredential  Kind = "wrong-credential"
	WrongScope       Kind = "wrong-scope"
	StrayCredential  Kind = "stray-credential"
	// CertificateIgnored: a host got a credential that could not prove its name.
	CertificateIgnored Kind = "certificate-ignored"
	// OperatorSent: what the server's own environment holds was used for a tenant.
	OperatorSent Kind = "operator-credential"
)

// What a target may show, or fail to show.
const (
	SilentAllow Kind = "silent-allow"
	LeakReply   Kind = "leak-reply"
	LeakLog     Kind = "leak-log"
	PassedOn    Kind = "passed-on"
)

// kinds are all kinds, each with its title.
var kinds = []struct {
	kind  Kind
	title string
}{
	{WronglyAllowed, "a workspace is allowed that must be refused"},
	{WronglyRefused, "a workspace is refused that must be allowed"},
	{Meddled, "the gate refuses where it must stay out"},
	{Rejected, "another rule of the server refuses, so the gate is not seen"},
	{WrongCode, "a refusal gives the wrong reason"},
	{TwinRefused, "a refusal proves nothing, since its twin with a good credential is refused, too"},
	{LateRefusal, "the refusal comes after the create was answered as allowed"},
	{Fault, "the server fails where a verdict is due"},
	{Deadline, "a create outlasts the probe's bound"},
	{Unstable, "the same request at once gets different verdicts"},
	{StagesDisagree, "create and provision disagree about the same secrets"},
	{StoppedAnswering, "the server stops answering to anything"},
	{NotMade, "the reply names a workspace that this create did not make"},
	{UnknownCode, "a refusal has no code of this gate"},
	{WrongStatus, "a refusal has another status than 422"},
	{NotJSON, "a refusal's body is not a JSON object"},
	{FieldTwice, "a reply has a field twice, so clients differ in what they read"},
	{WrongProvider, "a refusal names another provider than the derived one"},
	{ProviderUnnamed, "a refusal does not name the derived provider"},
	{AcceptedUnnamed, "a refusal names no credential that would be accepted"},
	{DeadUnnamed, "a refusal does not name the dead credential"},
	{RowLeft, "a refused create leaves something behind"},
	{NeedlessCall, "a call is made where none may be"},
	{ForeignHost, "a credential reaches a host that is not the derived provider's"},
	{RedirectFollowed, "a credential is forwarded over a redirect"},
	{ProbeMoved, "something in the request moves the probe"},
	{Unasked, "the provider is not asked about the credential that decides"},
	{WrongMethod, "the probe is no GET"},
	{CalledTooOften, "the provider is called more than once and one retry"},
	{CalledAgain, "the provider is called again after a final answer"},
	{NoVersion, "the probe of Anthropic's own API has no anthropic-version header"},
	{WrongHeader, "the credential travels in a header that the provider does not read"},
	{CredentialInURL, "the credential travels in the URL"},
	{CredentialInBody, "the credential travels in a body"},
	{WrongCredential, "the provider is asked about another accepted credential than the one that decides"},
	{WrongScope, "the provider is asked about the value of the other scope"},
	{StrayCredential, "the provider is sent a credential that it does not accept"},
	{CertificateIgnored, "a credential is sent to a host that cannot prove its name"},
	{OperatorSent, "a credential of the operator's is used for a tenant's workspace"},
	{SilentAllow, "a workspace is allowed without proof of life, and nothing says so"},
	{LeakReply, "a credential stands in a reply"},
	{LeakLog, "a credential stands in the server's output"},
	{PassedOn, "a reply passes the provider's own answer on"},
}

// Kinds are all kinds, in the order in which a reader wants to hear of them.
func Kinds() []Kind {
	out := make([]Kind, len(kinds))
	for i := range kinds {
		out[i] = kinds[i].kind
	}
	return out
}

// Title says in a few plain words what is wrong; empty for an unknown kind.
func (k Kind) Title() string {
	for i := range kinds {
		if kinds[i].kind == k {
			return kinds[i].title
		}
	}
	return ""
}
