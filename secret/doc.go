// Package secret seals stored credentials with keys that lie in a file beside the
// database and not in it, so that neither a stolen database nor a backup of it opens
// anything.
//
//	keeper.go  Keeper: Seal, Open, Reseal (AES-256-GCM, RFC 5116 5.2)
//	file.go    the key file: Load, Create, Rotate, Retire
//
// A key file is text: one key per line, 32 random bytes in base64. The first seals,
// all open. A sealed value names its key by a hash of it, so keys need no names of
// their own and a rotation is: Rotate (a new first key), Reseal every stored value,
// Retire (drop the others). Each of the three may be repeated after a crash.
//
// A sealed value is bound to a purpose, such as "link:3": it opens for no other, so
// that who can write to the database cannot move a credential to a place where it
// would be sent to a server of theirs.
//
// What is not here: password hashes and app passwords (package auth), which are not
// to be opened again.
package secret
