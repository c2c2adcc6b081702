// Package vcf reads, checks, queries and edits vCards of version 3.0 (RFC 2426) and 4.0
// (RFC 6350) as CardDAV stores them (RFC 6352 5.1). The text is the truth: Bytes of
// what Parse read is what was read, and Apply changes the properties of the asked
// fields and no other byte.
//
//	card.go              Card, Parse, Split, Bytes, UID, Version
//	validate.go          Validate: what CardDAV requires of a stored card
//	complete.go          Complete: what is missing and can be made up (UID, FN, N); RevInUTC
//	derived.go           an N that was made of FN: Plain for programs, KeepDerived when they send it back
//	picture.go           Photo, MapPhotos; the bounds of pictures
//	value.go encoding.go texts, parts of values, photos; what vCard 2.1 does to them
//	item.go label.go messenger.go date.go
//	                     Item: the typed view (pim.Contact)
//	apply.go names.go lists.go
//	                     Apply: typed fields into the text; New: a whole card
//	convert.go mediatype.go
//	                     Convert: between 3.0 and 4.0, for content negotiation; the types of data in both
//	filter.go sieve.go   Matches: CARDDAV:filter; Sieve: which texts are worth parsing for one
//	words.go             Words: what an index has of a card; Wanted: what a filter asks of it
//	selection.go         Select: partial retrieval (RFC 6352 10.4)
//	library.go           ToVCard: the value types of go-vcard
//
// What the CRM knows and vCard has no property for rides in X-CRM-SALUTATION,
// -CONTACT-TYPE, -DECISION-ROLE, -DO-NOT-USE (list), -OWNER and -ACCESS, and the CRM's
// page in URL;TYPE=x-crm.
//
// Version 2.1 is read (Item, Convert) but not stored: Validate refuses it with
// supported-address-data, because no client asks for it and its quoted-printable
// texts cannot be edited without writing them anew.
//
// A Card does not change once made and may be used by many goroutines.
package vcf
