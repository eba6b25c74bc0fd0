package upstream

import (
	"net/http"
	"time"
)

const (
	// maxRequestBody is how much of a request's body is kept and searched.
	maxRequestBody = 64 << 10
	// maxDrain is how much more of it is read, to get at its end.
	maxDrain = 16 << 20
	// maxReplyBody is how much of a reply's body is kept.
	maxReplyBody = 4 << 10
)

// An Exchange is one request to a provider and what came of it. It holds
// credential values in the clear; whoever shows it has to mask them.
//
// Up to Config.Arrive everything from Status on is unset, and Config.Arrive
// must only read. From Config.Observe on it does not change any more.
type Exchange struct {
	// Seq numbers the exchanges of one Upstream in order of arrival, from 1.
	Seq uint64
	// Start is when the request had been read. End is when the reply was about
	// to be sent or, where the answer waits, when the client had gone.
	Start, End time.Time
	Method     string
	// Scheme is "https" or "http".
	Scheme string
	// Host is in lower case, without a port that the scheme implies.
	Host string
	// Path is as it was sent, with the raw query.
	Path   string
	Header http.Header
	// Body is the first 64 KiB of the request's body; nil where it had none.
	Body []byte
	// Known says that the host is in the registry.
	Known bool
	// Providers are the names of the registry's providers on that host.
	Providers []string
	// Sightings are the credentials that the request carries, the one that
	// the provider reads first.
	Sightings []Sighting
	// Nth counts, from 1, the exchanges of the first sighted credential; 0
	// where none was sighted.
	Nth int

	// Status is 0 where no status was sent.
	Status int
	// Answer is in the catalogue, or NoCredential, UnknownCredential,
	// NoVersion, ManyCredentials or UnknownHost.
	Answer Answer
	// Unverified: the client took a certificate that proves nothing.
	Unverified bool
	// Fault is the name of the answer where it is something other than a
	// complete and well-formed HTTP reply, with " as reset" or " as silent"
	// where the connection allowed only that; otherwise empty.
	Fault       string
	ReplyHeader http.Header
	// ReplyBody is the first 4 KiB of the reply's body. It must not be changed.
	ReplyBody []byte
}

// A Sighting says where in a request a credential was seen.
type Sighting struct {
	Credential *Credential
	// Where is "header NAME" with the name in lower case, "url", "host" or "body".
	Where string
	// Exact says that the place holds the value and nothing else, but for the
	// scheme word of an Authorization header. "url" and "body" are never exact.
	Exact bool
	// Read says that the provider takes the credential from there: it is
	// exact, in a header that this host reads for a credential of this name.
	Read bool
}
