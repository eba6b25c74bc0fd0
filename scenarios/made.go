package scenarios

import (
	"github.com/molecule-ai/byok-conformance/registry"
)

// A Maker completes steps that somebody makes in code, as loading a file does. It is
// not for use by several goroutines.
type Maker struct{ e *expander }

// NewMaker returns a maker of steps for a registry.
func NewMaker(reg *registry.Registry) *Maker { return &Maker{newExpander(reg).fork()} }

// Loud says whether an allow must leave a trace, for Complete.
type Loud bool

// Complete fills in what the expectation of a step leaves out: the providers, the
// credential that decides, the calls. A step as the registry cannot have it is an error.
func (m *Maker) Complete(st *Step, loud Loud) error {
	x, rejection, says := st.Expect, st.Expect.OrRejected, bool(loud)
	p := &plannedStep{stepTemplate: stepTemplate{expect: expectTemplate{
		verdict: string(x.Verdict), code: x.Code, upstream: string(x.Upstream), probed: x.Probed, providers: x.Providers, rejection: &rejection,
	}}}
	if x.Verdict == Allowed || x.Verdict == Either {
		p.expect.loud = &says
	}
	d := draft{plannedStep: p, step: *st}
	if err := m.e.expectation(&d, nil); err != nil {
		return err
	}
	st.Expect = d.step.Expect
	return nil
}
