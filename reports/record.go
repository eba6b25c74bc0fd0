package reports

// A Record is one step of a scenario: what was given, what had to come of it,
// and what came of it. It holds no credential value.
type Record struct {
	// Step is the step's name; empty where the scenario has only one.
	Step string `json:"step,omitempty"`
	// Stage is "create" or "provision".
	Stage  string `json:"stage"`
	Given  Given  `json:"given"`
	Expect Expect `json:"expect"`
	Seen   Seen   `json:"seen"`
}

// A Given is the situation of a step.
type Given struct {
	Runtime  string `json:"runtime"`
	Model    string `json:"model"`
	External bool   `json:"external,omitempty"`
	URL      string `json:"url,omitempty"`
	// Workspace and Global are the credentials at each scope: names and symbolic
	// values, such as "live" or "blank". Either may be nil.
	Workspace map[string]string `json:"workspace,omitempty"`
	Global    map[string]string `json:"global,omitempty"`
	// AtOnce is how many times the step was asked at once; 0 means once.
	AtOnce int `json:"at_once,omitempty"`
}

// An Expect is what the corpus asks of a step.
type Expect struct {
	// Verdict is refused, allowed, untouched or either.
	Verdict string `json:"verdict"`
	Code    string `json:"code,omitempty"`
	// Providers are the names of which a refusal must name one; may be nil.
	Providers []string `json:"providers,omitempty"`
	// Upstream is which calls the step may make: none, probe or optional.
	Upstream string `json:"upstream"`
	// Probed is the credential that decides, as "scope/NAME"; empty where none does.
	Probed string `json:"probed,omitempty"`
}

// A Seen is what a step came to. Both lists are nil where it was not reached.
type Seen struct {
	Replies []SeenReply `json:"replies,omitempty"`
	Calls   []SeenCall  `json:"calls,omitempty"`
}

// A SeenReply is an answer of the target.
type SeenReply struct {
	Outcome string `json:"outcome"`
	// Code is the reply's own; empty where it has none.
	Code string `json:"code,omitempty"`
	// Status is 0 where there is no HTTP reply.
	Status int `json:"status,omitempty"`
	// Times is how many replies were alike.
	Times int `json:"times"`
}

// A SeenCall is a request that reached a provider, or tried to reach another host.
type SeenCall struct {
	Method string `json:"method"`
	Host   string `json:"host"`
	// Status is 0 where no answer was given.
	Status int `json:"status"`
	// Credentials are those carried, as "scope/NAME"; may be nil.
	Credentials []string `json:"credentials,omitempty"`
}
