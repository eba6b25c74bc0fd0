package gates

import (
	"context"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// livenessFaults read the provider's answer wrongly, one for each class of answer.
var livenessFaults = []Double{
	{
		Name: "no-liveness", Rules: []string{"LIV-1"},
		Story: "Presence was repaired; nobody is asked whether the key is alive.",
		Gate: func(reg *registry.Registry, o gate.Options) gate.Gate {
			ref := gate.NewReference(reg, o)
			ref.Probe = func(context.Context, *registry.Provider, gate.Credential) gate.Outcome {
				return gate.Outcome{Finding: gate.Alive}
			}
			return ref
		},
	},
	{
		Name: "only-401-is-dead", Rules: []string{"LIV-1"},
		Story: "403 was forgotten.",
		Gate:  judged(unless(gate.Alive, func(status int) bool { return status == 403 })),
	},
	{
		Name: "only-403-is-dead", Rules: []string{"LIV-1"},
		Story: "401 was taken for a missing header of our own.",
		Gate:  judged(unless(gate.Alive, func(status int) bool { return status == 401 })),
	},
	{
		Name: "429-is-dead", Rules: []string{"LIV-2"},
		Story: "Everything but 2xx is an error, and rate limits are errors.",
		Gate:  judged(unless(gate.Dead, func(status int) bool { return status == 429 })),
	},
	{
		Name: "5xx-is-dead", Rules: []string{"LIV-2"},
		Story: "An outage at the provider is read as a refusal of the key.",
		Gate:  judged(unless(gate.Dead, func(status int) bool { return status >= 500 })),
	},
	{
		Name: "unreachable-is-dead", Rules: []string{"LIV-2"},
		Story: "An error of the HTTP client, a timeout among them, fails the create.",
		Gate:  judged(unless(gate.Dead, func(status int) bool { return status == 0 })),
	},
	{
		Name: "other-4xx-is-dead", Rules: []string{"LIV-3"},
		Story: "404 on the models list of a provider without one refuses every tenant of it.",
		Gate: judged(unless(gate.Dead, func(status int) bool {
			return status >= 400 && status < 500 && status != 429
		})),
	},
}

// unless reads the outcomes with some statuses as a given finding, and leaves
// the others; what was not probed at all is left alone.
func unless(finding gate.Finding, statuses func(int) bool) func(gate.Outcome) gate.Finding {
	return func(o gate.Outcome) gate.Finding {
		if (o.Status != 0 || o.Finding == gate.Unproven) && statuses(o.Status) {
			return finding
		}
		return o.Finding
	}
}
