// Package crm is the contract of CRM drivers: that of package remote, in the words
// of CRMs, and what only CRMs have.
//
//	crm.go      names for the parts of the contract
//	lookups.go  Lookups: the CRM's pick-lists
//	fields.go   Fields: a driver's table of fields and columns; plain.go: changed by a map
//	candidates.go  the records that a text can mean
//	match.go resolve.go cache.go
//	            names that contacts have of things the CRM lists: found, added or left out
//
// A driver lives in a folder of its own (crm/creatio, crm/tryton), imports this
// contract, package pim and package upstream and nothing else of ours, and is
// judged by package crm/crmtest. To write one, begin with a copy of
// remote/memory and crm/mem, which dresses it as a CRM: they are complete, short and pass the suite.
package crm
