package gates

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/registry"
)

// lawfulGates decide what the rules leave open.
var lawfulGates = []Double{
	{
		Name:  "blank-hides-global",
		Story: "The workspace's secrets are laid over the tenant's before anything looks at them, a blank one too (PRE-5); both stages do it (PRV-2).",
		Gate: changed(func(_ *registry.Registry, req gate.Request) gate.Request {
			laid := map[string]gate.Secret{}
			maps.Copy(laid, req.Secrets.Global)
			maps.Copy(laid, req.Secrets.Workspace)
			req.Secrets = gate.Secrets{Workspace: laid}
			return req
		}),
	},
	{
		Name: "operator-gateway",
		Story: "Where OPENAI_BASE_URL and OPENAI_API_KEY stand in its environment, the server is in its operator's own cloud, and what starts without a credential runs through the operator's gateway; " +
			"elsewhere it is stopped.",
		Gate: func(reg *registry.Registry, o gate.Options) gate.Gate {
			reference := gate.NewReference(reg, o)
			return decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
				d, err := reference.Decide(ctx, req)
				inCloud := o.Env != nil && o.Env("OPENAI_BASE_URL") != "" && o.Env("OPENAI_API_KEY") != ""
				if inCloud && req.Stage == gate.Provision && d.Code == gate.MissingCredential {
					d = gate.Decision{Verdict: gate.Allowed}
				}
				return d, err
			})
		},
	},
	{
		Name: "trailing-newline-refused",
		Story: "A value that was pasted with its newline is refused and not repaired (SEC-6); " +
			"blanks and tabs around it are dropped.",
		Gate: found(func(_ *registry.Registry, p *registry.Provider, s gate.Secrets) (gate.Credential, bool) {
			c, ok := gate.FindCredential(p, s)
			stored := map[gate.Scope]map[string]gate.Secret{gate.WorkspaceScope: s.Workspace, gate.GlobalScope: s.Global}
			if raw := stored[c.Scope][c.Name].Value; strings.HasSuffix(raw, "\n") {
				c.Secret.Value = raw // the newline is what the reference gate takes offence at
			}
			return c, ok
		}),
	},
	{
		Name:  "control-characters-allowed",
		Story: "A value with a line break or NUL in it is not sent to anybody, and the workspace is allowed, loudly (SEC-6).",
		Gate: probed(func(_ gate.Options, next prober) prober {
			return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
				if strings.ContainsAny(c.Secret.Value, "\r\n\x00") {
					return gate.Outcome{Cause: "its value cannot be sent in a header"}
				}
				return next(ctx, p, c)
			}
		}),
	},
	{
		Name: "unprobed-provisioning", CoreOnly: true,
		Story: "Create asks the provider; provisioning looks at presence only (PRV-3 is extended).",
		Gate:  unprobedProvisioning,
	},
	{
		Name:  "underivable-refused-by-server",
		Story: "What the registry does not know is refused by the server's own rules, with their own codes (DER-3).",
		Gate: decided(func(reg *registry.Registry, req gate.Request, d gate.Decision) gate.Decision {
			if code := unregistered(reg, req); code != "" {
				return gate.Decision{Verdict: gate.Refused, Code: code, Message: "the workspace's model and runtime do not go together"}
			}
			return d
		}),
		Server: ownRefusals,
	},
	{
		Name:  "underivable-refused-by-unlisted-code",
		Story: "What the registry does not know is refused by the server's own rules, with a code that no profile lists (DER-3).",
		Gate: decided(func(reg *registry.Registry, req gate.Request, d gate.Decision) gate.Decision {
			if unregistered(reg, req) != "" {
				return gate.Decision{Verdict: gate.Refused, Code: "MODEL_NOT_AVAILABLE", Message: "this model cannot be run here"}
			}
			return d
		}),
		Server: ownRefusals,
	},
	{
		Name:  "vendor-key-for-platform-refused",
		Story: "The tenant's own vendor key beside a platform model is a mistake, and the server says so, without any code.",
		Gate: decided(func(reg *registry.Registry, req gate.Request, d gate.Decision) gate.Decision {
			p := lookUp(reg, req)
			if p == nil || !p.IsPlatform() || req.External || req.Stage != gate.Create {
				return d
			}
			if keys := strays(reg, p, gate.Secrets{Workspace: req.Secrets.Workspace}); len(keys) > 0 {
				return gate.Decision{Verdict: gate.Refused, Credential: keys[0].Name,
					Message: "direct vendor key writes are blocked for platform-managed workspaces; remove the key"}
			}
			return d
		}),
		Server: ownRefusals,
	},
	{
		Name: "whole-answers-only",
		Story: "The HTTP library hands over an answer when all of it is there; one that breaks off or never ends is a network failure " +
			"or a timeout, whatever its status (LIV-2, ROB-1), and is asked for again, once, within the same budget (LIV-9).",
		Gate: sent(wholeAnswer),
	},
	{
		Name:  "odd-names-refused",
		Story: "A secret whose name no environment variable of the server's can have is a mistake, and the server says so, without any code (PRE-6).",
		Gate: decided(func(_ *registry.Registry, req gate.Request, d gate.Decision) gate.Decision {
			for _, name := range slices.Sorted(maps.Keys(req.Secrets.Workspace)) {
				if req.Stage == gate.Create && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
					return gate.Decision{Verdict: gate.Refused, Credential: name, Message: "a secret's name holds capitals, digits and underscores only"}
				}
			}
			return d
		}),
		Server: ownRefusals,
	},
	{
		Name:   "external-restarted",
		Story:  "An external workspace is provisioned like any other when that is asked for; the gate stays out of that, too (DER-5).",
		Server: func(c *server.Config) { c.Hooks.RestartExternal = true },
	},
	{
		Name:  "external-not-restarted",
		Story: "An external workspace is not this server's to provision, and whoever asks for it is told so, without any code (DER-5).",
		Wrap: replied(func(w http.ResponseWriter, r *http.Request, reply *recording) {
			if strings.HasSuffix(r.URL.Path, "/restart") && bytes.Contains(reply.body.Bytes(), []byte("awaiting_agent")) {
				writeObject(w, http.StatusConflict, map[string]any{"error": "an external workspace is not provisioned here"})
				return
			}
			reply.send(w)
		}),
	},
	{
		Name:   "no-engine",
		Story:  "There is no container engine: what passes the gate fails to start, and a delete answers 500 although it removes.",
		Server: func(c *server.Config) { c.NoEngine = true },
	},
}

