package rule

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"crmbridge/pim"
)

// Describe tells in sentences what a link with these rules does. remote is what the
// other side is called, such as "the CRM".
func (r Rules) Describe(remote string) []string {
	r = r.Defaults()
	if r.forMail() {
		return append(r.describeMail(remote), r.unused()...)
	}
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	switch r.Direction {
	case In:
		say("Changes come from %s only; nothing is written to it.", remote)
	case Out:
		say("Changes go to %s only; nothing is taken from it.", remote)
	default:
		say("Changes go both ways between devices and %s.", remote)
	}
	if len(r.Kinds) > 0 {
		say("Only %s are synced.", kinds(r.Kinds))
	}
	switch {
	case r.Category != "":
		say("Only items with the category %q are synced, and those that a person links. Who takes it away, on either side, unlinks the item: both copies stay.", r.Category)
	case r.OnlyLinked:
		say("Only items that a person links are made on the other side.")
	}
	if r.Direction != Out {
		out = append(out, r.In.describe("From "+remote, r)...)
		out = append(out, r.scopeWords(remote)...)
	}
	if r.Direction != In {
		out = append(out, r.Out.describe("To "+remote, r)...)
		out = append(out, r.newWords(remote)...)
		out = append(out, r.removalWords(remote)...)
		out = append(out, r.mailWords(remote))
		out = append(out, r.seriesWords(remote)...)
	}
	out = append(out, r.unused()...)
	out = append(out, r.fieldWords(remote)...)
	say("%s", policyWords(r.Policy))
	if r.ArchiveDays > 0 {
		say("Activities that ended more than %d days ago and vanish on one side stay on the other.", r.ArchiveDays)
	}
	if r.Direction != In {
		out = append(out, r.boundWords(remote)...)
	}
	if r.Approve {
		say("Every deletion waits until a person approves it.")
		return out
	}
	say("A run that would delete more than %d items, and more than %s of all, waits for a person.", r.BrakeAbsolute, percent(r.BrakeShare))
	return out
}

func (f Flow) describe(where string, r Rules) []string {
	since, past, future := r.begin(f)
	from := days(past, "ago")
	if since != "" {
		from = string(since)
	}
	out := []string{where + ": activities from " + from + " to " + days(future, "ahead") + ". What leaves this window stays."}
	if f.Create != nil {
		out = append(out, where+": new items are made of "+these(f.Create)+".")
	}
	if f.Carry != nil {
		out = append(out, where+": changes and deletions are carried over of "+these(f.Carry)+".")
	}
	switch f.Private {
	case PrivateMask:
		out = append(out, where+": of private items only their time goes over, as \""+MaskTitle+"\".")
	case PrivateFull, "":
		out = append(out, where+": private items go over in full, as others do.")
	case PrivateNone:
		out = append(out, where+": private items do not go over; one that turns private goes from the other side.")
	}
	if f.Attendees == AttendeesKeep {
		out = append(out, where+": attendees do not go along; each side keeps its own.")
	}
	return out
}

func (r Rules) scopeWords(remote string) []string {
	var out []string
	if len(r.Groups) > 0 {
		out = append(out, "Of "+remote+" only items of these groups are read: "+strings.Join(r.Groups, ", ")+". What leaves them stays.")
	}
	if len(r.Types) > 0 {
		out = append(out, "Of "+remote+" only these types are read: "+strings.Join(r.Types, ", ")+".")
	}
	if r.AllOwners {
		out = append(out, "Items of other people in "+remote+" come along, too.")
	}
	if !r.Filter.IsZero() {
		out = append(out, "Items of "+remote+" come over when "+r.Filter.String()+".")
	}
	if r.RelatedContacts {
		out = append(out, "Contacts that a contact points at, such as its owner, come along.")
	}
	if r.ActivityContacts {
		into := "the address book that is linked to the same account"
		if r.ContactsLink != "" {
			into = "the address book of the link " + strconv.Quote(r.ContactsLink)
		}
		out = append(out, "Contacts that an activity is tied to are put into "+into+".")
	}
	return out
}

func (r Rules) newWords(remote string) []string {
	out := r.typeWords(remote)
	if ks := pim.Kinds(r.Kinds...); r.Relate == RelateNever && (len(r.Kinds) == 0 || ks.Has(pim.KindEvent) || ks.Has(pim.KindTask)) {
		out = append(out, "Activities made on devices are tied to no company or contact by the addresses of those who take part.")
	}
	return out
}

