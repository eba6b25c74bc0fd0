package target

import (
	"fmt"
)

// A Point is one thing that a server and its profile are held to before a gate
// is judged.
type Point struct {
	// Asked names it, such as "create".
	Asked string
	// State: what came of it.
	State PointState
	// Seen is what was seen, in words.
	Seen string
	// Fault says where the mistake is, and Advice what to do about it; both are
	// empty unless State is Wrong.
	Fault, Advice string
}

// A PointState is what came of a point.
type PointState string

// The states of a point.
const (
	Right    PointState = "ok"
	Wrong    PointState = "wrong"
	NotAsked PointState = "not asked"
	// NotMet: the server does not do what it claims, which a run judges.
	NotMet PointState = "not met"
)

const (
	InProfile = "the profile is wrong"
	InServer  = "the server's set-up is wrong"
)

// Err is the point as an error, or nil where nothing is wrong with it.
func (p Point) Err() error {
	if p.State != Wrong {
		return nil
	}
	return fmt.Errorf("%s: %s; %s, and not the gate: %s", p.Asked, p.Seen, p.Fault, p.Advice)
}

// WrongPoint is a point that is wrong.
func WrongPoint(asked, seen, fault, advice string) Point {
	return Point{Asked: asked, State: Wrong, Seen: seen, Fault: fault, Advice: advice}
}

// FirstWrong is the first point that is wrong, as an error; nil where none is.
func FirstWrong(points []Point) error {
	for _, p := range points {
		if err := p.Err(); err != nil {
			return err
		}
	}
	return nil
}
