package main

import (
	"fmt"
	"io"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/judge"
)

// manyRejected is how many creates that must be allowed have to be refused by other
// rules of the server before its registry is doubted.
const manyRejected = 10

// rejects reports whether a scenario failed only because another rule of the server
// refused what must be allowed.
func rejects(r *suite.Result) bool {
	for _, v := range r.Violations {
		if v.Kind != judge.Rejected {
			return false
		}
	}
	return len(r.Violations) > 0 && !r.Scenario.MustRefuse()
}

// doubtRegistry says that the server may have another registry than the run, where
// none was given and many valid creates were refused by a rule that is not the gate's.
func (p *prepared) doubtRegistry(w io.Writer, rejected int) {
	if rejected < manyRejected || p.flags.Registry != "" || !p.target.Foreign {
		return
	}
	where := ""
	if t, ok := p.target.Target.(interface{ RegistryAt() string }); ok && t.RegistryAt() != "" {
		where = "; it is " + t.RegistryAt()
	}
	fmt.Fprintf(w, "conformance: %s valid creates were refused by another rule of the server, such as that the model is not registered, and no registry was given: the server's may differ from ours. Give its own with --registry FILE%s\n",
		spelled.Number(rejected), where)
}
