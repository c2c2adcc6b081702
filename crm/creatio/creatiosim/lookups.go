package creatiosim

import (
	"fmt"
	"strings"
)

// lookupTable lists the values of each lookup as "Name = id, column=value …". The ids are those of a standard
// installation; a value without one gets a made-up id, since no public source agrees on it. Values marked + are not
// standard: someone added them, as tenants do.
const lookupTable = `
ActivityType
Task = fbe0acdc-cfc0-df11-b00f-001d60e938c6, Code=Task
Call = e1831dec-cfc0-df11-b00f-001d60e938c6, Code=Call
Email = e2831dec-cfc0-df11-b00f-001d60e938c6, Code=Email
+Visit, Code=Visit

ActivityCategory
To do = f51c4643-58e6-df11-971b-001d60e938c6, ActivityType=Task
Meeting = 42c74c49-58e6-df11-971b-001d60e938c6, ActivityType=Task
Email = 8038a396-7825-e011-8165-00155d043204, ActivityType=Email
Call = e52bd583-7825-e011-8165-00155d043204, ActivityType=Call
+Site inspection, ActivityType=Visit
+Product demo, ActivityType=Task

ActivityStatus
Not started = 384d4b84-58e6-df11-971b-001d60e938c6, Code=NotStarted
In progress = 394d4b84-58e6-df11-971b-001d60e938c6, Code=InProgress
Completed = 4bdbb88f-58e6-df11-971b-001d60e938c6, Code=Finished, Finish=true
Canceled = 201cfba8-58e6-df11-971b-001d60e938c6, Code=Canceled, Finish=true
+Postponed, Code=Postponed

ActivityPriority
High = d625a9fc-7ee6-df11-971b-001d60e938c6
Medium = ab96fa02-7fe6-df11-971b-001d60e938c6
Low = ac96fa02-7fe6-df11-971b-001d60e938c6
+Urgent

ActivityResult
Completed, ActivityType=Task
Rescheduled, ActivityType=Task
Canceled, ActivityType=Task
No answer, ActivityType=Call

ActivityParticipantRole
Responsible = 53fc4a92-b0ea-e111-96c4-00165d094c12, Code=Responsible
Participant = 34b9a615-b0ea-e111-96c4-00165d094c12, Code=Participant
From = 6a6390c4-a6e1-df11-971b-001d60e938c6, Code=From
To = 3a6893ce-a6e1-df11-971b-001d60e938c6, Code=To
CC = 3c6893ce-a6e1-df11-971b-001d60e938c6, Code=CC
BCC = ba1a7add-a6e1-df11-971b-001d60e938c6, Code=BCC

ParticipantResponse
Confirmed = 7098c892-34e3-4a3e-af08-c1a139f63220
Declined = cc256758-4051-4021-9c51-216e37635c46
In doubt = 50e89724-522d-446e-be91-12548b8c834d

FolderType
General = 9dc5f6e6-2a61-4de8-a059-de30f4e74f24
Search = 65ca0946-0084-4874-b117-c13199af3b95

CallDirection
Incoming
Outgoing

FileType
File = 529bc2f8-0ee0-df11-971b-001d60e938c6
Link = 539bc2f8-0ee0-df11-971b-001d60e938c6
Entity link = 549bc2f8-0ee0-df11-971b-001d60e938c6

EmailType
Incoming = 7f9d1f86-f36b-1410-068c-20cf30b39373, Code=Incoming
Outgoing = 7f6d3f94-f36b-1410-068c-20cf30b39373, Code=Outgoing

EmailSendStatus
Not sent = 20c0c460-6107-e011-a646-16d83cab0980, Code=NotSended
Sent = 8074ffc0-6107-e011-a646-16d83cab0980, Code=Sended

CommunicationType
Email = ee1c85c3-cfcb-df11-9b2a-001d60e938c6, UseforContacts=true, UseforAccounts=true
Mobile phone = d4a2dc80-30ca-df11-9b2a-001d60e938c6, UseforContacts=true
Business phone = 3dddb3cc-53ee-49c4-a71f-e9e257f59e49, UseforContacts=true
Primary phone = 6a3fb10c-67cc-df11-9b2a-001d60e938c6, UseforAccounts=true
Alternate phone = 2b387201-67cc-df11-9b2a-001d60e938c6, UseforAccounts=true
Home phone = 0da6a26b-d7bc-df11-b00f-001d60e938c6, UseforContacts=true
Fax = 9a7ab41b-67cc-df11-9b2a-001d60e938c6, UseforContacts=true, UseforAccounts=true
Web = 6a8ba927-67cc-df11-9b2a-001d60e938c6, UseforContacts=true, UseforAccounts=true
Skype = 09e4bda6-cfcb-df11-9b2a-001d60e938c6, UseforContacts=true
Extension phone = e9d91e45-8d92-4e38-95a0-ef8aa28c9e7a, UseforContacts=true
LinkedIn = ea0f3b0a-bacf-e011-92c3-00155d04c01d, UseforContacts=true
Twitter = e7139487-bad3-e011-92c3-00155d04c01d, UseforContacts=true
Facebook = 2795dd03-bacf-e011-92c3-00155d04c01d, UseforContacts=true
+Telegram, UseforContacts=true

AddressType
Business = fb7a3f6a-f36b-1410-6f81-1c6f65e50343, ForContact=true, ForAccount=true
Home, ForContact=true
Shipping, ForContact=true, ForAccount=true
+Summer house, ForContact=true

ContactType
Employee = 60733efc-f36b-1410-a883-16d83cab0980
Customer = 00783ef6-f36b-1410-a883-16d83cab0980
Supplier
Contact person
+Volunteer

AccountType
Our company
Customer
Partner
Supplier

ContactDecisionRole
Decision maker
Influencer
End user

ContactSalutationType
Mr.
Ms.
Dr.

Gender
Male
Female

Job
CEO
Department manager
Specialist
Accountant
+Beekeeper

Department
Sales
Marketing
Finance
Administration

TimeZone
UTC, Code=UTC
Helsinki, Code=FLE Standard Time
Lisbon, Code=GMT Standard Time

Country
Finland, Code=FI
Sweden, Code=SE
Portugal, Code=PT
Greece, Code=GR
United Kingdom, Code=GB
China, Code=CN
Egypt, Code=EG
Kazakhstan, Code=KZ

Region
Uusimaa, Country=Finland
Stockholms län, Country=Sweden
Norte, Country=Portugal
Attica, Country=Greece

City
Helsinki, Country=Finland, Region=Uusimaa
Espoo, Country=Finland, Region=Uusimaa
Stockholm, Country=Sweden, Region=Stockholms län
Porto, Country=Portugal, Region=Norte
Athens, Country=Greece, Region=Attica
London, Country=United Kingdom
上海, Country=China
القاهرة, Country=Egypt
Алматы, Country=Kazakhstan

SysLanguage
English (United States) = 6ebc31fa-ee6c-48e9-81bf-8003ac03b019, Code=en-US, IsUsed=true
Русский, Code=ru-RU, IsUsed=true
Suomi, Code=fi-FI
Svenska, Code=sv-SE
Português, Code=pt-PT
Ελληνικά, Code=el-GR
中文, Code=zh-CN
العربية, Code=ar-SA
`

