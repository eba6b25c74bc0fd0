// Package upstream stands in for the LLM providers of a registry.
//
// What a provider answers follows from the credential that a request carries
// and from nothing else: a [Credential] names the [Answer]s it gets, so many
// scenarios can share one server without a switch between them. Every host's
// answers, in that provider's own shape, are httpmock responders on one
// MockTransport. An [Upstream] puts them behind two doors:
//
//   - [Upstream.RoundTrip], for a gate whose HTTP client is ours to set. It
//     returns the errors that a real transport would return. Its signature is
//     that of an httpmock.Responder, so it can also be the NoResponder of a
//     MockTransport that somebody else owns.
//   - [Upstream.ServeHTTP], for a loopback server or an intercepting proxy. It
//     does on the connection what the answer says.
//
// Nothing is ever dialled or forwarded. A host that the registry does not have
// is answered with a refusal and reported as such.
//
// What does not live here: how credential values are made and found again (the
// [Keyring]'s owner), certificates and CONNECT (fakes/proxy), and any judgement
// about the gate (suite).
package upstream
