// Package simkit is what the simulators of servers have in common and what knows no vendor: failures that are armed and strike
// some of the requests, the door for tests in other processes (/__sim/), the memory of what was asked, broken connections, and
// the frame of the program around a simulator. Simulators import it, drivers and the product never do.
//
//	faults.go   Faults: armed failures, when they strike; ParseFault, Duration
//	wire.go     Reset, Pause, Trickle: what becomes of a connection
//	door.go     Door: who is let in, and how orders are answered; Common: those that all simulators know
//	memory.go   Memory: log, counters and mail
//	program.go  Main, Flags, Serve: a command line, an address, an end
package simkit
