package rule

import (
	"fmt"
	"strconv"
	"strings"

	"crmbridge/pim"
)

// mostMegabytes is the largest file of a message that rules may ask for: what no mail server takes.
const mostMegabytes = 2000

const megabyte = 1 << 20

// FileBytes bounds one file of a message; 0 takes none.
func (r Rules) FileBytes() int64 { return int64(max(0, r.Defaults().FileMegabytes)) * megabyte }

// FilesBytes bounds all files of a message together.
func (r Rules) FilesBytes() int64 { return int64(r.Defaults().FilesMegabytes) * megabyte }

// Bytes is a size for people.
func Bytes(n int64) string {
	if n >= megabyte {
		return strconv.FormatInt(n/megabyte, 10) + " MB"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}

// forMail reports rules of a link of messages.
func (r Rules) forMail() bool { return len(r.Kinds) == 1 && r.Kinds[0] == pim.KindMessage }

// describeMail is Describe for a link of messages. Which way they go is in the direction.
func (r Rules) describeMail(remote string) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	flow := r.Out
	if r.Direction == In {
		flow = r.In
		say("Messages come from %s; nothing is ever written to the mailbox.", remote)
	} else {
		say("Messages become e-mail activities in %s, each once, whoever of its users has it and wherever it is moved.", remote)
		say("They are neither changed nor deleted there afterwards, whatever becomes of them in the mailbox.")
	}
	if r.Category != "" {
		say("Only messages with the category %q go over, and those that a person links.", r.Category)
	} else if r.OnlyLinked {
		say("Only messages that a person links go over.")
	}
	if len(r.Groups) > 0 {
		say("Only messages of these categories are read: %s.", strings.Join(r.Groups, ", "))
	}
	if r.Direction == In && !r.Filter.IsZero() {
		say("Messages come over when %s.", r.Filter.String())
	}
	since, past, _ := r.begin(flow)
	if since != "" {
		say("Messages since %s.", since)
	} else {
		say("Messages from %s on.", days(past, "ago"))
	}
	switch flow.Private {
	case PrivateMask:
		say("Of private messages only when they were sent goes over, as %q.", MaskTitle)
	case PrivateNone:
		say("Private messages do not go over.")
	default:
		say("Private messages go over in full, as others do.")
	}
	if r.Direction == In {
		return out
	}
	if r.FileMegabytes < 0 {
		say("Their files are left out.")
	} else {
		say("Their files go along, up to %d MB each and %d MB a message; what is larger is left out, and told.", r.FileMegabytes, r.FilesMegabytes)
	}
	if r.Relate == RelateNever {
		say("They are tied to no company or contact by the addresses of their correspondents.")
	}
	return out
}
