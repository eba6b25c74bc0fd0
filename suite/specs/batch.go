package specs

import (
	"regexp"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
)

// batchSize is how many scenarios are replayed together, unless one spec has
// more. A run waits at its end for calls that come after the answers, and one
// such wait a spec would cost more than the specs.
const batchSize = 1000

// A batch is the specs that are replayed together, when the first of them runs.
// Ginkgo hands it to one process as a whole (Ordered), in which later specs find
// their results.
type batch struct {
	// text is the container's: the class that all specs of the batch have.
	text   string
	groups []*group
}

// batched divides groups, which are in the order of the corpus, into batches.
func batched(groups []*group) []*batch {
	var out []*batch
	size := 0
	for _, g := range groups {
		class := g.scenarios[0].Class
		if len(out) == 0 || out[len(out)-1].text != class || size+len(g.scenarios) > batchSize {
			out, size = append(out, &batch{text: class}), 0
		}
		b := out[len(out)-1]
		b.groups, size = append(b.groups, g), size+len(g.scenarios)
		g.batch = b
	}
	return out
}

// due lists the groups to replay now that g's spec runs: g, and what Ginkgo will
// run of the rest of its batch as far as its flags tell. A spec that is missed
// is replayed when it runs, so this decides about time only.
func (g *group) due(wanted func(*group) bool) []*group {
	return slices.DeleteFunc(slices.Clone(g.batch.groups), func(x *group) bool {
		return x != g && (x.replayed || !wanted(x))
	})
}

// wantedBy returns what Ginkgo's --label-filter, --focus and --skip say about the
// specs beside the current one.
func wantedBy(flags types.SuiteConfig, current ginkgo.SpecReport) func(*group) bool {
	labels, err := types.ParseLabelFilter(flags.LabelFilter)
	if err != nil { // Ginkgo has refused it
		labels = func([]string) bool { return true }
	}
	containers := strings.Join(current.ContainerHierarchyTexts, " ") + " "
	var inherited []string
	for _, list := range current.ContainerHierarchyLabels {
		inherited = append(inherited, list...)
	}
	return func(g *group) bool {
		text := containers + g.text
		return labels(append(slices.Clone(inherited), g.labels...)) &&
			(len(flags.FocusStrings) == 0 || matches(flags.FocusStrings, text)) && !matches(flags.SkipStrings, text)
	}
}

// matches reports whether one of the patterns, which Ginkgo has compiled before
// us, matches the text.
func matches(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		re, err := regexp.Compile(p)
		return err == nil && re.MatchString(text)
	})
}
