package specs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/conform"
	"github.com/molecule-ai/byok-conformance/suite/specs"
)

// benchmarked names the environment variable by which BenchmarkDoor declares
// one of its two suites in a child process.
const benchmarked = "SPECS_BENCHMARK"

// benchIDs select creates that a table can make by hand: one workspace each,
// secrets that are live or dead, and none of the tenant's.
var benchIDs = []string{"mismatched/foreign/*/workspace", "valid/beside-foreign/*", "dead/beside-foreign/*"}

var _ = func() bool {
	switch os.Getenv(benchmarked) {
	case "door":
		specs.Describe("benchmarked", specs.Options{
			Handler: func(providers http.RoundTripper) (http.Handler, error) {
				return server.New(server.Config{Gate: build(providers), AdminToken: "token"})
			},
			Env: map[string]string{"ADMIN_TOKEN": "token"}, IDs: benchIDs, Budget: budget,
		})
	case "table":
		describeByHand("benchmarked")
	}
	return true
}()

// BenchmarkDoor compares the specs of a whole server with a DescribeTable that
// makes the same creates and looks at status and code only. The metric door/table
// is the ratio of what Ginkgo says the specs took.
func BenchmarkDoor(b *testing.B) {
	took := map[string]float64{}
	for b.Loop() {
		for _, suite := range []string{"table", "door"} {
			took[suite] += runSuite(b, suite)
		}
	}
	b.ReportMetric(took["door"]/took["table"], "door/table")
	b.ReportMetric(took["table"]/float64(b.N), "table-s/op")
	b.ReportMetric(took["door"]/float64(b.N), "door-s/op")
}

// runSuite runs one of the two suites and returns how many seconds its specs took.
func runSuite(b *testing.B, suite string) float64 {
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), exe, "-test.run=^TestSpecs$", "-ginkgo.no-color", "-ginkgo.focus=benchmarked")
	cmd.Env = append(os.Environ(), benchmarked+"="+suite)
	out, err := cmd.CombinedOutput()
	found := regexp.MustCompile(`Ran (\d+) of \d+ Specs in ([\d.]+) seconds`).FindSubmatch(out)
	if err != nil || found == nil || string(found[1]) == "0" {
		b.Fatalf("%s: %v\n%.3000s", suite, err, out)
	}
	seconds, err := strconv.ParseFloat(string(found[2]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return seconds
}

// describeByHand declares what a team would write: one entry a create, providers
// that know a live value from a dead one, and the workspace deleted again.
func describeByHand(name string) {
	session, err := conform.NewSession(conform.Options{
		Gate: func(http.RoundTripper) gate.Gate { return nil }, IDs: benchIDs,
	})
	if err != nil {
		panic(err)
	}
	var entries []any
	for _, s := range session.Claimed {
		entries = append(entries, Entry(s.ID, s.Steps[0]))
	}
	Describe(name, Ordered, ContinueOnFailure, func() {
		var h *httptest.Server
		BeforeAll(func() {
			handler, err := server.New(server.Config{Gate: build(providersByHand{}), AdminToken: "token"})
			Expect(err).NotTo(HaveOccurred())
			h = httptest.NewServer(handler)
			DeferCleanup(h.Close)
		})
		DescribeTable("creates", append([]any{func(step scenarios.Step) { createByHand(h.URL, step) }}, entries...)...)
	})
}

// createByHand makes a workspace, looks at the answer, and deletes it.
func createByHand(base string, step scenarios.Step) {
	secrets := map[string]string{}
	for name, v := range step.Secrets.Workspace {
		secrets[name] = fmt.Sprintf("%s-%s-%d", v, name, GinkgoRandomSeed())
	}
	body, err := json.Marshal(map[string]any{"name": "by hand", "runtime": step.Runtime, "model": step.Model, "secrets": secrets})
	Expect(err).NotTo(HaveOccurred())
	status, answer := call(http.MethodPost, base+"/workspaces", body)
	if step.Expect.Verdict == scenarios.Refused {
		Expect(status).To(Equal(http.StatusUnprocessableEntity))
		Expect(answer["code"]).To(Equal(step.Expect.Code))
		return
	}
	Expect(status).To(Equal(http.StatusCreated))
	status, _ = call(http.MethodDelete, base+"/workspaces/"+answer["id"].(string)+"?confirm=true", nil)
	Expect(status).To(Equal(http.StatusOK))
}

func call(method, url string, body []byte) (status int, answer map[string]any) {
	req, err := http.NewRequest(method, url, bytes.NewReader(body))
	Expect(err).NotTo(HaveOccurred())
	req.Header.Set("Authorization", "Bearer token")
	req.Header.Set("X-Confirm-Name", "by hand")
	resp, err := http.DefaultClient.Do(req)
	Expect(err).NotTo(HaveOccurred())
	defer resp.Body.Close()
	Expect(json.NewDecoder(resp.Body).Decode(&answer)).To(Succeed())
	return resp.StatusCode, answer
}

// providersByHand answer 401 to a value that is called dead, and 200 to others.
type providersByHand struct{}

func (providersByHand) RoundTrip(r *http.Request) (*http.Response, error) {
	status := http.StatusOK
	for _, header := range []string{"Authorization", "X-Api-Key"} {
		if value := strings.TrimPrefix(r.Header.Get(header), "Bearer "); strings.HasPrefix(value, "dead") {
			status = http.StatusUnauthorized
		}
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"data":[]}`)), Request: r}, nil
}