// wholeAnswer asks again where a body broke off. The request's context is the
// probe's budget, so the second call cannot outlast it.
func wholeAnswer(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	for again := false; ; again = true {
		resp, err := next.RoundTrip(r.Clone(r.Context()))
		if err != nil {
			return nil, err
		}
		if err := wholly(resp); err == nil {
			return resp, nil
		} else if again || r.Context().Err() != nil {
			return nil, err
		}
	}
}

// unprobedProvisioning asks nobody at provisioning. A provider without a base
// URL is not probed (LIV-7), and keeps what the probe says without a call.
func unprobedProvisioning(reg *registry.Registry, o gate.Options) gate.Gate {
	create, provision := gate.NewReference(reg, o), gate.NewReference(reg, o)
	probe := provision.Probe
	provision.Probe = func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
		unprobed := *p
		unprobed.BaseURLTemplate = ""
		return probe(ctx, &unprobed, c)
	}
	return decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
		if req.Stage == gate.Provision {
			return provision.Decide(ctx, req)
		}
		return create.Decide(ctx, req)
	})
}

// unregistered is the server's own code for a pair that cannot be derived;
// empty for one that can, and for an external workspace.
func unregistered(reg *registry.Registry, req gate.Request) gate.Code {
	d := reg.Derive(req.Runtime, req.Model, req.Secrets.InScope)
	switch {
	case d.Provider != nil || req.External:
		return ""
	case d.Reason == registry.UnknownRuntime:
		return "RUNTIME_UNSUPPORTED"
	case d.Reason == registry.EmptyModel:
		return "MODEL_REQUIRED"
	}
	return "UNREGISTERED_MODEL_FOR_RUNTIME"
}

// ownRefusals answers what the server refuses by itself: 422 with its own code,
// or 400 without one. The gate's refusals stay as they are.
func ownRefusals(c *server.Config) {
	gates := []gate.Code{gate.MissingCredential, gate.InvalidCredential}
	c.Hooks.WriteRefusal = func(w http.ResponseWriter, r *http.Request, req server.CreateRequest, d gate.Decision) {
		switch {
		case slices.Contains(gates, d.Code):
			server.WriteRefusal(w, r, req, d)
		case d.Code == "":
			writeObject(w, http.StatusBadRequest, map[string]any{"error": d.Message, "key": d.Credential})
		default:
			writeObject(w, http.StatusUnprocessableEntity, map[string]any{"code": d.Code, "error": d.Message})
		}
	}
}