func (r Rules) typeWords(remote string) []string {
	switch {
	case r.HoldUntyped:
		return []string{"Activities made on devices without a type wait until somebody chooses one: by a category of that name, or for the item."}
	case r.DefaultType != "":
		return []string{"Activities made on devices become " + strconv.Quote(r.DefaultType) + " in " + remote + ", unless a category names another type."}
	}
	return nil
}

func (r Rules) removalWords(remote string) []string {
	byRemoval := map[Removal][]pim.Kind{}
	for _, k := range []pim.Kind{pim.KindEvent, pim.KindTask, pim.KindContact} {
		if len(r.Kinds) == 0 || pim.Kinds(r.Kinds...).Has(k) {
			byRemoval[r.Removal(k)] = append(byRemoval[r.Removal(k)], k)
		}
	}
	var out []string
	for _, how := range slices.Sorted(maps.Keys(byRemoval)) {
		format := map[Removal]string{
			RemoveDelete:   "Deleted on a device, %s are deleted in %s.",
			RemoveUnassign: "Deleted on a device, %s stay in %s, and are the user's no more.",
			RemoveKeep:     "Deleted on a device, %s stay in %s as they are.",
		}[how]
		out = append(out, fmt.Sprintf(format, kinds(byRemoval[how]), remote))
	}
	return out
}

func (r Rules) mailWords(remote string) string {
	if r.Mail == MailAllow {
		return "What is written to " + remote + " may make it mail attendees."
	}
	return "Nothing that is written to " + remote + " makes it mail anybody: what would, is left out or waits."
}

// boundWords tell how much may happen within an hour.
func (r Rules) boundWords(remote string) []string {
	var out []string
	if r.CreatesPerHour > 0 {
		out = append(out, fmt.Sprintf("When more than %d items would be made in %s within an hour, the rest waits for a person, but for the first run.", r.CreatesPerHour, remote))
	}
	if r.Mail == MailAllow && r.MailsPerHour > 0 {
		out = append(out, fmt.Sprintf("When more than %d people would be mailed within an hour, the rest waits for a person.", r.MailsPerHour))
	}
	return out
}

func (r Rules) seriesWords(remote string) []string {
	if ks := pim.Kinds(r.Kinds...); len(r.Kinds) > 0 && !ks.Has(pim.KindEvent) && !ks.Has(pim.KindTask) {
		return nil
	}
	if r.Series == SeriesExpand {
		return []string{"Should " + remote + " keep no series, each occurrence in the window becomes a single activity there that stays tied to its series."}
	}
	return []string{"Should " + remote + " keep no series, they stay on devices, and are listed as held."}
}

func policyWords(p Policy) string {
	switch p {
	case Newest:
		return "A field changed on both sides gets the later value; the other one is kept in the conflict list."
	case PreferCRM:
		return "A field changed on both sides gets the CRM's value; the other one is kept in the conflict list."
	case PreferClient:
		return "A field changed on both sides gets the device's value; the other one is kept in the conflict list."
	case PreferMail:
		return "A field changed on both sides gets the value of Exchange; the other one is kept in the conflict list."
	}
	return "A field changed on both sides is left alone until a person decides."
}

func kinds(ks []pim.Kind) string {
	words := make([]string, len(ks))
	for i, k := range ks {
		words[i] = k.String() + "s"
	}
	return strings.Join(words, " and ")
}

func these(t Types) string {
	if len(t) == 0 {
		return "no type"
	}
	words := make([]string, len(t))
	for i, name := range t {
		words[i] = strconv.Quote(name)
		if name == NoType {
			words[i] = "items without a type"
		}
	}
	return "these types only: " + strings.Join(words, ", ")
}

func days(n int, word string) string {
	if n < 0 {
		return "any time " + word
	}
	return fmt.Sprintf("%d days %s", n, word)
}

func percent(share float64) string {
	return strconv.FormatFloat(share*100, 'f', -1, 64) + " %"
}

// String prints d as it is written in rules: without the zeros that time.Duration adds.
func (d Duration) String() string {
	s := time.Duration(d).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}
