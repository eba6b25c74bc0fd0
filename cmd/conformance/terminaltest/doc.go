// Package terminaltest runs the program at a terminal and reads the screen as a
// person does: at several sizes, with and without colours, interrupted by Ctrl-C,
// made narrower while it runs.
//
// What lives here are tests only, and the pictures of the README, which they make
// with -update. The terminal is a pseudo-terminal (creack/pty) with an emulator
// behind it (charmbracelet/x/vt).
package terminaltest
