package specs

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/suite/conform"
)

// names are the names of all containers that Describe declared in this process.
// Ginkgo builds its tree in one goroutine before anything runs.
var names []string

// replayCommand is the command that runs one spec of a container alone, with the
// same values. Other tests of the package do not run.
func replayCommand(container, fullText string, seed int64) string {
	run := ""
	if test := callersTest(); test != "" {
		run = "-run " + spelled.Shell("^"+test+"$") + " "
	}
	return fmt.Sprintf("go test %s-count=1 %s-ginkgo.seed=%d %s", conform.InDirectory(), run, seed, focusOn(container, fullText, names))
}

// focusOn are the flags that select one spec. Ginkgo puts the suite's description,
// which a spec cannot ask for, before the text that a focus has to match, so a
// focus cannot begin with ^. Containers whose names end like this one's are skipped.
func focusOn(container, fullText string, all []string) string {
	flags := "-ginkgo.focus=" + spelled.Shell(" "+regexp.QuoteMeta(fullText)+"$")
	_, spec, ok := strings.Cut(fullText, container+" ")
	for _, other := range all {
		if ok && strings.HasSuffix(other, " "+container) {
			flags += " -ginkgo.skip=" + spelled.Shell(regexp.QuoteMeta(other+" "+spec)+"$")
		}
	}
	return flags
}

var testFunction = regexp.MustCompile(`\.(Test[^./]*)`)

// callersTest is the name of the test function that called ginkgo.RunSpecs; empty
// where it is not found. That function waits in another goroutine while specs run.
var callersTest = sync.OnceValue(func() string {
	records := make([]runtime.StackRecord, 64)
	n, ok := runtime.GoroutineProfile(records)
	for ; !ok; n, ok = runtime.GoroutineProfile(records) {
		records = make([]runtime.StackRecord, n+64)
	}
	for i := range records[:n] {
		if test := testAbove(runtime.CallersFrames(records[i].Stack())); test != "" {
			return test
		}
	}
	return ""
})

// testAbove is the test function among the callers of ginkgo.RunSpecs; empty where
// the stack has no RunSpecs.
func testAbove(frames *runtime.Frames) string {
	runs, name := false, ""
	for {
		f, more := frames.Next()
		if found := testFunction.FindStringSubmatch(f.Function); runs && found != nil {
			name = found[1]
		}
		runs = runs || strings.HasSuffix(f.Function, "/ginkgo/v2.RunSpecs")
		if !more {
			return name
		}
	}
}
