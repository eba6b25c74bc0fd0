// Package proxy is the forward proxy that stands between a server under test
// and the fake providers. It opens every tunnel itself, with a certificate
// from an authority made for the run, and hands what it reads to an
// [http.Handler]; so an unmodified server that dials https://api.anthropic.com
// is answered on loopback.
//
// It is no open proxy. There is no code here that dials; what is not a
// registry host is intercepted like the rest, so that a credential in the
// request can be seen, reported through [Config.Refused], and left to the
// handler to refuse. It listens on loopback unless asked otherwise, and the
// authority's key never leaves the process's memory.
//
// What lives here: CONNECT, certificates, tunnels, the faults that strike
// before a request is read ([Fault]), and the environment that leads a child
// process here. What does not: what a provider answers (fakes/upstream), which
// hosts there are (registry), and any judgement about what was seen (suite).
package proxy