// fillLookups puts the lookup values into an empty database.
func (s *Sim) fillLookups() error {
	var e *entity
	_, err := s.write(guid{}, func(w *writing) error {
		for line := range strings.SplitSeq(strings.TrimSpace(lookupTable), "\n") {
			switch {
			case line == "":
				e = nil
			case e == nil:
				if e = s.db.schema.byName[line]; e == nil {
					return fmt.Errorf("creatiosim: lookup table: no entity %q", line)
				}
			default:
				if err := w.addLookup(e, line); err != nil {
					return fmt.Errorf("creatiosim: lookup %s: %w", line, err)
				}
			}
		}
		return nil
	})
	return err
}

// addLookup inserts one value of lookupTable.
func (w *writing) addLookup(e *entity, line string) error {
	parts := strings.Split(line, ", ")
	name, id, _ := strings.Cut(strings.TrimPrefix(parts[0], "+"), " = ")
	values := fields{"Name": name, "Id": w.s.lookupID(e.name, name, id)}
	for _, p := range parts[1:] {
		col, val, _ := strings.Cut(p, "=")
		nav, c := e.byNav[col], e.byName[col]
		switch {
		case nav != nil:
			values[nav.name] = w.s.lookupNamed(nav.ref, val)
		case c == nil:
			return fmt.Errorf("no column %s", col)
		case c.kind == kindBool:
			values[col] = val == "true"
		default:
			values[col] = val
		}
	}
	_, err := w.insert(e, values)
	return err
}

// lookupID is a value's standard id, or a made-up one: for values without a standard id, and for all of them on a site
// with foreign lookups.
func (s *Sim) lookupID(entity, name, standard string) guid {
	if s.opt.ForeignLookups {
		return namedID("foreign " + entity + " " + name)
	}
	if g, ok := parseGUID(standard); ok {
		return g
	}
	return namedID(entity + " " + name)
}

// lookupNamed finds a lookup value that the server itself uses. It is read from the table and not remembered, because
// administrators rename and delete values.
func (s *Sim) lookupNamed(entity, name string) any {
	t := s.db.tables[entity]
	pos := t.ent.byName["Name"].pos
	for _, r := range t.order {
		if r.text(pos) == name {
			return r.id
		}
	}
	return nil
}
