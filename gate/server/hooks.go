package server

import (
	"net/http"

	"github.com/molecule-ai/byok-conformance/gate"
)

// Hooks make another server out of this one: one with a fault, or one that is as
// correct but answers differently. Nil functions keep the behaviour of the
// reference server. They are called from many goroutines, never under a lock.
type Hooks struct {
	// GateRequest changes what the gate is asked. workspaceID is empty at the
	// create stage, where there is no workspace yet. The maps in req are the
	// hook's own.
	GateRequest func(workspaceID string, req gate.Request) gate.Request
	// WriteRefusal answers a create that the gate refused; nil means
	// [WriteRefusal].
	WriteRefusal func(w http.ResponseWriter, r *http.Request, c CreateRequest, d gate.Decision)
	// WriteCreated answers a create that went through; nil means [WriteCreated].
	WriteCreated func(w http.ResponseWriter, r *http.Request, c CreateRequest, made Created, d gate.Decision)
	// KeepRefused breaks REF-3: what a refused create leaves behind.
	KeepRefused Leftovers
	// RestartExternal has an external workspace provisioned when that is asked for;
	// the reference server leaves it as it is.
	RestartExternal bool
}

// Leftovers say what a refused create leaves behind; the zero value is nothing.
type Leftovers struct {
	// Row keeps the workspace, with its secrets and status "failed".
	Row bool
	// Secrets saves the request's secrets in global scope.
	Secrets bool
	// Provisioning keeps the workspace and provisions it.
	Provisioning bool
}

func (h Hooks) withDefaults() Hooks {
	if h.GateRequest == nil {
		h.GateRequest = func(_ string, req gate.Request) gate.Request { return req }
	}
	if h.WriteRefusal == nil {
		h.WriteRefusal = WriteRefusal
	}
	if h.WriteCreated == nil {
		h.WriteCreated = WriteCreated
	}
	return h
}
