package findings

import (
	"slices"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
)

// kindsInOrder are the judge's kinds, what says most first. Those of one family
// may have one cause; those of a later family may follow from an earlier one's.
var kindsInOrder = [][]suite.Kind{
	{
		suite.WronglyAllowed, suite.WronglyRefused, suite.Meddled, suite.WrongCode, suite.Rejected, suite.Fault, suite.Deadline,
		suite.StrayCredential, suite.RedirectFollowed, suite.ProbeMoved, suite.ForeignHost, suite.WrongScope, suite.WrongCredential,
		suite.Unasked, suite.NeedlessCall, suite.CredentialInURL, suite.CredentialInBody, suite.WrongHeader, suite.NoVersion, suite.WrongMethod,
		suite.CalledAgain, suite.CalledTooOften, suite.Unstable, suite.SilentAllow,
	},
	{suite.UnknownCode, suite.WrongStatus, suite.NotJSON, suite.WrongProvider, suite.ProviderUnnamed, suite.AcceptedUnnamed, suite.DeadUnnamed},
	{suite.LeakReply, suite.LeakLog, suite.PassedOn, suite.RowLeft},
}

// consequent kinds follow from something else, unless there is nothing else.
var consequent = []suite.Kind{suite.TwinRefused, suite.LateRefusal, suite.StagesDisagree}

// dueSplits are the kinds whose groups differ by what was due: what is let
// through without a credential and with a dead one are two things.
var dueSplits = []suite.Kind{suite.WronglyAllowed, suite.WrongCode}

// couldShow reports whether a step could have shown a kind: only then does it say
// anything that it did not.
func couldShow(kind suite.Kind, st *scenarios.Step) bool {
	x := &st.Expect
	refused := x.Verdict == scenarios.Refused
	switch kind {
	case suite.WronglyAllowed, suite.WrongCode, suite.LateRefusal, suite.TwinRefused:
		return refused
	case suite.WronglyRefused:
		return x.Verdict == scenarios.Allowed
	case suite.Meddled:
		return x.Verdict == scenarios.Untouched
	case suite.UnknownCode:
		return refused
	case suite.WrongStatus, suite.NotJSON, suite.WrongProvider, suite.ProviderUnnamed, suite.RowLeft:
		return refused && st.Stage == scenarios.Create
	case suite.AcceptedUnnamed:
		return refused && st.Stage == scenarios.Create && x.Code == "MISSING_BYOK_CREDENTIAL"
	case suite.DeadUnnamed:
		return refused && st.Stage == scenarios.Create && x.Code == "BYOK_CREDENTIAL_INVALID"
	case suite.NeedlessCall:
		return x.Upstream == scenarios.NoCall
	case suite.Unasked:
		return x.Upstream == scenarios.OneProbe && st.Stage == scenarios.Create
	case suite.Deadline:
		return x.Upstream != scenarios.NoCall && st.Stage == scenarios.Create
	case suite.WrongMethod, suite.CalledAgain, suite.CalledTooOften, suite.NoVersion, suite.WrongHeader, suite.CredentialInURL, suite.CredentialInBody,
		suite.WrongCredential, suite.WrongScope, suite.StrayCredential, suite.RedirectFollowed, suite.ProbeMoved, suite.ForeignHost:
		// What is called when it is provisioned depends on what the target claims.
		return x.Upstream == scenarios.OneProbe && st.Stage == scenarios.Create
	case suite.SilentAllow:
		return x.Loud
	}
	return true
}

// split tells consequences from what stands for itself.
func split(groups []*group) (consequences, rest []*group) {
	for _, g := range groups {
		if slices.Contains(consequent, g.kind) {
			consequences = append(consequences, g)
		} else {
			rest = append(rest, g)
		}
	}
	return consequences, rest
}

// place is the family and the place in it of a kind.
func place(kind suite.Kind) (family, at int) {
	for family, list := range kindsInOrder {
		if at := slices.Index(list, kind); at >= 0 {
			return family, at
		}
	}
	return len(kindsInOrder), 0
}

// saysMore reports whether a kind says more than another.
func saysMore(a, b *group) bool {
	fa, pa := place(a.kind)
	fb, pb := place(b.kind)
	return fa < fb || fa == fb && pa < pb
}

// related reports whether two clauses may have one cause.
func related(a, b *clause) bool {
	fa, _ := place(a.kind)
	fb, _ := place(b.kind)
	return fa == fb || fa+fb == 1
}
