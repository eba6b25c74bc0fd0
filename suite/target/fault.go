package target

// A BrokenReplyError is a fault of a server that was reached: what came is no whole
// reply, or says of itself that it is JSON and is none.
type BrokenReplyError struct{ Err error }

func (e BrokenReplyError) Error() string { return e.Err.Error() }
func (e BrokenReplyError) Unwrap() error { return e.Err }

// A ProfileError is a fault of the profile: the server answered, and an expression
// could make nothing of it. Nothing follows for the server.
type ProfileError struct{ Err error }

func (e ProfileError) Error() string { return e.Err.Error() }
func (e ProfileError) Unwrap() error { return e.Err }
