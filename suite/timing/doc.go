// Package timing holds the two policies of a run about time: time in which the
// harness itself did not run says nothing about a target (Pulse, Stretch), and a
// target that does not answer is not asked for ever (Silence, Doubts). What is
// waited for, and how long, stands with whoever waits.
package timing
