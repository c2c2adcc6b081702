// Package upstream is the one outbound HTTP client: whatever the bridge asks of a
// CRM or a mail server goes through it, so that proxy, time limits, pacing,
// retries, address rules and the redacted trace are settled in one place.
//
//	options.go   Options and their defaults
//	client.go    Client: New, At (another base), Session (own cookies), Close
//	request.go   Request and Response
//	do.go        Do: one call, attempt by attempt
//	stream.go    Stream: an answer that comes in pieces
//	upload.go    Upload: a body that goes in pieces
//	pin.go       Pinned: one connection of its own, for NTLM
//	retry.go     which failure is tried again and when; Retry-After
//	pace.go      rate, concurrency and the pause a remote asked for
//	dial.go      dialling by resolved address
//	address.go   which addresses may be dialled
//	proxy.go     direct, environment or a URL
//	library.go   an http.Client for libraries that bring their own calls
//	redirect.go  redirects within one host
//	failure.go   network faults as *pim.Error, with Sent
//	fault.go     HTTP statuses as *pim.Error, for drivers without better knowledge
//	count.go     how many attempts were made under a context
//	served.go    Traced: what servers call their answers in their own logs
//	trace.go     what is logged and counted of an exchange
//	redact.go    what is kept out of it
//
// Not here: logins, tokens, vendor error formats. Those are the drivers'.
package upstream
