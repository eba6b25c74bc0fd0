package specs_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/internal/small"
	"github.com/molecule-ai/byok-conformance/suite/specs"
)

func TestSpecs(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Ginkgo door")
}

// budget is short, because what waits for a silent provider waits that long.
const budget = 600 * time.Millisecond

// faultyGate names the environment variable by which a test that runs this
// suite as a child process puts a faulty gate into it.
const faultyGate = "SPECS_FAULTY_GATE"

func build(t http.RoundTripper) gate.Gate {
	double := &gates.Double{}
	if name := os.Getenv(faultyGate); name != "" {
		double = gates.Find(name)
	}
	return double.Build(underTest(), gate.Options{Transport: t, Budget: budget})
}

// underTest is our own registry, and the small one in a child process.
func underTest() *registry.Registry {
	if _, child := os.LookupEnv(faultyGate); !child {
		return registry.Embedded()
	}
	few, err := small.Registry()
	if err != nil {
		panic(err)
	}
	return few
}

var _ = specs.Describe("the reference gate", specs.Options{
	Registry: underTest(),
	Gate:     build,
	Level:    scenarios.Extended,
	Matrix:   scenarios.PairwiseMatrix, // the command line replays all of it
	Claims:   []string{"create-presence", "create-liveness", "global-scope", "provision-presence", "provision-liveness", "unreadable-secrets"},
	Budget:   budget,
})

// Its name ends like another's, whose failures are replayed without this one.
var _ = specs.Describe("beside the reference gate", specs.Options{
	Registry: underTest(),
	Gate:     build, IDs: []string{"mismatched/report"}, Budget: budget,
})

// By itself a Go value does not claim that provisioning probes, so the
// scenarios about that are counted, and shown, in a spec of their own.
var _ = specs.Describe("the reference gate with fewer claims", specs.Options{
	Registry: underTest(),
	Gate:     build, Level: scenarios.Extended, IDs: []string{"provision/died/*", "valid/beside-foreign*"}, Budget: budget,
})

// A whole server, in process, behind the same specs.
var _ = specs.Describe("the workspace server", specs.Options{
	Registry: underTest(),
	Handler: func(providers http.RoundTripper) (http.Handler, error) {
		return server.New(server.Config{Gate: build(providers), AdminToken: "token"})
	},
	Env:    map[string]string{"ADMIN_TOKEN": "token"},
	IDs:    []string{"mismatched/report", "dead/beside-foreign/*", "provision/removed/anthropic-api*", "transient/waits/groq/*"},
	Budget: budget,
})

// A server that is reached by its URL is shared by the processes of ginkgo -p.
var _ = specs.Describe("a server on loopback", specs.Options{
	Registry: underTest(),
	URL: func(providers http.RoundTripper) (string, error) {
		h, err := server.New(server.Config{Gate: build(providers), AdminToken: "token"})
		return httptest.NewServer(h).URL, err
	},
	Env:    map[string]string{"ADMIN_TOKEN": "token"},
	IDs:    []string{"external/none/*"},
	Budget: budget,
})
