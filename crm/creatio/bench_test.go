package creatio_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"crmbridge/crm"
	"crmbridge/crm/creatio"
	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/remote"
)

const many = 10_000

// filled is a site with many activities and contacts, each with its children.
func filled(b *testing.B) (*rig, crm.Connector) {
	b.Helper()
	r := newRig(b, nil)
	me := r.sim.ContactOf("Supervisor")
	rows := map[string][]creatiosim.Fields{}
	id := counted()
	for n := range many {
		stamp := r.clock.Now().Add(-time.Duration(many-n) * time.Minute)
		activity, contact := id(), id()
		rows["Activity"] = append(rows["Activity"], creatiosim.Fields{"Id": activity, "Title": fmt.Sprintf("Meeting %d", n), "OwnerId": me, "ShowInScheduler": true,
			"StartDate": stamp, "DueDate": stamp.Add(time.Hour), "TypeId": r.sim.Lookup("ActivityType", "Task"),
			"ActivityCategoryId": r.sim.Lookup("ActivityCategory", "Meeting"), "CreatedOn": stamp, "ModifiedOn": stamp})
		rows["ActivityParticipant"] = append(rows["ActivityParticipant"], creatiosim.Fields{"Id": id(), "ActivityId": activity, "ParticipantId": me, "CreatedOn": stamp, "ModifiedOn": stamp})
		rows["Contact"] = append(rows["Contact"], creatiosim.Fields{"Id": contact, "Name": fmt.Sprintf("Person %d", n), "OwnerId": me, "CreatedOn": stamp, "ModifiedOn": stamp})
		rows["ContactCommunication"] = append(rows["ContactCommunication"], creatiosim.Fields{"Id": id(), "ContactId": contact, "Number": fmt.Sprintf("p%d@example.org", n),
			"CommunicationTypeId": r.sim.Lookup("CommunicationType", "Email"), "CreatedOn": stamp, "ModifiedOn": stamp})
	}
	for _, entity := range []string{"Activity", "ActivityParticipant", "Contact", "ContactCommunication"} {
		if err := r.sim.Import(entity, rows[entity]); err != nil {
			b.Fatal(err)
		}
	}
	return r, r.open(crm.Settings{"page_size": "200"})
}

func BenchmarkFirstListing(b *testing.B) {
	r, c := filled(b)
	for _, col := range []remote.CollectionID{creatio.Activities, creatio.Contacts} {
		b.Run(string(col), func(b *testing.B) {
			for b.Loop() {
				before := r.faulty.Requests()
				if got, _ := changes(b, c, col, remote.Scope{}, ""); len(got) != many {
					b.Fatalf("%d items", len(got))
				}
				b.ReportMetric(float64(r.faulty.Requests()-before), "requests/op")
			}
		})
	}
}

func BenchmarkIDs(b *testing.B) {
	r, c := filled(b)
	for _, col := range []remote.CollectionID{creatio.Activities, creatio.Contacts} {
		b.Run(string(col), func(b *testing.B) {
			for b.Loop() {
				before := r.faulty.Requests()
				if refs, err := c.(remote.Lister).List(context.Background(), col, remote.Scope{}); err != nil || len(refs) != many {
					b.Fatalf("%d refs, %v", len(refs), err)
				}
				b.ReportMetric(float64(r.faulty.Requests()-before), "requests/op")
			}
		})
	}
}

func BenchmarkNothingChanged(b *testing.B) {
	r, c := filled(b)
	_, cur := changes(b, c, creatio.Contacts, remote.Scope{}, "")
	for range 3 {
		r.clock.Advance(time.Minute)
		_, cur = changes(b, c, creatio.Contacts, remote.Scope{}, cur)
	}
	for b.Loop() {
		if d, err := c.Changes(context.Background(), creatio.Contacts, remote.Scope{}, cur); err != nil || len(d.Changed) != 0 {
			b.Fatalf("%d changes, %v", len(d.Changed), err)
		}
	}
}
