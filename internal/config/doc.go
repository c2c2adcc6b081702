// Package config reads the server's configuration: a YAML file, then BRIDGE_*
// variables, which win.
//
//	config.go   Config: the typed values
//	table.go    the one table of options: key, default, help, check
//	parse.go    Parse: file and variables to Config
//	fault.go    faults, all at once and in the order of lines; what goes together
//	told.go     Told: the settings for people who are not to know the place
//	example.go  Example: the commented file that stands in the repository
//
// It does no I/O itself: the file's bytes, the variables and a way to read secret
// files are passed in.
package config
