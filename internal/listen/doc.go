// Package listen is the port of the server, as net/http does not offer it.
//
// net/http answers by itself what it cannot read as a request: a target such as "/%zz",
// a header without a name, two Host headers, an unknown Expect. Its answer is plain text,
// which a DAV client may show to a person as it is, and no handler sees the request. A
// Listener puts an answer of ours in the place of such an answer, for HTTP/1; over HTTP/2 a
// malformed request is an error of its stream (RFC 9113 8.1.1), and has no answer at all.
//
// With TLS the handshake is done here, before a connection is accepted: only then is it
// known whether HTTP/2 was agreed on, whose connections net/http must be given as they are.
//
// No network has more than its share of the connections (fair.go), so that one address cannot
// keep everybody else out.
package listen
