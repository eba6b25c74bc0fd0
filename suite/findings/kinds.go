package findings

import (
	"slices"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/judge"
)

// kindsInOrder are the judge's kinds, what says most first. Those of one family
// may have one cause; those of a later family may follow from an earlier one's.
var kindsInOrder = [][]judge.Kind{
	{
		judge.WronglyAllowed, judge.WronglyRefused, judge.Meddled, judge.WrongCode, judge.Rejected, judge.Fault, judge.Deadline,
		judge.StrayCredential, judge.RedirectFollowed, judge.ProbeMoved, judge.ForeignHost, judge.WrongScope, judge.WrongCredential,
		judge.Unasked, judge.NeedlessCall, judge.CredentialInURL, judge.CredentialInBody, judge.WrongHeader, judge.NoVersion, judge.WrongMethod,
		judge.CalledAgain, judge.CalledTooOften, judge.Unstable, judge.SilentAllow,
	},
	{judge.UnknownCode, judge.WrongStatus, judge.NotJSON, judge.FieldTwice, judge.WrongProvider, judge.ProviderUnnamed, judge.AcceptedUnnamed, judge.DeadUnnamed},
	{judge.LeakReply, judge.LeakLog, judge.PassedOn, judge.RowLeft},
}

// consequent kinds follow from something else, unless there is nothing else.
var consequent = []judge.Kind{judge.TwinRefused, judge.LateRefusal, judge.StagesDisagree}

// dueSplits are the kinds whose groups differ by what was due: what is let
// through without a credential and with a dead one are two things.
var dueSplits = []judge.Kind{judge.WronglyAllowed, judge.WrongCode}

// couldShow reports whether a step could have shown a kind: only then does it say
// anything that it did not.
func couldShow(kind judge.Kind, st *scenarios.Step) bool {
	x := &st.Expect
	refused := x.Verdict == scenarios.Refused
	switch kind {
	case judge.WronglyAllowed, judge.WrongCode, judge.LateRefusal, judge.TwinRefused:
		return refused
	case judge.WronglyRefused:
		return x.Verdict == scenarios.Allowed
	case judge.Meddled:
		return x.Verdict == scenarios.Untouched
	case judge.UnknownCode:
		return refused
	case judge.WrongStatus, judge.NotJSON, judge.WrongProvider, judge.ProviderUnnamed, judge.RowLeft:
		return refused && st.Stage == scenarios.Create
	case judge.AcceptedUnnamed:
		return refused && st.Stage == scenarios.Create && x.Code == "MISSING_BYOK_CREDENTIAL"
	case judge.DeadUnnamed:
		return refused && st.Stage == scenarios.Create && x.Code == "BYOK_CREDENTIAL_INVALID"
	case judge.NeedlessCall:
		return x.Upstream == scenarios.NoCall
	case judge.Unasked:
		return x.Upstream == scenarios.OneProbe && st.Stage == scenarios.Create
	case judge.Deadline:
		return x.Upstream != scenarios.NoCall && st.Stage == scenarios.Create
	case judge.WrongMethod, judge.CalledAgain, judge.CalledTooOften, judge.NoVersion, judge.WrongHeader, judge.CredentialInURL, judge.CredentialInBody,
		judge.WrongCredential, judge.WrongScope, judge.StrayCredential, judge.RedirectFollowed, judge.ProbeMoved, judge.ForeignHost:
		// What is called when it is provisioned depends on what the target claims.
		return x.Upstream == scenarios.OneProbe && st.Stage == scenarios.Create
	case judge.SilentAllow:
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
func place(kind judge.Kind) (family, at int) {
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
