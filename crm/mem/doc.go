// Package mem is a CRM in memory: the face of package remote/memory that has all abilities of CRMs, for tests, and beside it the
// pattern for new drivers.
//
//	crm.go    CRM: sessions and their abilities; the Driver value
//	names.go  how names that items carry are found in the CRM's lists
//
// What a CRM can be weak at stands in Options, what a person at its screen does is System's.
package mem
