// Package peers runs other CalDAV and CardDAV servers from Debian packages, so that
// the benchmark can measure them beside the bridge on the same data.
//
//	table.go    Table: where each server keeps what, and what is peculiar to it
//	run.go      Install, Start, Write, Stop
//	peers.sh    installs the packages; starts one server and ends it again
//
// A server listens on 127.0.0.1 on ports that were free, keeps everything in a
// throw-away folder, and ends with this process however that ends. It has one
// account, User with Password.
package peers
